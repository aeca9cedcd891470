"""The sending limits that processes share in Redis, against the times of what they permitted."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.workers import send_limits
from bot.workers.redis_limits import SharedLimits
from tests.support.machines import try_orders
from tests.support.redis import RedisServer

GROUP, OTHER, PERSON = -1001, -1002, 5001
SPACING, BURST, MINUTE, OVERALL = 0.05, 3, 8, 12
ROUNDING = 0.003
"""Seconds: Redis counts whole milliseconds, and its clock is not the test's."""

chats = st.sampled_from((GROUP, OTHER, PERSON))


class LimitsMachine(RuleBasedStateMachine):
    """Two processes ask for turns; what they were given keeps the limits together."""

    redis: RedisServer

    @initialize()
    def begin(self) -> None:
        self.redis.flush()
        self.runner = asyncio.Runner()
        self.processes = [SharedLimits.at(self.redis.url, "42") for _ in range(2)]
        self.forget()

    def forget(self) -> None:
        self.given: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self.paused: dict[int, tuple[float, float]] = {}

    def ask(self, process: int, chat: int) -> tuple[float, float, float]:
        """Ask for a turn; return the answer, and when it was asked and answered."""
        asked = time.monotonic()
        wait = self.runner.run(self.processes[process].take(chat))
        return wait, asked, time.monotonic()

    @rule(process=st.integers(0, 1), chat=chats)
    def take(self, process: int, chat: int) -> None:
        wait, asked, answered = self.ask(process, chat)
        if wait == 0:
            assert answered + ROUNDING >= self.due(chat), "a turn too early"
            self.given[chat].append((asked, answered))
        else:
            assert asked <= self.due(chat, late=True) + ROUNDING, "a turn refused without a reason"
            assert wait <= 60

    def due(self, chat: int, *, late: bool = False) -> float:
        """Return when a chat may be given its next turn: at the earliest, or ``late``."""
        which = 1 if late else 0
        times = [moment[which] for moment in self.given[chat]]
        everywhere = sorted(m[which] for of_chat in self.given.values() for m in of_chat)
        due = [self.paused[chat][which] if chat in self.paused else 0.0]
        if len(times) >= BURST:
            due.append(min(times[-1] + SPACING, times[-BURST] + BURST * SPACING))
        if chat < 0 and len(times) >= MINUTE:
            due.append(times[-MINUTE] + 60)
        if len(everywhere) >= OVERALL:
            due.append(everywhere[-OVERALL] + 1)
        return max(due)

    @rule(process=st.integers(0, 1), chat=chats)
    def wait_and_take(self, process: int, chat: int) -> None:
        """Who waits as long as it was told gets its turn, for nobody asked meanwhile."""
        wait, asked, answered = self.ask(process, chat)
        if 0 < wait < 2:
            time.sleep(wait)
            wait, asked, answered = self.ask(1 - process, chat)
            assert wait == 0
        if wait == 0:
            assert answered + ROUNDING >= self.due(chat)
            self.given[chat].append((asked, answered))

    @rule(process=st.integers(0, 1), chat=chats, seconds=st.sampled_from((0.05, 0.2, 30.0)))
    def pause(self, process: int, chat: int, seconds: float) -> None:
        asked = time.monotonic()
        self.runner.run(self.processes[process].pause(chat, seconds))
        early, late = self.paused.get(chat, (0.0, 0.0))
        answered = time.monotonic()
        self.paused[chat] = (max(early, asked + seconds), max(late, answered + seconds))

    @rule()
    def redis_forgets_everything(self) -> None:
        """The limits begin anew; each process's own, which are not tested here, go on."""
        self.redis.flush()
        self.forget()

    @rule(seconds=st.sampled_from((0.01, 0.1, 1.0)))
    def time_passes(self, seconds: float) -> None:
        time.sleep(seconds)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            for process in self.processes:
                self.runner.run(process.close())
            self.runner.close()


def test_every_order_of_steps(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_limits, "SPACING", SPACING)
    monkeypatch.setattr(send_limits, "BURST", BURST)
    monkeypatch.setattr(send_limits, "GROUP_PER_MINUTE", MINUTE)
    monkeypatch.setattr(send_limits, "OVERALL_PER_SECOND", OVERALL)
    try_orders(type("Bound", (LimitsMachine,), {"redis": redis_server}))
