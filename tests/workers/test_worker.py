"""The worker: order within a chat, and updates that cannot be handled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from bot.errors import DatabaseAway, LeaseLost
from bot.store.inbox import InboxRow
from bot.store.lanes import LANES, Claim, lane_name, lane_of
from bot.workers.worker import AHEAD, CAREFUL, MAX_DELIVERIES, Worker

OFFICE, PROJECT = -1001, -1002


def row(id: int, chat: int = OFFICE, *, file: bool = False, attempts: int = 0) -> InboxRow:
    return InboxRow(
        id=id,
        platform="test",
        update_id=id,
        payload=b'{"file_id": "x"}' if file else b"{}",
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        chat_id=chat,
        message_id=id,
        attempts=attempts,
        lane=lane_of(chat),
        has_file=file,
    )


class Decisions:
    """Records the results and the attempts of rows."""

    def __init__(self) -> None:
        self.results: dict[int, str] = {}
        self.attempts: list[int] = []
        self.broken = 0
        self.away = 0

    async def decide(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is full")
        for decided in results.values():
            self.results |= decided
        return set()

    async def attempt(self, ids: Sequence[int]) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is full")
        self.attempts += ids

    async def probe(self) -> None:
        if self.away:
            self.away -= 1
            raise DatabaseAway


class Handler:
    """Handles each row after a delay, and fails for the rows of bad ids."""

    def __init__(self, delays: Mapping[int, float] = {}, poison: Sequence[int] = ()) -> None:
        self.delays, self.poison = delays, poison
        self.tries: list[int] = []
        self.done: list[int] = []
        self.buried: list[int] = []

    async def handle(self, row: InboxRow) -> str | None:
        self.tries.append(row.id)
        await asyncio.sleep(self.delays.get(row.id, 0))
        if row.id in self.poison:
            raise ValueError("poison")
        self.done.append(row.id)
        return "clean"

    async def dead_letter(self, row: InboxRow) -> str | None:
        self.buried.append(row.id)
        return "dead_letter"


def build(handler: Handler, decisions: Decisions) -> Worker:
    return Worker(handler.handle, handler.dead_letter, decisions, retry_seconds=0.01)


async def until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_chats_updates_are_handled_in_order_and_chats_in_parallel() -> None:
    handler, decisions = Handler({1: 0.1}), Decisions()
    worker = build(handler, decisions)
    worker.submit([row(1), row(2), row(3, PROJECT)])
    worker.submit([row(4)])
    await worker.drain(2)
    assert handler.done == [3, 1, 2, 4]
    assert decisions.results == dict.fromkeys([1, 2, 3, 4], "clean")


async def test_texts_do_not_wait_for_a_picture_before_them() -> None:
    handler = Handler({1: 0.1})
    worker = build(handler, Decisions())
    worker.submit([row(1, file=True), row(2), row(3)])
    await worker.drain(2)
    assert handler.done == [2, 3, 1]


async def test_failing_update_is_tried_five_times_and_then_a_dead_letter() -> None:
    handler, decisions = Handler(poison=[1]), Decisions()
    worker = build(handler, decisions)
    worker.submit([row(1)])
    await worker.drain(3)
    assert handler.tries == [1] * MAX_DELIVERIES
    assert decisions.attempts == [1] * MAX_DELIVERIES
    assert handler.buried == [1]
    assert decisions.results == {1: "dead_letter"}


async def test_failing_update_does_not_delay_its_chat_or_others() -> None:
    handler = Handler(poison=[1])
    worker = build(handler, Decisions())
    worker.submit([row(1), row(2), row(3, PROJECT)])
    await until(lambda: len(handler.done) == 2)
    assert handler.tries.count(1) < MAX_DELIVERIES
    await worker.drain(3)
    assert handler.buried == [1]


async def test_an_update_that_killed_the_program_five_times_is_not_tried_again() -> None:
    handler = Handler()
    worker = build(handler, Decisions())
    worker.submit([row(1, attempts=MAX_DELIVERIES)])
    await worker.drain(1)
    assert (handler.tries, handler.buried) == ([], [1])


async def test_a_try_that_cannot_be_recorded_does_not_hold_up_the_chat() -> None:
    handler, decisions = Handler(poison=[1]), Decisions()
    decisions.broken = 2
    worker = build(handler, decisions)
    worker.submit([row(1), row(2)])
    await until(lambda: handler.done == [2])
    await worker.drain(1)


async def test_result_is_recorded_later_after_a_failed_commit(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("bot.workers.decision_batches.RETRY_FLUSH_SECONDS", 0.02)
    decisions = Decisions()
    decisions.broken = 1
    worker = build(Handler(), decisions)
    worker.submit([row(1)])
    await until(lambda: decisions.results == {1: "clean"})


async def test_a_decision_committed_by_the_handler_is_not_recorded_again() -> None:
    decisions = Decisions()

    async def handle(_: InboxRow) -> str | None:
        return None

    worker = Worker(handle, handle, decisions)
    worker.submit([row(1)])
    await worker.drain(1)
    assert decisions.results == {}
    assert worker.backlog == 0


class AwayHandler(Handler):
    """Fails as long as the database is away."""

    def __init__(self, decisions: Decisions) -> None:
        super().__init__()
        self.decisions = decisions

    async def handle(self, row: InboxRow) -> str | None:
        self.tries.append(row.id)
        if self.decisions.away:
            raise DatabaseAway
        return "clean"


async def test_database_outage_is_not_counted_as_an_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.workers.decision_batches.FIRST_PROBE", 0.001)
    monkeypatch.setattr("bot.workers.decision_batches.LAST_PROBE", 0.002)
    decisions = Decisions()
    decisions.away = 20
    handler = AwayHandler(decisions)
    worker = build(handler, decisions)
    worker.submit([row(1), row(2, PROJECT)])
    await until(lambda: len(decisions.results) == 2)
    assert decisions.attempts == []
    assert handler.buried == []
    assert len(handler.tries) == 4


class Held:
    """A holder of which the test decides."""

    suspended = False

    def __init__(self) -> None:
        self.claims = {lane_name(n): Claim(lane_name(n), 1) for n in range(LANES)}
        self.doubted: list[Claim] = []

    def claim(self, name: str) -> Claim | None:
        return self.claims.get(name)

    def lost(self, claim: Claim) -> None:
        self.doubted.append(claim)


async def test_rows_of_lanes_not_held_are_skipped() -> None:
    handler, held, left = Handler(), Held(), []
    worker = Worker(handler.handle, handler.dead_letter, Decisions(), holder=held)
    worker.finished = lambda row: left.append(row.id)
    del held.claims[lane_name(lane_of(OFFICE))]
    worker.submit([row(1), row(2, PROJECT)])
    await worker.drain(1)
    assert handler.done == [2]
    assert sorted(left) == [1, 2]


async def test_lost_lane_is_left_to_the_other_process() -> None:
    held, decisions = Held(), Decisions()

    async def handle(row: InboxRow) -> str | None:
        raise LeaseLost("lane")

    worker = Worker(handle, handle, decisions, holder=held)
    worker.submit([row(1)])
    await worker.drain(1)
    assert (decisions.results, decisions.attempts) == ({}, [])
    assert [c.lane for c in held.doubted] == [lane_of(OFFICE)]
    assert 1 not in worker


async def test_no_row_is_started_while_the_holder_is_suspended() -> None:
    handler, held = Handler(), Held()
    worker = Worker(handler.handle, handler.dead_letter, Decisions(), holder=held)
    held.suspended = True
    worker.submit([row(1)])
    await asyncio.sleep(0.01)
    assert handler.tries == []
    held.suspended = False
    worker.resume()
    await worker.drain(1)
    assert handler.done == [1]


async def test_releasing_a_lane_ends_its_work() -> None:
    handler = Handler({1: 5.0})
    worker = build(handler, Decisions())
    worker.submit([row(1), row(2), row(3, PROJECT)])
    await until(lambda: handler.done == [3])
    await worker.stop_work(lane_of(OFFICE), 0.05)
    assert handler.done == [3]
    assert worker.backlog == 0
    assert 1 not in worker


async def test_suspect_row_is_marked_before_it_is_handled() -> None:
    decisions = Decisions()
    marked: list[list[int]] = []

    class Marking(Handler):
        async def handle(self, row: InboxRow) -> str | None:
            marked.append(list(decisions.attempts))
            return await super().handle(row)

    handler = Marking()
    worker = build(handler, decisions)
    worker.submit([row(n) for n in range(1, 41)], suspect=True)
    await worker.drain(2)
    assert handler.done == list(range(1, 41))
    assert sorted(decisions.attempts) == list(range(1, 41))
    for number, before in enumerate(marked, start=1):
        assert number in before
        assert len(before) <= number + AHEAD


async def test_row_that_may_have_ended_the_program_twice_is_handled_alone() -> None:
    decisions = Decisions()
    running = most = 0

    async def handle(row: InboxRow) -> str | None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return "clean"

    worker = Worker(handle, handle, decisions)
    rows = [row(n, -n, attempts=CAREFUL) for n in range(1, 6)]
    worker.submit(rows, suspect=True)
    await worker.drain(2)
    assert most == 1
    assert decisions.results == dict.fromkeys(range(1, 6), "clean")


async def test_only_a_flood_waits_while_a_batch_is_committed() -> None:
    handler = Handler()
    worker = build(handler, Decisions())
    with worker.sparing():
        worker.submit([row(n) for n in range(1, 101)])
        worker.submit([row(200, PROJECT)])
        await until(lambda: 200 in handler.done)
        await asyncio.sleep(0.02)
        assert handler.done == [200]
    await until(lambda: len(handler.done) == 101)
    assert handler.done[1:] == list(range(1, 101))


async def test_handler_sees_if_an_earlier_try_may_have_started() -> None:
    told: list[tuple[int, int]] = []

    async def handle(row: InboxRow) -> str | None:
        told.append((row.id, row.attempts))
        if len(told) == 1:
            raise ValueError("once")
        return "clean"

    worker = Worker(handle, handle, Decisions(), retry_seconds=0.01)
    worker.submit([row(1)])
    await worker.drain(2)
    worker = Worker(handle, handle, Decisions(), retry_seconds=0.01)
    worker.submit([row(2)], suspect=True)
    worker.submit([row(3)])
    await worker.drain(2)
    assert sorted(told) == [(1, 0), (1, 1), (2, 1), (3, 0)]
