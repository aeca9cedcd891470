"""Several processes on PostgreSQL and Redis, while any of these ends at bad moments."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.faults.kills import Kills
from tests.support.deployment import Deployment, open_deployment
from tests.support.postgres import PostgresServer, programs, running_postgres
from tests.support.redis import RedisServer, program, running_redis

FEED, WORKER = ("run", "--only", "feed"), ("run", "--only", "worker")
KILLS = 4
LAYOUT = (FEED, WORKER, WORKER)
WORKERS_POINTS = (
    "after the commit: take-down",
    "before the request: deletion",
    "after the request: deletion",
    "after the commit: notices",
    "left the request: copy",
    "after the request: note",
)


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[Deployment, PostgresServer, RedisServer]]:
    found, redis_program = programs(), program()
    assert found is not None and redis_program is not None
    with running_postgres(found) as postgres, running_redis(redis_program) as redis:
        urls = {"database_url": postgres.new(), "redis_url": redis.url}
        async with open_deployment(tmp_path, groups=10, **urls) as deployment:
            yield deployment, postgres, redis


async def test_processes_end_at_named_points(
    scene: tuple[Deployment, PostgresServer, RedisServer],
) -> None:
    deployment, _, _ = scene
    result = await Kills(deployment, seed=3, layout=LAYOUT).run(KILLS, WORKERS_POINTS)
    assert result.wrong == []
    assert result.kills.total() >= KILLS


async def test_servers_end_every_few_seconds(
    scene: tuple[Deployment, PostgresServer, RedisServer],
) -> None:
    """A worker ends for good in the midst of it: the other one takes over what it had."""
    deployment, postgres, redis = scene
    processes = [await deployment.start(arguments) for arguments in LAYOUT]
    await deployment.introduced(60)
    rng = random.Random(9)
    for turn in range(2):
        for _ in range(6):
            await deployment.office.some(2)
            await asyncio.sleep(rng.uniform(0, 0.2))
        if turn == 0:
            await asyncio.to_thread(redis.flush)
        if turn == 1:
            redis.kill()
        postgres.kill()
        await deployment.office.some(2)
        await asyncio.sleep(rng.uniform(0.2, 2))
        postgres.start()
        while not await asyncio.to_thread(postgres.answers):
            await asyncio.sleep(0.05)
        if turn == 1:
            await asyncio.to_thread(redis.start)
    await deployment.quiet(90)
    await processes[1].kill()
    began = time.monotonic()
    await deployment.office.some(20)
    await deployment.quiet(90)
    print(f"taken over and all done after {time.monotonic() - began:.1f} s")
    assert deployment.office.compare(deployment.records()) == []
    assert [p.status for p in (processes[0], processes[2])] == [None, None]
