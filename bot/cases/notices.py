"""Plan the notices that follow from a verdict, and their posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.cases.payloads import Entry, Payload, dump
from bot.model import Action, Finding, SenderKind, Subject, Verdict
from bot.notifications.composer import Composer
from bot.notifications.texts.group import Reason, joined
from bot.notifications.texts.merged_notices import shortened
from bot.outgoing import EffectKind, MaskedCopy, Post
from bot.store.buttons import NewButton
from bot.store.case_rows import Case
from bot.store.database import Tx
from bot.store.effects import NewEffect
from bot.store.store import Store

EXCERPT = 80
"""Characters of a masked text that a merged message shows, at most."""

BUTTONS_FOR = timedelta(days=60)
PEOPLE = (SenderKind.MEMBER, SenderKind.ADMIN)
"""Senders that a private note can reach."""


class Notices:
    """Plans the notice in the group and the private note to the sender."""

    def __init__(self, store: Store, composer: Composer) -> None:
        self._store = store
        self._composer = composer

    async def effects(
        self, tx: Tx, case: Case, subject: Subject, verdict: Verdict, copy: MaskedCopy | None
    ) -> list[NewEffect]:
        """Return the notices that the verdict's actions ask for.

        ``copy`` is None for a message that stays, or that could not be removed.
        """
        message = subject.message
        findings = _gravest_first(verdict)
        reasons = self._composer.reasons(findings, subject.language)
        effects: list[NewEffect] = []
        if copy is not None:
            buttons = await self._notice_buttons(tx, case)
            post = self._composer.notice(
                message, reasons, copy, language=subject.language, buttons=buttons
            )
            excerpt = copy.text if case.masked_text else ""
            entry = self._entry(subject, reasons, subject.language, excerpt, mistake=buttons[1])
            picture = copy.picture is not None
            effects.append(_text_effect(case, EffectKind.REPOST, post, entry, picture=picture))
        elif not verdict.removes and Action.WARN in verdict.actions and reasons:
            caution = self._composer.caution(message, reasons, subject.language)
            entry = self._entry(subject, reasons, subject.language, removed=False)
            effects.append(_text_effect(case, EffectKind.REPOST, caution, entry))
        if Action.WARN in verdict.actions and reasons and message.sender.kind in PEOPLE:
            effects.append(self._private_note(case, subject, findings, removed=copy is not None))
        if Action.MUTE in verdict.actions and message.sender.kind is SenderKind.MEMBER:
            effects.append(
                NewEffect(
                    key=f"case/{case.id}/mute",
                    kind=EffectKind.MUTE,
                    chat_id=case.chat_id,
                    case_id=case.id,
                    message_id=message.sender.id,
                )
            )
        return effects

    def _private_note(
        self,
        case: Case,
        subject: Subject,
        findings: Sequence[Finding],
        *,
        removed: bool,
    ) -> NewEffect:
        language = self._composer.language_of(subject.message.sender.language)
        reasons = self._composer.reasons(findings, language)
        post = self._composer.private_note(
            subject.message,
            reasons,
            group_title=subject.group_title,
            language=language,
            removed=removed,
        )
        excerpt = (case.masked_text or "") if removed else ""
        entry = self._entry(subject, reasons, language, excerpt, removed=removed)
        return _text_effect(case, EffectKind.WARN, post, entry)

    def _entry(
        self,
        subject: Subject,
        reasons: Sequence[Reason],
        language: str,
        excerpt: str = "",
        *,
        removed: bool = True,
        mistake: str | None = None,
    ) -> Entry:
        return Entry(
            name=subject.message.sender.name,
            group=subject.group_title,
            posted_at=subject.message.edited_at or subject.message.sent_at,
            reasons=joined(self._composer.translator(language), reasons),
            excerpt=shortened(excerpt, EXCERPT),
            removed=removed,
            mistake=mistake,
            language=language,
        )

    async def _notice_buttons(self, tx: Tx, case: Case) -> tuple[str, str]:
        expires = case.opened_at + BUTTONS_FOR
        people = case.sender_kind in PEOPLE
        why, mistake = await self._store.buttons.create(
            tx,
            [
                NewButton(
                    action="why",
                    audience="anyone",
                    case_id=case.id,
                    chat_id=case.chat_id,
                    once=False,
                    expires_at=expires,
                ),
                NewButton(
                    action="mistake",
                    audience="sender" if people else "administrator",
                    audience_user_id=case.sender_id if people else None,
                    case_id=case.id,
                    chat_id=case.chat_id,
                    once=False,
                    expires_at=expires,
                ),
            ],
        )
        return why, mistake


def _text_effect(
    case: Case, kind: EffectKind, post: Post, entry: Entry, *, picture: bool = False
) -> NewEffect:
    return NewEffect(
        key=f"case/{case.id}/{kind.value}",
        kind=kind,
        chat_id=post.chat_id,
        case_id=case.id,
        payload=dump(Payload(post=post, with_picture=picture, entry=entry)),
    )


def _gravest_first(verdict: Verdict) -> list[Finding]:
    return sorted(verdict.effective, key=lambda f: (-f.severity, -f.confidence))
