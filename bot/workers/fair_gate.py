"""Limit how many files are read at once, with the chats in turns: a flood delays no other chat."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator


class FairGate:
    """Admits ``width`` tasks at once; a chat's next task waits for one of every other chat."""

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
                self._leave()  # the turn was granted in the moment of the cancellation
            raise

    def _leave(self) -> None:
        """Pass the turn to the chat that has waited longest since its last turn."""
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
