"""Check a draft that a member sends privately, before it is posted; nothing of it is kept."""

from __future__ import annotations

import telegram

from bot.fragments import AttachmentReader, typed_fragments
from bot.i18n import Translator
from bot.judging.judge import Judge
from bot.notifications.composer import Composer
from bot.notifications.texts import sender as words
from bot.outgoing import RichText
from bot.platforms.telegram.message_conversion import to_message


class PrivateCheck:
    """Judges a draft as `check` does, by the standard policy and the organisation's terms."""

    def __init__(self, judge: Judge, reader: AttachmentReader, composer: Composer) -> None:
        self._judge = judge
        self._reader = reader
        self._composer = composer

    async def check(self, update: telegram.Update, t: Translator) -> RichText | None:
        """Return the answer, or None for what is no message."""
        message = to_message(update)
        if message is None:
            return None
        attached = await self._reader.read(message)
        fragments = (*typed_fragments(message), *attached.fragments)
        verdict = self._judge.verdict(fragments, attached.not_inspected)
        return words.check_result(
            t,
            self._composer.reasons(verdict.effective, t.language),
            unread=bool(verdict.not_inspected),
        )
