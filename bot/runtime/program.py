"""The running program: what comes in, what is done from time to time, what an end leaves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import telegram
from aiohttp import web
from pydantic import SecretStr
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.errors import ConfigurationError
from bot.groups.designation import Designation
from bot.groups.protection import GroupProtection
from bot.handlers.backlog import Backlog
from bot.handlers.blind_spots import BlindSpots
from bot.health.readiness import Health
from bot.health.server import health_routes, start_server
from bot.judging.group_directory import LOOK, Directory
from bot.judging.split_posts import RecentPosts
from bot.judging.watched_file import WatchedFile
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.platforms.telegram.update_source import poll, register_and_wait, webhook_route
from bot.ports import Received
from bot.retry import retry_until_done
from bot.runtime.restarts import Restarts
from bot.settings import Part, Settings
from bot.store.database import serialise
from bot.store.lanes import Claim, lane_of
from bot.store.store import Store
from bot.workers.intake import Intake
from bot.workers.lease_duties import LeaseDuties, lane_claims
from bot.workers.lease_holder import FEED, TIMERS, SharedLeases, SoleHolder
from bot.workers.outbox import Outbox
from bot.workers.periodic import every
from bot.workers.prompt_removals import PromptRemovals
from bot.workers.retention import Retention
from bot.workers.wakeups import Wakeups
from bot.workers.worker import Worker

log = logging.getLogger(__name__)

OVERDUE_CHECK = 60.0
RIGHTS_CHECK = 600.0
"""Seconds between looks at the bot's rights, beside the platform's own updates."""

ERASURE = 30.0
"""Seconds after which bytes that were erased from the database are gone from its log too."""

FILES = 1.0
"""Seconds between looks at the files of keywords and at the allow-list."""

SWEEP = 5.0
"""Seconds between looks for effects that nobody performs."""

RECENT = 15.0
"""Seconds between looks for posts that are no longer recent."""
PURGE = 3600.0
BLIND_CHECK = 15.0
BACKLOG_CHECK = 15.0

PULSE = 5.0
"""Seconds between notes, for the other processes, of when the platform was last heard of."""

PROMPT = 8
"""Updates received at once up to which they are judged before their commit. A larger batch is a
flood or a backlog: its commit would wait for every one of them."""

REQUEST_TURNS = 8
"""Turns of the event loop in which aiohttp takes a connection and writes a request."""

MAX_BACKLOG = 20_000
FULL_BATCH = 50
BACK_PRESSURE = 0.5
"""Undecided updates beyond which no more are asked for, after batches of this size or more."""

GRACE = 5.0
"""Seconds that what is under way has to end when the program stops."""


class InboxDecisions:
    """Lets the worker commit results; see `bot.workers.decision_batches.Decisions`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def decide(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        """Commit results and erase the payloads; return the claims that were lost."""
        return await self._store.inbox.decide_for(results)

    async def attempt(self, ids: Sequence[int]) -> None:
        """Commit that rows are taken up once more."""
        await self._store.inbox.attempt(None, ids)

    async def probe(self) -> None:
        """Write something; DatabaseAway when that does not work."""
        await self._store.key_values.put(None, "writable", self._store.db.now().isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """The parts that carry updates from the inbox to their handling, here or elsewhere."""

    holder: SoleHolder | SharedLeases
    intake: Intake
    wakeups: Wakeups

    def claims(self) -> list[Claim]:
        """Return the claims of the lanes that this process works on."""
        return lane_claims(self.intake.lanes, self.holder.claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The running parts that the commands and the tests need."""

    settings: Settings
    parts: frozenset[Part]
    store: Store
    bot: telegram.Bot
    request: AiohttpRequest
    application: Application  # type: ignore[type-arg]
    prepare: Callable[[Received], bool]
    worker: Worker
    outbox: Outbox
    removals: PromptRemovals
    directory: Directory
    restarts: Restarts
    lanes: Lanes
    designation: Designation
    protection: GroupProtection
    media: StartingMedia
    health: Health
    retention: Retention
    blind_spots: BlindSpots
    backlog: Backlog
    recent: RecentPosts
    watched: list[WatchedFile[Any]] = field(default_factory=list)

    async def receive(self, received: Sequence[Received]) -> None:
        """Commit updates to the inbox and have the new ones handled.

        What leaks by itself is removed before it is committed: should the program end in between,
        the platform delivers it again, and `Restarts` marks it as possibly begun.
        """
        if self.restarts.may_repeat:
            received = self.restarts.marked(received)
        if len(received) <= PROMPT:
            await self._prepare(received)
        with self.worker.sparing():
            rows = await self.store.inbox.add(received)
        if others := self.lanes.intake.offer(rows):
            self.lanes.wakeups.publish(others)
        await asyncio.sleep(0)  # handling begins before the next updates are asked for

    async def _prepare(self, received: Sequence[Received]) -> None:
        """Judge messages of lanes that are worked on here before they are committed."""
        own = [r for r in received if self.lanes.intake.holds(lane_of(r.chat_id))]
        if sum(self.prepare(r) for r in own):
            # The requests leave before the processor is needed for the commit.
            for _ in range(REQUEST_TURNS):
                await asyncio.sleep(0)

    async def run(self) -> None:
        """Run until cancelled; raise ConfigurationError when the token is not accepted."""
        async with self._serving():
            if self.parts != {"console"}:
                await connect(self.application)
            await self.store.releases.load()
            await self.restarts.begin()
            if "worker" in self.parts:
                await self._apply_settings()
            alone = {FEED: self._poll, TIMERS: self._timers}
            duties = LeaseDuties(self.lanes.intake, self.worker, self.outbox, alone)
            try:
                await self._work(duties)
            finally:
                await self._stop(duties)

    async def _work(self, duties: LeaseDuties) -> None:
        lanes = self.lanes
        async with asyncio.TaskGroup() as group:
            group.create_task(duties.watch())
            group.create_task(lanes.holder.run(duties, self.worker.resume))
            group.create_task(lanes.wakeups.run())
            group.create_task(every(ERASURE, self.store.db.checkpoint))
            group.create_task(every(LOOK, self.directory.look))
            if "worker" in self.parts:
                group.create_task(lanes.intake.run())
                group.create_task(
                    lanes.wakeups.listen(lambda: lanes.intake.lanes, lanes.intake.wake)
                )
                group.create_task(every(RECENT, self.recent.forget_old))
                group.create_task(every(SWEEP, self._sweep))
                for file in self.watched:
                    group.create_task(every(FILES, file.look))
            if "feed" in self.parts and self.settings.webhook_url is not None:
                url = self.settings.webhook_url
                group.create_task(register_and_wait(self.bot, url, self._webhook_secret()))

    async def _stop(self, duties: LeaseDuties) -> None:
        """Let what is under way finish, then give back what others may take up."""
        keeping = asyncio.create_task(self.lanes.holder.keep())
        try:
            await self.worker.drain(GRACE)
            await self.outbox.drain(GRACE)
        finally:
            keeping.cancel()
        await self.lanes.holder.leave(duties, 0)
        await self.removals.close()
        await self.restarts.end()

    async def _poll(self) -> None:
        """Ask the platform for updates; one process does."""
        token, pulse = self.settings.required_token, self.health.pulse
        async with asyncio.TaskGroup() as group:
            group.create_task(every(PULSE, self.health.publish_pulse))
            await poll(
                self.request,
                self.settings.api_url,
                token,
                self._receive_with_patience,
                answered=pulse.beat,
            )

    async def _receive_with_patience(self, received: Sequence[Received]) -> None:
        """Commit updates; wait before the next ones are asked for while too many are undecided."""
        await self.receive(received)
        if len(received) < FULL_BATCH:
            return
        while await self.store.inbox.depth() > MAX_BACKLOG:
            await asyncio.sleep(BACK_PRESSURE)

    async def _timers(self) -> None:
        """Do what is due from time to time; one process does."""
        async with asyncio.TaskGroup() as group:
            group.create_task(every(RIGHTS_CHECK, self.protection.check_all))
            group.create_task(every(OVERDUE_CHECK, self.designation.leave_overdue))
            group.create_task(every(BLIND_CHECK, self.blind_spots.check))
            group.create_task(every(BACKLOG_CHECK, self.backlog.check))
            group.create_task(every(PURGE, self.retention.purge))

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """Answer on the console's address; only the webhook cannot do without it."""
        routes: list[web.RouteDef] = []
        url = self.settings.webhook_url if "feed" in self.parts else None
        if "console" in self.parts or url is not None:
            routes += health_routes(self.health)
        if url is not None:
            routes.append(webhook_route(url, self._webhook_secret(), self.receive))
        if not routes:
            yield
            return
        try:
            runner = await start_server(self.settings.console, routes)
        except ConfigurationError as error:
            if url is not None or self.parts == {"console"}:
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

    async def _apply_settings(self) -> None:
        """Let the settings' groups and people be known."""
        async with self.store.db.write() as tx:
            await serialise(tx, "settings")
            await self.store.groups.designate_configured(tx, self.settings.groups)
            await self.store.people.set_roles(tx, self.settings.supervision.people)

    async def _sweep(self) -> None:
        """Take up effects that nobody performs, of what this process works on."""
        claims = self.lanes.claims()
        if (timers := self.lanes.holder.claim(TIMERS)) is not None:
            claims.append(timers)
        await self.outbox.sweep(claims)


async def connect(application: Application) -> None:  # type: ignore[type-arg]
    """Make the bot's acquaintance with the platform; wait while it cannot be reached."""

    def failed(error: Exception) -> None:
        log.warning("the platform cannot be reached: %s", type(error).__name__)

    try:
        await retry_until_done(
            application.initialize,
            on=TelegramError,
            never_on=InvalidToken,
            failed=failed,
            first=1.0,
            longest=30.0,
        )
    except InvalidToken:
        raise ConfigurationError(
            "the platform does not accept the token",
            where="SHOUKOU_TOKEN",
            mend="copy it anew from @BotFather",
        ) from None
