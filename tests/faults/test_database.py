"""The database goes away and comes back; the disk is full."""

from __future__ import annotations

import asyncio
import random
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.servers import POSTGRES, Breaker
from tests.support.deployment import Deployment, open_deployment
from tests.support.postgres import PostgresServer


@pytest_asyncio.fixture
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    async with open_deployment(tmp_path, groups=10) as deployment:
        await begun(deployment)
        yield deployment


async def begun(deployment: Deployment) -> None:
    await deployment.start()
    await deployment.introduced()
    await deployment.quiet()


async def test_postgresql_is_killed_every_few_seconds(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.new()
    async with open_deployment(tmp_path, groups=10, database_url=url) as deployment:
        await begun(deployment)
        rng = random.Random(5)
        breaker = Breaker(postgres, None, rng)
        for _ in range(4):
            for _ in range(8):
                await deployment.office.some(2)
                await asyncio.sleep(rng.uniform(0, 0.3))
            meanwhile = asyncio.create_task(breaker.once(POSTGRES))
            await deployment.office.some(2)
            await meanwhile
        await deployment.quiet()
        assert deployment.office.compare(deployment.records()) == []
        assert all(process.status is None for process in deployment.processes)


async def test_the_disk_is_full_for_some_seconds(deployment: Deployment) -> None:
    """What cannot be written stays with the platform; it is taken up when there is room."""
    (process,) = deployment.processes
    await deployment.office.some(4)
    soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, hard))
    for _ in range(6):
        await deployment.office.some(3)
        await asyncio.sleep(0.5)
    assert deployment.server.pending >= 10, "nothing was refused"
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard))
    await deployment.office.some(4)
    await deployment.quiet()
    assert process.status is None
    assert deployment.office.compare(deployment.records()) == []


async def test_a_full_file_system(tmp_path: Path) -> None:
    """The same on a file system of a few megabytes, filled by somebody else."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    mounted = await asyncio.create_subprocess_exec(
        "mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", data,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await mounted.wait():
        pytest.skip("needs the right to mount a file system")
    try:
        async with open_deployment(tmp_path, groups=10) as deployment:
            await begun(deployment)
            await deployment.office.some(4)
            ballast = data / "ballast"
            with ballast.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass
            for _ in range(6):
                await deployment.office.some(3)
                await asyncio.sleep(0.5)
            assert deployment.server.pending >= 10, "nothing was refused"
            ballast.unlink()
            await deployment.office.some(4)
            await deployment.quiet()
            assert deployment.office.compare(deployment.records()) == []
            assert deployment.processes[0].status is None
    finally:
        ended = await asyncio.create_subprocess_exec("umount", "-l", data)
        await ended.wait()
