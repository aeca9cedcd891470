"""The platform may refuse the token, or a second poller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.support.deployment import Deployment, open_deployment


@pytest_asyncio.fixture
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    async with open_deployment(tmp_path, groups=3) as deployment:
        await deployment.start()
        await deployment.introduced()
        await deployment.quiet()
        yield deployment


async def test_a_token_that_is_not_accepted_any_more_ends_the_process_and_loses_nothing(
    deployment: Deployment,
) -> None:
    (process,) = deployment.processes
    deployment.server.faults.add({"method": "getUpdates", "error_code": 401})
    await deployment.office.some(6)
    assert await process.ended(60)
    assert process.status == 2
    assert "SHOUKOU_TOKEN" in deployment.output
    assert "Traceback" not in deployment.output
    await deployment.office.some(6)
    await deployment.start()
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []


@pytest.mark.parametrize("method", ["deleteMessage", "sendMessage"])
async def test_an_act_that_is_refused_for_its_token_is_done_with_the_next_one(
    deployment: Deployment, method: str
) -> None:
    deployment.server.faults.add({"method": method, "error_code": 401, "times": 2})
    deployment.server.faults.add({"method": "getUpdates", "error_code": 401, "times": 3})
    await deployment.office.post("mark")
    await deployment.processes[0].ended(60)
    deployment.server.faults.clear()
    await deployment.start()
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []


async def test_another_poller_for_some_seconds(deployment: Deployment) -> None:
    server = deployment.server
    address = f"{server.url}/bot{server.token}/getUpdates"
    async with aiohttp.ClientSession() as session:
        for _ in range(6):
            await deployment.office.some(2)
            async with session.post(address, json={"timeout": 1}) as reply:
                assert reply.status in (200, 409)
            await asyncio.sleep(0.3)
    await deployment.quiet()
    assert deployment.office.compare(deployment.records()) == []
