"""Admit a few files at a time, the chats in turns, so that a flooding chat delays no other."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator


class FairGate:
    """Passes ``width`` at once; who waits has a turn after one of every other chat."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @contextlib.asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        await self._enter(chat_id)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, chat_id: int) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(chat_id, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()  # it had its turn just then
            raise

    def _leave(self) -> None:
        """Pass the turn to the chat that has waited longest since its last one."""
        while self._waiting:
            chat_id, queue = next(iter(self._waiting.items()))
            first = queue.popleft()
            if queue:
                self._waiting.move_to_end(chat_id)
            else:
                del self._waiting[chat_id]
            if not first.done():
                first.set_result(None)
                return
        self._free += 1
