"""Find related messages: the members of an album, and the versions of one message."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from weakref import WeakValueDictionary

from bot.judging.plan import Plan
from bot.model import Subject
from bot.outgoing import CaseStatus, EffectKind, EffectStatus
from bot.store.case_rows import Case
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store


class RelatedMessages:
    """Finds the messages and cases related to a message, and serialises their handling."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks = WeakValueDictionary[tuple[int, str | int], asyncio.Lock]()

    @contextlib.asynccontextmanager
    async def in_turn(self, subject: Subject) -> AsyncIterator[None]:
        """Admit one message of an album, or one version of a message, at a time."""
        message = subject.message
        key = (message.chat_id, message.album_id or message.message_id)
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield

    async def siblings(self, subject: Subject) -> list[int]:
        """Return the ids that go together: a message, the parts of a split text, its album."""
        message = subject.message
        own = [message.message_id, *subject.others]
        if message.album_id is None:
            return own
        known = await self._store.inbox.album(message.chat_id, message.album_id)
        return [*own, *(i for i in known if i not in own)]

    async def case(self, plan: Plan) -> Case | None:
        """Return the case that a message joins: its album's, or that of an earlier version.

        It is the case that removed the album or the version. For a message that stays and is
        recorded, it is otherwise the first case of the same album.
        """
        subject, message = plan.subject, plan.subject.message
        if message.album_id is not None:
            known = await self._store.cases.of_album(message.chat_id, message.album_id)
        elif message.edited_at is not None:
            known = await self._store.cases.of_message(message.chat_id, message.message_id)
        else:
            return None
        earlier = [c for c in known if c.inbox_id != subject.inbox_id]
        for case in earlier:
            tried = await self.deletion(case)
            if tried is None or case.status is CaseStatus.FALSE_ALARM:
                continue
            if message.album_id is not None or tried.status is not EffectStatus.FAILED:
                return case
        stays = message.album_id is not None and not plan.verdict.removes and plan.is_recorded
        return earlier[0] if earlier and stays else None

    async def begun(self, subject: Subject) -> Case | None:
        """Return the case of this message if an earlier run has begun its removal."""
        case = await self._store.cases.of_update(subject.inbox_id)
        return case if case is not None and await self.deletion(case) is not None else None

    async def deletion(self, case: Case) -> EffectRow | None:
        """Return the deletion of the message that opened a case; None if the message stays."""
        return await self._store.effects.by_key(_key(case, case.message_id))


def deletions(case: Case, message_ids: Sequence[int]) -> list[NewEffect]:
    """Return the effects that remove messages of a case."""
    return [
        NewEffect(
            key=_key(case, message_id),
            kind=EffectKind.DELETE,
            chat_id=case.chat_id,
            case_id=case.id,
            message_id=message_id,
        )
        for message_id in message_ids
    ]


def _key(case: Case, message_id: int) -> str:
    return f"case/{case.id}/delete/{message_id}"
