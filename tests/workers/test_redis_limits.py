"""Budgets that several processes share through a real Redis, and their own without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from redis import Redis

from bot.workers import send_limits as limits_module
from bot.workers.redis_limits import SharedLimits, sending_limits
from bot.workers.send_limits import BURST, GROUP_PER_MINUTE, OVERALL_PER_SECOND, SendingLimits
from tests.support.redis import RedisServer

GROUP, OTHER, PERSON = -1001, -1002, 5001
BOT = "42"


@pytest.fixture
async def connect(redis_url: str) -> AsyncIterator[Callable[[], SharedLimits]]:
    """Gives budgets as each process has them."""
    opened: list[SharedLimits] = []

    def one_more(bot: str = BOT) -> SharedLimits:
        opened.append(SharedLimits.at(redis_url, bot))
        return opened[-1]

    yield one_more
    for shared in opened:
        await shared.close()


Connect = Callable[..., SharedLimits]


async def test_two_processes_share_the_burst_of_a_chat(connect: Connect) -> None:
    first, second = connect(), connect()
    answers = [await (first, second)[n % 2].take(GROUP) for n in range(BURST)]
    assert answers == [0] * BURST
    assert 0.8 < await first.take(GROUP) <= 1
    assert 0.8 < await second.take(GROUP) <= 1
    assert await second.take(OTHER) == 0


async def test_a_pause_in_one_process_holds_in_the_other_and_nowhere_else(
    connect: Connect,
) -> None:
    first, second = connect(), connect()
    await first.pause(GROUP, 60)
    await first.pause(GROUP, 1)  # a shorter one does not cut it
    assert 59 < await second.take(GROUP) <= 60
    assert await second.take(OTHER) == 0


async def test_a_group_has_twenty_a_minute_and_a_person_any_number(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "SPACING", 0)
    monkeypatch.setattr(limits_module, "OVERALL_PER_SECOND", 1000)
    shared = connect()
    assert {await shared.take(GROUP) for _ in range(GROUP_PER_MINUTE)} == {0}
    assert 50 < await shared.take(GROUP) <= 60
    assert {await shared.take(PERSON) for _ in range(2 * GROUP_PER_MINUTE)} == {0}


async def test_the_limit_over_all_chats_is_shared(connect: Connect) -> None:
    both = connect(), connect()
    chats = range(1, OVERALL_PER_SECOND + 1)
    assert {await both[n % 2].take(n) for n in chats} == {0}
    assert 0 < await both[0].take(1000) <= 1


async def test_two_bots_share_nothing(connect: Connect) -> None:
    first, second = connect(), connect("43")
    await first.pause(GROUP, 60)
    assert await second.take(GROUP) == 0


async def test_redis_holds_only_times_and_not_for_long(connect: Connect, redis_url: str) -> None:
    shared = connect()
    await shared.take(GROUP)
    await shared.pause(OTHER, 5)
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        keys = redis.keys("*")
        assert len(keys) == 3
        for key in keys:
            assert key.startswith(f"shoukou:limits:{BOT}:")
            assert 0 < redis.pttl(key) <= 63_000
            if redis.type(key) == "list":
                assert all(entry.isdigit() for entry in redis.lrange(key, 0, -1))


async def test_each_process_uses_its_own_budget_while_redis_is_away(
    connect: Connect, redis_server: RedisServer
) -> None:
    limits = SendingLimits(shared=connect())
    await limits.turn(GROUP)
    redis_server.kill()
    try:
        async with asyncio.timeout(3):
            assert not await limits.turn(GROUP)
            await limits.pause(OTHER, 0.2)
            assert await limits.turn(OTHER)  # the own pause holds
    finally:
        redis_server.start()


async def test_hanging_redis_does_not_delay_sending(
    connect: Connect, redis_server: RedisServer
) -> None:
    limits = SendingLimits(shared=connect())
    await limits.turn(GROUP)
    redis_server.stall()
    try:
        async with asyncio.timeout(2):
            for chat in range(1, 21):
                await limits.turn(chat)
    finally:
        redis_server.go_on()


async def test_redis_is_asked_again_when_it_is_back(
    redis_url: str, redis_server: RedisServer
) -> None:
    now = 100.0
    shared = SharedLimits.at(redis_url, BOT)
    shared._clock = lambda: now
    redis_server.kill()
    assert await shared.take(GROUP) == 0
    redis_server.start()
    other = SharedLimits.at(redis_url, BOT)
    await other.pause(GROUP, 60)
    assert await shared.take(GROUP) == 0  # not asked yet
    now += 6
    assert await shared.take(GROUP) > 59
    await shared.close()
    await other.close()


@pytest.mark.parametrize(("token", "bot"), [("42:secret", "42"), ("secret", "bot")])
async def test_redis_keys_hold_no_secret_part_of_the_token(
    redis_url: str, token: str, bot: str
) -> None:
    async with sending_limits(redis_url, token) as turns:
        await turns.turn(GROUP)
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        keys = redis.keys("*")
    assert keys
    assert all(key.startswith(f"shoukou:limits:{bot}:") for key in keys)


async def test_without_an_address_the_limits_are_the_processs_own() -> None:
    async with sending_limits(None, "42:secret") as turns:
        assert not await turns.turn(GROUP)
