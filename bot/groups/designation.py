"""Designation of groups: asking supervisors for approval, approving, refusing, leaving, moving."""

from __future__ import annotations

from datetime import timedelta

from bot.cases.replies import Replies
from bot.groups.protection import GroupProtection
from bot.judging.group_directory import Directory
from bot.notifications.composer import Composer
from bot.notifications.texts import administrators as admin_words
from bot.notifications.texts import card as card_words
from bot.notifications.texts import group as words
from bot.outgoing import Button, Post
from bot.store.buttons import NewButton
from bot.store.database import Tx
from bot.store.effects import EffectRow
from bot.store.store import Store

APPROVAL_PATIENCE = timedelta(hours=24)
"""How long a group waits for its approval before the bot leaves it."""


class Designation:
    """Decides which groups may be read. Nothing is read in a group that waits."""

    def __init__(
        self,
        *,
        store: Store,
        replies: Replies,
        composer: Composer,
        directory: Directory,
        protection: GroupProtection,
    ) -> None:
        self._store = store
        self._replies = replies
        self._composer = composer
        self._directory = directory
        self._protection = protection

    def is_supervisors_chat(self, chat_id: int) -> bool:
        """Return True if a chat is the supervisors' own."""
        return chat_id == self._replies.supervisors_chat.id

    async def find_supervisors(self) -> None:
        """Look up where the supervisors' chat is now; another process may have seen it move."""
        await self._replies.supervisors_chat.find()

    async def arrived(self, chat_id: int, title: str, occasion: str, *, by: str) -> None:
        """Handle that the bot is in a group: ask for its approval, or check its rights there."""
        self._directory.forget(chat_id)
        group = await self._store.groups.get(chat_id)
        if group is None or group.status in ("refused", "left", "pending"):
            await self.discover(chat_id, title, occasion, by=by)
        else:
            await self._store.groups.set_title(None, chat_id, title)
            await self._protection.check(chat_id, occasion)
        self._directory.forget(chat_id)

    async def removed(self, chat_id: int, title: str, occasion: str) -> None:
        """Record that the bot was removed from a group; supervisors hear of a designated one."""
        group = await self._store.groups.get(chat_id)
        if group is None or group.status in ("left", "refused"):
            return
        planned: list[EffectRow] = []
        async with self._store.db.write() as tx:
            await self._store.groups.mark_left(tx, chat_id)
            if group.status == "designated":
                # It stays on the list: when it comes back it is protected at once.
                await self._store.groups.designate(tx, chat_id)
                text = admin_words.bot_removed(
                    self._composer.translator(), group=title or str(chat_id)
                )
                planned = await self._replies.to_supervisors(f"{occasion}/removed", text, tx)
        self._directory.forget(chat_id)
        self._replies.start(planned)

    async def discover(self, chat_id: int, title: str, occasion: str, *, by: str = "") -> None:
        """Ask the supervisors about a group that is not designated."""
        before = await self._store.groups.get(chat_id)
        if before is not None and before.status in ("pending", "designated"):
            return
        t = self._composer.translator()
        async with self._store.db.write() as tx:
            await self._store.groups.pending(tx, chat_id, title=title)
            text = card_words.approval(t, group=title, chat_id=chat_id, by=by)
            buttons = await self._approval_buttons(tx, chat_id)
            planned = await self._replies.to_supervisors(
                f"{occasion}/approval", text, tx, buttons=buttons
            )
            asked = self._replies.supervisors_chat.id is not None
            text = words.waiting_for_approval(t) if asked else words.waiting_for_supervisors(t)
            waiting = Post(chat_id=chat_id, text=text)
            planned += await self._replies.send(f"{occasion}/waiting", waiting, tx=tx)
        self._replies.start(planned)

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
        self._replies.start(planned)
        if approved:
            await self._protection.check(chat_id, occasion)
        return None

    async def _refuse(
        self, tx: Tx, chat_id: int, occasion: str, *, decided_by: int | None
    ) -> list[EffectRow]:
        """Record that a group is refused, and plan to say goodbye and leave."""
        await self._store.groups.refuse(tx, chat_id, decided_by=decided_by)
        goodbye = Post(chat_id=chat_id, text=words.goodbye(self._composer.translator()))
        planned = await self._replies.send(f"{occasion}/goodbye", goodbye, tx=tx)
        return planned + await self._replies.leave(f"{occasion}/leave", chat_id, tx=tx)

    async def leave_overdue(self) -> None:
        """Leave the groups that nobody has approved in time."""
        if self._replies.supervisors_chat.id is None:
            return  # nobody could have approved
        before = self._store.db.now() - APPROVAL_PATIENCE
        for group in await self._store.groups.overdue(before):
            if self.is_supervisors_chat(group.chat_id):
                continue
            occasion = f"overdue/{group.chat_id}/{before:%Y%m%d%H%M%S}"
            async with self._store.db.write() as tx:
                planned = await self._refuse(tx, group.chat_id, occasion, decided_by=None)
            self._directory.forget(group.chat_id)
            self._replies.start(planned)

    async def migrated(self, old: int, new: int) -> None:
        """Give a group its new id after it became a supergroup."""
        await self._replies.supervisors_chat.moved(old, new)
        await self._store.groups.migrate(None, old, new)
        self._directory.forget(old)
        self._directory.forget(new)
