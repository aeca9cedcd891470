"""Who may do what: by user id, from our own tables and from the platform's administrators."""

from __future__ import annotations

from bot.errors import PlatformError
from bot.outgoing import BotRights
from bot.ports import Actor
from bot.store.store import Store


class Rights:
    """Answers who may press or command. A chat that posts as itself never has rights."""

    def __init__(self, store: Store, actor: Actor) -> None:
        self._store = store
        self._actor = actor

    async def is_supervisor(self, user_id: int) -> bool:
        """Return True if a person may decide cases."""
        person = await self._store.people.get(user_id)
        return person is not None and "reviewer" in person.roles

    async def is_administrator(self, user_id: int, chat_id: int) -> bool:
        """Return True if a person administers a group; False when the platform does not answer."""
        try:
            administrators = await self._actor.administrators(chat_id)
        except PlatformError:
            return False
        return any(a.id == user_id for a in administrators)

    async def of_bot(self, chat_id: int) -> BotRights | None:
        """Return the bot's rights in a group now; None when the platform does not answer."""
        try:
            return await self._actor.rights(chat_id)
        except PlatformError:
            return None
