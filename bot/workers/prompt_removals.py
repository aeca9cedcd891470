"""Deletions that are requested before anything is committed.

    judged ──► begin() ──► request leaves ─────────────► answer
       └─────► the desk commits case and effect ──► perform() takes the answer over

A deletion converges, so it needs no record before its request: repeating it does no harm, and an
update that was not confirmed is delivered again. The effect that the desk commits meanwhile takes
the answer over instead of sending a second request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from bot.store.effects import EffectRow

MAX_REMEMBERED = 10_000
"""Messages remembered, oldest dropped first: a forgotten one is only requested once more."""

Delete = Callable[[int, int], Awaitable[None]]


class PromptRemovals:
    """Requests deletions at once; ``delete`` takes the ids of a chat and a message."""

    def __init__(self, delete: Delete) -> None:
        self._delete = delete
        self._requests: OrderedDict[tuple[int, int], asyncio.Task[None] | None] = OrderedDict()

    def begin(self, chat_id: int, message_id: int) -> None:
        """Request a deletion without waiting for its answer.

        A second call does nothing: the versions of an edited message are one message.
        """
        key = (chat_id, message_id)
        if key in self._requests:
            return
        task = asyncio.create_task(self._request(chat_id, message_id))
        task.add_done_callback(_retrieve)
        self._requests[key] = task
        if len(self._requests) > MAX_REMEMBERED:
            self._requests.popitem(last=False)

    async def perform(self, row: EffectRow) -> None:
        """Perform a deletion: take over the answer of a request that left, or send one.

        Raises the platform's errors.
        """
        if row.message_id is None:
            raise ValueError("a deletion without a message")
        key = (row.chat_id, row.message_id)
        task = self._requests.get(key)
        if task is not None:
            self._requests[key] = None  # its answer counts once; a retry is a request of its own
        if task is None:
            await self._delete(row.chat_id, row.message_id)
        else:
            await task

    async def close(self) -> None:
        """Cancel the requests without an answer; a later run repeats them."""
        open_requests = [task for task in self._requests.values() if task is not None]
        self._requests.clear()
        for task in open_requests:
            task.cancel()
        await asyncio.gather(*open_requests, return_exceptions=True)

    async def _request(self, chat_id: int, message_id: int) -> None:
        await self._delete(chat_id, message_id)


def _retrieve(task: asyncio.Task[None]) -> None:
    # asyncio logs an exception that nobody retrieves, and its text may name the chat.
    if not task.cancelled():
        task.exception()
