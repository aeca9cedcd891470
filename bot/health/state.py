"""Whether the bot can do its work: each thing that it needs, and why not where it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.store.store import Store

POLL_AGE = timedelta(seconds=60)
TEXT_AGE = timedelta(seconds=30)
WRITE_SECONDS = 5.0


class Lane(Protocol):
    """What waits for its decision, or is being handled."""

    @property
    def depth(self) -> int: ...
    @property
    def oldest(self) -> datetime | None: ...


class Pulse:
    """When the platform was last heard of: each good answer to a poll."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.at: datetime | None = None

    def beat(self) -> None:
        """Note that it was heard of now."""
        self.at = self._clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Judges from the parts; ``polls`` says that the bot asks for updates by itself."""

    store: Store
    pulse: Pulse
    lanes: Callable[[], Mapping[str, Lane]]
    polls: bool

    async def problems(self) -> dict[str, str]:
        """Return what is wrong, by its name; nothing when the bot is ready."""
        found = {
            "database": await self._database(),
            "poll": self._poll(),
            "text": self._text(),
        }
        return {name: reason for name, reason in found.items() if reason}

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                now = self.store.db.now().isoformat()
                await self.store.facts.put(None, "writable", now)
        except Exception as error:
            return f"cannot be written: {type(error).__name__}"
        return ""

    def _poll(self) -> str:
        if not self.polls:
            return ""
        if self.pulse.at is None:
            return "the platform has not answered yet"
        age = self.store.db.now() - self.pulse.at
        return "" if age < POLL_AGE else f"the last answer is {age.total_seconds():.0f} s old"

    def _text(self) -> str:
        oldest = self.lanes()["text"].oldest
        if oldest is None:
            return ""
        age = self.store.db.now() - oldest
        return "" if age < TEXT_AGE else f"the oldest is undecided for {age.total_seconds():.0f} s"
