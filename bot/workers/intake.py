"""Pass undecided updates to the worker, at most as many as fit into memory.

Rows that this process received itself are passed on directly; rows that other processes received,
or for which there was no room, are read from the database. The order within a chat is kept: once a
row of a chat had to stay in the database, the later rows stay too, until the worker catches up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType
from typing import Protocol

from bot.store.inbox import InboxRow, Pending
from bot.store.lanes import working_for
from bot.workers.worker import Worker

log = logging.getLogger(__name__)

TEXTS = (256, 4_000)
PICTURES = (256, 2_000)
"""The most rows in memory: of one chat, and of all. A chat without any may always have one."""

AT_ONCE = 64
"""Rows read at once of a chat that is behind: decrypting more would block the event loop."""

PAGE = 1_000
SWEEP_SECONDS = 3.0
"""Seconds between searches for missed rows: a wake-up was lost, or ids were committed out of order
(PostgreSQL assigns an id before its transaction commits)."""

PAUSE = 1.0
"""Seconds before the database is asked again after a failure."""

NOTHING: Mapping[tuple[int | None, bool], int] = MappingProxyType({})

_Key = tuple[int | None, bool]
"""A chat, and whether its rows come with files."""


class PendingRows(Protocol):
    """The part of the inbox that the intake reads; see `bot.store.inbox.Inbox`."""

    async def last_id(self) -> int: ...
    async def pending(
        self, lanes: Mapping[int, int], *, limit: int, passed: bool = False
    ) -> list[Pending]: ...
    async def get(self, ids: Sequence[int]) -> list[InboxRow]: ...
    async def of_chat(
        self, key: tuple[int, int | None, bool], after: int, until: int, limit: int
    ) -> list[InboxRow]: ...


@dataclass(slots=True)
class _Behind:
    """A chat whose rows beyond the id ``after`` are still in the database.

    ``more``: rows were added there since the last read.
    """

    after: int
    more: bool = False
    reading: bool = False


@dataclass(slots=True)
class _Lane:
    """``seen``: the last id that was examined.

    ``suspect``: an earlier holder of the lane may have started rows up to this id.
    """

    suspect: int
    seen: int = 0
    behind: dict[_Key, _Behind] = field(default_factory=dict)


class Intake:
    """Feeds the worker with the rows of the lanes that this process holds."""

    def __init__(self, source: PendingRows, worker: Worker) -> None:
        self._source = source
        self._worker = worker
        self._lanes: dict[int, _Lane] = {}
        self._held: Counter[_Key] = Counter()
        self._totals = {False: 0, True: 0}
        self._dirty: set[int] = set()
        self._woken = asyncio.Event()
        self._refills: set[asyncio.Task[None]] = set()
        worker.finished = self._finished

    async def open(self, lanes: Iterable[int]) -> None:
        """Start to read lanes whose leases this process has acquired."""
        opened, last = list(lanes), await self._source.last_id()
        self._lanes |= {lane: _Lane(suspect=last) for lane in opened}
        self.wake(opened)

    def close(self, lane: int) -> None:
        """Stop reading a lane."""
        self._lanes.pop(lane, None)
        self._dirty.discard(lane)

    @property
    def lanes(self) -> list[int]:
        """The lanes that are read."""
        return list(self._lanes)

    def holds(self, lane: int) -> bool:
        """Return True if a lane is read here."""
        return lane in self._lanes

    @property
    def idle(self) -> bool:
        """True if no row is left in the database, as far as this process knows."""
        return not self._dirty and not any(lane.behind for lane in self._lanes.values())

    def wake(self, lanes: Iterable[int]) -> None:
        """Have lanes read, because rows arrived there."""
        self._dirty.update(lane for lane in lanes if lane in self._lanes)
        if self._dirty:
            self._woken.set()

    def offer(self, rows: Sequence[InboxRow]) -> list[InboxRow]:
        """Pass on newly committed rows, in order; return those of other processes' lanes."""
        others = []
        for row in rows:
            lane = self._lanes.get(row.lane)
            if lane is None:
                others.append(row)
            elif row.lane in self._dirty:
                self.wake((row.lane,))  # rows before it are still to be read
            elif row.id > lane.seen:
                lane.seen = row.id
                if self._admits(lane, row):
                    self._submit([row])
        return others

    async def run(self) -> None:
        """Read woken lanes, and search for missed rows periodically, until cancelled."""
        try:
            await self._run()
        finally:
            for task in (refills := list(self._refills)):
                task.cancel()
            await asyncio.gather(*refills, return_exceptions=True)

    async def _run(self) -> None:
        swept = monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, swept + SWEEP_SECONDS - monotonic())):
                    await self._woken.wait()
            self._woken.clear()
            try:
                due = monotonic() >= swept + SWEEP_SECONDS
                if due:
                    self._dirty.update(self._lanes)  # a wake-up may have been lost
                await self._read()
                if due:
                    await self._sweep()
                    swept = monotonic()
            except Exception as error:
                log.warning("lanes cannot be read: %s", type(error).__name__)
                await asyncio.sleep(PAUSE)
                self.wake(self._dirty)

    async def _read(self) -> None:
        """Read the new rows of the woken lanes, a page at a time."""
        while self._dirty:
            self._woken.clear()
            lanes = {number: self._lanes[number].seen for number in self._dirty}
            page = await self._source.pending(lanes, limit=PAGE)
            await self._look_at(page)
            for number in lanes:
                if len(page) == PAGE and number in self._lanes:
                    self._lanes[number].seen = max(self._lanes[number].seen, page[-1].id)
            if len(page) < PAGE and not self._woken.is_set():
                self._dirty -= lanes.keys()

    async def _sweep(self) -> None:
        """Examine the oldest rows that should have been handled by now."""
        lanes = {number: lane.seen for number, lane in self._lanes.items()}
        await self._look_at(await self._source.pending(lanes, limit=PAGE, passed=True), again=True)

    async def _look_at(self, page: Sequence[Pending], *, again: bool = False) -> None:
        """Pass on rows for which there is room; ``again``: only rows that were skipped before."""
        planned: Counter[_Key] = Counter()
        chosen = []
        for pending in page:
            lane = self._lanes.get(pending.lane)
            if lane is None or pending.id in self._worker or (pending.id <= lane.seen) is not again:
                continue
            lane.seen = max(lane.seen, pending.id)
            if self._admits(lane, pending, planned):
                chosen.append(pending.id)
                planned[pending.chat_id, pending.has_file] += 1
        if chosen:
            self._submit(await self._source.get(chosen))

    def _admits(
        self, lane: _Lane, row: InboxRow | Pending, planned: Mapping[_Key, int] = NOTHING
    ) -> bool:
        """Return True if a row may be passed on; otherwise its chat is behind from this row on."""
        key = (row.chat_id, row.has_file)
        behind = lane.behind.get(key)
        if behind is not None:
            behind.more = True
            return row.id <= behind.after
        if self._room(key, planned) > 0:
            return True
        lane.behind[key] = _Behind(after=row.id - 1, more=True)
        return False

    def _room(self, key: _Key, planned: Mapping[_Key, int] = NOTHING) -> int:
        """Return how many more rows of a kind a chat may have in memory."""
        has_file = key[1]
        held = self._held[key] + planned.get(key, 0)
        total = self._totals[has_file] + sum(n for k, n in planned.items() if k[1] is has_file)
        per_chat, most = PICTURES if has_file else TEXTS
        return max(min(per_chat - held, most - total), 0 if held else 1)

    def _submit(self, rows: Sequence[InboxRow]) -> None:
        for row in rows:
            lane = self._lanes.get(row.lane)
            if lane is None or row.id in self._worker:
                continue
            self._held[row.chat_id, row.has_file] += 1
            self._totals[row.has_file] += 1
            self._worker.submit([row], suspect=row.id <= lane.suspect)

    def _finished(self, row: InboxRow) -> None:
        """Count a row out, and continue to read a chat that is behind."""
        key = (row.chat_id, row.has_file)
        self._held[key] -= 1
        self._totals[row.has_file] -= 1
        if not self._held[key]:
            del self._held[key]
        lane = self._lanes.get(row.lane)
        behind = lane.behind.get(key) if lane else None
        per_chat = (PICTURES if row.has_file else TEXTS)[0]
        # At half, because a query for each finished row would cost more than its handling.
        if lane and behind and not behind.reading and self._held[key] <= per_chat // 2:
            behind.reading = True
            with working_for(None):
                task = asyncio.create_task(self._catch_up(row.lane, lane, key, behind))
            self._refills.add(task)
            task.add_done_callback(self._refills.discard)

    async def _catch_up(self, number: int, lane: _Lane, key: _Key, behind: _Behind) -> None:
        """Read the next rows of a chat that is behind."""
        while self._lanes.get(number) is lane:
            behind.more, room = False, min(self._room(key), AT_ONCE)
            if room <= 0:
                break
            places = (number, *key)
            try:
                rows = await self._source.of_chat(places, behind.after, lane.seen, room)
            except Exception as error:
                log.warning("lane %d cannot be read: %s", number, type(error).__name__)
                await asyncio.sleep(PAUSE)
                continue
            if self._lanes.get(number) is not lane:
                return
            if rows:
                behind.after = rows[-1].id
            if len(rows) < room and not behind.more:
                del lane.behind[key]
            self._submit(rows)
            if len(rows) == room or key not in lane.behind:
                break
        behind.reading = False
