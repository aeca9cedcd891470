"""Wake the worker of a lane when rows arrive. A wake-up is a hint: the row in the database counts.


Without Redis the lanes are polled each second; with it see `bot.workers.redis_wakeups`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from bot.store.inbox import InboxRow

POLL_SECONDS: Final = 1.0
"""Seconds between two polls of the lanes where no wake-ups arrive."""

Wake = Callable[[Iterable[int]], None]
Lanes = Callable[[], Collection[int]]


class Wakeups(Protocol):
    """Carries wake-ups between processes."""

    def publish(self, rows: Sequence[InboxRow]) -> None:
        """Wake the workers of the rows' lanes soon; return at once and never fail."""

    async def listen(self, lanes: Lanes, wake: Wake) -> None:
        """Call ``wake`` with the lanes that received rows, until cancelled."""

    async def run(self) -> None:
        """Send published wake-ups until cancelled."""


class NoWakeups:
    """No wake-ups: a process that is alone receives every update itself."""

    def publish(self, rows: Sequence[InboxRow]) -> None:
        """Do nothing."""

    async def listen(self, lanes: Lanes, wake: Wake) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()

    async def run(self) -> None:
        """Do nothing."""


class PollingWakeups:
    """Wakes every lane from time to time, where there is no Redis."""

    def publish(self, rows: Sequence[InboxRow]) -> None:
        """Do nothing."""

    async def listen(self, lanes: Lanes, wake: Wake) -> None:
        """Wake every lane each second."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            wake(lanes())

    async def run(self) -> None:
        """Do nothing."""
