"""The bot's rights in designated groups: what it needs, who hears when a right is missing."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from datetime import timedelta
from weakref import WeakValueDictionary

from bot.cases.replies import Replies
from bot.errors import PlatformError
from bot.judging.group_directory import Directory
from bot.notifications.composer import Composer
from bot.notifications.texts import administrators as admin_words
from bot.notifications.texts import group as words
from bot.outgoing import BotRights, EffectKind, Post
from bot.ports import Actor
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.groups import Group
from bot.store.store import Store

log = logging.getLogger(__name__)

DELETABLE = timedelta(hours=48)
"""How old a message may be that a bot can still delete."""


class GroupProtection:
    """Introduces the bot in its groups, and reports rights that are missing or complete again."""

    def __init__(
        self,
        *,
        store: Store,
        actor: Actor,
        replies: Replies,
        composer: Composer,
        directory: Directory,
        introduction: tuple[str, str],
    ) -> None:
        self._store = store
        self._actor = actor
        self._replies = replies
        self._composer = composer
        self._directory = directory
        self._organisation, self._contact = introduction
        self._checks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def check_all(self) -> None:
        """Check the rights in every designated group."""
        for group in await self._store.groups.all():
            if group.status == "designated":
                occasion = f"rights/{group.chat_id}/{self._store.db.now().isoformat()}"
                await self.check(group.chat_id, occasion)

    async def check(self, chat_id: int, occasion: str) -> BotRights | None:
        """Check the rights in a designated group; introduce the bot, or report a change."""
        async with self._checks.setdefault(chat_id, asyncio.Lock()):
            return await self._check(chat_id, occasion)

    async def _check(self, chat_id: int, occasion: str) -> BotRights | None:
        group = await self._store.groups.get(chat_id)
        if group is None or group.status != "designated":
            return None
        try:
            rights = await self._actor.rights(chat_id)
            if rights.present and not group.title:
                title = await self._actor.title(chat_id)
                await self._store.groups.set_title(None, chat_id, title)
                group = dataclasses.replace(group, title=title)
        except PlatformError as error:
            log.warning("chat %s: rights unknown: %s", chat_id, error.code)
            return None
        t = self._composer.translator(group.language)
        missing = words.rights_missing(t, rights)
        before = words.rights_missing(t, group.rights) if group.rights is not None else []
        planned: list[EffectRow] = []
        async with self._store.db.write() as tx:
            await self._store.groups.set_rights(tx, chat_id, rights)
            comes_in = rights.present and await self._store.groups.announced(tx, chat_id)
            if comes_in:
                text = words.announcement(t, organisation=self._organisation, contact=self._contact)
                hello = Post(chat_id=chat_id, text=text)
                planned += await self._replies.send(f"{occasion}/hello", hello, tx=tx)
            if not set(missing) <= set(() if comes_in else before):
                planned += await self._unprotected(tx, group, rights, occasion)
            elif before and not missing:
                planned += await self._protected(tx, group, occasion, in_group=not comes_in)
            if rights.can_delete and group.rights is not None and not group.rights.can_delete:
                planned += await self._remove_standing(tx, chat_id, occasion)
        self._directory.forget(chat_id)
        self._replies.start(planned)
        return rights

    async def _unprotected(
        self, tx: Tx, group: Group, rights: BotRights, occasion: str
    ) -> list[EffectRow]:
        planned: list[EffectRow] = []
        t = self._composer.translator(group.language)
        if rights.present:
            text = words.rights_lost(t, words.rights_missing(t, rights))
            post = Post(chat_id=group.chat_id, text=text)
            planned += await self._replies.send(f"{occasion}/lost", post, tx=tx)
        t = self._composer.translator()
        text = admin_words.group_unprotected(
            t,
            group=group.title or str(group.chat_id),
            missing=words.rights_missing(t, rights),
        )
        return planned + await self._replies.to_supervisors(
            f"{occasion}/lost/supervisors", text, tx
        )

    async def _protected(
        self, tx: Tx, group: Group, occasion: str, *, in_group: bool
    ) -> list[EffectRow]:
        planned: list[EffectRow] = []
        if in_group:
            t = self._composer.translator(group.language)
            post = Post(chat_id=group.chat_id, text=words.rights_complete(t))
            planned += await self._replies.send(f"{occasion}/complete", post, tx=tx)
        t = self._composer.translator()
        text = admin_words.group_protected(t, group=group.title or str(group.chat_id))
        return planned + await self._replies.to_supervisors(
            f"{occasion}/complete/supervisors", text, tx
        )

    async def _remove_standing(self, tx: Tx, chat_id: int, occasion: str) -> list[EffectRow]:
        """Plan to remove what had to be left standing while the right was missing."""
        since = self._store.db.now() - DELETABLE
        refused = await self._store.effects.refused_deletions(chat_id, since)
        return await self._store.effects.plan(
            tx,
            [
                NewEffect(
                    key=f"case/{row.case_id}/delete/{row.message_id}/{occasion}",
                    kind=EffectKind.DELETE,
                    chat_id=row.chat_id,
                    case_id=row.case_id,
                    message_id=row.message_id,
                )
                for row in refused
            ],
        )
