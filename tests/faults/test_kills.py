"""The process ends at named points, as by kill -9, and is started again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.kills import BY_CLOCK, Kills, Result
from tests.support.deployment import Deployment, open_deployment
from tests.support.kill_points import POINTS

SEED = 20_261_123
KILLS = 36
ENOUGH = 25
AT_MOST = 150


def _reached(result: Result) -> set[str]:
    return {point for point in POINTS if result.kills[point]}


@pytest_asyncio.fixture
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    async with open_deployment(tmp_path) as deployment:
        yield deployment


async def test_nothing_is_lost_or_sent_twice(deployment: Deployment) -> None:
    kills = Kills(deployment, seed=SEED)
    result = await kills.run(KILLS)
    while len(_reached(result)) < ENOUGH and result.kills.total() < AT_MOST:
        # On a busy machine many processes are ended by the clock before they come to their point.
        result = await kills.run(result.kills.total() + 12)
    assert result.wrong == []
    reached = _reached(result)
    assert len(reached) >= ENOUGH, f"only {sorted(reached)}; {result.kills[BY_CLOCK]} by the clock"
    for secret in (deployment.server.token, "机密", "职员"):
        assert secret not in deployment.output


@pytest.mark.parametrize("at", ["before the request: deletion", "after the commit: attempt"])
async def test_a_crash_loop_loses_nothing_that_waits(deployment: Deployment, at: str) -> None:
    """Nobody knows why a process ends: what only waited meanwhile is not to blame for it."""
    await deployment.start()
    await deployment.introduced()
    await deployment.quiet()
    await deployment.kill()
    group = deployment.office.groups[0]
    await deployment.office.post("mark", group)
    waiting = [await deployment.office.post(k, group) for k in ("harmless", "number", "mark") * 3]
    for _ in range(6):
        process = await deployment.start(at=at)
        await process.ended(2)
        await process.kill()
    await deployment.start()
    await deployment.quiet()
    assert deployment.office.compare(deployment.records(), waiting) == []
