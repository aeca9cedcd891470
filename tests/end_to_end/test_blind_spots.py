"""Supervisors are notified once of messages that the bot may have missed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.ports import Received
from tests.support.office import Office
from tests.support.people import SUPERVISORS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def told(office: Office) -> list[str]:
    await office.app.blind_spots.check()
    await office.quiet()
    return [m["text"] for m in await office.said(SUPERVISORS)]


async def put_back(office: Office, **ago: float) -> None:
    """Make the last contact as long ago as said."""
    await told(office)
    at = office.app.store.db.now() - timedelta(**ago)
    await office.app.store.key_values.put(None, "last-poll", {"at": at.isoformat()})


@pytest.mark.parametrize("office", [{"language": "en"}], indirect=True)
async def test_outage_of_more_than_twenty_hours_is_reported_once(office: Office) -> None:
    await put_back(office, hours=19, minutes=55)
    assert await told(office) == []
    await put_back(office, hours=20, minutes=5)
    [text] = await told(office)
    assert text.startswith("⚠️ Blind spot: the bot was not connected")
    assert len(await told(office)) == 1
    await office.restart()
    assert len(await told(office)) == 1
    assert await office.app.store.audit.verify() is None


async def receive(office: Office, monkeypatch: pytest.MonkeyPatch, *ids: int, **ago: float) -> None:
    """Have updates of a platform's numbers come in, some time ago."""
    db = office.app.store.db
    then = db.now() - timedelta(**ago)
    with monkeypatch.context() as patch:
        patch.setattr(db, "now", lambda: then)
        rows = [
            Received(platform="telegram", update_id=n, payload=b'{"update_id":%d}' % n) for n in ids
        ]
        new = await office.app.store.inbox.add(rows)
        await office.app.store.inbox.decide(None, {row.id: "ignored" for row in new})


GAPS = [
    # name, what came in (numbers, hours ago), how many are missing
    ("one after the other", [((1, 2, 3), 3), ((4,), 2)], None),
    ("two are missing", [((1, 2, 3), 3), ((6,), 2)], 2),
    ("overtaking each other", [((1, 3, 2), 3), ((5, 4), 2)], None),
    ("a straggler", [((1, 4, 2), 3)], 1),
    ("numbered anew after a week", [((1, 2), 24 * 9), ((900, 901), 1)], None),
    ("numbered anew, lower", [((901, 902), 24 * 9), ((5, 6, 8), 1)], 1),
    ("too young to tell", [((1, 2), 3), ((9,), 0)], None),
]


@pytest.mark.parametrize(("came", "missing"), [g[1:] for g in GAPS], ids=[str(g[0]) for g in GAPS])
@pytest.mark.parametrize("office", [{"language": "en", "start": False}], indirect=True)
async def test_gaps_in_update_numbers_are_reported(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    came: list[tuple[tuple[int, ...], float]],
    missing: int | None,
) -> None:
    await office.start()
    await office.introduced()
    await office.remember()
    for ids, hours in came:
        await receive(office, monkeypatch, *ids, hours=hours)
    texts = await told(office)
    assert len(texts) == (missing is not None)
    if missing is not None:
        assert f"the platform's numbers skip {missing}:" in texts[0]
    assert await told(office) == texts
