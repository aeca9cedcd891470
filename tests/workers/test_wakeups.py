"""Notices over a real Redis, which may forget everything and go away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.store.inbox import InboxRow
from bot.workers import redis_wakeups, wakeups
from bot.workers.redis_wakeups import RedisWakeups, open_redis
from bot.workers.wakeups import PollingWakeups
from tests.support.redis import RedisServer


def row(id: int, lane: int) -> InboxRow:
    return InboxRow(
        id=id,
        platform="test",
        update_id=id,
        payload=b"the content",
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        lane=lane,
    )


class Listener:
    """A process that listens for some lanes; remembers which were woken."""

    def __init__(self, lanes: Iterable[int]) -> None:
        self.lanes = set(lanes)
        self.woken: list[int] = []

    def wake(self, lanes: Iterable[int]) -> None:
        self.woken += lanes

    async def until(self, *lanes: int) -> None:
        async with asyncio.timeout(10):
            while not set(lanes) <= set(self.woken):
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def process(url: str, listener: Listener | None = None) -> AsyncIterator[RedisWakeups]:
    client = open_redis(url)
    made = RedisWakeups(client, f"process-{id(listener)}")
    tasks = [asyncio.create_task(made.run())]
    if listener is not None:
        tasks.append(asyncio.create_task(made.listen(lambda: listener.lanes, listener.wake)))
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.aclose()


async def written(client: Redis) -> None:
    """Wait until lane 1's stream holds a wake-up."""
    async with asyncio.timeout(5):
        while not await client.xlen("shoukou:lane:1"):
            await asyncio.sleep(0.01)


async def test_only_the_worker_of_a_lane_is_woken(redis_url: str) -> None:
    one, two = Listener([1, 2]), Listener([3])
    async with process(redis_url, one), process(redis_url, two), process(redis_url) as feed:
        await asyncio.sleep(0.3)
        feed.publish([row(1, 1), row(2, 1), row(3, 3)])
        await one.until(1)
        await two.until(3)
    assert one.woken == [1]
    assert two.woken == [3]


async def test_new_lane_is_subscribed_within_a_second(redis_url: str) -> None:
    listener = Listener([1])
    async with process(redis_url, listener), process(redis_url) as feed:
        await asyncio.sleep(0.1)
        listener.lanes = {1, 5}
        await asyncio.sleep(0.7)
        feed.publish([row(1, 5)])
        await listener.until(5)


async def test_wakeup_published_before_its_worker_subscribed_arrives(redis_url: str) -> None:
    async with process(redis_url) as feed:
        feed.publish([row(1, 1)])
        client = open_redis(redis_url)
        await written(client)
        await client.aclose()
        listener = Listener([1])
        async with process(redis_url, listener):
            await listener.until(1)


async def test_only_ids_are_in_redis(redis_url: str) -> None:
    async with process(redis_url) as feed:
        feed.publish([row(7, 1)])
        client = open_redis(redis_url)
        await written(client)
        ((_, fields),) = await client.xrange("shoukou:lane:1")
        assert fields == {b"id": b"7"}
        await client.aclose()


async def test_wakeups_arrive_again_after_a_flush(
    redis_server: RedisServer, redis_url: str
) -> None:
    listener = Listener([1])
    async with process(redis_url, listener), process(redis_url) as feed:
        feed.publish([row(1, 1)])
        await listener.until(1)
        await asyncio.to_thread(redis_server.flush)
        await asyncio.sleep(0.7)
        listener.woken.clear()
        feed.publish([row(2, 1)])
        await listener.until(1)


async def test_lanes_are_polled_while_redis_is_away(
    redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "POLL_SECONDS", 0.05)
    listener = Listener([1])
    async with process(redis_url, listener), process(redis_url) as feed:
        await asyncio.sleep(0.1)
        redis_server.kill()
        try:
            feed.publish([row(1, 1)])
            await listener.until(1)
        finally:
            redis_server.start()
        await asyncio.sleep(0.3)
        listener.woken.clear()
        feed.publish([row(2, 1)])
        await listener.until(1)
        assert len(listener.woken) < 5


async def test_lanes_are_polled_while_redis_hangs(
    redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(redis_wakeups, "PATIENCE", 0.1)
    listener = Listener([1])
    async with process(redis_url, listener):
        await asyncio.sleep(0.1)
        redis_server.stall()
        try:
            await listener.until(1)
        finally:
            redis_server.go_on()


async def test_lanes_are_polled_where_there_is_no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "POLL_SECONDS", 0.01)
    listener = Listener([1, 2])
    task = asyncio.create_task(PollingWakeups().listen(lambda: listener.lanes, listener.wake))
    await listener.until(1, 2)
    task.cancel()


class Swallowing:
    """A Redis whose calls end well just when they are cancelled, as redis-py's may."""

    async def xgroup_create(self, *_: object, **__: object) -> None: ...

    async def xreadgroup(self, *_: object, **__: object) -> list[object]:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return []


async def test_cancellation_that_redis_swallows_ends_the_listener() -> None:
    listener = Listener([1])
    streams_ = RedisWakeups(Swallowing(), "one")  # type: ignore[arg-type]
    task = asyncio.create_task(streams_.listen(lambda: listener.lanes, listener.wake))
    await asyncio.sleep(0.05)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=20)
    assert done, "the program would never end"
    assert task.cancelled()
