"""The program's only web server: health, metrics and, if configured, the webhook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.errors import ConfigurationError
from bot.health.metrics import metrics
from bot.health.readiness import Health

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds after which /metrics answers 503 in place of waiting for the database."""


def health_routes(health: Health) -> list[web.RouteDef]:
    """Return ``/healthz`` (the process lives), ``/readyz`` (it can work) and ``/metrics``."""

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_: web.Request) -> web.Response:
        problems = await health.problems()
        answer = {"status": "not ready" if problems else "ok", "problems": problems}
        return web.json_response(answer, status=503 if problems else 200)

    async def figures(_: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(PATIENCE):
                body = await metrics(health)
        except Exception as error:
            return web.Response(text=f"no figures: {type(error).__name__}\n", status=503)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/healthz", live), web.get("/readyz", ready), web.get("/metrics", figures)]


async def start_server(address: str, routes: Sequence[web.RouteDef]) -> web.AppRunner:
    """Serve routes on ``address`` (host:port); the caller cleans the runner up.

    Raises ConfigurationError when the address cannot be used.
    """
    host, _, port = address.rpartition(":")
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host or "127.0.0.1", int(port)).start()
    except (OSError, ValueError, OverflowError):
        await runner.cleanup()
        raise ConfigurationError(
            "cannot listen on {address}",
            where="SHOUKOU_CONSOLE",
            mend="set another host:port",
            address=address,
        ) from None
    return runner
