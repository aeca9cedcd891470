"""The running program: what comes in, what is done from time to time, what an end leaves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import telegram
from pydantic import SecretStr
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from bot.casework.recent import RecentPosts
from bot.casework.watched import WatchedFile
from bot.detect.media.starting import StartingMedia
from bot.errors import ConfigurationError
from bot.handlers.backlog import Backlog
from bot.handlers.blind_spots import BlindSpots
from bot.handlers.membership import Membership
from bot.health.server import health_routes, start_server
from bot.health.state import Health
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.source import be_pushed, poll, webhook_route
from bot.ports import Received
from bot.settings import Settings
from bot.store.claims import LANES, Claim, lane_name
from bot.store.store import Store
from bot.work.outbox import Outbox
from bot.work.retention import Retention
from bot.work.timers import every
from bot.work.worker import Worker

log = logging.getLogger(__name__)

OVERDUE_CHECK = 60.0
RIGHTS_CHECK = 600.0
"""Seconds between looks at the bot's rights, beside the platform's own updates."""

ERASURE = 30.0
"""Seconds after which bytes that were erased from the database are gone from its log too."""

FILES = 2.0
"""Seconds between looks at the files of keywords and at the allow-list."""

SWEEP = 5.0
"""Seconds between looks for effects that nobody performs."""

RECENT = 15.0
"""Seconds between looks for posts that are no longer recent."""
PURGE = 3600.0
BLIND_CHECK = 15.0
BACKLOG_CHECK = 15.0

GRACE = 5.0
"""Seconds that what is under way has to end when the program stops."""


class InboxDecisions:
    """Lets the worker commit results; see `bot.work.worker.Decisions`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def decide(self, results: Mapping[int, str]) -> None:
        """Commit results and erase the payloads."""
        await self._store.inbox.decide(None, results)

    async def attempt(self, ids: Sequence[int]) -> None:
        """Commit that rows are taken up once more."""
        await self._store.inbox.attempt(None, ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The running parts that the commands and the tests need."""

    settings: Settings
    store: Store
    bot: telegram.Bot
    request: AiohttpRequest
    application: Application  # type: ignore[type-arg]
    worker: Worker
    outbox: Outbox
    membership: Membership
    media: StartingMedia
    health: Health
    retention: Retention
    blind_spots: BlindSpots
    backlog: Backlog
    recent: RecentPosts
    watched: list[WatchedFile[Any]] = field(default_factory=list)

    async def receive(self, received: Sequence[Received]) -> None:
        """Commit updates to the inbox and hand the new ones to the worker."""
        self.worker.submit(await self.store.inbox.add(received))
        await asyncio.sleep(0)  # handling begins before the next updates are asked for

    async def run(self) -> None:
        """Run until cancelled; raise ConfigurationError when the token is not accepted."""
        async with self._serving():
            await connect(self.application)
            await self._resume()
            await self._work()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(every(RIGHTS_CHECK, self._check_all_rights))
            group.create_task(every(OVERDUE_CHECK, self.membership.leave_overdue))
            group.create_task(every(ERASURE, self.store.db.checkpoint))
            group.create_task(every(RECENT, self.recent.forget_old))
            group.create_task(every(SWEEP, self._sweep))
            for file in self.watched:
                group.create_task(every(FILES, file.look))
            group.create_task(every(BLIND_CHECK, self.blind_spots.check))
            group.create_task(every(BACKLOG_CHECK, self.backlog.check))
            group.create_task(every(PURGE, self.retention.purge))
            group.create_task(self._listen())

    async def _listen(self) -> None:
        url = self.settings.webhook_url
        if url is None:
            token, pulse = self.settings.required_token, self.health.pulse
            api_url = self.settings.api_url
            await poll(self.request, api_url, token, self.receive, answered=pulse.beat)
        else:
            await be_pushed(self.bot, url, self._webhook_secret())

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """Answer on the console's address; only the webhook cannot do without it."""
        routes, url = health_routes(self.health), self.settings.webhook_url
        if url is not None:
            routes.append(webhook_route(url, self._webhook_secret(), self.receive))
        try:
            runner = await start_server(self.settings.console, routes)
        except ConfigurationError as error:
            if url is not None:
                raise
            log.warning("%s; going on without /healthz, /readyz and /metrics", error)
            yield
            return
        try:
            yield
        finally:
            await runner.cleanup()

    def _webhook_secret(self) -> SecretStr:
        token = self.settings.required_token
        return SecretStr(self.store.keys.digest(token.get_secret_value(), "webhook"))

    async def _resume(self) -> None:
        """Take up what an earlier run has left."""
        async with self.store.db.write() as tx:
            await self.store.groups.designate_configured(tx, self.settings.groups)
            await self.store.people.set_roles(tx, self.settings.supervision.people)
        await self.outbox.resume()
        after = 0
        while rows := await self.store.inbox.undecided(after_id=after):
            after = rows[-1].id
            await self.store.inbox.attempt(None, [r.id for r in rows])
            self.worker.submit(rows)

    async def _sweep(self) -> None:
        await self.outbox.sweep([Claim(lane_name(lane)) for lane in range(LANES)] + [Claim("")])

    async def _check_all_rights(self) -> None:
        for group in await self.store.groups.all():
            if group.status == "designated":
                occasion = f"rights/{group.chat_id}/{self.store.db.now().isoformat()}"
                await self.membership.check(group.chat_id, occasion)


async def connect(application: Application) -> None:  # type: ignore[type-arg]
    """Make the bot's acquaintance with the platform; wait while it cannot be reached."""
    delay = 1.0
    while True:
        try:
            await application.initialize()
        except InvalidToken:
            raise ConfigurationError(
                "the platform does not accept the token",
                where="SHOUKOU_TOKEN",
                mend="copy it anew from @BotFather",
            ) from None
        except TelegramError as error:
            log.warning("the platform cannot be reached: %s", type(error).__name__)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 30.0)
        else:
            return
