from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.outgoing import BotRights
from bot.settings import GroupSettings
from bot.store.buttons import ButtonMeanings, NewButton
from bot.store.cases import Cases
from bot.store.database import Database
from bot.store.effects import Effects
from bot.store.group_terms import GroupTerms
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.keys import Keys
from bot.store.releases import Releases
from bot.store.tables import groups as table

from .conftest import HandClock
from .rows import CHAT, new_case, new_effect, received

NEW = -1001000000099
RIGHTS = BotRights(
    present=True, is_admin=True, can_delete=True, can_restrict=False, sees_all_messages=True
)


@pytest.fixture
def groups(db: Database, keys: Keys) -> Groups:
    return Groups(db, keys.cipher)


async def test_a_group_waits_and_is_designated(groups: Groups, clock: HandClock) -> None:
    assert await groups.get(CHAT) is None
    group = await groups.pending(None, CHAT, title="综合科")
    assert (group.status, group.title, group.pending_since) == ("pending", "综合科", clock.time)
    assert group.rights is None
    await groups.designate(None, CHAT, decided_by=4001, policy="strict", department="办公室")
    after = await groups.get(CHAT)
    assert after is not None
    assert (after.status, after.policy, after.decided_by) == ("designated", "strict", 4001)
    assert (after.title, after.department, after.pending_since) == ("综合科", "办公室", None)
    assert "综合科" not in repr(after)
    assert "办公室" not in repr(after)


async def test_waiting_again_changes_neither_a_designated_nor_a_waiting_group(
    groups: Groups, clock: HandClock
) -> None:
    start = clock.time
    await groups.pending(None, CHAT)
    clock.forward(hours=1)
    assert (await groups.pending(None, CHAT)).pending_since == start
    await groups.designate(None, CHAT)
    assert (await groups.pending(None, CHAT, title="新名")).status == "designated"


@pytest.mark.parametrize("ended", ["refused", "left"])
async def test_group_left_and_joined_again_waits_for_approval_again(
    groups: Groups, clock: HandClock, ended: str
) -> None:
    await groups.pending(None, CHAT)
    if ended == "refused":
        await groups.refuse(None, CHAT, decided_by=4001)
    else:
        await groups.mark_left(None, CHAT)
    group = await groups.get(CHAT)
    assert group is not None
    assert group.status == ended
    clock.forward(hours=1)
    again = await groups.pending(None, CHAT)
    assert (again.status, again.pending_since, again.decided_by) == ("pending", clock.time, None)


async def test_only_those_unanswered_for_long_are_overdue(groups: Groups, clock: HandClock) -> None:
    await groups.pending(None, CHAT)
    await groups.pending(None, -2)
    await groups.designate(None, -2)
    clock.forward(hours=25)
    await groups.pending(None, -3)
    overdue = await groups.overdue(clock.time - timedelta(hours=24))
    assert [g.chat_id for g in overdue] == [CHAT]
    assert [g.chat_id for g in await groups.all()] == [CHAT, -3, -2]


async def test_group_is_announced_once_for_each_join(groups: Groups) -> None:
    assert not await groups.announced(None, CHAT)
    await groups.designate(None, CHAT)
    assert [await groups.announced(None, CHAT) for _ in range(3)] == [True, False, False]
    await groups.mark_left(None, CHAT)
    await groups.designate(None, CHAT)
    assert [await groups.announced(None, CHAT) for _ in range(2)] == [True, False]


async def test_groups_in_the_settings_are_designated(groups: Groups) -> None:
    configured = [
        GroupSettings(id=CHAT, policy="strict", department="综合科", language="en"),
        GroupSettings(id=-2),
    ]
    for _ in range(2):
        await groups.designate_configured(None, configured)
    first, second = await groups.all()
    assert (first.policy, first.department, first.language) == ("strict", "综合科", "en")
    assert (second.policy, second.department, second.status) == ("standard", None, "designated")


async def test_rights_and_title_are_kept(groups: Groups, clock: HandClock) -> None:
    await groups.designate(None, CHAT)
    await groups.set_rights(None, CHAT, RIGHTS)
    await groups.set_title(None, CHAT, "新名")
    group = await groups.get(CHAT)
    assert group is not None
    assert (group.rights, group.checked_at, group.title) == (RIGHTS, clock.time, "新名")


