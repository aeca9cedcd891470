"""From the receipt to the decision in several processes, by steps in any order.

Processes come, end, hang and wake; Redis forgets everything, or goes away. Whatever the order:
once there is a worker that works, everything is decided, in the order of its chat.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from bot.ports import Received
from bot.store.inbox import Inbox, InboxRow
from bot.store.lanes import Claim
from bot.store.leases import EVERY_LANE, Leases
from bot.workers import intake, redis_wakeups, wakeups
from bot.workers.intake import Intake
from bot.workers.lease_duties import LeaseDuties
from bot.workers.lease_holder import SharedLeases
from bot.workers.redis_wakeups import RedisWakeups, open_redis
from bot.workers.worker import Worker
from tests.support.machines import ENGINES, EXAMPLES, Machine, bound, try_orders
from tests.support.redis import RedisServer

QUICK = timedelta(seconds=2)
CHATS = (-1001, -1002, -1003, 5001)
PATIENCE = 60.0


class NoEffects:
    """Nothing is sent here."""

    async def sweep(self, held: Sequence[Claim], *, settled: bool = True) -> None: ...
    async def drain(self, seconds: float, lane: int | None = None) -> None: ...


class Process:
    """A worker. One that hangs does nothing at all until it wakes, or never again."""

    def __init__(self, machine: DeliveryMachine) -> None:
        self._machine = machine
        self._inbox, self._client = machine.inbox, open_redis(machine.redis.url)
        self._awake = asyncio.Event()
        self._awake.set()
        self._worker = Worker(self.handle, self.handle, self, holder=self._holder())
        self._intake = Intake(self._inbox, self._worker)
        self._streams = RedisWakeups(self._client, self.holder.owner)
        self._tasks: list[asyncio.Task[None]] = []

    def _holder(self) -> SharedLeases:
        self.holder = SharedLeases(Leases(self._machine.db), EVERY_LANE, lasting=QUICK)
        return self.holder

    def start(self) -> None:
        duties = LeaseDuties(self._intake, self._worker, NoEffects(), {})
        hear = self._streams.listen(lambda: self._intake.lanes, self._intake.wake)
        parts = (self.holder.run(duties, self._worker.resume), self._intake.run(), hear)
        self._tasks = [asyncio.create_task(part) for part in parts]

    async def hang(self) -> None:
        """Stop as by SIGSTOP; never woken, that is as by SIGKILL."""
        self._awake.clear()
        await self._stop()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self) -> None:
        self._awake.set()
        self.start()

    async def leave(self) -> None:
        await self.hang()
        self._awake.set()
        await self._worker.drain(1)
        duties = LeaseDuties(self._intake, self._worker, NoEffects(), {})
        await self.holder.leave(duties, 0)

    async def close(self) -> None:
        self._awake.set()
        await self._stop()
        await self._worker.drain(0)
        await self._client.aclose()

    async def handle(self, row: InboxRow) -> str | None:
        await self._awake.wait()
        await asyncio.sleep(0)
        return "clean"

    async def decide(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        await self._awake.wait()
        lost = await self._inbox.decide_for(results)
        found = [row for claim, rows in results.items() if claim not in lost for row in rows]
        self._machine.decided(found)
        return lost

    async def attempt(self, ids: Sequence[int]) -> None:
        await self._awake.wait()
        await self._inbox.attempt(None, ids)

    async def probe(self) -> None: ...


class DeliveryMachine(Machine):
    """A feed and up to three workers."""

    redis: RedisServer

    def open(self) -> None:
        # Leases end by the clock, which is the machine's own here.
        type(self).time = property(lambda _: datetime.now(UTC))  # type: ignore[assignment]
        super().open()

    def made(self) -> None:
        self.inbox = Inbox(self.db, self.keys.cipher)

    @initialize()
    def begin(self) -> None:
        self.redis.flush()
        self.numbers = itertools.count(1)
        self.chat_of: dict[int, int] = {}
        self.order: dict[int, list[int]] = {chat: [] for chat in CHATS}
        self.working: list[Process] = []
        self.hanging: list[Process] = []
        self.dead: list[Process] = []
        self.away = False
        self.client = self.run(self._connect())

    async def _connect(self) -> object:
        self._redis = open_redis(self.redis.url)
        self.feed = RedisWakeups(self._redis, "feed")
        self._telling = asyncio.create_task(self.feed.run())
        return self._redis

    def decided(self, rows: Sequence[int]) -> None:
        for row in sorted(rows):
            if row not in self.order[self.chat_of[row]]:
                self.order[self.chat_of[row]].append(row)

    @rule(chats=st.lists(st.sampled_from(CHATS), min_size=1, max_size=12))
    def receive(self, chats: list[int]) -> None:
        received = [
            Received(platform="test", update_id=next(self.numbers), payload=b"x", chat_id=chat)
            for chat in chats
        ]

        async def commit() -> None:
            rows = await self.inbox.add(received)
            self.chat_of |= {row.id: row.chat_id or 0 for row in rows}
            self.feed.publish(rows)
            await asyncio.sleep(0.05)

        self.run(commit())

    @rule()
    def a_worker_comes(self) -> None:
        if len(self.working) + len(self.hanging) < 3:
            self.working.append(self.run(self._started()))

    async def _started(self) -> Process:
        process = Process(self)
        process.start()
        await asyncio.sleep(0.1)
        return process

    @rule(killed=st.booleans())
    def a_worker_hangs(self, killed: bool) -> None:
        if self.working:
            process = self.working.pop(0)
            self.run(process.hang())
            (self.dead if killed else self.hanging).append(process)

    @rule()
    def one_that_hung_goes_on(self) -> None:
        if self.hanging:
            process = self.hanging.pop(0)
            self.run(self._woken(process))
            self.working.append(process)

    async def _woken(self, process: Process) -> None:
        process.wake()
        await asyncio.sleep(0.1)

    @rule()
    def a_worker_leaves(self) -> None:
        if self.working:
            process = self.working.pop(0)
            self.run(process.leave())
            self.dead.append(process)

    @rule()
    def redis_forgets_everything(self) -> None:
        if not self.away:
            self.redis.flush()

    @rule()
    def redis_goes_away_or_comes_back(self) -> None:
        (self.redis.start if self.away else self.redis.kill)()
        self.away = not self.away

    @rule(seconds=st.sampled_from((0.1, 0.5, 1.5)))
    def time_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    def teardown(self) -> None:
        try:
            if hasattr(self, "working"):
                self.run(self._settled())
        finally:
            if getattr(self, "away", False):
                self.redis.start()
            super().teardown()

    async def _settled(self) -> None:
        """Whatever has happened, one worker is enough to decide everything."""
        try:
            if not self.working:
                self.working.append(await self._started())
            async with asyncio.timeout(PATIENCE):
                while await self.inbox.depth():
                    await asyncio.sleep(0.05)
            for rows in self.order.values():
                assert rows == sorted(rows), "the order of a chat was kept"
        finally:
            self._telling.cancel()
            for process in (*self.working, *self.hanging, *self.dead):
                await process.close()
            await self._redis.aclose()
            # Connections that a cancelled task let go are still on their way back.
            if others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others, timeout=10)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_order_of_steps(
    engine: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, name, value in (
        (intake, "SWEEP_SECONDS", 0.3),
        (intake, "PAUSE", 0.1),
        (wakeups, "POLL_SECONDS", 0.1),
        (redis_wakeups, "BLOCK_MS", 50),
    ):
        monkeypatch.setattr(module, name, value)
    machine = bound(DeliveryMachine, engine, tmp_path, request, redis=redis_server)
    try_orders(machine, examples=max(3, EXAMPLES // 4), steps=12)
