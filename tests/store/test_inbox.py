from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.keys import Keys

from .conftest import HandClock
from .rows import CHAT, received


@pytest.fixture
def inbox(db: Database, keys: Keys) -> Inbox:
    return Inbox(db, keys.cipher)


async def test_new_updates_come_back_in_order_with_what_they_carried(
    inbox: Inbox, clock: HandClock
) -> None:
    new = await inbox.add([received(9, payload=b"nine", album_id="A"), received(3, payload=b"3")])
    assert [(r.update_id, r.payload, r.album_id) for r in new] == [
        (9, b"nine", "A"),
        (3, b"3", None),
    ]
    assert await inbox.undecided() == new
    assert new[0].received_at == clock.time
    assert new[0].attempts == 0


async def test_duplicates_are_ignored_and_the_first_stands(inbox: Inbox) -> None:
    first = await inbox.add([received(1, payload=b"first"), received(1, payload=b"second")])
    assert [r.payload for r in first] == [b"first"]
    again = await inbox.add([received(1, payload=b"third"), received(2)])
    assert [r.update_id for r in again] == [2]
    assert [r.payload for r in await inbox.undecided()] == [b"first", b"{}"]


async def test_platforms_number_their_updates_apart(inbox: Inbox) -> None:
    assert len(await inbox.add([received(1), received(1, platform="rehearsal")])) == 2


async def test_a_large_batch_is_one_commit_in_order(inbox: Inbox) -> None:
    new = await inbox.add([received(i) for i in range(2500)])
    assert [r.update_id for r in new] == list(range(2500))
    assert [r.id for r in new] == sorted(r.id for r in new)


async def test_undecided_is_read_in_pages(inbox: Inbox) -> None:
    ids = [r.id for r in await inbox.add([received(i) for i in range(5)])]
    assert [r.id for r in await inbox.undecided(limit=2)] == ids[:2]
    assert [r.id for r in await inbox.undecided(limit=2, after_id=ids[1])] == ids[2:4]


async def test_attempts_are_counted(inbox: Inbox) -> None:
    one, two = await inbox.add([received(1), received(2)])
    await inbox.attempt(None, [one.id])
    await inbox.attempt(None, [one.id, two.id])
    assert [r.attempts for r in await inbox.undecided()] == [2, 1]


async def test_many_are_decided_at_once_with_different_results(
    inbox: Inbox, clock: HandClock
) -> None:
    results = ("clean", "case", "not_inspected", "ignored", "handled", "dead_letter")
    rows = await inbox.add([received(i) for i in range(20)])
    await inbox.decide(None, {r.id: results[i % 5] for i, r in enumerate(rows[:-1])})
    assert [r.id for r in await inbox.undecided()] == [rows[-1].id]
    counts = await inbox.counts(clock.time)
    assert counts == dict.fromkeys(results[:4], 4) | {results[4]: 3, "undecided": 1}
    clock.forward(seconds=1)
    assert await inbox.counts(clock.time) == {}


async def test_first_decision_of_a_row_stays(inbox: Inbox, clock: HandClock) -> None:
    (row,) = await inbox.add([received()])
    await inbox.decide(None, {row.id: "case"})
    await inbox.decide(None, {row.id: "clean"})
    assert await inbox.counts(clock.time) == {"case": 1}


async def test_a_decision_takes_part_in_the_transaction(db: Database, inbox: Inbox) -> None:
    rows = await inbox.add([received()])
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await inbox.decide(tx, {rows[0].id: "clean"})
            raise RuntimeError
    assert await inbox.undecided() == rows


async def test_albums_and_the_last_receipt(inbox: Inbox, clock: HandClock) -> None:
    assert await inbox.last_received_at() is None
    await inbox.add([received(2, album_id="A"), received(1, album_id="A"), received(3)])
    await inbox.add(
        [received(4, album_id="A", message_id=2), received(5, album_id="A", chat_id=-7)]
    )
    assert await inbox.album(CHAT, "A") == [1, 2]
    assert await inbox.last_received_at() == clock.time


async def test_repr_of_a_row_holds_no_payload(inbox: Inbox) -> None:
    (row,) = await inbox.add([received(payload=b"canary")])
    assert "canary" not in repr(row)


batches = st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=6)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=batches, decided=st.sets(st.integers(0, 12)))
async def test_repeated_updates_are_stored_once_in_order(
    fresh: Callable[[], str], keys: Keys, batches: list[list[int]], decided: set[int]
) -> None:
    db = await Database.open(fresh())
    inbox = Inbox(db, keys.cipher)
    seen: list[int] = []
    for number, batch in enumerate(batches):
        expected = [u for u in dict.fromkeys(batch) if u not in seen]
        new = await inbox.add([received(u, payload=bytes([number])) for u in batch])
        assert [(r.update_id, r.payload) for r in new] == [(u, bytes([number])) for u in expected]
        seen += expected
        await inbox.decide(None, {r.id: "clean" for r in new if r.update_id in decided})
    assert [r.update_id for r in await inbox.undecided()] == [u for u in seen if u not in decided]
    await db.close()
