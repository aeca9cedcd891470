"""Telegram's sending limits, one budget for each chat, so that one chat never delays another.

Turns in one group, whose 25 messages are all asked for at 0 s:

    message   1  2  3 │  4   5  …  20 │ 21   22   23 │ 24 …
    sent at   0  0  0 │  1   2     17 │ 60   60   60 │ 61 s
              BURST   │ SPACING       │ GROUP_PER_MINUTE: 60 s after the message 20 before

A private chat has no limit a minute. Each chat waits in its own line; only OVERALL_PER_SECOND is
common to all.

Deletions are not counted by the platform and never wait here. Where several processes send for
one bot, they share the budgets (see `bot.workers.redis_limits`); each also keeps its own, which
applies alone while Redis does not answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

SPACING = 1.0
"""Seconds between two messages in a chat, once its burst is used up."""

BURST = 3
GROUP_PER_MINUTE = 20
OVERALL_PER_SECOND = 30
_IDLE = 120.0
"""Seconds after which a silent chat's budget is forgotten: twice the minute that it looks back."""


class SharedBudgets(Protocol):
    """Budgets that several processes share."""

    async def take(self, chat_id: int) -> float:
        """Take a turn; return 0, or the seconds after which to ask again. Never raises."""

    async def pause(self, chat_id: int, seconds: float) -> None:
        """Hold back one chat in every process. Never raises."""


@dataclass(slots=True)
class _Chat:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=GROUP_PER_MINUTE))
    paused_until: float = 0.0


class SendingLimits:
    """Grants turns to send."""

    def __init__(
        self, clock: Callable[[], float] = monotonic, *, shared: SharedBudgets | None = None
    ) -> None:
        self._clock = clock
        self._shared = shared
        self._chats: dict[int, _Chat] = {}
        self._overall: deque[float] = deque(maxlen=OVERALL_PER_SECOND)

    async def turn(self, chat_id: int) -> float:
        """Wait until a message may be sent to a chat; turns come in the order of the calls.

        Returns the seconds that the call waited, for others before it too; 0 when at once.
        """
        chat, began = self._chats.setdefault(chat_id, _Chat()), self._clock()
        waited = chat.lock.locked()
        async with chat.lock:
            while (wait := await self._wait(chat_id, chat)) > 0:
                waited = True
                await asyncio.sleep(wait)
            now = self._clock()
            chat.sent.append(now)
            self._overall.append(now)
        self._forget_idle(now)
        return now - began if waited else 0.0

    async def pause(self, chat_id: int, seconds: float) -> None:
        """Hold back one chat for as long as the platform asked."""
        chat = self._chats.setdefault(chat_id, _Chat())
        chat.paused_until = max(chat.paused_until, self._clock() + seconds)
        if self._shared is not None:
            await self._shared.pause(chat_id, seconds)

    async def _wait(self, chat_id: int, chat: _Chat) -> float:
        """Return the seconds to wait: by this process's budget first, then by the shared one."""
        wait = self._own_wait(chat_id, chat)
        if wait > 0 or self._shared is None:
            return wait
        return await self._shared.take(chat_id)

    def _own_wait(self, chat_id: int, chat: _Chat) -> float:
        now = self._clock()
        due = [chat.paused_until]
        if len(chat.sent) >= BURST:
            due.append(min(chat.sent[-1] + SPACING, chat.sent[-BURST] + BURST * SPACING))
        if chat_id < 0 and len(chat.sent) == GROUP_PER_MINUTE:
            due.append(chat.sent[0] + 60.0)
        if len(self._overall) == OVERALL_PER_SECOND:
            due.append(self._overall[0] + 1.0)
        return max(due) - now

    def _forget_idle(self, now: float) -> None:
        if len(self._chats) < 1000:
            return
        idle = [
            chat_id
            for chat_id, chat in self._chats.items()
            if not chat.lock.locked()
            and chat.paused_until < now
            and (not chat.sent or chat.sent[-1] < now - _IDLE)
        ]
        for chat_id in idle:
            del self._chats[chat_id]
