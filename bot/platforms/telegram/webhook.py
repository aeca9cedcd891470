"""Receive updates by a webhook: acknowledged after the commit, and only then.

Telegram repeats an update that is not answered with 2xx, and holds back those behind it. So the
answer is 503 only while the database is down. A body that has the right secret but cannot be
parsed is accepted and recorded as it is, under a negative number made from its keyed hash, because
a repetition would not change it. Its handling reports that it is unreadable.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from typing import Final

import telegram
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from bot.platforms.telegram.actor import call
from bot.platforms.telegram.long_polling import ALLOWED_UPDATES, PLATFORM, Commit, received
from bot.ports import Received

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
BODY_LIMIT: Final = 1024 * 1024

log = logging.getLogger(__name__)


def webhook_handler(secret: SecretStr, commit: Commit) -> Handler:
    """Return the handler of POSTed updates.

    It answers 200 after the commit, 401 without the secret, 413 beyond 1 MB (real updates are far
    smaller), and 503 while nothing can be committed.
    """
    expected = secret.get_secret_value().encode()

    async def handle(request: web.Request) -> web.StreamResponse:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, expected):
            # The address is public, so anybody may post here.

            log.warning("a request without the webhook's secret was refused")
            return web.Response(status=401)
        body = await _body(request)
        if body is None:
            log.error("an update larger than %d bytes was refused", BODY_LIMIT)
            return web.Response(status=413)
        row = _row(body, expected)
        try:
            await commit([row])
        except Exception as error:
            log.error("update %d was not committed: %s", row.update_id, type(error).__name__)
            return web.Response(status=503)
        return web.Response(status=200)

    return handle


async def register(
    bot: telegram.Bot,
    url: str,
    secret: SecretStr,
    *,
    allowed_updates: Sequence[str] = ALLOWED_UPDATES,
) -> None:
    """Register ``url`` (HTTPS) at Telegram, with ``secret`` (A-Z, a-z, 0-9, _ and -).


    Raises PlatformError.
    """
    await call(
        bot.set_webhook(
            url, secret_token=secret.get_secret_value(), allowed_updates=allowed_updates
        )
    )


async def _body(request: web.Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _row(body: bytes, key: bytes) -> Received:
    try:
        update = json.loads(body)
        if not isinstance(update, dict):
            raise ValueError("not an object")
        return received(update, body)
    except (ValueError, RecursionError):
        digest = hmac.new(key, body, hashlib.sha256).digest()
        number = -1 - int.from_bytes(digest[:7], "big")
        log.error("update %d cannot be parsed; it is recorded as it came", number)
        return Received(platform=PLATFORM, update_id=number, payload=body)
