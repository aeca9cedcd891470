"""Notify supervisors of a changed settings file that was refused."""

from __future__ import annotations

from bot.errors import ConfigurationError
from bot.handlers.replies import Speaker
from bot.notifications.composer import Composer
from bot.notifications.texts import blind_spots as words
from bot.outgoing import Post
from bot.settings import Settings


class Mistakes:
    """Reports the mistake in a file, its place, and how to mend it."""

    def __init__(self, speaker: Speaker, composer: Composer, settings: Settings) -> None:
        self._speaker = speaker
        self._composer = composer
        self._chat = settings.supervision.chat

    async def tell(self, error: ConfigurationError, change: str) -> None:
        """Post it in the supervisors' chat, if there is one; once for all processes."""
        if self._chat is None:
            return
        t = self._composer.translator()
        post = Post(chat_id=self._chat, text=words.refused(t, fault=error.told(t)))
        await self._speaker.say(f"refused/{change}", post)
