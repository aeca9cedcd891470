"""People, buttons, releases, audit, evidence."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bot.settings import SupervisorSettings
from bot.store.audit import Audit
from bot.store.buttons import ButtonMeanings, NewButton
from bot.store.case_pictures import CasePictures
from bot.store.cases import Cases
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.people import People
from bot.store.releases import Releases
from bot.store.tables import audit as audit_table

from .conftest import HandClock
from .rows import CHAT, new_case


async def test_person_is_stored_and_updated(db: Database, keys: Keys, clock: HandClock) -> None:
    people = People(db, keys)
    assert await people.get(3001) is None
    await people.remember(None, 3001, name="李雷", language="zh-hans")
    clock.forward(hours=1)
    await people.remember(None, 3001, can_write=True)
    person = await people.get(3001)
    assert person is not None
    assert (person.name, person.language, person.can_write) == ("李雷", "zh-hans", True)
    assert (person.pseudonym, person.seen_at) == (keys.pseudonym(3001), clock.time)
    assert person.roles == ()
    assert "李雷" not in repr(person)


async def test_roles_follow_the_settings(db: Database, keys: Keys) -> None:
    people = People(db, keys)
    first = SupervisorSettings(id=4001, name="王敏", roles=("reviewer", "custodian"))
    second = SupervisorSettings(id=4002, roles=("reviewer",))
    await people.set_roles(None, [first, second])
    assert [p.user_id for p in await people.by_role("reviewer")] == [4001, 4002]
    assert [p.name for p in await people.by_role("custodian")] == ["王敏"]
    await people.set_roles(None, [second])
    assert [p.user_id for p in await people.by_role("reviewer")] == [4002]
    assert await people.by_role("custodian") == []
    gone = await people.get(4001)
    assert gone is not None
    assert (gone.name, gone.roles) == ("王敏", ())


async def test_buttons_are_random_and_carry_their_meaning(db: Database) -> None:
    buttons = ButtonMeanings(db)
    new = [NewButton(action="take", audience="supervisor", case_id=3, subject={"n": 1})] * 50
    ids = await buttons.create(None, new)
    assert len(set(ids)) == 50
    assert {len(i) for i in ids} == {22}
    button = await buttons.get(ids[0])
    assert button is not None
    assert (button.action, button.audience, button.case_id) == ("take", "supervisor", 3)
    assert (button.subject, button.once) == ({"n": 1}, True)
    assert await buttons.get("unknown") is None


async def test_one_of_twenty_concurrent_presses_is_first(db: Database) -> None:
    buttons = ButtonMeanings(db)
    (button,) = await buttons.create(None, [NewButton(action="a", audience="anyone")])
    uses = await asyncio.gather(*(buttons.use(None, button, n) for n in range(20)))
    (first,) = [u for u in uses if u.first]
    assert {u.used_by for u in uses} == {first.used_by}


async def test_reusable_buttons_can_be_pressed_again_and_expired_ones_cannot(
    db: Database, clock: HandClock
) -> None:
    buttons = ButtonMeanings(db)
    expires = clock.time + timedelta(hours=1)
    many, brief = await buttons.create(
        None,
        [
            NewButton(action="why", audience="anyone", once=False),
            NewButton(action="a", audience="anyone", expires_at=expires),
        ],
    )
    assert [(await buttons.use(None, many, 1)).first for _ in range(2)] == [True, True]
    clock.forward(hours=1)
    assert await buttons.get(brief) is None
    use = await buttons.use(None, brief, 1)
    assert (use.first, use.used_by) == (False, None)


async def test_a_release_holds_for_that_content_sender_chat_and_time(
    db: Database, keys: Keys, clock: HandClock
) -> None:
    releases = Releases(db)
    case, _ = await Cases(db, keys.cipher).open(None, new_case(content_digests=("d1", "d2")))
    bare, _ = await Cases(db, keys.cipher).open(None, new_case(2))
    until = clock.time + timedelta(days=7)
    await releases.grant(None, case, granted_by=4001, expires_at=until)
    await releases.grant(None, bare, granted_by=4001, expires_at=until)
    assert set(await releases.matching(["d1", "d2", "d3"], CHAT, 3001)) == {"d1", "d2"}
    assert await releases.matching(["d3"], CHAT, 3001) == {}
    assert await releases.matching([], CHAT, 3001) == {}
    assert await releases.matching(["d1"], CHAT, 3002) == {}
    assert await releases.matching(["d1"], -7, 3001) == {}
    assert await releases.matching(["d1"], CHAT, 3001, until) == {}


async def test_the_audit_trail_shows_what_was_tampered_with(db: Database, keys: Keys) -> None:
    audit = Audit(db, keys)
    assert await audit.verify() is None
    await asyncio.gather(
        *(
            audit.write(None, "case.open", subject=f"case/{n}", detail={"n": n, "why": "误报"})
            for n in range(10)
        )
    )
    await audit.write(None, "case.decide", actor_id=4001)
    assert await audit.verify() is None


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        pytest.param(
            update(audit_table).where(audit_table.c.id == 3).values(actor_id=9), 3, id="actor"
        ),
        pytest.param(
            update(audit_table).where(audit_table.c.id == 3).values(detail={}), 3, id="detail"
        ),
        pytest.param(
            update(audit_table).where(audit_table.c.id == 3).values(hash="0" * 64), 3, id="hash"
        ),
        pytest.param(delete(audit_table).where(audit_table.c.id == 3), 4, id="taken out"),
        pytest.param(delete(audit_table).where(audit_table.c.id == 1), 2, id="first taken out"),
    ],
)
async def test_audit_verify_finds_each_kind_of_tampering(
    db: Database, keys: Keys, tamper: object, broken: int
) -> None:
    audit = Audit(db, keys)
    for number in range(5):
        await audit.write(None, "case.open", actor_id=1, detail={"n": number})
    async with db.write() as tx:
        await tx.execute(tamper)  # type: ignore[call-overload]
    assert await audit.verify() == broken


async def test_another_key_does_not_continue_the_trail(
    db: Database, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await Audit(db, Keys.load(tmp_path_factory.mktemp("other") / "keys")).write(None, "x")
    assert await Audit(db, keys).verify() == 1


async def test_evidence_is_kept_replaced_and_purged(
    db: Database, keys: Keys, clock: HandClock
) -> None:
    evidence = CasePictures(db, keys.evidence)
    assert await evidence.get(1, "masked") is None
    await evidence.put(None, 1, "masked", b"old")
    await evidence.put(None, 1, "masked", b"picture")
    assert await evidence.get(1, "masked") == b"picture"
    clock.forward(days=1)
    await evidence.put(None, 2, "masked", b"later")
    assert await evidence.purge(None, clock.time) == 1
    assert await evidence.get(1, "masked") is None
    assert await evidence.get(2, "masked") == b"later"
