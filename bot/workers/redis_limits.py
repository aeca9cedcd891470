"""The sending limits in Redis, for several processes that send as one bot.

Redis holds only counters and times, under the bot's and the chats' ids, and only as long as they
matter; it may be emptied at any time. While it does not answer, each process applies its own
budgets, and the platform's own answer (429) slows down a chat that gets too many messages.

    shoukou:limits:<bot>:<chat>          list of the times of sending, newest first
    shoukou:limits:<bot>:all             the same of all chats
    shoukou:limits:<bot>:<chat>:paused   exists as long as the platform asked for a pause

One script checks the limits and takes a turn: between two commands another process could take the
same turn.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.workers import send_limits
from bot.workers.periodic import raise_if_cancelled
from bot.workers.send_limits import SendingLimits

log = logging.getLogger(__name__)

PATIENCE = 0.1
"""Seconds that Redis has to answer: messages to people must not wait for it any longer."""

AWAY = 5.0
"""Seconds without requests after a failure: otherwise each message would wait for PATIENCE."""

_PREFIX = "shoukou:limits"
_Answer = TypeVar("_Answer")

# KEYS: a chat's times of sending, all of the bot's, and the chat's pause.
# ARGV: spacing and burst, messages in a minute (0: any number), messages a second overall; times
# are milliseconds of Redis's own clock, so that the processes' clocks do not matter.
# Returns 0 when a turn was taken, else the milliseconds to wait.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local spacing, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local minute, overall = tonumber(ARGV[3]), tonumber(ARGV[4])
local due = now + math.max(0, redis.call('PTTL', KEYS[3]))
local function after(key, back, milliseconds)
  local at = redis.call('LINDEX', key, back - 1)
  return at and at + milliseconds or 0
end
if redis.call('LLEN', KEYS[1]) >= burst then
  due = math.max(due, math.min(after(KEYS[1], 1, spacing), after(KEYS[1], burst, burst * spacing)))
end
if minute > 0 then due = math.max(due, after(KEYS[1], minute, 60000)) end
due = math.max(due, after(KEYS[2], overall, 1000))
if due > now then return math.ceil(due - now) end
redis.call('LPUSH', KEYS[1], now)
redis.call('LTRIM', KEYS[1], 0, math.max(minute, burst) - 1)
redis.call('PEXPIRE', KEYS[1], 60000 + burst * spacing)
redis.call('LPUSH', KEYS[2], now)
redis.call('LTRIM', KEYS[2], 0, overall - 1)
redis.call('PEXPIRE', KEYS[2], 1000)
return 0
"""

_PAUSE = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
end
return 0
"""


class SharedLimits:
    """Budgets in Redis; see `bot.workers.send_limits.SharedBudgets`."""

    def __init__(
        self, redis: Redis, bot_id: str, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._redis = redis
        self._prefix = f"{_PREFIX}:{bot_id}"
        self._clock = clock
        self._away_until = 0.0
        self._take = redis.register_script(_TAKE)
        self._pause = redis.register_script(_PAUSE)

    @classmethod
    def at(cls, url: str, bot_id: str) -> SharedLimits:
        """Return limits that connect to Redis at their first request."""
        # redis-py repeats a request whose answer was lost; that would take a turn twice.
        once = Retry(NoBackoff(), 0)
        redis = Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=once
        )
        return cls(redis, bot_id)

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()

    async def take(self, chat_id: int) -> float:
        """Take a turn; return 0, or the seconds after which to ask again. Never raises."""
        keys = [f"{self._prefix}:{chat_id}", f"{self._prefix}:all", self._paused(chat_id)]
        arguments: list[Any] = [
            round(send_limits.SPACING * 1000),
            send_limits.BURST,
            send_limits.GROUP_PER_MINUTE if chat_id < 0 else 0,
            send_limits.OVERALL_PER_SECOND,
        ]
        milliseconds = await self._ask(lambda: self._take(keys=keys, args=arguments))
        return int(milliseconds or 0) / 1000

    async def pause(self, chat_id: int, seconds: float) -> None:
        """Hold back one chat in every process. Never raises."""
        arguments = [max(1, round(seconds * 1000))]
        await self._ask(lambda: self._pause(keys=[self._paused(chat_id)], args=arguments))

    def _paused(self, chat_id: int) -> str:
        return f"{self._prefix}:{chat_id}:paused"

    async def _ask(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer | None:
        """Ask Redis; None while it does not answer."""
        if self._clock() < self._away_until:
            return None
        try:
            answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = self._clock() + AWAY
            log.warning("Redis is away (%s); this process's own limits apply", type(error).__name__)
            answer = None
        raise_if_cancelled()
        return answer


@contextlib.asynccontextmanager
async def sending_limits(url: str | None, token: str) -> AsyncIterator[SendingLimits]:
    """Open the sending limits: shared through the Redis at ``url``, or this process's own."""
    if url is None:
        yield SendingLimits()
        return
    shared = SharedLimits.at(url, _bot_id(token))
    try:
        yield SendingLimits(shared=shared)
    finally:
        await shared.close()


def _bot_id(token: str) -> str:
    """Return the public part of a token, which is the bot's id."""
    number, _, _ = token.partition(":")
    return number if number.isdigit() else "bot"
