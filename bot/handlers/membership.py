"""Updates about the bot's own membership, passed on to the rules of `bot.groups`."""

from __future__ import annotations

import telegram

from bot.groups.designation import Designation
from bot.store.store import Store

_PRESENT = ("creator", "administrator", "member", "restricted")


class Membership:
    """Handles ``my_chat_member``: the bot is added, removed, or gets other rights."""

    def __init__(self, store: Store, designation: Designation) -> None:
        self._store = store
        self._designation = designation

    async def changed(self, update: telegram.Update, _context: object) -> None:
        """Handle a change of the bot's own membership."""
        change = update.my_chat_member
        if change is None:
            return
        chat, occasion = change.chat, f"update/{update.update_id}"
        if chat.type == "private":
            blocked = change.new_chat_member.status == "kicked"
            await self._store.people.remember(None, chat.id, can_write=not blocked)
        elif self._designation.is_supervisors_chat(chat.id):
            return
        elif change.new_chat_member.status in _PRESENT:
            by = change.from_user.full_name
            await self._designation.arrived(chat.id, chat.title or "", occasion, by=by)
        else:
            await self._designation.removed(chat.id, chat.title or "", occasion)
