"""The bot's coming, going and rights in groups, and their approval by supervisors."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from datetime import timedelta
from weakref import WeakValueDictionary

import telegram

from bot.errors import PlatformError
from bot.handlers.replies import Speaker
from bot.judging.group_directory import Directory
from bot.notifications.composer import Composer
from bot.notifications.texts import administrators as admin_words
from bot.notifications.texts import card as card_words
from bot.notifications.texts import group as words
from bot.outgoing import BotRights, Button, EffectKind, Post, RichText
from bot.ports import Actor
from bot.store.buttons import NewButton
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.groups import Group
from bot.store.store import Store

log = logging.getLogger(__name__)

APPROVAL_PATIENCE = timedelta(hours=24)
DELETABLE = timedelta(hours=48)
"""How old a message may be that a bot can still delete."""

_PRESENT = ("creator", "administrator", "member", "restricted")


class Membership:
    """Introduces the bot, asks for approval, and tells when a group is no longer protected."""

    def __init__(
        self,
        *,
        store: Store,
        actor: Actor,
        speaker: Speaker,
        composer: Composer,
        directory: Directory,
        supervisors_chat: int | None,
        introduction: tuple[str, str],
    ) -> None:
        self._store = store
        self._actor = actor
        self._speaker = speaker
        self._composer = composer
        self._directory = directory
        self._supervisors_chat = supervisors_chat
        self._organisation, self._contact = introduction
        self._checks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def changed(self, update: telegram.Update, _context: object) -> None:
        """Handle a change of the bot's own membership."""
        change = update.my_chat_member
        if change is None:
            return
        chat = change.chat
        if chat.type == "private":
            blocked = change.new_chat_member.status == "kicked"
            await self._store.people.remember(None, chat.id, can_write=not blocked)
            return
        if self.is_supervisors_chat(chat.id):
            return
        occasion = f"update/{update.update_id}"
        self._directory.forget(chat.id)
        group = await self._store.groups.get(chat.id)
        if change.new_chat_member.status not in _PRESENT:
            await self._gone(group, chat, occasion)
        elif group is None or group.status in ("refused", "left", "pending"):
            await self.discover(chat, occasion, by=change.from_user.full_name)
        else:
            await self._store.groups.set_title(None, chat.id, chat.title or "")
            await self.check(chat.id, occasion)
        self._directory.forget(chat.id)

    def is_supervisors_chat(self, chat_id: int) -> bool:
        """Return True if a chat is the supervisors' own."""
        return chat_id == self._supervisors_chat

    async def _gone(self, group: Group | None, chat: telegram.Chat, occasion: str) -> None:
        if group is None or group.status in ("left", "refused"):
            return
        planned: list[EffectRow] = []
        async with self._store.db.write() as tx:
            await self._store.groups.mark_left(tx, chat.id)
            if group.status == "designated":
                # It stays on the list: when it comes back it is protected at once.
                await self._store.groups.designate(tx, chat.id)
                t = self._composer.translator()
                text = admin_words.bot_removed(t, group=chat.title or str(chat.id))
                planned = await self._tell_supervisors(f"{occasion}/removed", text, tx)
        self._speaker.start(planned)

    async def discover(self, chat: telegram.Chat, occasion: str, *, by: str = "") -> None:
        """Ask the supervisors about a group that is not designated; nothing is read meanwhile."""
        before = await self._store.groups.get(chat.id)
        if before is not None and before.status in ("pending", "designated"):
            return
        t = self._composer.translator()
        async with self._store.db.write() as tx:
            await self._store.groups.pending(tx, chat.id, title=chat.title or "")
            text = card_words.approval(t, group=chat.title or "", chat_id=chat.id, by=by)
            buttons = await self._approval_buttons(tx, chat.id)
            planned = await self._tell_supervisors(
                f"{occasion}/approval", text, tx, buttons=buttons
            )
            waiting = Post(chat_id=chat.id, text=words.waiting_for_approval(t))
            planned += await self._speaker.say(f"{occasion}/waiting", waiting, tx=tx)
        self._speaker.start(planned)

    async def _approval_buttons(self, tx: Tx, chat_id: int) -> tuple[tuple[Button, ...], ...]:
        approve, refuse = await self._store.buttons.create(
            tx,
            [
                NewButton(action=action, audience="supervisor", chat_id=chat_id, once=False)
                for action in ("approve", "refuse")
            ],
        )
        t = self._composer.translator()
        return ((Button(label=t("Approve"), data=approve), Button(label=t("Refuse"), data=refuse)),)

    async def approve(self, chat_id: int, user_id: int, occasion: str) -> str | None:
        """Designate a group that waits; returns None, or who was first."""
        return await self._answer(chat_id, user_id, occasion, approved=True)

    async def refuse(self, chat_id: int, user_id: int, occasion: str) -> str | None:
        """Refuse a group that waits, say goodbye and leave; returns None, or who was first."""
        return await self._answer(chat_id, user_id, occasion, approved=False)

    async def _answer(
        self, chat_id: int, user_id: int, occasion: str, *, approved: bool
    ) -> str | None:
        group = await self._store.groups.get(chat_id)
        if group is None or group.status != "pending":
            first = await self._store.people.get(group.decided_by or 0) if group else None
            return (first.name if first else None) or ""
        action = "approve" if approved else "refuse"
        planned: list[EffectRow] = []
        async with self._store.db.write() as tx:
            if approved:
                await self._store.groups.designate(tx, chat_id, decided_by=user_id)
            else:
                planned = await self._refuse(tx, chat_id, occasion, decided_by=user_id)
            await self._store.audit.write(tx, action, actor_id=user_id, subject=f"group/{chat_id}")
        self._directory.forget(chat_id)
        self._speaker.start(planned)
        if approved:
            await self.check(chat_id, occasion)
        return None

    async def _refuse(
        self, tx: Tx, chat_id: int, occasion: str, *, decided_by: int | None
    ) -> list[EffectRow]:
        """Record that a group is refused, and plan to say goodbye and leave."""
        await self._store.groups.refuse(tx, chat_id, decided_by=decided_by)
        goodbye = Post(chat_id=chat_id, text=words.goodbye(self._composer.translator()))
        planned = await self._speaker.say(f"{occasion}/goodbye", goodbye, tx=tx)
        return planned + await self._speaker.leave(f"{occasion}/leave", chat_id, tx=tx)

    async def leave_overdue(self) -> None:
        """Leave the groups that nobody has approved in time."""
        before = self._store.db.now() - APPROVAL_PATIENCE
        for group in await self._store.groups.overdue(before):
            occasion = f"overdue/{group.chat_id}/{before:%Y%m%d%H%M%S}"
            async with self._store.db.write() as tx:
                planned = await self._refuse(tx, group.chat_id, occasion, decided_by=None)
            self._directory.forget(group.chat_id)
            self._speaker.start(planned)

    async def check(self, chat_id: int, occasion: str) -> BotRights | None:
        """Look at the bot's rights in a designated group; introduce it or tell what changed."""
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
                planned += await self._speaker.say(f"{occasion}/hello", hello, tx=tx)
            if not set(missing) <= set(() if comes_in else before):
                planned += await self._unprotected(tx, group, rights, occasion)
            elif before and not missing:
                planned += await self._protected(tx, group, occasion, in_group=not comes_in)
            if rights.can_delete and group.rights is not None and not group.rights.can_delete:
                planned += await self._remove_standing(tx, chat_id, occasion)
        self._directory.forget(chat_id)
        self._speaker.start(planned)
        return rights

    async def _unprotected(
        self, tx: Tx, group: Group, rights: BotRights, occasion: str
    ) -> list[EffectRow]:
        planned: list[EffectRow] = []
        t = self._composer.translator(group.language)
        if rights.present:
            text = words.rights_lost(t, words.rights_missing(t, rights))
            post = Post(chat_id=group.chat_id, text=text)
            planned += await self._speaker.say(f"{occasion}/lost", post, tx=tx)
        t = self._composer.translator()
        text = admin_words.group_unprotected(
            t,
            group=group.title or str(group.chat_id),
            missing=words.rights_missing(t, rights),
        )
        return planned + await self._tell_supervisors(f"{occasion}/lost/supervisors", text, tx)

    async def _protected(
        self, tx: Tx, group: Group, occasion: str, *, in_group: bool
    ) -> list[EffectRow]:
        planned: list[EffectRow] = []
        if in_group:
            t = self._composer.translator(group.language)
            post = Post(chat_id=group.chat_id, text=words.rights_complete(t))
            planned += await self._speaker.say(f"{occasion}/complete", post, tx=tx)
        t = self._composer.translator()
        text = admin_words.group_protected(t, group=group.title or str(group.chat_id))
        return planned + await self._tell_supervisors(f"{occasion}/complete/supervisors", text, tx)

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

    async def migrated(self, old: int, new: int) -> None:
        """Give a group its new id after it became a supergroup."""
        await self._store.groups.migrate(None, old, new)
        self._directory.forget(old)
        self._directory.forget(new)

    async def _tell_supervisors(
        self,
        key: str,
        text: RichText,
        tx: Tx,
        *,
        buttons: tuple[tuple[Button, ...], ...] = (),
    ) -> list[EffectRow]:
        if self._supervisors_chat is None:
            return []
        post = Post(chat_id=self._supervisors_chat, text=text, buttons=buttons)
        return await self._speaker.say(key, post, tx=tx)
