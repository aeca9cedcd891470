"""Telegram's sending limits, one budget for each chat, so that one chat never delays another.

Deletions are not counted by the platform and never come here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

SPACING = 1.0
"""Seconds between two messages in a chat, once its burst is used up."""

BURST = 3
GROUP_PER_MINUTE = 20
OVERALL_PER_SECOND = 30
_IDLE = 120.0


@dataclass(slots=True)
class _Chat:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=GROUP_PER_MINUTE))
    paused_until: float = 0.0


class SendingLimits:
    """Hands out turns to send."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._chats: dict[int, _Chat] = {}
        self._overall: deque[float] = deque(maxlen=OVERALL_PER_SECOND)

    async def turn(self, chat_id: int) -> None:
        """Wait until a message may be sent to a chat; turns come in the order of the calls."""
        chat = self._chats.setdefault(chat_id, _Chat())
        async with chat.lock:
            while (wait := self._wait(chat_id, chat)) > 0:
                await asyncio.sleep(wait)
            now = self._clock()
            chat.sent.append(now)
            self._overall.append(now)
        self._forget_idle(now)

    def pause(self, chat_id: int, seconds: float) -> None:
        """Hold back one chat for as long as the platform asked."""
        chat = self._chats.setdefault(chat_id, _Chat())
        chat.paused_until = max(chat.paused_until, self._clock() + seconds)

    def _wait(self, chat_id: int, chat: _Chat) -> float:
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
