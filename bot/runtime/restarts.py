"""Which updates an earlier run may have acted on before it could commit them.

A deletion is requested before its update is committed. If the program is killed in between, the
platform delivers the update again, and the message is found gone: then it was removed by us, and
not by its author, so its case is opened and its notice posted. Nothing is on record by which the
two could be told apart, except that the earlier run did not end in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.ports import Received
from bot.store.store import Store

_RUNNING = "running"
CLOCKS = timedelta(seconds=5)
"""How far the platform's clock may be behind ours; it gives whole seconds, too."""


class Restarts:
    """Marks what was posted before this run, unless the run before it ended in order.

    Several processes on one database do not know of each other's ends: there, everything that was
    posted before this process began is marked.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._before: datetime | None = None

    async def begin(self) -> None:
        """Note that this run has begun, and find out how the one before it ended."""
        ended_in_order = await self._store.key_values.get(_RUNNING) is None
        if not (self._store.db.is_sole and ended_in_order):
            self._before = self._store.db.now() + CLOCKS
        if self._store.db.is_sole:
            await self._store.key_values.put(None, _RUNNING, self._store.db.now().isoformat())

    async def end(self) -> None:
        """Note that this run ends in order: all that it requested is on record."""
        if self._store.db.is_sole:
            await self._store.key_values.remove(None, _RUNNING)

    @property
    def may_repeat(self) -> bool:
        """True if the platform may deliver again what an earlier run acted on."""
        return self._before is not None

    def marked(self, received: Sequence[Received]) -> Sequence[Received]:
        """Return updates, with those marked that an earlier run may have removed."""
        if self._before is None:
            return received
        return [
            replace(r, may_be_removed=True)
            if r.posted_at is not None and r.posted_at <= self._before
            else r
            for r in received
        ]
