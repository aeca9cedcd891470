from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import telegram
from telegram.request import HTTPXRequest

from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.people import People


class RawBot:
    """Calls methods with JSON and returns (HTTP status, body)."""

    def __init__(self, server: RehearsalServer, session: aiohttp.ClientSession) -> None:
        self._base, self._session = f"{server.url}/bot{server.token}", session

    async def __call__(self, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
        async with self._session.post(f"{self._base}/{method}", json=params) as reply:
            return reply.status, await reply.json()

    async def ok(self, method: str, **params: Any) -> Any:
        status, body = await self(method, **params)
        assert status == 200, body
        return body["result"]

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        """Return all pending updates and confirm them."""
        found = await self.ok("getUpdates", **params)
        if found:
            await self.ok("getUpdates", offset=found[-1]["update_id"] + 1)
        return found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def server() -> AsyncIterator[RehearsalServer]:
    server = RehearsalServer(limits=Limits.off())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def people(server: RehearsalServer) -> AsyncIterator[People]:
    async with People(server.url) as people:
        yield people


@pytest.fixture
def raw(server: RehearsalServer, session: aiohttp.ClientSession) -> RawBot:
    return RawBot(server, session)


@pytest.fixture
async def ptb(server: RehearsalServer) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(
        server.token,
        base_url=f"{server.url}/bot",
        base_file_url=f"{server.url}/file/bot",
        request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
    )
    async with bot:
        yield bot
