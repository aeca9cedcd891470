"""The composition root: the one place that constructs the parts and knows all of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import telegram
from telegram.ext import Application

from bot.cases.alerts import Alerts
from bot.cases.cards import Cards
from bot.cases.decision_notes import DecisionNotes
from bot.cases.desk import CaseDesk
from bot.cases.merged_notices import MergedNotices
from bot.cases.notices import Notices
from bot.cases.outcomes import CaseOutcomes
from bot.cases.performers import Performers
from bot.cases.picture_masking import PictureMasker
from bot.cases.removal_failures import RemovalFailures
from bot.cases.replies import Replies
from bot.cases.review import Review
from bot.cases.supervisors_chat import SupervisorsChat
from bot.detect.media.pictures.known_lines import LineMemory
from bot.detect.media.pictures.reading_cache import ReadOnce
from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.detect.text.matching.multi_search import MATCHERS
from bot.detect.text.terms.keyword_list import KeywordList
from bot.fragments import AttachmentReader
from bot.groups.designation import Designation
from bot.groups.protection import GroupProtection
from bot.handlers.backlog import Backlog
from bot.handlers.blind_spots import BlindSpots
from bot.handlers.buttons import Buttons
from bot.handlers.commands import Commands
from bot.handlers.dispatch import Dispatcher, register
from bot.handlers.membership import Membership
from bot.handlers.private_check import PrivateCheck
from bot.handlers.refused_settings import RefusedSettings
from bot.handlers.rights import Rights
from bot.health.readiness import Health, Pulse
from bot.i18n import Catalogs
from bot.judging.active_rules import ActiveRules, load_active_rules, watched_paths
from bot.judging.group_directory import Directory
from bot.judging.judge import Judge
from bot.judging.released_content import ReleasedContent
from bot.judging.split_posts import RecentPosts
from bot.judging.watched_file import WatchedFile
from bot.notifications.composer import Composer
from bot.outgoing import EffectKind
from bot.pipeline import Pipeline
from bot.platforms.telegram.actor import TelegramActor, make_bot
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.policy.allow_list_file import load_allow_list
from bot.policy.keyword_files.child_process import read_terms_apart
from bot.runtime.processes import lease_holder, opened_store, require_parts, sending, wakeups
from bot.runtime.program import GRACE, App, InboxDecisions, Lanes
from bot.runtime.restarts import Restarts
from bot.settings import PARTS, Part, Settings
from bot.store.store import Store
from bot.workers.fair_gate import FairGate
from bot.workers.intake import Intake
from bot.workers.lease_holder import SharedLeases, SoleHolder
from bot.workers.outbox import Outbox
from bot.workers.prompt_removals import PromptRemovals
from bot.workers.retention import Retention
from bot.workers.send_limits import SendingLimits
from bot.workers.wakeups import Wakeups
from bot.workers.worker import Worker

FILES_AT_ONCE = 16
"""Files in memory, of at most 20 MB each, that are fetched or wait to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """The parts that everything else stands on."""

    settings: Settings
    parts: frozenset[Part]
    store: Store
    bot: telegram.Bot
    request: AiohttpRequest
    actor: TelegramActor
    media: StartingMedia
    judge: Judge
    composer: Composer
    directory: Directory
    holder: SoleHolder | SharedLeases
    wakeups: Wakeups
    limits: SendingLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Casework:
    """The parts that record decisions, plan effects and perform them."""

    cards: Cards
    notes: DecisionNotes
    alerts: Alerts
    removals: PromptRemovals
    outbox: Outbox
    replies: Replies


@contextlib.asynccontextmanager
async def build(
    settings: Settings, *, media: StartingMedia | None = None, parts: Collection[Part] = PARTS
) -> AsyncIterator[App]:
    """Construct every part; at the end let what is under way finish, and close.

    ``media`` is a reader that the caller shares with others, and closes; without it, one is made.
    ``parts`` are those that this process runs.
    """
    require_parts(settings, parts)
    rules = _rules(settings)
    allowed = WatchedFile(settings.allow_list, load_allow_list)
    lists = _keyword_files(settings)
    async with contextlib.AsyncExitStack() as stack:
        request = AiohttpRequest()
        stack.push_async_callback(request.shutdown)
        store = await stack.enter_async_context(opened_store(settings))
        directory = Directory(store, _configured_terms(settings), files=lists)
        judge = Judge(rules, directory, allowed=allowed, now=store.db.now)
        holder = lease_holder(settings, store, parts)
        bot = make_bot(settings.required_token, settings.api_url, request)
        base = _Base(
            settings=settings,
            parts=frozenset(parts),
            store=store,
            bot=bot,
            request=request,
            actor=TelegramActor(bot, request),
            media=media or _media(settings, store, stack),
            judge=judge,
            composer=Composer(
                Catalogs.load(settings.resource("locales"), settings.language), judge.explain
            ),
            directory=directory,
            holder=holder,
            wakeups=await stack.enter_async_context(wakeups(settings, holder.owner)),
            limits=await stack.enter_async_context(sending(settings)),
        )
        casework = _casework(base)
        app = _app(base, casework, watched=[rules, allowed, *lists.values()])
        refused = RefusedSettings(casework.replies, base.composer)
        for file in app.watched:
            file.refuse = refused.report
        if "worker" in parts:
            base.media.start()
        try:
            yield app
        finally:
            await app.worker.drain(GRACE)
            await app.outbox.drain(GRACE)
            await app.removals.close()
            await store.db.checkpoint()


def _media(settings: Settings, store: Store, stack: contextlib.AsyncExitStack) -> StartingMedia:
    media = StartingMedia(
        engine=settings.ocr_engine,
        workers=settings.ocr_workers,
        memory=LineMemory(store.keys.cipher),
    )
    stack.push_async_callback(media.close)
    return media


