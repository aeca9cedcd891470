"""The platform's limits: sizes that are fixed, and sending rates that can be changed."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass

from rehearsal.objects import Chat
from rehearsal.refusals import ApiError

TEXT = 4096
CAPTION = 1024
CALLBACK_DATA = 64
CALLBACK_ANSWER = 200
UPLOAD = 50 * 2**20
PHOTO = 10 * 2**20
DOWNLOAD = 20 * 2**20
DELETE_AGE = 48 * 3600
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Rates at which the bot may send; None switches one off.

    Messages a second in a chat with a burst, messages a minute in a group, requests a second
    overall. ``repeat_wait`` is how long an offset that is polled again is slowed down, in seconds.
    """

    chat_per_second: float | None = 1.0
    chat_burst: int = 4
    group_per_minute: int | None = 20
    overall_per_second: int | None = 30
    repeat_wait: float = 3.0

    @classmethod
    def off(cls) -> Limits:
        """Return limits that limit nothing."""
        return cls(
            chat_per_second=None, group_per_minute=None, overall_per_second=None, repeat_wait=0
        )


class _Window:
    """Counts events within a time before now."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: deque[float] = deque()

    def wait(self, now: float, count: int) -> float:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        surplus = len(self._times) + count - max(self._most, count)
        return self._times[surplus - 1] + self._seconds - now if surplus > 0 else 0.0

    def spend(self, now: float, count: int) -> None:
        self._times.extend([now] * count)


class _Bucket:
    """Refills at a rate up to a burst."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = float(burst), 0.0

    def wait(self, now: float, count: int) -> float:
        filled = self._level + (now - self._at) * self._rate if self._at else self._burst
        self._level, self._at = min(float(self._burst), filled), now
        return max(0.0, (min(count, self._burst) - self._level) / self._rate)

    def spend(self, now: float, count: int) -> None:
        self._level -= count


class Limiter:
    """Refuses with 429 what goes beyond the limits. Deletions are never asked about."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._chats: dict[int, list[_Window | _Bucket]] = {}
        per_second = limits.overall_per_second
        self._overall = None if per_second is None else _Window(per_second, 1.0)

    def spend(self, chat: Chat | None, count: int = 1) -> None:
        """Count messages to a chat (None: a request to none); ApiError 429 when there are too many.

        A refused request is not counted.
        """
        now = time.monotonic()
        meters: list[_Window | _Bucket] = [] if chat is None else self._meters(chat)
        if self._overall is not None:
            meters = [*meters, self._overall]
        wait = max((meter.wait(now, count) for meter in meters), default=0.0)
        if wait > 0:
            seconds = math.ceil(wait)
            text = f"Too Many Requests: retry after {seconds}"
            raise ApiError(429, text, {"retry_after": seconds})
        for meter in meters:
            meter.spend(now, count)

    def _meters(self, chat: Chat) -> list[_Window | _Bucket]:
        if chat.id not in self._chats:
            meters: list[_Window | _Bucket] = []
            if self._limits.chat_per_second is not None:
                meters.append(_Bucket(self._limits.chat_per_second, self._limits.chat_burst))
            if self._limits.group_per_minute is not None and chat.type != "private":
                meters.append(_Window(self._limits.group_per_minute, _MINUTE))
            self._chats[chat.id] = meters
        return self._chats[chat.id]
