"""Turns to send: each chat has its own pace."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.workers import send_limits as limits_module
from bot.workers.send_limits import GROUP_PER_MINUTE, SendingLimits

GROUP, OTHER, PERSON = -1001, -1002, 5001


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(limits_module.asyncio, "sleep", time.sleep)
    return time


async def moments(limits: SendingLimits, time: Time, chat: int, count: int) -> list[float]:
    found = []
    for _ in range(count):
        await limits.turn(chat)
        found.append(round(time.now - 1000, 3))
    return found


async def test_a_burst_passes_and_then_one_a_second(time: Time) -> None:
    assert await moments(SendingLimits(time), time, PERSON, 6) == [0, 0, 0, 1, 2, 3]


async def test_no_more_than_twenty_in_any_minute_in_a_group(time: Time) -> None:
    sent = await moments(SendingLimits(time), time, GROUP, 60)
    for first, later in itertools.pairwise(sent[::GROUP_PER_MINUTE]):
        assert later - first >= 60


async def test_a_private_chat_has_no_limit_by_the_minute(time: Time) -> None:
    sent = await moments(SendingLimits(time), time, PERSON, 40)
    assert sent[-1] < 45


async def test_a_paused_chat_waits_and_another_does_not(time: Time) -> None:
    limits = SendingLimits(time)
    await limits.pause(GROUP, 30)
    assert await moments(limits, time, OTHER, 1) == [0]
    assert await moments(limits, time, GROUP, 1) == [30]


async def test_longer_pause_is_not_shortened_by_a_shorter_one(time: Time) -> None:
    limits = SendingLimits(time)
    await limits.pause(GROUP, 30)
    await limits.pause(GROUP, 1)
    assert await moments(limits, time, GROUP, 1) == [30]


async def test_no_more_than_thirty_a_second_over_all_chats(time: Time) -> None:
    limits = SendingLimits(time)
    for chat in range(1, 31):
        await limits.turn(chat)
    assert time.now == 1000
    await limits.turn(31)
    assert time.now == 1001


async def test_turns_come_in_the_order_of_the_calls() -> None:
    limits = SendingLimits()
    order: list[int] = []

    async def take(number: int) -> None:
        await limits.turn(GROUP)
        order.append(number)

    await asyncio.gather(*(take(n) for n in range(3)))
    assert order == [0, 1, 2]


async def test_chats_that_are_idle_are_forgotten(time: Time) -> None:
    limits = SendingLimits(time)
    for chat in range(1, 1100):
        await limits.turn(chat)
        time.now += 1
    assert len(limits._chats) < 1000
