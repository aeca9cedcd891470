"""The work of a process under its leases: lanes, the feed, and periodic tasks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from bot.store.lanes import NO_LANE, Claim, lane_name, working_for
from bot.workers.intake import Intake
from bot.workers.lease_holder import TIMERS
from bot.workers.worker import Worker

log = logging.getLogger(__name__)


class LaneEffects(Protocol):
    """The part of the outbox that moves with a lane; see `bot.workers.outbox.Outbox`."""

    async def sweep(self, held: Sequence[Claim], *, settled: bool = True) -> None:
        """Resume the unfinished effects of lanes."""

    async def drain(self, seconds: float, lane: int | None = None) -> None:
        """Finish or cancel the effects under way for a lane."""


class LeaseDuties:
    """Starts and stops the work of each lease; see `bot.workers.lease_holder.Duties`.

    ``alone`` maps the names of leases to the tasks that only one process runs.
    """

    def __init__(
        self,
        intake: Intake,
        worker: Worker,
        outbox: LaneEffects,
        alone: Mapping[str, Callable[[], Awaitable[None]]],
    ) -> None:
        self._intake = intake
        self._worker = worker
        self._outbox = outbox
        self._alone = alone
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def gained(self, claims: Sequence[Claim]) -> None:
        """Resume unfinished effects, then start to work."""
        lanes = [claim for claim in claims if claim.lane != NO_LANE]
        timers = [claim for claim in claims if claim.name == TIMERS]
        if lanes or timers:
            await self._outbox.sweep([*lanes, *timers], settled=False)
        if lanes:
            await self._intake.open([claim.lane for claim in lanes])
        for claim in claims:
            with working_for(claim):
                if (act := self._alone.get(claim.name)) is not None:
                    task = asyncio.ensure_future(act())
                    task.add_done_callback(self._ended)
                    self._running[claim.name] = task

    async def stop_work(self, claim: Claim, seconds: float) -> None:
        """Stop the work for a claim; work under way has some seconds to finish."""
        if claim.lane != NO_LANE:
            self._intake.close(claim.lane)
            await self._worker.stop_work(claim.lane, seconds)
        if (task := self._running.pop(claim.name, None)) is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        if claim.lane != NO_LANE or claim.name == TIMERS:
            await self._outbox.drain(seconds, claim.lane)

    def load(self, claim: Claim) -> int:
        """Count the rows in memory of a claim's lane."""
        return self._worker.load(claim.lane)

    async def watch(self) -> None:
        """Wait until cancelled; raise the error that ended one of the tasks in ``alone``."""
        await self._failed

    def _ended(self, task: asyncio.Future[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            if self._failed.done():
                log.error("ended by %s", type(error).__name__)
            else:
                self._failed.set_exception(error)


def lane_claims(names: Sequence[int], claim: Callable[[str], Claim | None]) -> list[Claim]:
    """Return the claims of those lanes that are held."""
    found = (claim(lane_name(number)) for number in names)
    return [each for each in found if each is not None]
