"""Readiness: checks of the database, of the platform's answers and of the queue of texts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.store import Store

# Two long polls of 25 s, and a pause between them.
POLL_AGE = timedelta(seconds=60)
TEXT_AGE = timedelta(seconds=30)
WRITE_SECONDS = 5.0


class Pulse:
    """The time of the platform's last good answer to a poll."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.at: datetime | None = None

    def beat(self) -> None:
        """Record a good answer, as of now."""
        self.at = self._clock()


_LAST_ANSWER = "heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Checks the parts; ``polls`` is False with a webhook.

    ``shared``: other processes may work on the same database, and one of them may be the feed.
    """

    store: Store
    pulse: Pulse
    polls: bool
    shared: bool = False

    async def publish_pulse(self) -> None:
        """Store the platform's last answer for the other processes."""
        if self.shared and self.pulse.at is not None:
            await self.store.key_values.put(None, _LAST_ANSWER, {"at": self.pulse.at.isoformat()})

    async def last_answer_at(self) -> datetime | None:
        """Return the time of the platform's last answer to any process; with a webhook, now."""
        if not self.polls:
            return self.store.db.now()
        if self.pulse.at is not None or not self.shared:
            return self.pulse.at
        stored = await self.store.key_values.get(_LAST_ANSWER)
        return datetime.fromisoformat(stored["at"]) if stored else None

    async def problems(self) -> dict[str, str]:
        """Return the reasons of failed checks by the checks' names; empty if the bot is ready."""
        found = {"database": await self._database()}
        if not found["database"]:
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    found |= {"poll": await self._poll(), "text": await self._text()}
            except Exception as error:  # the database may go away between two checks
                found["database"] = f"cannot be read: {type(error).__name__}"
        return {name: reason for name, reason in found.items() if reason}

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                now = self.store.db.now().isoformat()
                await self.store.key_values.put(None, "writable", now)
        except Exception as error:
            return f"cannot be written: {type(error).__name__}"
        return ""

    async def _poll(self) -> str:
        at = await self.last_answer_at()
        if at is None:
            return "the platform has not answered yet"
        age = self.store.db.now() - at
        return "" if age < POLL_AGE else f"the last answer is {age.total_seconds():.0f} s old"

    async def _text(self) -> str:
        oldest = (await self.store.inbox.waiting())["text"].oldest
        if oldest is None:
            return ""
        age = self.store.db.now() - oldest
        return "" if age < TEXT_AGE else f"the oldest is undecided for {age.total_seconds():.0f} s"