@pytest.mark.parametrize("told_before", [False, True])
async def test_migration_moves_all_references_to_a_group(
    db: Database, keys: Keys, groups: Groups, clock: HandClock, told_before: bool
) -> None:
    inbox, cases, effects = Inbox(db, keys.cipher), Cases(db, keys.cipher), Effects(db, keys.cipher)
    keywords, releases, buttons = GroupTerms(db, keys), Releases(db), ButtonMeanings(db)
    await groups.designate(None, CHAT, title="综合科", department="办公室", policy="strict")
    await groups.set_rights(None, CHAT, RIGHTS)
    await keywords.add(None, CHAT, "青松工程", 4001)
    await keywords.add(None, NEW, "青松工程", 4001)
    await keywords.add(None, CHAT, "白鹭", 4001)
    one, two = await inbox.add([received(1), received(2)])
    await inbox.decide(None, {two.id: "clean"})
    case, _ = await cases.open(None, new_case(one.id, content_digests=("d",)))
    await releases.grant(None, case, granted_by=1, expires_at=clock.time + timedelta(days=1))
    await effects.plan(None, [new_effect("k")])
    (button,) = await buttons.create(None, [NewButton(action="a", audience="anyone", chat_id=CHAT)])
    if told_before:
        await groups.pending(None, NEW)

    for _ in range(2):
        await groups.migrate(None, CHAT, NEW)

    group, old = await groups.get(NEW), await groups.get(CHAT)
    assert group is not None
    assert old is not None
    assert (group.status, group.title, group.department) == ("designated", "综合科", "办公室")
    assert (group.policy, group.rights) == ("strict", RIGHTS)
    assert (old.status, old.migrated_to) == ("left", NEW)
    assert sorted(k.term for k in await keywords.list(NEW)) == sorted(["青松工程", "白鹭"])
    assert await keywords.list(CHAT) == []
    assert [r.chat_id for r in await inbox.undecided()] == [NEW]
    moved = await cases.get(case.id)
    assert moved is not None
    assert moved.chat_id == NEW
    assert list(await releases.matching(["d"], NEW, case.sender_id)) == ["d"]
    assert [e.chat_id for e in await effects.unfinished()] == [NEW]
    pressed = await buttons.get(button)
    assert pressed is not None
    assert pressed.chat_id == NEW


async def test_title_sealed_for_one_group_does_not_open_for_another(
    db: Database, groups: Groups
) -> None:
    await groups.designate(None, CHAT, title="x")
    async with db.read() as connection:
        sealed = (await connection.execute(select(table.c.title))).scalar_one()
    assert sealed != b"x"
    assert len(sealed) == 12 + 1 + 16


async def test_keywords_are_added_once_and_removed(db: Database, keys: Keys) -> None:
    keywords = GroupTerms(db, keys)
    assert await keywords.add(None, CHAT, " Ｐroject Heron ", 4001)
    assert not await keywords.add(None, CHAT, "project heron", 4002)
    assert await keywords.add(None, -2, "project heron", 4002)
    (keyword,) = await keywords.list(CHAT)
    assert (keyword.term, keyword.added_by) == ("Ｐroject Heron", 4001)
    assert "Heron" not in repr(keyword)
    assert await keywords.remove(None, CHAT, "PROJECT HERON")
    assert not await keywords.remove(None, CHAT, "PROJECT HERON")
    assert await keywords.list(CHAT) == []


async def test_a_group_of_the_settings_that_migrated_is_not_designated_by_its_old_id(
    groups: Groups,
) -> None:
    await groups.designate(None, CHAT, policy="strict")
    await groups.migrate(None, CHAT, NEW)
    await groups.designate_configured(None, [GroupSettings(id=CHAT)])
    assert [(g.chat_id, g.status) for g in await groups.all()] == [
        (NEW, "designated"),
        (CHAT, "left"),
    ]
    assert await groups.former_ids([NEW, CHAT]) == {NEW: [CHAT]}
    assert await groups.former_ids([CHAT]) == {}
