"""The leases of this process on lanes and single tasks: acquire, renew, balance, release.

Every worker holds about as many lanes as any other. Two workers, and a third that starts; 64 lanes:

    A 32 lanes   B 32 lanes                 share = ceil(64 / 2) = 32
    C starts: 3 workers are alive           share = ceil(64 / 3) = 22
    A, B end 10 lanes each (the least loaded first, within GRACE) and release them
    C acquires those 20                     A 22, B 22, C 20

A worker that hangs, with the default times:

    0 s    the last renewal succeeds; the leases last until 10 s (TTL)
    3 s    the next renewal (RENEWAL) fails, and so does each later one
    8 s    the worker suspends its work (TTL - MARGIN), by its own monotonic clock
    10 s   the leases end in the database; the others acquire them at their next look (LOOK)
    later  the worker wakes: what it still writes is refused by the token (`bot.store.lanes`)
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Protocol

from bot.store.lanes import Claim, working_for
from bot.store.leases import EVERY_LANE

log = logging.getLogger(__name__)

TTL = timedelta(seconds=10)
RENEWAL = 3.0
LOOK = 1.0
"""Seconds between renewals, and between searches for free leases."""

MARGIN = 2.0
"""Seconds before the end of its leases at which a process suspends its work."""

GRACE = 5.0
"""Seconds for a lane's work under way to finish, when the lane moves to another worker."""

FEED, TIMERS = "feed", "timers"


class LeaseTable(Protocol):
    """The table of leases; see `bot.store.leases.Leases`."""

    async def prepare(self, names: Iterable[str]) -> None: ...
    async def acquire(
        self, names: Sequence[str], owner: str, lasting: timedelta, limit: int = 1
    ) -> list[Claim]: ...
    async def renew(
        self, owner: str, claims: Iterable[Claim], lasting: timedelta, *, works: bool = True
    ) -> set[Claim]: ...
    async def release(self, owner: str, claims: Iterable[Claim]) -> None: ...
    async def leave(self, owner: str) -> None: ...
    async def alive(self) -> int: ...


class Duties(Protocol):
    """The work that is done under leases."""

    async def gained(self, claims: Sequence[Claim]) -> None:
        """Start to work for claims that were just acquired."""

    async def stop_work(self, claim: Claim, seconds: float) -> None:
        """Stop the work for a claim; work under way has some seconds to finish."""

    def load(self, claim: Claim) -> int:
        """Return the number of rows in memory for a claim."""


class SoleHolder:
    """Holds every lease for a process that is alone on its database."""

    suspended = False
    owner = "alone"

    def __init__(self, names: Collection[str] = (*EVERY_LANE, FEED, TIMERS)) -> None:
        self._names = names

    def claim(self, name: str) -> Claim:
        """Return a claim that needs no check."""
        return Claim(name)

    def lost(self, claim: Claim) -> None:
        """Do nothing: without other processes no claim can be lost."""

    async def run(self, duties: Duties, resume: Callable[[], None] = lambda: None) -> None:
        """Start all work, then wait until cancelled."""
        await duties.gained([Claim(name) for name in self._names])
        await asyncio.Event().wait()

    async def leave(self, duties: Duties, seconds: float) -> None:
        """Stop the single tasks; no other process waits for the lanes."""
        names = (name for name in self._names if name not in EVERY_LANE)
        await asyncio.gather(*(duties.stop_work(Claim(name), seconds) for name in names))

    async def keep(self) -> None:
        """Do nothing: there is no lease to renew."""


