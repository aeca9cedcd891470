"""Perform each kind of effect on the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.cases.cards import Cards
from bot.cases.payloads import Payload, load
from bot.errors import Refused
from bot.outgoing import EffectKind, Post
from bot.ports import Actor
from bot.store.effects import EffectRow
from bot.store.store import Store

MUTE_FOR = timedelta(minutes=10)

Perform = Callable[[EffectRow], Awaitable[int | None]]


class Performers:
    """Performs effects through the platform's actor."""

    def __init__(self, actor: Actor, store: Store, cards: Cards) -> None:
        self._actor = actor
        self._store = store
        self._cards = cards

    def all(self) -> Mapping[EffectKind, Perform]:
        """Return a function for each kind except deletions (see `bot.workers.prompt_removals`)."""
        return {
            EffectKind.REPOST: self._send,
            EffectKind.WARN: self._send,
            EffectKind.SAY: self._send,
            EffectKind.ESCALATE: self._send,
            EffectKind.EDIT: self._edit,
            EffectKind.MUTE: self._mute,
            EffectKind.LEAVE: self._leave,
        }

    async def _send(self, row: EffectRow) -> int:
        return await self._actor.send(await self._post(row))

    async def _edit(self, row: EffectRow) -> None:
        await self._actor.edit(await self._post(row), _target(row))

    async def _mute(self, row: EffectRow) -> None:
        await self._actor.mute(row.chat_id, _target(row), datetime.now(UTC) + MUTE_FOR)

    async def _leave(self, row: EffectRow) -> None:
        await self._actor.leave(row.chat_id)

    async def _post(self, row: EffectRow) -> Post:
        payload = load(row.payload) if row.payload else Payload()
        if payload.post is None:
            return await self._cards.render(row, payload)
        post = replace(payload.post, chat_id=row.chat_id)
        # The payload does not repeat the picture, which retention may erase before this is sent.
        if payload.with_picture and row.case_id is not None:
            post = replace(post, picture=await self._store.case_pictures.get(row.case_id, "masked"))
        return post


def _target(row: EffectRow) -> int:
    if row.message_id is None:
        raise Refused("no-target")
    return row.message_id
