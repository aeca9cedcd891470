"""The composition root: the one place that constructs the parts and knows all of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from pathlib import Path

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
from bot.cases.review import Review
from bot.detect.media.pictures.known_lines import LineMemory
from bot.detect.media.pictures.reading_cache import ReadOnce
from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.detect.text.terms.keyword_list import KeywordList
from bot.fragments import AttachmentReader
from bot.handlers.backlog import Backlog
from bot.handlers.blind_spots import BlindSpots
from bot.handlers.buttons import Buttons
from bot.handlers.commands import Commands
from bot.handlers.dispatch import Dispatcher, register
from bot.handlers.membership import Membership
from bot.handlers.private_check import PrivateCheck
from bot.handlers.refused_settings import Mistakes
from bot.handlers.replies import Speaker
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
    catalogs = Catalogs.load(settings.resource("locales"), settings.language)
    async with contextlib.AsyncExitStack() as stack:
        request = AiohttpRequest()
        stack.push_async_callback(request.shutdown)
        bot = make_bot(settings.required_token, settings.api_url, request)
        store = await stack.enter_async_context(opened_store(settings))
        reader = media or StartingMedia(
            engine=settings.ocr_engine,
            workers=settings.ocr_workers,
            memory=LineMemory(store.keys.cipher),
        )
        if media is None:
            stack.push_async_callback(reader.close)
        allowed = WatchedFile(settings.allow_list, load_allow_list)
        lists = _keyword_files(settings)
        directory = Directory(
            store,
            {None: settings.keywords, **{g.id: g.keywords for g in settings.groups}},
            files=lists,
        )
        judge = Judge(rules, directory, allowed=allowed, now=store.db.now)
        composer = Composer(catalogs, judge.explain)
        held = lease_holder(settings, store, parts)
        notices = await stack.enter_async_context(wakeups(settings, held.owner))
        limits = await stack.enter_async_context(sending(settings))
        app = _assemble(
            (settings, frozenset(parts), store),
            (bot, request),
            reader,
            judge,
            composer,
            directory,
            (held, notices, limits),
        )
        app.watched.extend((rules, allowed, *lists.values()))
        mistakes = Mistakes(Speaker(store, app.outbox.start), composer, settings)
        for file in app.watched:
            file.refuse = mistakes.tell
        if "worker" in parts:
            reader.start()
        try:
            yield app
        finally:
            await app.worker.drain(GRACE)
            await app.outbox.drain(GRACE)
            await app.removals.close()
            await store.db.checkpoint()


def _assemble(
    process: tuple[Settings, frozenset[Part], Store],
    platform: tuple[telegram.Bot, AiohttpRequest],
    media: StartingMedia,
    judge: Judge,
    composer: Composer,
    directory: Directory,
    sharing: tuple[SoleHolder | SharedLeases, Wakeups, SendingLimits],
) -> App:
    """Put the parts together, from the platform's actor up to the worker."""
    settings, parts, store = process
    bot, request = platform
    held, notices, limits = sharing
    actor = TelegramActor(bot, request)
    chat = settings.supervision.chat
    cards = Cards(store, composer, chat)
    decision_notes = DecisionNotes(store, composer)
    alerts = Alerts(store, composer, chat)
    outcomes = CaseOutcomes(
        store=store,
        cards=cards,
        removal_failures=RemovalFailures(store, composer, actor),
        decision_notes=decision_notes,
        merged_notices=MergedNotices(store, composer),
        alerts=alerts,
    )
    removals = PromptRemovals(actor.delete)
    performers = {**Performers(actor, store, cards).all(), EffectKind.DELETE: removals.perform}
    outbox = Outbox(outcomes, performers, limits)
    desk = CaseDesk(
        store=store,
        notices=Notices(store, composer),
        cards=cards,
        masker=PictureMasker(media, judge.still_found),
    )
    once = ReadOnce(media, digest=store.keys.digest, cipher=store.keys.cipher)
    reader = AttachmentReader(
        once,
        actor.download,
        files=FairGate(FILES_AT_ONCE),
        readings=FairGate(settings.ocr_workers + 1),
    )
    recent = RecentPosts()
    pipeline = Pipeline(
        judge=judge,
        released=ReleasedContent(store),
        reader=reader,
        desk=desk,
        recent=recent,
        acts=outbox,
        removals=removals,
    )
    speaker = Speaker(store, outbox.start)
    rights = Rights(store, actor)
    membership = Membership(
        store=store,
        actor=actor,
        speaker=speaker,
        composer=composer,
        directory=directory,
        supervisors_chat=chat,
        introduction=(settings.organisation, settings.contact),
    )
    application = Application.builder().bot(bot).updater(None).job_queue(None).build()
    register(
        application,
        commands=Commands(
            store=store,
            composer=composer,
            speaker=speaker,
            rights=rights,
            directory=directory,
            checker=PrivateCheck(judge, reader, composer),
        ),
        buttons=Buttons(
            store=store,
            actor=actor,
            composer=composer,
            review=Review(store, decision_notes, cards),
            membership=membership,
            rights=rights,
            speaker=speaker,
        ),
        membership=membership,
    )
    dispatcher = Dispatcher(
        application=application,
        store=store,
        directory=directory,
        membership=membership,
        pipeline=pipeline,
        judge=judge,
        alerts=alerts,
        start=outbox.start,
    )
    pulse, polls = Pulse(store.db.now), settings.webhook_url is None
    decisions = InboxDecisions(store)
    worker = Worker(dispatcher.handle, dispatcher.dead_letter, decisions, holder=held)
    health = Health(store=store, pulse=pulse, polls=polls, shared=not settings.is_embedded)

    async def oldest_picture() -> datetime | None:
        return (await store.inbox.waiting())["picture"].oldest

    return App(
        settings=settings,
        parts=parts,
        store=store,
        bot=bot,
        request=request,
        application=application,
        prepare=dispatcher.prepare,
        worker=worker,
        outbox=outbox,
        removals=removals,
        directory=directory,
        restarts=Restarts(store),
        membership=membership,
        media=media,
        recent=recent,
        health=health,
        lanes=Lanes(holder=held, intake=Intake(store.inbox, worker), wakeups=notices),
        retention=Retention(store, timedelta(days=settings.retention_days)),
        blind_spots=BlindSpots(
            store,
            speaker,
            composer,
            chat,
            heard_at=health.heard_at,
        ),
        backlog=Backlog(store, alerts, composer, outbox.start, oldest_picture),
    )


def _rules(settings: Settings) -> WatchedFile[ActiveRules]:
    def read(_path: Path) -> ActiveRules:
        return load_active_rules(settings)

    first, *beside = watched_paths(settings)
    return WatchedFile(first, read, *beside)


def _keyword_files(settings: Settings) -> dict[int | None, WatchedFile[KeywordList]]:
    def read(path: Path) -> KeywordList:
        return KeywordList(read_terms_apart(path.absolute()))

    return {group: WatchedFile(path, read) for group, path in settings.keyword_files.items()}