class SharedLeases:
    """Holds the leases of one process among others.

    ``names`` are the leases that it may hold: its share of the lanes, and any other that is free.
    """

    def __init__(
        self,
        leases: LeaseTable,
        names: Collection[str],
        *,
        lasting: timedelta = TTL,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._leases = leases
        self._lanes = [n for n in EVERY_LANE if n in names]
        self._singles = [n for n in names if n not in EVERY_LANE]
        self._lasting = lasting
        self._clock = clock
        self._held: dict[str, Claim] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._until = -math.inf
        self._renewed = -math.inf
        self._resume: Callable[[], None] = lambda: None
        self.owner = secrets.token_hex(8)

    @property
    def suspended(self) -> bool:
        """True if the leases may have ended by now."""
        return self._clock() >= self._until

    def claim(self, name: str) -> Claim | None:
        """Return a held claim; None when another process holds it or is about to."""
        return None if name in self._leaving else self._held.get(name)

    def lost(self, claim: Claim) -> None:
        """Note that another process turned out to hold a claim."""
        if self._held.get(claim.name) == claim:
            self._renewed = -math.inf  # renew at the next look: other leases may be lost, too

    async def run(self, duties: Duties, resume: Callable[[], None] = lambda: None) -> None:
        """Renew, acquire and release leases until cancelled; ``resume`` ends a suspension."""
        self._resume = resume
        prepared = False
        while True:
            began = self._clock()
            try:
                if not prepared:
                    await self._leases.prepare((*EVERY_LANE, FEED, TIMERS))
                    prepared = True
                await self.look(duties)
            except Exception as error:
                log.warning("leases: %s", type(error).__name__)
            await asyncio.sleep(max(0.0, began + LOOK * self._pace - self._clock()))

    @property
    def _pace(self) -> float:
        """Return the factor on all times; 1 by default, less in tests."""
        return self._lasting / TTL

    async def look(self, duties: Duties) -> None:
        """Renew leases when that is due; acquire free ones, release those above the share."""
        if self._clock() >= self._renewed + RENEWAL * self._pace:
            await self._renew(duties)
        wanted = [n for n in self._singles if n not in self._held and n not in self._leaving]
        gained = []
        if wanted:
            gained += await self._leases.acquire(wanted, self.owner, self._lasting, len(wanted))
        if self._lanes:
            gained += await self._balance(duties)
        if gained:
            self._held |= {claim.name: claim for claim in gained}
            log.info("%d leases acquired; %d held", len(gained), len(self._held))
            try:
                await duties.gained(gained)
            except BaseException:
                for claim in gained:
                    self._end(claim, duties, seconds=0, release=True)
                raise

    async def keep(self) -> None:
        """Renew held leases until cancelled, while the process finishes its work at its end."""
        while True:
            try:
                await self._prolong(set(self._held.values()))
            except Exception as error:
                log.warning("leases: %s", type(error).__name__)
            await asyncio.sleep(RENEWAL * self._pace)

    async def leave(self, duties: Duties, seconds: float) -> None:
        """Release every lease, so that others need not wait until it expires."""
        held = list(self._held.values())
        await asyncio.gather(*(duties.stop_work(claim, seconds) for claim in held))
        try:
            await self._leases.release(self.owner, held)
            await self._leases.leave(self.owner)
        except Exception as error:
            log.warning("leases not released: %s", type(error).__name__)
        self._held.clear()

    async def _prolong(self, claims: set[Claim]) -> set[Claim]:
        works = bool(self._lanes)
        return await self._leases.renew(self.owner, claims, self._lasting, works=works)

    async def _renew(self, duties: Duties) -> None:
        before, was = self._clock(), self.suspended
        asked = set(self._held.values())
        kept = await self._prolong(asked)
        # From before the request: a slow answer must not make a lease seem longer than it is.
        self._renewed = before
        self._until = before + self._lasting.total_seconds() - MARGIN * self._pace
        for claim in asked - kept:
            log.warning("%s: another process has acquired it", claim.name)
            self._end(claim, duties, seconds=0, release=False)
        if was and not self.suspended:
            self._resume()

    async def _balance(self, duties: Duties) -> list[Claim]:
        """Acquire free lanes up to this worker's share, or begin to release those above it."""
        workers = max(1, await self._leases.alive())
        share = math.ceil(len(EVERY_LANE) / workers)
        held = [self._held[n] for n in self._lanes if n in self._held and n not in self._leaving]
        if len(held) < share:
            free = [n for n in self._lanes if n not in self._held and n not in self._leaving]
            room = share - len(held)
            return await self._leases.acquire(free, self.owner, self._lasting, room) if free else []
        # The least loaded lanes move: fewer rows have to be read again by their new holder.
        for claim in sorted(held, key=duties.load)[: len(held) - share]:
            self._end(claim, duties, seconds=GRACE, release=True)
        return []

    def _end(self, claim: Claim, duties: Duties, *, seconds: float, release: bool) -> None:
        """Stop work for a claim, then release it; until then it is not acquired again."""
        if claim.name in self._leaving:
            return

        async def end() -> None:
            try:
                await duties.stop_work(claim, seconds)
                if release:
                    await self._leases.release(self.owner, [claim])
            except Exception as error:
                log.warning("%s not released: %s", claim.name, type(error).__name__)
            finally:
                self._held.pop(claim.name, None)
                del self._leaving[claim.name]

        with working_for(None):
            self._leaving[claim.name] = asyncio.create_task(end())
