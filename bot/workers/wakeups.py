"""Wake the worker of a lane when something came in. A wake-up is a hint: the row is the truth.

Without Redis the lanes are looked at each second; with it see `bot.workers.redis_wakeups`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from bot.store.inbox import InboxRow

LOOK: Final = 1.0
"""Seconds between looks without notices."""

Wake = Callable[[Iterable[int]], None]
Lanes = Callable[[], Collection[int]]


class Wakeups(Protocol):
    """Carries notices between processes."""

    def tell(self, rows: Sequence[InboxRow]) -> None:
        """Notify the workers of the rows' lanes soon; returns at once and never fails."""

    async def listen(self, lanes: Lanes, wake: Wake) -> None:
        """Call ``wake`` with those of the lanes in which something came in, until cancelled."""

    async def run(self) -> None:
        """Send what was told, until cancelled."""


class Unneeded:
    """One process alone: all that comes in, it receives itself."""

    def tell(self, rows: Sequence[InboxRow]) -> None:
        """Do nothing."""

    async def listen(self, lanes: Lanes, wake: Wake) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()

    async def run(self) -> None:
        """Do nothing."""


class Looking:
    """Without Redis: every lane is looked at from time to time."""

    def tell(self, rows: Sequence[InboxRow]) -> None:
        """Do nothing."""

    async def listen(self, lanes: Lanes, wake: Wake) -> None:
        """Wake every lane each second."""
        while True:
            await asyncio.sleep(LOOK)
            wake(lanes())

    async def run(self) -> None:
        """Do nothing."""
