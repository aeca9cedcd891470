"""Compose the posts of a case: the notice in the group, the private note, the exposure alert."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.i18n import Catalogs, Language, Translator, best_language
from bot.messages import group as group_words
from bot.messages import sender as sender_words
from bot.messages import terms
from bot.messages.group import Reason
from bot.model import Button, Category, MaskedCopy, Message, Post

Explain = Callable[[str, Language], str]
"""Gives a rule's plain sentence: (rule id, language) -> sentence."""


class Composer:
    """Builds posts in the language of whoever reads them."""

    def __init__(self, catalogs: Catalogs, explain: Explain) -> None:
        self._catalogs = catalogs
        self.explain = explain

    def translator(self, language: str | None = None) -> Translator:
        """Return the translator for a group or person; without a language, the organisation's."""
        return self._catalogs.get(language)

    def language_of(self, code: str | None) -> Language:
        """Return the supported language for a platform's code such as ``zh-hans``."""
        return best_language(code, self._catalogs.default)

    def reasons(
        self, rules: Sequence[tuple[str, Category]], language: str | None
    ) -> tuple[Reason, ...]:
        """Say in plain words what rules found, each once, in the order given."""
        t = self._catalogs.get(language)
        return tuple(
            Reason(category=terms.category(t, category), explanation=self.explain(rule, t.language))
            for rule, category in dict.fromkeys(rules)
        )

    def notice(
        self,
        message: Message,
        reasons: Sequence[Reason],
        copy: MaskedCopy,
        *,
        language: str,
        buttons: tuple[str, str],
    ) -> Post:
        """The message that takes the place of one taken down; ``buttons``: ids of why, mistake."""
        t = self._catalogs.get(language)
        text = group_words.notice(
            t,
            name=message.sender.name,
            reasons=reasons,
            copy=copy,
            album=message.album_id is not None,
        )
        why, mistake = buttons
        return Post(
            chat_id=message.chat_id,
            thread_id=message.thread_id,
            text=text,
            buttons=(
                (
                    Button(label=t("Why?"), data=why),
                    Button(label=t("This is a mistake"), data=mistake),
                ),
            ),
        )

    def private_note(
        self,
        message: Message,
        reasons: Sequence[Reason],
        *,
        group_title: str,
        language: str,
        removed: bool,
    ) -> Post:
        """The private explanation to the sender."""
        t = self._catalogs.get(language)
        text = sender_words.explanation(t, group=group_title, reasons=reasons, removed=removed)
        return Post(chat_id=message.sender.id, text=text)

    def caution(self, message: Message, reasons: Sequence[Reason], language: str) -> Post:
        """Ask in the group to look at a message again; it stays."""
        t = self._catalogs.get(language)
        return Post(
            chat_id=message.chat_id,
            thread_id=message.thread_id,
            reply_to=message.message_id,
            text=group_words.caution(t, name=message.sender.name, reasons=reasons),
        )
