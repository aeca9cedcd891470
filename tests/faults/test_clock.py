"""The system's clock jumps, as it does when somebody sets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.busy_office import Post
from tests.support.deployment import Deployment, open_deployment

HOUR = 3600.0


@pytest_asyncio.fixture
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    async with open_deployment(tmp_path, groups=5) as deployment:
        await deployment.start()
        await deployment.introduced()
        await deployment.quiet()
        yield deployment


def gone(deployment: Deployment, post: Post) -> bool:
    return post.message_id not in deployment.server.world.chats[post.chat_id].messages


@pytest.mark.parametrize("hours", [1, -2], ids=["ahead", "back"])
async def test_jumps_under_load(deployment: Deployment, hours: float) -> None:
    for jumps in range(6):
        await deployment.office.some(4)
        deployment.set_clock((jumps % 2) * hours * HOUR)
        await asyncio.sleep(0.2)
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []


async def test_a_jump_ahead_ends_no_repetition(deployment: Deployment) -> None:
    """How long an act has been repeated is counted by a clock that nobody sets."""
    faults = deployment.server.faults
    faults.add({"method": "deleteMessage", "status": 502, "times": 3})
    post = await deployment.office.post("mark")
    await asyncio.sleep(0.3)
    deployment.set_clock(HOUR)
    await deployment.until(lambda: gone(deployment, post), 60)
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []


async def test_a_jump_back_between_two_starts_puts_nothing_off(deployment: Deployment) -> None:
    faults = deployment.server.faults
    faults.add({"method": "deleteMessage", "retry_after": 3})
    post = await deployment.office.post("mark")
    await asyncio.sleep(0.5)
    await deployment.kill()
    deployment.set_clock(-2 * HOUR)
    await deployment.start()
    await deployment.until(lambda: gone(deployment, post), 60)
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []
