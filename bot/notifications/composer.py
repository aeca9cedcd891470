"""Compose the posts of a case: the notice in the group, the private note, the exposure alert."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from bot.i18n import Catalogs, Language, Translator, best_language
from bot.model import Category, Message
from bot.notifications.texts import group as group_words
from bot.notifications.texts import sender as sender_words
from bot.notifications.texts import vocabulary
from bot.notifications.texts.group import Reason
from bot.outgoing import Button, MaskedCopy, Post


class ReportedFinding(Protocol):
    """A finding as far as readers learn of it: `bot.model.Finding`, or a case's note of one."""

    @property
    def rule_id(self) -> str:
        """The rule that hit."""

    @property
    def category(self) -> Category:
        """The kind of material that it protects."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of the reasons for it."""


Explain = Callable[[str, Sequence[str], Language], str]
"""Returns the sentence that explains a finding, by rule id, codes of reasons and language."""


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
        self, findings: Iterable[ReportedFinding], language: str | None
    ) -> tuple[Reason, ...]:
        """Explain findings in plain words, each rule once, in the order given."""
        t = self._catalogs.get(language)
        # The first finding of a rule stands for the others: their sentences differ little.
        by_rule: dict[str, ReportedFinding] = {}
        for finding in findings:
            by_rule.setdefault(finding.rule_id, finding)
        return tuple(
            Reason(
                category=vocabulary.category(t, finding.category),
                explanation=self.explain(rule, finding.reasons, t.language),
            )
            for rule, finding in by_rule.items()
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
        """Return the notice in place of a removed message; ``buttons``: ids of why, mistake."""
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
        """Return the private explanation to the sender."""
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
