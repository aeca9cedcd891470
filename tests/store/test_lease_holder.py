"""Several workers on one table of leases: they share, take over and give back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from bot.errors import DatabaseAway
from bot.store.database import Database
from bot.store.lanes import LANES, Claim
from bot.store.leases import EVERY_LANE, Leases
from bot.workers.lease_holder import FEED, TIMERS, SharedLeases, SoleHolder

QUICK = timedelta(seconds=1)
"""Leases that last a tenth of their usual time; everything else goes as much quicker."""


class Duties:
    """Records the calls that start and stop its work."""

    def __init__(self) -> None:
        self.doing: dict[str, Claim] = {}
        self.ended: list[tuple[str, float]] = []
        self.fails = False
        self.slow = 0.0

    async def gained(self, claims: Sequence[Claim]) -> None:
        if self.fails:
            self.fails = False
            raise DatabaseAway
        self.doing |= {claim.name: claim for claim in claims}

    async def stop_work(self, claim: Claim, seconds: float) -> None:
        await asyncio.sleep(self.slow)
        self.ended.append((claim.name, seconds))
        self.doing.pop(claim.name, None)

    def load(self, claim: Claim) -> int:
        return claim.lane

    @property
    def lanes(self) -> set[str]:
        return {name for name in self.doing if name in EVERY_LANE}


class Worker:
    """A process's holder and its duties, running."""

    def __init__(self, db: Database, names: Sequence[str] = (*EVERY_LANE, TIMERS)) -> None:
        self.leases = Leases(db)
        self.holder = SharedLeases(self.leases, names, lasting=QUICK)
        self.duties = Duties()
        self.resumed = 0
        self._task: asyncio.Task[None]

    def start(self) -> None:
        self._task = asyncio.create_task(self.holder.run(self.duties, self._resume))

    def _resume(self) -> None:
        self.resumed += 1

    async def kill(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def stop(self) -> None:
        await self.kill()
        await self.holder.leave(self.duties, 0)


class Team:
    """Workers on one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.workers: list[Worker] = []
        self._databases: list[Database] = []

    async def join(self, *names: str) -> Worker:
        database = await Database.open(self.url)
        self._databases.append(database)
        worker = Worker(database, names or (*EVERY_LANE, TIMERS))
        worker.start()
        self.workers.append(worker)
        return worker

    async def until(self, *shares: int) -> None:
        """Wait until the workers hold so many lanes each, and no lane is held twice."""
        async with asyncio.timeout(10):
            while [len(w.duties.lanes) for w in self.workers] != list(shares):
                await asyncio.sleep(0.01)
        held = [name for w in self.workers for name in w.duties.lanes]
        assert len(held) == len(set(held))

    async def close(self) -> None:
        for worker in self.workers:
            await worker.stop()
        for database in self._databases:
            await database.close()


@pytest.fixture
async def team(url: str) -> AsyncIterator[Team]:
    team = Team(url)
    yield team
    await team.close()


async def test_workers_share_the_lanes_as_they_come_and_go(team: Team) -> None:
    first = await team.join()
    await team.until(LANES)
    await team.join()
    await team.until(LANES // 2, LANES // 2)
    await team.join()
    async with asyncio.timeout(10):
        while sum(len(w.duties.lanes) for w in team.workers) < LANES or any(
            len(w.duties.lanes) > 22 for w in team.workers
        ):
            await asyncio.sleep(0.01)
    await first.stop()
    await team.until(0, LANES // 2, LANES // 2)
    assert sum(TIMERS in w.duties.doing for w in team.workers) == 1


async def test_lanes_of_a_dead_worker_are_acquired_in_time(team: Team) -> None:
    victim = await team.join()
    await team.until(LANES)
    await team.join()
    await team.until(LANES // 2, LANES // 2)
    await victim.kill()
    victim.duties.doing.clear()
    loop = asyncio.get_running_loop()
    killed = loop.time()
    await team.until(0, LANES)
    assert loop.time() - killed < 1.5, "15 s at the usual pace"


async def test_suspended_holder_finds_lost_leases_before_it_works(team: Team) -> None:
    slow = await team.join()
    await team.until(LANES)
    await slow.kill()
    await asyncio.sleep(QUICK.total_seconds())
    assert slow.holder.suspended
    other = await team.join()
    async with asyncio.timeout(10):
        while len(other.duties.lanes) < LANES:
            await asyncio.sleep(0.01)
    slow.start()
    await team.until(LANES // 2, LANES // 2)
    assert {seconds for _, seconds in slow.duties.ended} == {0}
    assert slow.resumed >= 1
    assert not slow.holder.suspended


async def test_single_worker_that_was_away_keeps_its_lanes(team: Team) -> None:
    worker = await team.join()
    await team.until(LANES)
    before = dict(worker.duties.doing)
    await worker.kill()
    await asyncio.sleep(2 * QUICK.total_seconds())
    worker.start()
    async with asyncio.timeout(10):
        while worker.holder.suspended:
            await asyncio.sleep(0.01)
    assert worker.duties.doing == before
    assert worker.duties.ended == []


async def test_lane_that_is_moving_has_no_worker(team: Team) -> None:
    first = await team.join()
    await team.until(LANES)
    first.duties.slow = 0.3
    await team.join()
    async with asyncio.timeout(10):
        while not first.holder._leaving:
            await asyncio.sleep(0.01)
    leaving = set(first.holder._leaving)
    assert all(first.holder.claim(name) is None for name in leaving)
    await team.until(LANES // 2, LANES // 2)


async def test_leases_whose_work_cannot_begin_are_released_and_acquired_again(team: Team) -> None:
    worker = await team.join()
    worker.duties.fails = True
    await team.until(LANES)


async def test_feed_holds_no_lanes_and_counts_as_no_worker(team: Team) -> None:
    feed = await team.join(FEED)
    second = await team.join(FEED)
    await team.join()
    await team.until(0, 0, LANES)
    assert len(feed.duties.doing) + len(second.duties.doing) == 1


async def test_single_process_holds_every_lease_at_once() -> None:
    duties, alone = Duties(), SoleHolder()
    task = asyncio.create_task(alone.run(duties))
    await asyncio.sleep(0)
    assert set(duties.doing) == {*EVERY_LANE, FEED, TIMERS}
    assert alone.claim(FEED).token == 0
    assert not alone.suspended
    task.cancel()
