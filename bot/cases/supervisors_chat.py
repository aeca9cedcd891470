"""Hold the id of the supervisors' chat, which changes when it becomes a supergroup."""

from __future__ import annotations

from bot.store.store import Store


class SupervisorsChat:
    """Holds the present id of the supervisors' chat; None where none is configured."""

    def __init__(self, store: Store, configured: int | None) -> None:
        self._store = store
        self._configured = configured
        self.id = configured

    async def find(self) -> None:
        """Look up the present id, and take the chat off the groups that wait for approval.

        It waits when the bot was added to it before it was configured; left there, it would be
        left for want of an approval.
        """
        self.id = await self._store.groups.set_supervision(None, self._configured)

    async def moved(self, old: int, new: int) -> None:
        """Record a new id if ``old`` is the present one."""
        if old == self.id and old != new:
            await self._store.groups.move_supervision(None, old, new)
            await self.find()
