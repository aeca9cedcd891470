"""Wake-ups between processes in Redis Streams; see `bot.workers.wakeups.Wakeups`.

    feed: row 41 committed in lane 7 ──► XADD shoukou:lane:7 {id: 41}
    worker that holds lane 7: XREADGROUP ──► XACK ──► reads the lane in the database

The entry is confirmed before the lane is read: a wake-up is a hint, and the periodic sweep of
`bot.workers.intake` finds the rows of a wake-up that was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Final

from redis import asyncio as redis
from redis.exceptions import RedisError, ResponseError

from bot.store.inbox import InboxRow
from bot.workers import wakeups
from bot.workers.periodic import raise_if_cancelled

log = logging.getLogger(__name__)

BLOCK_MS: Final = 500
"""Milliseconds for which Redis holds a question: lanes that were just taken wait no longer."""

KEPT: Final = 1_000
"""Wake-ups kept in a stream, about. MAXLEN drops pending ones too; the sweep finds their rows."""

GROUP: Final = "workers"
PATIENCE: Final = 2.0
"""Seconds that Redis has to answer; redis-py's default of 5 would delay the change to polling."""
_UNSENT: Final = 10_000
"""Ids held while Redis is away, to bound the memory; the sweep finds the rows of the others."""


class RedisWakeups:
    """Wake-ups in Redis Streams; while Redis is away, the lanes are polled each second."""

    def __init__(self, client: redis.Redis, consumer: str) -> None:
        self._client = client
        self._consumer = consumer
        self._unsent: dict[int, list[int]] = {}
        self._published = asyncio.Event()
        self._grouped: set[int] = set()

    def publish(self, rows: Sequence[InboxRow]) -> None:
        """Wake the workers of the rows' lanes soon; return at once and never fail."""
        if sum(map(len, self._unsent.values())) < _UNSENT:
            for row in rows:
                self._unsent.setdefault(row.lane, []).append(row.id)
        self._published.set()

    async def run(self) -> None:
        """Send published wake-ups until cancelled; the sweep makes up for those that fail."""
        while True:
            raise_if_cancelled()
            await self._published.wait()
            self._published.clear()
            unsent, self._unsent = self._unsent, {}
            try:
                async with asyncio.timeout(PATIENCE):
                    pipeline = self._client.pipeline(transaction=False)
                    for lane, ids in unsent.items():
                        # One wake-up for all ids: the lane is woken, not the row.
                        entry = {"id": str(ids[-1])}
                        pipeline.xadd(_stream(lane), entry, maxlen=KEPT, approximate=True)  # type: ignore[arg-type]
                    await pipeline.execute()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("wake-ups not sent: %s", type(error).__name__)
                await asyncio.sleep(wakeups.POLL_SECONDS)

    async def listen(self, lanes: wakeups.Lanes, wake: wakeups.Wake) -> None:
        """Call ``wake`` with the lanes that received rows, until cancelled."""
        failures = 0
        while True:
            raise_if_cancelled()
            held = list(lanes())
            if not held:
                await asyncio.sleep(0.1)  # Redis refuses to read no streams at all
                continue
            try:
                async with asyncio.timeout(BLOCK_MS / 1000 + PATIENCE):
                    woken = await self._read(held)
                if failures:
                    log.warning("Redis is back")
                    wake(held)
                failures = 0
                if woken:
                    wake(woken)
            except (RedisError, OSError, TimeoutError) as error:
                self._grouped.clear()
                if not failures:
                    log.warning("no wake-ups from Redis: %s", type(error).__name__)
                failures += 1
                wake(held)
                await asyncio.sleep(wakeups.POLL_SECONDS)

    async def _read(self, held: Sequence[int]) -> list[int]:
        """Wait for wake-ups in streams, acknowledge them, and return their lanes."""
        await self._make_groups([lane for lane in held if lane not in self._grouped])
        streams: Any = {_stream(lane): ">" for lane in held}
        try:
            found: Any = await self._client.xreadgroup(
                GROUP, self._consumer, streams, count=100, block=BLOCK_MS
            )
        except ResponseError:  # flushed: the groups are gone
            self._grouped.clear()
            return list(held)
        if not found:
            return []
        pipeline = self._client.pipeline(transaction=False)
        for stream, entries in found:
            pipeline.xack(stream, GROUP, *(entry for entry, _ in entries))
        await pipeline.execute()
        return [int(stream.rsplit(b":", 1)[1]) for stream, _ in found]

    async def _make_groups(self, lanes: Sequence[int]) -> None:
        for lane in lanes:
            # Another worker may have made it. From "0": a wake-up may be older than its group.
            with contextlib.suppress(ResponseError):
                await self._client.xgroup_create(_stream(lane), GROUP, id="0", mkstream=True)
            self._grouped.add(lane)


def open_redis(url: str) -> redis.Redis:
    """Return a client whose calls fail within seconds instead of hanging."""
    return redis.Redis.from_url(
        url,
        protocol=2,  # with RESP3, redis-py returns streams as a dict
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        health_check_interval=10,
    )


def _stream(lane: int) -> str:
    return f"shoukou:lane:{lane}"
