"""Handle updates: in order within a chat, and the chats in turns.

Reading a picture takes seconds and a text a millisecond, so the texts behind a message with files
do not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.errors import DatabaseAway, LeaseLost
from bot.retry import retry_until_done
from bot.store.inbox import InboxRow, Waiting
from bot.store.lanes import Claim, lane_name, working_for
from bot.workers.decision_batches import AttemptMarks, DatabaseOutage, DecisionBatches, Decisions
from bot.workers.fair_queues import FairQueues
from bot.workers.lease_holder import SoleHolder

log = logging.getLogger(__name__)

MAX_DELIVERIES = 5
MAX_PAUSE = 60.0
"""The most seconds between two tries to open the case of a dead letter."""

AHEAD = 16
"""Rows of a chat that are marked as started in one commit, after a restart."""

TURNS = 8
"""Turns of the event loop between two rows of a flood, in which other tasks run."""

CAREFUL = 2
"""Attempts after which a suspect row is handled alone: if the program dies, it was this row."""

Handle = Callable[[InboxRow], Awaitable[str | None]]
"""Handles a row; returns its result, or None when the decision was already committed."""


class LeaseHolder(Protocol):
    """Knows which leases this process holds; see `bot.workers.lease_holder`."""

    def claim(self, name: str) -> Claim | None:
        """Return a held claim; None when another process holds it."""

    def lost(self, claim: Claim) -> None:
        """Note that another process turned out to hold a claim."""

    @property
    def suspended(self) -> bool:
        """True if no row may be started, because the leases were not renewed in time."""


class Worker:
    """Runs rows through a handler. ``finished`` is called with each row that leaves the memory."""

    def __init__(
        self,
        handle: Handle,
        dead_letter: Handle,
        decisions: Decisions,
        *,
        holder: LeaseHolder | None = None,
        retry_seconds: float = 1,
    ) -> None:
        self._handle = handle
        self._dead_letter = dead_letter
        self._decisions = decisions
        self._holder: LeaseHolder = holder or SoleHolder()
        self._retry_seconds = retry_seconds
        self._batcher = DecisionBatches(decisions, self._left, self.sparing)
        self._marks = AttemptMarks(decisions)
        self._outage = DatabaseOutage(decisions)
        self._queues = FairQueues()
        self._tasks: dict[asyncio.Task[None], InboxRow] = {}
        self._rows: dict[int, InboxRow] = {}
        self._suspects: set[int] = set()
        self._blocking: set[int] = set()
        self._one_by_one = asyncio.Lock()
        self._pumping = False
        self._sparing = 0
        self._waited = 0
        self._closed = False
        self.finished: Callable[[InboxRow], None] = lambda row: None

    def submit(self, rows: Sequence[InboxRow], *, suspect: bool = False) -> None:
        """Queue committed rows; return at once.

        ``suspect``: an earlier run may have started these rows and died of one of them.
        """
        for row in rows:
            if row.id in self._rows:
                continue
            self._rows[row.id] = row
            if suspect:
                self._suspects.add(row.id)
            self._queues.add(row)
        self.resume()

    def __contains__(self, row_id: int) -> bool:
        return row_id in self._rows

    def resume(self) -> None:
        """Start the rows that wait."""
        if not self._pumping:
            self._pump()

    @contextlib.contextmanager
    def sparing(self) -> Iterator[None]:
        """Hold back flooding chats while this context is open."""
        self._sparing += 1
        try:
            yield
        finally:
            self._sparing -= 1
            self.resume()

    def waiting(self) -> dict[str, Waiting]:
        """Count the rows in memory: ``text``, and ``picture`` for those with files."""
        found: dict[bool, list[datetime]] = {False: [], True: []}
        for row in self._rows.values():
            found[row.has_file].append(row.received_at)
        kinds = {"text": found[False], "picture": found[True]}
        return {k: Waiting(depth=len(r), oldest=min(r, default=None)) for k, r in kinds.items()}

    @property
    def backlog(self) -> int:
        """Rows that wait or are being handled."""
        return len(self._queues) + len(self._tasks)

    def load(self, lane: int) -> int:
        """Count a lane's rows in memory."""
        return sum(1 for row in self._rows.values() if row.lane == lane)

    async def drain(self, seconds: float) -> None:
        """Wait at most ``seconds`` for the rows under way, then stop."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._tasks or (self._pumping and len(self._queues)):
            if (left := deadline - asyncio.get_running_loop().time()) <= 0:
                break
            await asyncio.wait(self._tasks, timeout=left) if self._tasks else await asyncio.sleep(0)
        self._closed = True
        await _cancelled(self._tasks)
        await self._batcher.flush()

    async def stop_work(self, lane: int, seconds: float) -> None:
        """Stop working on a lane: drop its queued rows, give those under way some seconds."""
        self._forget(self._queues.drop(lane))
        under_way = [task for task, row in self._tasks.items() if row.lane == lane]
        if under_way and seconds > 0:
            await asyncio.wait(under_way, timeout=seconds)
        await _cancelled(under_way)
        await self._batcher.flush()

    def _pump(self) -> None:
        """Start the next row, and call this again after it has run to its first wait.

        So the first step of a row ends before the next row starts, and the rows take turns.

        """
        stopped = self._closed or self._holder.suspended
        row = None if stopped else self._queues.take(sparing=True)
        self._waited = 0 if row is not None else self._waited + 1
        if row is None and not stopped and not self._sparing and self._waited > TURNS:
            row = self._queues.take()
        if row is not None:
            self._begin(row)
        self._pumping = row is not None or not (stopped or self._sparing or self._queues.is_empty)
        if self._pumping:
            asyncio.get_running_loop().call_soon(self._pump)

    def _begin(self, row: InboxRow) -> None:
        claim = self._holder.claim(lane_name(row.lane))
        if claim is None:
            # The lane has moved to another process, which reads its rows from the database.
            self._forget([row])
            return
        if not row.has_file:
            self._queues.busy(row.chat_id)
            self._blocking.add(row.id)
        with working_for(claim):
            task = asyncio.create_task(self._run(row, claim))
        self._tasks[task] = row
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._step_aside(self._tasks.pop(task))
        self.resume()

    def _step_aside(self, row: InboxRow) -> None:
        """Unblock the next row of the chat."""
        if row.id in self._blocking:
            self._blocking.discard(row.id)
            self._queues.free(row.chat_id)
            self.resume()

    async def _run(self, row: InboxRow, claim: Claim) -> None:
        try:
            if row.id in self._suspects and row.attempts >= CAREFUL:
                async with self._one_by_one:
                    await self._decide(row, claim)
                    # If the next suspect ends the program, this row must not be blamed for it.
                    await self._batcher.flush()
            else:
                await self._decide(row, claim)
        except LeaseLost:
            log.info("inbox %s: left to another process", row.id)
            self._holder.lost(claim)
            self._forget([row])
        except asyncio.CancelledError:
            self._forget([row])
            raise

    async def _decide(self, row: InboxRow, claim: Claim) -> None:
        result = await self._handle_row(row)
        if result is None:
            self._left([row.id])
        else:
            self._batcher.add(claim, row.id, result)

    async def _handle_row(self, row: InboxRow) -> str | None:
        """Handle a row in up to MAX_DELIVERIES tries; an outage of the database is no try."""
        deliveries, counted, started = row.attempts, False, False
        while deliveries < MAX_DELIVERIES:
            try:
                if row.id in self._suspects:
                    await self._marks.mark(row.id, self._suspects_behind(row))
                    self._suspects.discard(row.id)
                    counted = started = True
                return await self._handle(_marked_started(row) if started else row)
            except LeaseLost:
                raise
            except DatabaseAway:
                started = True
                await self._outage.over()
            except Exception as error:
                started = True
                deliveries += 1
                log.warning("inbox %s: try %d: %s", row.id, deliveries, type(error).__name__)
                if not counted:
                    await self._count(row)
                counted = False
                self._step_aside(row)  # one bad message must not block the rest of its chat
                await asyncio.sleep(self._retry_seconds * 2 ** (deliveries - 1))
        return await self._bury(row)

    def _suspects_behind(self, row: InboxRow) -> list[int]:
        if row.attempts >= CAREFUL:
            return []
        behind = self._queues.ahead(row.chat_id, AHEAD - 1)
        return [r.id for r in behind if r.id in self._suspects and r.attempts < CAREFUL]

    async def _count(self, row: InboxRow) -> None:
        """Count a try; an error in recording it must not hold up the chat."""
        try:
            await self._decisions.attempt([row.id])
        except LeaseLost:
            raise
        except Exception as error:
            log.error("inbox %s: try not recorded: %s", row.id, type(error).__name__)

    async def _bury(self, row: InboxRow) -> str | None:
        """Open a case for a row that could not be handled; while that fails, the row stays."""

        def failed(error: Exception) -> None:
            log.error("inbox %s: dead letter: %s", row.id, type(error).__name__)

        return await retry_until_done(
            lambda: self._dead_letter(row),
            on=Exception,
            never_on=LeaseLost,
            failed=failed,
            first=self._retry_seconds,
            longest=MAX_PAUSE,
        )

    def _left(self, ids: Iterable[int]) -> None:
        """Remove rows from memory: their decision is committed, or another process makes it."""
        for row_id in ids:
            self._suspects.discard(row_id)
            if (row := self._rows.pop(row_id, None)) is not None:
                self.finished(row)

    def _forget(self, rows: Sequence[InboxRow]) -> None:
        self._marks.forget([row.id for row in rows])
        self._left([row.id for row in rows])


def _marked_started(row: InboxRow) -> InboxRow:
    """Return a row that shows its handler that an earlier try may have acted already."""
    return replace(row, attempts=max(1, row.attempts))


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended."""
    every = list(tasks)
    for task in every:
        task.cancel()
    await asyncio.gather(*every, return_exceptions=True)
