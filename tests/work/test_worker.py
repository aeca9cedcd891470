"""The worker: order within a chat, and updates that cannot be handled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.errors import DatabaseAway
from bot.store.claims import Claim, lane_of
from bot.store.inbox import InboxRow
from bot.work.worker import MAX_DELIVERIES, Worker

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
    """Remembers what was decided and how often rows were taken up."""

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
    """Handles rows after a delay each, and fails for those that are poison."""

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


async def test_a_poison_update_is_tried_five_times_and_then_buried() -> None:
    handler, decisions = Handler(poison=[1]), Decisions()
    worker = build(handler, decisions)
    worker.submit([row(1)])
    await worker.drain(3)
    assert handler.tries == [1] * MAX_DELIVERIES
    assert decisions.attempts == [1] * MAX_DELIVERIES
    assert handler.buried == [1]
    assert decisions.results == {1: "dead_letter"}


async def test_a_poison_update_delays_nobody_but_its_own_chat() -> None:
    handler = Handler(poison=[1])
    worker = build(handler, Decisions())
    worker.submit([row(1), row(2), row(3, PROJECT)])
    await until(lambda: handler.done)
    assert handler.done == [3]
    await worker.drain(3)
    assert handler.done == [3, 2]


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


async def test_a_result_that_cannot_be_recorded_is_recorded_later(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("bot.work.recording.RETRY_FLUSH_SECONDS", 0.02)
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
