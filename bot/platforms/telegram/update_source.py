"""Receive updates by long polling, or by a webhook if its address is set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

import telegram
from aiohttp import web
from pydantic import SecretStr

from bot.errors import ConfigurationError, PlatformError, Unauthorized
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.platforms.telegram.long_polling import Commit, Feed
from bot.platforms.telegram.webhook import register, webhook_handler
from bot.retry import retry_until_done

log = logging.getLogger(__name__)


async def poll(
    request: AiohttpRequest,
    api_url: str,
    token: SecretStr,
    commit: Commit,
    *,
    answered: Callable[[], None],
) -> None:
    """Poll until cancelled; raise ConfigurationError when the token is not accepted.

    ``answered`` is called after each good answer of the platform.
    """
    try:
        await Feed(request, api_url, token, commit, answered=answered).run()
    except Unauthorized:
        raise ConfigurationError(
            "the platform does not accept the token any more",
            where="SHOUKOU_TOKEN",
            mend="copy it anew from @BotFather",
        ) from None


def webhook_route(url: str, secret: SecretStr, commit: Commit) -> web.RouteDef:
    """Return the webhook's route; a proxy with a certificate passes Telegram's requests on."""
    return web.post(urlsplit(url).path or "/", webhook_handler(secret, commit))


async def register_and_wait(bot: telegram.Bot, url: str, secret: SecretStr) -> None:
    """Register the webhook, then wait until cancelled."""
    await _register(bot, url, secret)
    await asyncio.Event().wait()


async def _register(bot: telegram.Bot, url: str, secret: SecretStr) -> None:
    def failed(error: Exception) -> None:
        log.warning("the webhook cannot be registered: %s", getattr(error, "code", ""))

    await retry_until_done(
        lambda: register(bot, url, secret), on=PlatformError, failed=failed, first=1.0, longest=30.0
    )
