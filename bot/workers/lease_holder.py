"""Which lanes and which single tasks are this process's: taken, kept, shared out and given back.

Every worker holds about as many lanes as any other. What a dead one held ends TTL after its last
renewal and is taken by the rest. A process whose renewals fail suspends its work before its leases
end; whatever it may still write is refused by the token (see `bot.store.lanes`).
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
"""Seconds between renewals, and between looks for what is free."""

MARGIN = 2.0
"""Seconds before the end of its leases at which a process suspends its work."""

GRACE = 5.0
"""Seconds that what is under way in a lane has, when the lane is given to another worker."""

FEED, TIMERS = "feed", "timers"


class LeaseTable(Protocol):
    """Where leases are kept; see `bot.store.leases.Leases`."""

    async def prepare(self, names: Iterable[str]) -> None: ...
    async def take(
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
        """Begin to work for claims; they are this process's from now on."""

    async def let_go(self, claim: Claim, seconds: float) -> None:
        """End what is done for a claim; what is begun has some seconds for it."""

    def load(self, claim: Claim) -> int:
        """Return how much there is to do for a claim."""


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
        """Do nothing: it cannot be lost."""

    async def run(self, duties: Duties, resume: Callable[[], None] = lambda: None) -> None:
        """Take up every duty, and wait until cancelled."""
        await duties.gained([Claim(name) for name in self._names])
        await asyncio.Event().wait()

    async def leave(self, duties: Duties, seconds: float) -> None:
        """End the single tasks; nobody waits for the lanes."""
        names = (name for name in self._names if name not in EVERY_LANE)
        await asyncio.gather(*(duties.let_go(Claim(name), seconds) for name in names))

    async def keep(self) -> None:
        """Do nothing: it cannot be lost."""


class SharedLeases:
    """Holds the leases of one process among others.

    ``names`` are the leases that it may hold: of lanes its share, of any other what is free.
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
        """Return a held claim; None when it is another's, or on its way there."""
        return None if name in self._leaving else self._held.get(name)

    def lost(self, claim: Claim) -> None:
        """Note that a claim turned out to be another's."""
        if self._held.get(claim.name) == claim:
            self._renewed = -math.inf  # the next look finds out about the others, too

    async def run(self, duties: Duties, resume: Callable[[], None] = lambda: None) -> None:
        """Keep, take and give back leases until cancelled; ``resume`` ends a suspension."""
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
        """Return how much quicker than by default everything is to go; for tests."""
        return self._lasting / TTL

    async def look(self, duties: Duties) -> None:
        """Renew what is held when it is time to, and take or give back what is due."""
        if self._clock() >= self._renewed + RENEWAL * self._pace:
            await self._renew(duties)
        wanted = [n for n in self._singles if n not in self._held and n not in self._leaving]
        gained = []
        if wanted:
            gained += await self._leases.take(wanted, self.owner, self._lasting, len(wanted))
        if self._lanes:
            gained += await self._balance(duties)
        if gained:
            self._held |= {claim.name: claim for claim in gained}
            log.info("%d leases taken; %d held", len(gained), len(self._held))
            try:
                await duties.gained(gained)
            except BaseException:
                for claim in gained:
                    self._end(claim, duties, seconds=0, release=True)
                raise

    async def keep(self) -> None:
        """Only keep what is held, until cancelled: for what is still to be finished at the end."""
        while True:
            try:
                await self._prolong(set(self._held.values()))
            except Exception as error:
                log.warning("leases: %s", type(error).__name__)
            await asyncio.sleep(RENEWAL * self._pace)

    async def leave(self, duties: Duties, seconds: float) -> None:
        """Give everything back, so that others need not wait for its end."""
        held = list(self._held.values())
        await asyncio.gather(*(duties.let_go(claim, seconds) for claim in held))
        try:
            await self._leases.release(self.owner, held)
            await self._leases.leave(self.owner)
        except Exception as error:
            log.warning("leases not given back: %s", type(error).__name__)
        self._held.clear()

    async def _prolong(self, claims: set[Claim]) -> set[Claim]:
        works = bool(self._lanes)
        return await self._leases.renew(self.owner, claims, self._lasting, works=works)

    async def _renew(self, duties: Duties) -> None:
        before, was = self._clock(), self.suspended
        asked = set(self._held.values())
        kept = await self._prolong(asked)
        self._renewed = before
        self._until = before + self._lasting.total_seconds() - MARGIN * self._pace
        for claim in asked - kept:
            log.warning("%s: another process has taken it", claim.name)
            self._end(claim, duties, seconds=0, release=False)
        if was and not self.suspended:
            self._resume()

    async def _balance(self, duties: Duties) -> list[Claim]:
        """Take free lanes up to this worker's share, or begin to give back what is over it."""
        workers = max(1, await self._leases.alive())
        share = math.ceil(len(EVERY_LANE) / workers)
        held = [self._held[n] for n in self._lanes if n in self._held and n not in self._leaving]
        if len(held) < share:
            free = [n for n in self._lanes if n not in self._held and n not in self._leaving]
            room = share - len(held)
            return await self._leases.take(free, self.owner, self._lasting, room) if free else []
        for claim in sorted(held, key=duties.load)[: len(held) - share]:
            self._end(claim, duties, seconds=GRACE, release=True)
        return []

    def _end(self, claim: Claim, duties: Duties, *, seconds: float, release: bool) -> None:
        """Stop working for a claim, then give it back; until then it is not taken again."""
        if claim.name in self._leaving:
            return

        async def end() -> None:
            try:
                await duties.let_go(claim, seconds)
                if release:
                    await self._leases.release(self.owner, [claim])
            except Exception as error:
                log.warning("%s not given back: %s", claim.name, type(error).__name__)
            finally:
                self._held.pop(claim.name, None)
                del self._leaving[claim.name]

        with working_for(None):
            self._leaving[claim.name] = asyncio.create_task(end())
