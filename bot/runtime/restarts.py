"""Mark updates that an earlier run may have acted on before it could commit them.

A deletion is requested before its update is committed. If the program is killed in between, the
platform delivers the update again, and the message is found gone. Then the bot removed it and not
its author, so its case is opened and its notice posted. The only record that distinguishes the two
is that the earlier run did not end in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.ports import Received
from bot.store.store import Store

_RUNNING = "running"
CLOCKS = timedelta(seconds=5)
"""The tolerance for a platform's clock behind ours; its times are also in whole seconds."""


class Restarts:
    """Marks messages posted before this run, unless the run before it ended in order.

    With several processes on one database no process knows how the others ended, so all messages
    posted before this process started are marked.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._before: datetime | None = None

    async def begin(self) -> None:
        """Record the start of this run, and read how the one before it ended."""
        ended_in_order = await self._store.key_values.get(_RUNNING) is None
        if not (self._store.db.is_sole and ended_in_order):
            self._before = self._store.db.now() + CLOCKS
        if self._store.db.is_sole:
            await self._store.key_values.put(None, _RUNNING, self._store.db.now().isoformat())

    async def end(self) -> None:
        """Record that this run ends in order: all its requests are on record."""
        if self._store.db.is_sole:
            await self._store.key_values.remove(None, _RUNNING)

    @property
    def may_repeat(self) -> bool:
        """True if the platform may deliver an update again that an earlier run acted on."""
        return self._before is not None

    def marked(self, received: Sequence[Received]) -> Sequence[Received]:
        """Return the updates, marked where an earlier run may have removed the message."""

        if self._before is None:
            return received
        return [
            replace(r, may_be_removed=True)
            if r.posted_at is not None and r.posted_at <= self._before
            else r
            for r in received
        ]
