"""Turns: one chat after the other, however much one of them posts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.store.inbox import InboxRow
from bot.store.lanes import lane_of
from bot.workers.fair_queues import FEW, MAX_VISITS, QUANTUM, FairQueues


def row(id: int, chat: int, size: int = 500) -> InboxRow:
    return InboxRow(
        id=id,
        platform="test",
        update_id=id,
        payload=bytes(size),
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        chat_id=chat,
        lane=lane_of(chat),
    )


def taken(queues: FairQueues, count: int) -> list[tuple[int, int]]:
    """Take rows, each handled at once; return (chat, id)."""
    found = []
    for _ in range(count):
        one = queues.take()
        if one is None:
            break
        found.append((one.chat_id or 0, one.id))
    return found


def test_a_flooding_chat_leaves_every_other_chat_each_turn() -> None:
    queues = FairQueues()
    for n in range(1000):
        queues.add(row(n, -1))
    for chat in range(2, 12):
        queues.add(row(1000 + chat, -chat))
    first = taken(queues, 12)
    assert Counter(chat for chat, _ in first) == {-1: 2} | {-chat: 1 for chat in range(2, 12)}


def test_row_that_arrives_during_a_flood_waits_for_one_row() -> None:
    queues = FairQueues()
    for n in range(1000):
        queues.add(row(n, -1))
    taken(queues, 50)
    queues.add(row(5000, -2))
    assert (-2, 5000) in taken(queues, 2)


def test_long_texts_count_for_more() -> None:
    queues = FairQueues()
    for n in range(100):
        queues.add(row(n, -1, size=4 * QUANTUM))
        queues.add(row(1000 + n, -2, size=QUANTUM // 2))
    share = Counter(chat for chat, _ in taken(queues, 50))
    assert share[-2] > 3 * share[-1]


def test_longest_row_is_taken_after_few_visits() -> None:
    queues = FairQueues()
    queues.add(row(1, -1, size=10_000_000))
    for n in range(100):
        queues.add(row(2 + n, -2))
    assert (-1, 1) in taken(queues, MAX_VISITS + 2)


def test_a_busy_chat_has_no_turn() -> None:
    queues = FairQueues()
    queues.add(row(1, -1))
    queues.busy(-1)
    queues.add(row(2, -1))
    queues.add(row(3, -2))
    assert taken(queues, 5) == [(-2, 3)]
    assert [r.id for r in queues.ahead(-1, 5)] == [1, 2]
    queues.free(-1)
    assert taken(queues, 5) == [(-1, 1), (-1, 2)]


def test_a_lane_is_dropped_whole() -> None:
    queues = FairQueues()
    rows = [row(n, -(n % 7) - 1) for n in range(70)]
    for each in rows:
        queues.add(each)
    queues.busy(-1)
    lane = lane_of(-1)
    gone = queues.drop(lane)
    queues.free(-1)
    assert {r.id for r in gone} == {r.id for r in rows if r.lane == lane}
    assert len(queues) == len(rows) - len(gone) == len(taken(queues, 100))
    assert queues.take() is None


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 20_000)), max_size=60))
def test_every_row_has_its_turn_once_and_in_the_order_of_its_chat(
    given_rows: list[tuple[int, int]],
) -> None:
    queues = FairQueues()
    for n, (chat, size) in enumerate(given_rows):
        queues.add(row(n, -chat, size))
    found = taken(queues, 100)
    assert sorted(n for _, n in found) == list(range(len(given_rows)))
    for chat in range(1, 6):
        own = [n for c, n in found if c == -chat]
        assert own == sorted(own)
    assert len(queues) == 0


def test_flood_is_skipped_while_sparing() -> None:
    queues = FairQueues()
    for n in range(100):
        queues.add(row(n, -1))
    for n in range(3):
        queues.add(row(200 + n, -2))
    found = []
    while (one := queues.take(sparing=True)) is not None:
        found.append(one.id)
    assert found == [200, 201, 202]
    assert queues.take() is not None
    assert len(queues) == 99


def test_many_that_post_as_much_as_each_other_are_no_flood() -> None:
    queues = FairQueues()
    for n in range(100):
        for chat in range(3):
            queues.add(row(n * 3 + chat, -chat - 1))
    assert all(queues.take(sparing=True) for _ in range(200))


def test_few_rows_are_no_flood() -> None:
    queues = FairQueues()
    for n in range(FEW):
        queues.add(row(n, -1))
    assert all(queues.take(sparing=True) for _ in range(FEW))
