"""Several processes on PostgreSQL and Redis, while any of these ends at bad moments."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.faults.kills import Kills
from tests.faults.servers import BOTH, FLUSH, LAYOUT, POSTGRES, Breaker
from tests.support.deployment import Deployment, open_deployment
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

KILLS = 4
WORKERS_POINTS = (
    "after the commit: take-down",
    "before the request: deletion",
    "after the request: deletion",
    "after the commit: notices",
    "left the request: copy",
    "after the request: note",
)


Scene = tuple[Deployment, PostgresServer, RedisServer]


@pytest_asyncio.fixture
async def scene(
    tmp_path: Path, postgres: PostgresServer, redis_server: RedisServer
) -> AsyncIterator[Scene]:
    urls = {"database_url": postgres.new(), "redis_url": redis_server.url}
    async with open_deployment(tmp_path, groups=10, **urls) as deployment:
        yield deployment, postgres, redis_server


async def test_processes_end_at_named_points(scene: Scene) -> None:
    deployment, _, _ = scene
    result = await Kills(deployment, seed=3, layout=LAYOUT).run(KILLS, WORKERS_POINTS)
    assert result.wrong == []
    assert result.kills.total() >= KILLS


async def test_servers_end_every_few_seconds(scene: Scene) -> None:
    """A worker ends for good in the midst of it: the other one takes over what it had."""
    deployment, postgres, redis = scene
    processes = [await deployment.start(arguments) for arguments in LAYOUT]
    await deployment.introduced()
    rng = random.Random(9)
    breaker = Breaker(postgres, redis, rng)
    for kind in (FLUSH, POSTGRES, BOTH):
        for _ in range(6):
            await deployment.office.some(2)
            await asyncio.sleep(rng.uniform(0, 0.2))
        meanwhile = asyncio.create_task(breaker.once(kind))
        await deployment.office.some(2)
        await meanwhile
    await deployment.quiet()
    await processes[1].kill()
    await deployment.office.some(20)
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []
    assert [p.status for p in (processes[0], processes[2])] == [None, None]
