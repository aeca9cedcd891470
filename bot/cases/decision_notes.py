"""Notify senders of the decision on their case."""

from __future__ import annotations

from datetime import timedelta

from bot.cases.notices import PEOPLE
from bot.cases.payloads import Payload, dump
from bot.notifications.composer import Composer
from bot.notifications.texts import group as group_words
from bot.notifications.texts import sender as sender_words
from bot.outgoing import EffectKind, Post
from bot.store.case_rows import Case
from bot.store.effects import NewEffect
from bot.store.people import Person
from bot.store.store import Store

RELEASED_FOR = timedelta(days=7)


class DecisionNotes:
    """Plans notes to senders: in private if the bot may write to them, else in the group."""

    def __init__(self, store: Store, composer: Composer) -> None:
        self._store = store
        self._composer = composer

    async def released(self, case: Case) -> NewEffect:
        """Notify the sender of a false alarm: the content may be posted again."""
        person = await self._reachable(case)
        if person is None:
            return await self.released_in_group(case)
        group = await self._store.groups.get(case.chat_id)
        text = sender_words.released(
            self._composer.translator(person.language),
            group=(group.title if group else None) or "",
            days=RELEASED_FOR.days,
        )
        return _text_effect(case, released_key(case.id), Post(chat_id=case.sender_id, text=text))

    async def released_in_group(self, case: Case) -> NewEffect:
        """Return the note for the group, without the content."""
        group = await self._store.groups.get(case.chat_id)
        person = await self._store.people.get(case.sender_id)
        t = self._composer.translator(group.language if group else None)
        name = (person.name if person else None) or t("a member")
        post = Post(
            chat_id=case.chat_id,
            thread_id=case.thread_id,
            text=group_words.released(t, name=name),
        )
        return _text_effect(case, f"{released_key(case.id)}/group", post)

    async def confirmed(self, case: Case) -> list[NewEffect]:
        """Notify a sender who appealed that the decision stands; only in private."""
        person = await self._reachable(case)
        if person is None:
            return []
        group = await self._store.groups.get(case.chat_id)
        t = self._composer.translator(person.language)
        text = sender_words.confirmed(t, group=(group.title if group else None) or "")
        return [
            _text_effect(case, f"case/{case.id}/confirmed", Post(chat_id=case.sender_id, text=text))
        ]

    async def _reachable(self, case: Case) -> Person | None:
        person = await self._store.people.get(case.sender_id)
        if case.sender_kind not in PEOPLE or person is None or not person.can_write:
            return None
        return person


def released_key(case_id: int) -> str:
    """Return the key of the effect that notifies a sender in private of a false alarm."""
    return f"case/{case_id}/released"


def _text_effect(case: Case, key: str, post: Post) -> NewEffect:
    return NewEffect(
        key=key,
        kind=EffectKind.SAY,
        chat_id=post.chat_id,
        case_id=case.id,
        payload=dump(Payload(post=post)),
    )
