"""Takes updates from the inbox through their handling: in order within a chat, chats in parallel.

Pictures take seconds where texts take a millisecond, so a message with files leaves its chat's
lane while its files are read, and the texts behind it go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.store.inbox import InboxRow

log = logging.getLogger(__name__)

MAX_DELIVERIES = 5
MAX_PAUSE = 60.0
"""Seconds between tries to open the case of a dead letter, at most."""

FLUSH_SECONDS = 0.02
RETRY_FLUSH_SECONDS = 1.0
_FILE_MARK = b'"file_id"'

Handle = Callable[[InboxRow], Awaitable[str | None]]
"""Handles a row; returns its result, or None when the decision was already committed."""


class Decisions(Protocol):
    """Where a row's end is committed."""

    async def decide(self, results: Mapping[int, str]) -> None:
        """Commit the results of rows and erase their payloads, in one transaction."""

    async def attempt(self, ids: Sequence[int]) -> None:
        """Commit that rows are taken up once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many rows of a kind are not decided, and when the oldest of them came."""

    depth: int
    oldest: datetime | None


class Batcher:
    """Commits the results of harmless messages together; a lost batch is only decided again."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._waiting: dict[int, str] = {}
        self._timer: asyncio.Task[None] | None = None

    def add(self, row_id: int, result: str) -> None:
        """Have a result committed within FLUSH_SECONDS."""
        self._waiting[row_id] = result
        self._start_timer(FLUSH_SECONDS)

    def _start_timer(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.create_task(self._later(seconds))

    async def _later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._timer = None
        await self.flush()

    async def flush(self) -> None:
        """Commit what is waiting."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await self._decisions.decide(waiting)
        except Exception as error:
            log.error("could not record %d decisions: %s", len(waiting), type(error).__name__)
            self._waiting = waiting | self._waiting
            self._start_timer(RETRY_FLUSH_SECONDS)


class Worker:
    """Runs rows through a handler, one lane for each chat."""

    def __init__(
        self, handle: Handle, dead_letter: Handle, decisions: Decisions, *, retry_seconds: float = 1
    ) -> None:
        self._handle = handle
        self._dead_letter = dead_letter
        self._decisions = decisions
        self._retry_seconds = retry_seconds
        self._batcher = Batcher(decisions)
        self._lanes: dict[int, deque[InboxRow]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._undecided: dict[str, dict[int, datetime]] = {"text": {}, "picture": {}}

    def submit(self, rows: Sequence[InboxRow]) -> None:
        """Queue rows that were committed; returns at once."""
        for row in rows:
            self._undecided[_kind(row)][row.id] = row.received_at
            chat = row.chat_id or 0
            lane = self._lanes.get(chat)
            if lane is not None:
                lane.append(row)
                continue
            self._lanes[chat] = deque([row])
            self._spawn(self._run_lane(chat))

    def waiting(self) -> dict[str, Waiting]:
        """Say what is not decided yet: ``text``, and ``picture`` for what comes with files."""
        return {
            kind: Waiting(depth=len(rows), oldest=min(rows.values(), default=None))
            for kind, rows in self._undecided.items()
        }

    @property
    def backlog(self) -> int:
        """Rows that wait or are being handled."""
        return sum(len(lane) for lane in self._lanes.values()) + len(self._tasks)

    async def drain(self, seconds: float) -> None:
        """Wait for what is under way, but no longer than this, then stop."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)
        left_over = list(self._tasks)
        for task in left_over:
            task.cancel()
        await asyncio.gather(*left_over, return_exceptions=True)
        await self._batcher.flush()

    def _spawn(self, coroutine: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, chat: int) -> None:
        lane = self._lanes[chat]
        while lane:
            row = lane.popleft()
            if _kind(row) == "picture":
                self._spawn(self._handle_row(row))
                await asyncio.sleep(0)
            else:
                await self._handle_row(row)
        del self._lanes[chat]

    async def _handle_row(self, row: InboxRow) -> None:
        deliveries = row.attempts
        while True:
            if deliveries >= MAX_DELIVERIES:
                await self._bury(row)
                break
            try:
                result = await self._handle(row)
            except Exception as error:
                deliveries += 1
                log.warning("inbox %s: try %d: %s", row.id, deliveries, type(error).__name__)
                await self._count(row)
                await asyncio.sleep(self._retry_seconds * 2 ** (deliveries - 1))
                continue
            if result is not None:
                self._batcher.add(row.id, result)
            break
        self._undecided[_kind(row)].pop(row.id, None)

    async def _count(self, row: InboxRow) -> None:
        """Count a try; one that cannot be recorded must not hold up the chat."""
        try:
            await self._decisions.attempt([row.id])
        except Exception as error:
            log.error("inbox %s: try not recorded: %s", row.id, type(error).__name__)

    async def _bury(self, row: InboxRow) -> None:
        """Open a case for what could not be handled; as long as that fails, the row stays."""
        delay = self._retry_seconds
        while True:
            try:
                result = await self._dead_letter(row)
            except Exception as error:
                log.error("inbox %s: dead letter: %s", row.id, type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, MAX_PAUSE)
                continue
            if result is not None:
                self._batcher.add(row.id, result)
            return


def _kind(row: InboxRow) -> str:
    return "picture" if _FILE_MARK in row.payload else "text"
