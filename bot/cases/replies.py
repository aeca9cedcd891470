"""Send replies to people through the outbox, so that none is sent twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.cases.payloads import Payload, dump
from bot.cases.supervisors_chat import SupervisorsChat
from bot.outgoing import Button, EffectKind, Post, RichText
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

Start = Callable[[Sequence[EffectRow]], None]


class Replies:
    """Plans and sends posts. The post of a key is sent once, even if the update is repeated."""

    def __init__(self, store: Store, start: Start, *, supervisors_chat: SupervisorsChat) -> None:
        self._store = store
        self.start = start
        self.supervisors_chat = supervisors_chat

    async def send(self, key: str, post: Post, *, tx: Tx | None = None) -> list[EffectRow]:
        """Send a post; with the caller's transaction ``tx``, the caller starts the rows."""
        return await self._plan(key, EffectKind.SAY, post.chat_id, post, None, tx)

    async def to_supervisors(
        self,
        key: str,
        text: RichText,
        tx: Tx | None = None,
        *,
        buttons: tuple[tuple[Button, ...], ...] = (),
    ) -> list[EffectRow]:
        """Send a text to the supervisors' chat, if one is configured."""
        if self.supervisors_chat.id is None:
            return []
        post = Post(chat_id=self.supervisors_chat.id, text=text, buttons=buttons)
        return await self.send(key, post, tx=tx)

    async def edit(self, key: str, post: Post, message_id: int) -> None:
        """Replace a sent post."""
        await self._plan(key, EffectKind.EDIT, post.chat_id, post, message_id, None)

    async def leave(self, key: str, chat_id: int, *, tx: Tx | None = None) -> list[EffectRow]:
        """Leave a chat, after the posts that are started together with this are sent."""
        return await self._plan(key, EffectKind.LEAVE, chat_id, None, None, tx)

    async def _plan(
        self,
        key: str,
        kind: EffectKind,
        chat_id: int,
        post: Post | None,
        message_id: int | None,
        tx: Tx | None,
    ) -> list[EffectRow]:
        effect = NewEffect(
            key=key,
            kind=kind,
            chat_id=chat_id,
            message_id=message_id,
            payload=dump(Payload(post=post)),
        )
        before = await self._store.effects.by_key(key)
        rows = await self._store.effects.plan(tx, [effect])
        fresh = rows if before is None else []
        if tx is None:
            self.start(fresh)
        return fresh
