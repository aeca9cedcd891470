"""Turns to have a file read."""

from __future__ import annotations

import asyncio
import contextlib

from bot.workers.fair_gate import FairGate


class Readers:
    """Files that are read one after the other, each after its release."""

    def __init__(self, width: int) -> None:
        self.gate = FairGate(width)
        self.order: list[int] = []
        self.inside = self.most = 0

    async def read(self, chat_id: int) -> None:
        async with self.gate.turn(chat_id):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.order.append(chat_id)
            await asyncio.sleep(0.002)
            self.inside -= 1


async def test_flood_of_one_chat_delays_no_other() -> None:
    readers = Readers(1)
    flood = [asyncio.create_task(readers.read(-1)) for _ in range(50)]
    await asyncio.sleep(0.005)
    others = [asyncio.create_task(readers.read(-chat)) for chat in (2, 3, 4)]
    await asyncio.gather(*others)
    assert readers.order.count(-1) < 10
    await asyncio.gather(*flood)
    assert len(readers.order) == 53


async def test_no_more_pass_than_the_gate_is_wide() -> None:
    readers = Readers(3)
    await asyncio.gather(*(readers.read(-n % 4) for n in range(40)))
    assert readers.most == 3


async def test_cancelled_waiter_delays_no_other() -> None:
    readers = Readers(1)
    tasks = [asyncio.create_task(readers.read(-n)) for n in range(6)]
    await asyncio.sleep(0.001)
    for task in tasks[:4]:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    async with asyncio.timeout(1):
        await readers.read(-9)
    assert readers.order[-1] == -9
