"""The rehearsal's server: the Bot API and the people's side on one port."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from rehearsal.bot_calls import Call
from rehearsal.bot_profile import Profile
from rehearsal.clock import Clock
from rehearsal.faults import Fault, Faults
from rehearsal.limits import Limiter, Limits
from rehearsal.methods import METHODS
from rehearsal.objects import Json
from rehearsal.people_api import PeopleApi
from rehearsal.refusals import ApiError
from rehearsal.request_params import Params, read_params
from rehearsal.updates import UpdateQueue
from rehearsal.webhook import Webhook
from rehearsal.world import BOT_ID, World

_BODY_LIMIT = 64 * 2**20


class RehearsalServer:
    """Stands in for Telegram: a bot connects to ``url`` with ``token``, people with a browser."""

    def __init__(
        self,
        language: str = "zh-CN",
        *,
        limits: Limits | None = None,
        token: str | None = None,
        sample_day: Callable[[World], Awaitable[None]] | None = None,
    ) -> None:
        limits = limits or Limits()
        self.token = token or f"{BOT_ID}:{secrets.token_urlsafe(26)[:35]}"
        self.url = ""
        clock = Clock()
        self._queue = UpdateQueue(clock, repeat_wait=limits.repeat_wait)
        self.world = World(language, clock, self._queue)
        self.calls: list[Json] = []
        self.faults = Faults()
        self._webhook = Webhook(self._queue, clock)
        self._limiter = Limiter(limits)
        self._profile = Profile(name=self.world.bot.name)
        self._people = PeopleApi(
            world=self.world, faults=self.faults, calls=self.calls, sample_day=sample_day
        )
        self._runner: web.AppRunner | None = None

    @property
    def pending(self) -> int:
        """How many updates the bot has not confirmed yet."""
        return len(self._queue)

    def application(self) -> web.Application:
        """Build the aiohttp application of both sides."""
        app = self._people.application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve_method)
        app.router.add_get("/file/bot{token}/{path:.+}", self._serve_file)
        return app

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 lets the system choose. ``url`` is the address then."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"

    async def stop(self) -> None:
        """Stop listening, ending pollers and screens."""
        await self._people.stop()
        await self._webhook.remove()
        await self._queue.terminate("Conflict: the server stops")
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _known(self, request: web.Request) -> bool:
        given = request.match_info["token"].encode()
        return hmac.compare_digest(given, self.token.encode())

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return _failure(ApiError(401, "Unauthorized"))
        file = self.world.files.at(request.match_info["path"])
        if file is None:
            return _failure(ApiError(404, "Not Found"))
        return web.Response(body=file.data, content_type="application/octet-stream")

    async def _serve_method(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return _failure(ApiError(401, "Unauthorized"))
        method = request.match_info["method"].lower()
        began = time.monotonic()
        try:
            params = await read_params(request)
        except ApiError as unreadable:
            return _failure(unreadable)
        fault = self.faults.take(method, params.integer("chat_id") or None)
        result, error = await self._act_with(fault, method, params)
        failed = error if error is not None or fault is None else fault.error
        self._record(request.match_info["method"], params, began, result, failed)
        if fault is not None and fault.drop_reply and request.transport is not None:
            request.transport.abort()
        if fault is not None:
            if fault.status is not None:
                return web.Response(status=fault.status, text="")
            if fault.body is not None:
                return web.Response(text=fault.body, content_type="application/json")
            result = fault.altered(result)
        if failed is not None:
            return _failure(failed)
        return web.json_response({"ok": True, "result": result})

    async def _act_with(
        self, fault: Fault | None, method: str, params: Params
    ) -> tuple[Any, ApiError | None]:
        if fault is not None:
            if fault.delay:
                await asyncio.sleep(fault.delay)
            fails = fault.error is not None or fault.status is not None
            if fails and not (fault.after_acting or fault.drop_reply):
                return None, fault.error
        return await self._act(method, params)

    async def _act(self, method: str, params: Params) -> tuple[Any, ApiError | None]:
        handler = METHODS.get(method)
        if handler is None:
            return None, ApiError(404, "Not Found: method not found")
        call = Call(
            method=method,
            world=self.world,
            params=params,
            limiter=self._limiter,
            webhook=self._webhook,
            profile=self._profile,
        )
        try:
            return await handler(call), None
        except ApiError as error:
            return None, error

    def _record(
        self, method: str, params: Params, began: float, result: Any, error: ApiError | None
    ) -> None:
        message_id = params.integer("message_id") or None
        if message_id is None and isinstance(result, dict):
            message_id = result.get("message_id")
        self.calls.append(
            {
                "method": method,
                "chat_id": params.integer("chat_id") or None,
                "message_id": message_id,
                "ok": error is None,
                "error_code": error.code if error else None,
                "at": time.monotonic(),
                "began": began,
            }
        )


def _failure(error: ApiError) -> web.Response:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.parameters:
        body["parameters"] = error.parameters
        if "retry_after" in error.parameters:
            headers["Retry-After"] = str(error.parameters["retry_after"])
    return web.json_response(body, status=error.code, headers=headers)
