"""The running program: receiving updates, periodic tasks, and an orderly end."""

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
SUPERVISORS_CHECK = 60.0
RIGHTS_CHECK = 600.0
"""Seconds between checks of the bot's rights: an update about a change may be lost."""

ERASURE = 30.0
"""Seconds between checkpoints, which remove erased bytes from SQLite's log too."""

FILES = 1.0
"""Seconds between checks of the keyword files and the allow-list for changes."""

SWEEP = 5.0
"""Seconds between searches for effects that no task performs."""

RECENT = 15.0
"""Seconds between searches for posts that are no longer recent."""
PURGE = 3600.0
BLIND_CHECK = 15.0
BACKLOG_CHECK = 15.0

PULSE = 5.0
"""Seconds between the records of the platform's last answer, for the other processes."""

PROMPT = 8
"""The largest batch of updates that is judged before its commit. A larger batch is a flood or a
backlog: its commit would wait for all of its judgements."""

REQUEST_TURNS = 8
"""Turns of the event loop in which aiohttp takes a connection and writes a request."""

MAX_BACKLOG = 20_000
FULL_BATCH = 50
BACK_PRESSURE = 0.5
"""After a batch of at least FULL_BATCH, polling waits in steps of BACK_PRESSURE seconds while more
than MAX_BACKLOG updates are undecided: Telegram keeps the others for 24 hours."""

GRACE = 5.0
"""Seconds for the work under way to finish when the program stops."""


class InboxDecisions:
    """Commits the worker's results; see `bot.workers.decision_batches.Decisions`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def decide(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        """Commit results and erase the payloads; return the claims that were lost."""
        return await self._store.inbox.decide_for(results)

    async def attempt(self, ids: Sequence[int]) -> None:
        """Commit one more attempt for each row."""
        await self._store.inbox.attempt(None, ids)

    async def probe(self) -> None:
        """Write something; raise DatabaseAway if that fails."""
        await self._store.key_values.put(None, "writable", self._store.db.now().isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """The parts that pass updates from the inbox to a worker, in this process or another."""

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
        """Commit updates to the inbox and pass the new ones to a worker.

        The removal of a message that leaks by itself is requested before the commit. If the
        program ends in between, the platform delivers the update again, and `Restarts` marks it.
        """
        if self.restarts.may_repeat:
            received = self.restarts.marked(received)
        if len(received) <= PROMPT:
            await self._prepare(received)
        with self.worker.sparing():
            rows = await self.store.inbox.add(received)
        if others := self.lanes.intake.offer(rows):
            self.lanes.wakeups.publish(others)
        await asyncio.sleep(0)  # handling starts before the next request for updates

    async def _prepare(self, received: Sequence[Received]) -> None:
        """Judge the messages of this process's lanes before they are committed."""
        own = [r for r in received if self.lanes.intake.holds(lane_of(r.chat_id))]
        if sum(self.prepare(r) for r in own):
            # Let the deletion requests leave before the commit occupies the processor.
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
            if self.parts != {"console"}:
                groups = await self.store.groups.all()
                count = sum(group.status == "designated" for group in groups)
                log.info("connected as @%s, %d groups", self.bot.username, count)
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
                group.create_task(every(SUPERVISORS_CHECK, self.designation.find_supervisors))
                for file in self.watched:
                    group.create_task(every(FILES, file.look))
            if "feed" in self.parts and self.settings.webhook_url is not None:
                url = self.settings.webhook_url
                group.create_task(register_and_wait(self.bot, url, self._webhook_secret()))

    async def _stop(self, duties: LeaseDuties) -> None:
        """Let the work under way finish, then release the leases for other processes."""
        # The two drains may take as long as a lease lasts.
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
        """Poll the platform; only one process does."""
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
        """Commit updates; delay the next poll while too many updates are undecided."""
        await self.receive(received)
        if len(received) < FULL_BATCH:
            return
        while await self.store.inbox.depth() > MAX_BACKLOG:
            await asyncio.sleep(BACK_PRESSURE)

    async def _timers(self) -> None:
        """Run the periodic tasks; only one process does."""
        async with asyncio.TaskGroup() as group:
            group.create_task(every(RIGHTS_CHECK, self.protection.check_all))
            group.create_task(every(OVERDUE_CHECK, self.designation.leave_overdue))
            group.create_task(every(BLIND_CHECK, self.blind_spots.check))
            group.create_task(every(BACKLOG_CHECK, self.backlog.check))
            group.create_task(every(PURGE, self.retention.purge))

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """Serve health, metrics and the webhook; only a webhook makes a used port fatal."""
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
        """Store the groups and people of the settings."""
        async with self.store.db.write() as tx:
            await serialise(tx, "settings")
            await self.store.groups.designate_configured(tx, self.settings.groups)
            await self.store.people.set_roles(tx, self.settings.supervision.people)
        await self.designation.find_supervisors()

    async def _sweep(self) -> None:
        """Resume effects that no task performs, in this process's lanes."""
        claims = self.lanes.claims()
        if (timers := self.lanes.holder.claim(TIMERS)) is not None:
            claims.append(timers)
        await self.outbox.sweep(claims)


async def connect(application: Application) -> None:  # type: ignore[type-arg]
    """Fetch the bot's own account from the platform; retry while it cannot be reached."""

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
