"""Turns to send. Notices that wait together for a turn in one chat are merged into one message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bot.outgoing import EffectKind
from bot.store.effects import EffectRow
from bot.workers.retry_policy import MERGED
from bot.workers.send_limits import SendingLimits

MANY = 5
"""The number of notices of one kind, waiting in one chat, from which on they are merged."""

FEW, LONG = 2, 3.0
"""The same number for notices that waited longer than LONG seconds."""

Merge = Callable[[Sequence[EffectRow]], Awaitable[tuple[EffectRow, Collection[int]] | None]]
"""Commits the merging of effects; returns the merged one, and the ids that it carries."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: EffectRow
    carried: asyncio.Future[None]


class Turns:
    """Gives effects their turns; ``start`` performs an effect that carries others."""

    def __init__(
        self, limits: SendingLimits, merge: Merge, start: Callable[[Sequence[EffectRow]], None]
    ) -> None:
        self._limits = limits
        self._merge = merge
        self._start = start
        self._lines: dict[tuple[EffectKind, int], dict[int, _Waiting]] = {}
        self._granted: set[int] = set()

    async def wait(self, row: EffectRow) -> bool:
        """Wait until an effect may be sent; return False if another one carries it."""
        if row.id in self._granted:
            self._granted.discard(row.id)
            return True
        if row.kind not in MERGED:
            await self._limits.turn(row.chat_id)
            return True
        line = self._lines.setdefault((row.kind, row.chat_id), {})
        own = line[row.id] = _Waiting(row, asyncio.get_running_loop().create_future())
        try:
            turn = await self._own_turn(own)
        finally:
            del line[row.id]
            if not line:
                self._lines.pop((row.kind, row.chat_id), None)
        together = [row, *(waiting.row for waiting in line.values())]
        if turn is None:
            return False
        waited = turn.result()
        if not waited or len(together) < (FEW if waited > LONG else MANY):
            return True
        return await self._merge_waiting(together, line)

    async def pause(self, chat_id: int, seconds: float) -> None:
        """Hold back one chat for as long as the platform asked."""
        await self._limits.pause(chat_id, seconds)

    async def _own_turn(self, waiting: _Waiting) -> asyncio.Task[float] | None:
        """Wait for a turn; return None if another effect carries this one earlier."""
        turn = asyncio.create_task(self._limits.turn(waiting.row.chat_id))
        try:
            either: set[asyncio.Future[Any]] = {turn, waiting.carried}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turn.cancel()
        return None if waiting.carried.done() else turn

    async def _merge_waiting(self, rows: Sequence[EffectRow], line: dict[int, _Waiting]) -> bool:
        """Merge effects, the first of which has a turn; return True if that one is sent alone."""
        merged = await self._merge(rows)
        if merged is None:
            return True
        carrier, carried = merged
        for effect_id in carried:
            if effect_id in line and not line[effect_id].carried.done():
                line[effect_id].carried.set_result(None)
        self._granted.add(carrier.id)
        self._start([carrier])
        return rows[0].id not in carried
