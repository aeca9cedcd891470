"""Alert people to a message that the bot may not remove, or cannot remove yet."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cases.cards import message_link
from bot.cases.payloads import Payload, dump
from bot.errors import PlatformError
from bot.notifications.composer import Composer
from bot.notifications.texts import administrators as words
from bot.notifications.texts import group as group_words
from bot.notifications.texts import sender as sender_words
from bot.notifications.texts.group import Reason, joined
from bot.outgoing import EffectKind, EffectStatus, Post
from bot.ports import Actor
from bot.store.case_rows import Case
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store


class RemovalFailures:
    """Plans the alerts: in the group as a reply to the message, and to each administrator."""

    def __init__(self, store: Store, composer: Composer, actor: Actor) -> None:
        self._store = store
        self._composer = composer
        self._actor = actor

    async def administrators(self, chat_id: int) -> Sequence[int]:
        """Return the ids of a group's administrators; none if the platform does not answer."""
        try:
            return [a.id for a in await self._actor.administrators(chat_id)]
        except PlatformError:
            # The alert in the group must not depend on this answer.
            return []

    async def private_note(self, case: Case) -> NewEffect:
        """Return the explanation to the sender of a message that the bot did not remove."""
        group = await self._store.groups.get(case.chat_id)
        person = await self._store.people.get(case.sender_id)
        language = self._composer.language_of(person.language if person else None)
        text = sender_words.explanation(
            self._composer.translator(language),
            group=(group.title if group else None) or "",
            reasons=self._composer.reasons(case.summary.findings, language),
            removed=False,
        )
        return NewEffect(
            key=f"case/{case.id}/warn/stands",
            kind=EffectKind.WARN,
            chat_id=case.sender_id,
            case_id=case.id,
            payload=dump(Payload(post=Post(chat_id=case.sender_id, text=text))),
        )

    async def alerts(self, case: Case, administrators: Sequence[int]) -> list[NewEffect]:
        """Return the alerts of a case whose message could not be removed."""
        return await self._alerts(case, administrators, refused=True)

    async def delayed(self, case: Case, administrators: Sequence[int]) -> list[NewEffect]:
        """Return the alerts of a case whose removal takes longer than REPORT_AFTER."""
        return await self._alerts(case, administrators, refused=False)

    async def withdrawn(self, tx: Tx, case: Case) -> list[NewEffect]:
        """Return the deletion of the delay's alert, because the message was removed after all."""
        found: list[NewEffect] = []
        for row in await self._store.effects.for_case(case.id):
            if not row.key.startswith(f"case/{case.id}/delayed/"):
                continue
            if row.status is EffectStatus.PLANNED:
                failed = EffectStatus.FAILED
                await self._store.effects.finish(tx, row.id, failed, detail="not-needed")
            elif row.result_message_id is not None:
                found += self.delay_deletion(case, row, row.result_message_id)
        return found

    def delay_deletion(self, case: Case, row: EffectRow, message_id: int) -> list[NewEffect]:
        """Return the deletion of a group's alert about a delay; nothing for other alerts."""
        if row.key != f"case/{case.id}/delayed/{case.chat_id}":
            return []
        return [
            NewEffect(
                key=f"{row.key}/taken-back",
                kind=EffectKind.DELETE,
                chat_id=row.chat_id,
                case_id=case.id,
                message_id=message_id,
            )
        ]

    async def _alerts(
        self, case: Case, administrators: Sequence[int], *, refused: bool
    ) -> list[NewEffect]:
        group = await self._store.groups.get(case.chat_id)
        language = self._composer.language_of(group.language if group else None)
        reasons = self._composer.reasons(case.summary.findings, language)
        posts = [self._in_group(case, reasons, language, refused)]
        for user_id in administrators:
            person = await self._store.people.get(user_id)
            t = self._composer.translator(person.language if person else language)
            compose = words.exposed_privately if refused else words.delayed_privately
            text = compose(
                t,
                group=(group.title if group else None) or str(case.chat_id),
                reason=joined(t, self._composer.reasons(case.summary.findings, t.language)),
                link=message_link(case.chat_id, case.message_id),
            )
            posts.append(Post(chat_id=user_id, text=text))
        occasion = "exposed" if refused else "delayed"
        return [
            NewEffect(
                key=f"case/{case.id}/{occasion}/{post.chat_id}",
                kind=EffectKind.SAY,
                chat_id=post.chat_id,
                case_id=case.id,
                payload=dump(Payload(post=post)),
            )
            for post in posts
        ]

    def _in_group(
        self, case: Case, reasons: Sequence[Reason], language: str, refused: bool
    ) -> Post:
        t = self._composer.translator(language)
        compose = group_words.exposed if refused else group_words.delayed
        return Post(
            chat_id=case.chat_id,
            thread_id=case.thread_id,
            reply_to=case.message_id,
            text=compose(t, reasons=reasons),
        )