def _casework(base: _Base) -> _Casework:
    store, composer = base.store, base.composer
    chat = SupervisorsChat(store, base.settings.supervision.chat)
    cards = Cards(store, composer, chat)
    notes = DecisionNotes(store, composer)
    alerts = Alerts(store, composer, chat)
    outcomes = CaseOutcomes(
        store=store,
        cards=cards,
        removal_failures=RemovalFailures(store, composer, base.actor),
        decision_notes=notes,
        merged_notices=MergedNotices(store, composer),
        alerts=alerts,
    )
    removals = PromptRemovals(base.actor.delete)
    performers = {**Performers(base.actor, store, cards).all(), EffectKind.DELETE: removals.perform}
    outbox = Outbox(outcomes, performers, base.limits)
    return _Casework(
        cards=cards,
        notes=notes,
        alerts=alerts,
        removals=removals,
        outbox=outbox,
        replies=Replies(store, outbox.start, supervisors_chat=chat),
    )


def _reader(base: _Base) -> AttachmentReader:
    keys = base.store.keys
    return AttachmentReader(
        ReadOnce(base.media, digest=keys.digest, cipher=keys.cipher),
        base.actor.download,
        files=FairGate(FILES_AT_ONCE),
        readings=FairGate(base.settings.ocr_workers + 1),
    )


def _pipeline(
    base: _Base, casework: _Casework, reader: AttachmentReader, recent: RecentPosts
) -> Pipeline:
    desk = CaseDesk(
        store=base.store,
        notices=Notices(base.store, base.composer),
        cards=casework.cards,
        masker=PictureMasker(base.media, base.judge.still_found),
    )
    return Pipeline(
        judge=base.judge,
        released=ReleasedContent(base.store),
        reader=reader,
        desk=desk,
        recent=recent,
        acts=casework.outbox,
        removals=casework.removals,
    )


def _groups(base: _Base, casework: _Casework) -> tuple[Designation, GroupProtection]:
    settings = base.settings
    protection = GroupProtection(
        store=base.store,
        actor=base.actor,
        replies=casework.replies,
        composer=base.composer,
        directory=base.directory,
        introduction=(settings.organisation, settings.contact),
    )
    designation = Designation(
        store=base.store,
        replies=casework.replies,
        composer=base.composer,
        directory=base.directory,
        protection=protection,
    )
    return designation, protection


def _application(
    base: _Base, casework: _Casework, reader: AttachmentReader, designation: Designation
) -> Application[Any, Any, Any, Any, Any, Any]:
    """Build python-telegram-bot's application with the handlers of what people do."""
    rights = Rights(base.store, base.actor)
    application = Application.builder().bot(base.bot).updater(None).job_queue(None).build()
    register(
        application,
        commands=Commands(
            store=base.store,
            composer=base.composer,
            replies=casework.replies,
            rights=rights,
            directory=base.directory,
            checker=PrivateCheck(base.judge, reader, base.composer),
        ),
        buttons=Buttons(
            store=base.store,
            actor=base.actor,
            composer=base.composer,
            review=Review(base.store, casework.notes, casework.cards),
            designation=designation,
            rights=rights,
            replies=casework.replies,
        ),
        membership=Membership(base.store, designation),
    )
    return application


def _app(base: _Base, casework: _Casework, *, watched: list[WatchedFile[Any]]) -> App:
    settings, store = base.settings, base.store
    reader, recent = _reader(base), RecentPosts()
    designation, protection = _groups(base, casework)
    application = _application(base, casework, reader, designation)
    dispatcher = Dispatcher(
        application=application,
        store=store,
        directory=base.directory,
        designation=designation,
        pipeline=_pipeline(base, casework, reader, recent),
        judge=base.judge,
        alerts=casework.alerts,
        start=casework.outbox.start,
    )
    worker = Worker(
        dispatcher.handle, dispatcher.dead_letter, InboxDecisions(store), holder=base.holder
    )
    polls = settings.webhook_url is None
    health = Health(
        store=store, pulse=Pulse(store.db.now), polls=polls, shared=not settings.is_embedded
    )
    return App(
        settings=settings,
        parts=base.parts,
        store=store,
        bot=base.bot,
        request=base.request,
        application=application,
        prepare=dispatcher.prepare,
        worker=worker,
        outbox=casework.outbox,
        removals=casework.removals,
        directory=base.directory,
        restarts=Restarts(store),
        designation=designation,
        protection=protection,
        media=base.media,
        recent=recent,
        health=health,
        lanes=Lanes(holder=base.holder, intake=Intake(store.inbox, worker), wakeups=base.wakeups),
        retention=Retention(store, timedelta(days=settings.retention_days)),
        blind_spots=BlindSpots(
            store, casework.replies, base.composer, last_answer_at=health.last_answer_at
        ),
        backlog=Backlog(store, casework.alerts, base.composer, casework.outbox.start),
        watched=watched,
    )


def _configured_terms(settings: Settings) -> dict[int | None, tuple[str, ...]]:
    """Return the terms of the settings by group; those of None are the organisation's."""
    return {None: settings.keywords, **{g.id: g.keywords for g in settings.groups}}


def _rules(settings: Settings) -> WatchedFile[ActiveRules]:
    def read(_path: Path) -> ActiveRules:
        return load_active_rules(settings)

    first, *beside = watched_paths(settings)
    return WatchedFile(first, read, *beside)


def _keyword_files(settings: Settings) -> dict[int | None, WatchedFile[KeywordList]]:
    def read(path: Path) -> KeywordList:
        index = MATCHERS[settings.matcher]
        return KeywordList(read_terms_apart(path.absolute()), index=index)

    return {group: WatchedFile(path, read) for group, path in settings.keyword_files.items()}
