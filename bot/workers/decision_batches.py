"""Commit the results of inbox rows, many in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from bot.errors import DatabaseAway
from bot.retry import retry_until_done
from bot.store.lanes import Claim, working_for

log = logging.getLogger(__name__)

# A commit waits for the disk: rows that end within this time share one.
FLUSH_SECONDS = 0.02
RETRY_FLUSH_SECONDS = 1.0
FIRST_PROBE = 0.1
LAST_PROBE = 2.0
"""Seconds between two probes of a database that is away: at first, and at most."""


class Decisions(Protocol):
    """Commits the results and the attempts of inbox rows."""

    async def decide(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        """Commit the results of rows and erase their payloads, in one transaction.

        Returns the claims that were lost: nothing was committed for those.
        """

    async def attempt(self, ids: Sequence[int]) -> None:
        """Commit one more attempt for each row."""

    async def probe(self) -> None:
        """Write something; raise DatabaseAway if that fails."""


class DecisionBatches:
    """Commits the results of harmless messages together; a lost batch is only decided again."""

    def __init__(
        self,
        decisions: Decisions,
        committed: Callable[[Iterable[int]], None] = lambda ids: None,
        sparing: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._decisions = decisions
        self._committed = committed
        self._sparing = sparing
        self._waiting: dict[Claim, dict[int, str]] = {}
        self._timer: asyncio.Task[None] | None = None

    def add(self, claim: Claim, row_id: int, result: str) -> None:
        """Queue a result; it is committed within FLUSH_SECONDS."""
        self._waiting.setdefault(claim, {})[row_id] = result
        self._start_timer(FLUSH_SECONDS)

    def _start_timer(self, seconds: float) -> None:
        if self._timer is None:
            with working_for(None):
                self._timer = asyncio.create_task(self._later(seconds))

    async def _later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._timer = None
        await self.flush()

    async def flush(self) -> None:
        """Commit the queued results."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            with self._sparing():
                lost = await self._decisions.decide(waiting)
        except Exception as error:
            count = sum(len(results) for results in waiting.values())
            log.error("could not record %d decisions: %s", count, type(error).__name__)
            for claim, results in waiting.items():
                self._waiting[claim] = results | self._waiting.get(claim, {})
            self._start_timer(RETRY_FLUSH_SECONDS)
            return
        for claim in lost:
            # The lease moved on; its new holder inspects these rows itself.
            log.info("%s: %d results left to another process", claim.name, len(waiting[claim]))
        for results in waiting.values():
            self._committed(results)


class AttemptMarks:
    """Commits that the handling of rows is about to begin, many rows in one transaction.

    A row whose handling ends the process five times is thereby recognised and not tried again.
    """

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._marked: set[int] = set()
        self._next: dict[int, None] = {}
        self._turn = asyncio.Lock()

    async def mark(self, row_id: int, ahead: Iterable[int]) -> None:
        """Wait until a row's mark is committed; the rows ``ahead`` are marked with it."""
        if row_id in self._marked:
            self._marked.discard(row_id)
            return
        self._next.update(dict.fromkeys((row_id, *(i for i in ahead if i not in self._marked))))
        async with self._turn:
            if self._next:
                rows, self._next = list(self._next), {}
                try:
                    with working_for(None):
                        await self._decisions.attempt(rows)
                except BaseException:
                    self._next = dict.fromkeys(rows) | self._next
                    raise
                self._marked.update(rows)
        self._marked.discard(row_id)

    def forget(self, ids: Iterable[int]) -> None:
        """Forget the marks of rows that another process continues."""
        self._marked.difference_update(ids)
        for row_id in ids:
            self._next.pop(row_id, None)


class DatabaseOutage:
    """Waits for a database that is away, with one probe for all tasks that wait."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._probing: asyncio.Task[None] | None = None

    async def over(self) -> None:
        """Wait until the database can be written."""
        if self._probing is None:
            with working_for(None):
                self._probing = asyncio.create_task(self._probe())
        # Shielded: the cancellation of one waiter must not end the probe of the others.
        await asyncio.shield(self._probing)

    async def _probe(self) -> None:
        log.warning("the database is away; handling waits for it")
        try:
            await asyncio.sleep(FIRST_PROBE)
            await retry_until_done(
                self._decisions.probe,
                on=DatabaseAway,
                failed=lambda _: None,
                first=2 * FIRST_PROBE,
                longest=LAST_PROBE,
            )
            log.warning("the database is back")
        finally:
            self._probing = None
