from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.platforms.telegram.actor import TelegramActor, make_bot
from bot.platforms.telegram.http_client import AiohttpRequest

TOKEN = "123456789:AAF-fictitious-token-for-tests-00001"
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """A scriptable Bot API: replies are queued for each method, and calls are kept."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.replies: dict[str, list[tuple[int, object] | Reply]] = {}
        self.url = ""
        self.connections = 0

    def reply(self, method: str, *results: object) -> None:
        """Queue good results."""
        self.queue(method, *((200, {"ok": True, "result": result}) for result in results))

    def refuse(self, method: str, status: int, description: str, **parameters: object) -> None:
        """Queue an error as the server words it."""
        body: dict[str, object] = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        self.queue(method, (status, body))

    def queue(self, method: str, *replies: tuple[int, object] | Reply) -> None:
        """Queue replies: a status with a JSON value or text, or a handler."""
        self.replies.setdefault(method, []).extend(replies)

    def forms(self, method: str) -> list[dict[str, Any]]:
        """Return the requests of one method."""
        return [form for name, form in self.calls if name == method]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return web.json_response({"ok": False, "description": "Unauthorized"}, status=401)
        form = {
            name: (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
            for name, value in (await request.post()).items()
        }
        self.calls.append((method, form))
        queued = self.replies.get(method)
        if not queued:
            if method == "getUpdates":
                await asyncio.sleep(3600)
            return web.json_response({"ok": True, "result": True})
        reply = queued.pop(0)
        if callable(reply):
            return await reply(request)
        status, body = reply
        if isinstance(body, str):
            return web.Response(text=body, status=status)
        return web.json_response(body, status=status)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    double = Api()
    app = web.Application(client_max_size=20 * 1024 * 1024)
    app.router.add_route("*", "/bot{token}/{method}", double.handle)
    app.router.add_get("/file/bot{token}/{method:.*}", double.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield double
    await runner.cleanup()


@pytest.fixture
async def request_() -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest(read_timeout=2) as request:
        yield request


@pytest.fixture
def actor(api: Api, request_: AiohttpRequest) -> TelegramActor:
    return TelegramActor(make_bot(SecretStr(TOKEN), api.url, request_), request_)


async def drop(request: web.Request) -> web.StreamResponse:
    """Close the connection without a reply."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def stall(request: web.Request) -> web.StreamResponse:
    """Never reply."""
    await asyncio.sleep(3600)
    return web.Response()
