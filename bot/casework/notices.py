"""Which notices follow from a verdict, and their posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.casework.composer import Composer
from bot.casework.payloads import Payload, dump
from bot.model import (
    Action,
    Category,
    EffectKind,
    Finding,
    MaskedCopy,
    Post,
    SenderKind,
    Verdict,
)
from bot.pipeline import Subject
from bot.store.buttons import NewButton
from bot.store.case_rows import Case
from bot.store.database import Tx
from bot.store.effects import NewEffect
from bot.store.store import Store

BUTTONS_FOR = timedelta(days=60)
PEOPLE = (SenderKind.MEMBER, SenderKind.ADMIN)
"""Senders that a private note can reach."""


class Notices:
    """Plans what is said in the group and to the sender."""

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
        rules = [(f.rule_id, f.category) for f in _gravest_first(verdict)]
        reasons = self._composer.reasons(rules, subject.language)
        effects: list[NewEffect] = []
        if copy is not None:
            post = self._composer.notice(
                message,
                reasons,
                copy,
                language=subject.language,
                buttons=await self._notice_buttons(tx, case),
            )
            effects.append(_say(case, EffectKind.REPOST, post, picture=copy.picture is not None))
        elif not verdict.removes and Action.WARN in verdict.actions and reasons:
            caution = self._composer.caution(message, reasons, subject.language)
            effects.append(_say(case, EffectKind.REPOST, caution))
        if Action.WARN in verdict.actions and reasons and message.sender.kind in PEOPLE:
            effects.append(self._private_note(case, subject, rules, removed=copy is not None))
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
        rules: Sequence[tuple[str, Category]],
        *,
        removed: bool,
    ) -> NewEffect:
        language = self._composer.language_of(subject.message.sender.language)
        post = self._composer.private_note(
            subject.message,
            self._composer.reasons(rules, language),
            group_title=subject.group_title,
            language=language,
            removed=removed,
        )
        return _say(case, EffectKind.WARN, post)

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


def _say(case: Case, kind: EffectKind, post: Post, *, picture: bool = False) -> NewEffect:
    return NewEffect(
        key=f"case/{case.id}/{kind.value}",
        kind=kind,
        chat_id=post.chat_id,
        case_id=case.id,
        payload=dump(Payload(post=post, with_picture=picture)),
    )


def _gravest_first(verdict: Verdict) -> list[Finding]:
    return sorted(verdict.effective, key=lambda f: -f.severity)
