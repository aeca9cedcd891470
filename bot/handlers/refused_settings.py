"""Notify supervisors of a changed settings file that was refused."""

from __future__ import annotations

from bot.cases.replies import Replies
from bot.errors import ConfigurationError
from bot.notifications.composer import Composer
from bot.notifications.texts import blind_spots as words


class RefusedSettings:
    """Reports the mistake in a file, its place, and how to mend it."""

    def __init__(self, replies: Replies, composer: Composer) -> None:
        self._replies = replies
        self._composer = composer

    async def report(self, error: ConfigurationError, change: str) -> None:
        """Post it in the supervisors' chat, if there is one; once for all processes."""
        t = self._composer.translator()
        text = words.refused(t, fault=error.in_one_line(t))
        await self._replies.to_supervisors(f"refused/{change}", text)
