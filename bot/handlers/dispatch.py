"""Send each update from the inbox where it belongs: the pipeline, or people's own handlers."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import telegram
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.cases.alerts import Alerts
from bot.cases.replies import Start
from bot.groups.designation import Designation
from bot.handlers.buttons import Buttons
from bot.handlers.commands import Commands
from bot.handlers.membership import Membership
from bot.judging.group_directory import Directory
from bot.judging.judge import Judge
from bot.judging.plan import Plan
from bot.model import Action, Message, NotInspected, Sender, SenderKind, Source, Subject
from bot.pipeline import Pipeline
from bot.platforms.telegram.message_conversion import to_message
from bot.ports import Received
from bot.store.effects import EffectRow
from bot.store.groups import Group
from bot.store.inbox import InboxRow
from bot.store.store import Store

log = logging.getLogger(__name__)

MAX_PREPARED = 1_000
"""Updates in memory between their receipt and their handling; others are parsed once more."""

MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
COMMANDS = ("start", "help", "id", "status", "keywords")


def register(
    application: Application[Any, Any, Any, Any, Any, Any],
    *,
    commands: Commands,
    buttons: Buttons,
    membership: Membership,
) -> None:
    """Put people's handlers into python-telegram-bot's application."""
    new = filters.UpdateType.MESSAGE
    application.add_handler(CommandHandler("start", commands.start, filters=new))
    application.add_handler(CommandHandler("help", commands.help, filters=new))
    application.add_handler(CommandHandler("id", commands.identity, filters=new))
    application.add_handler(CommandHandler("status", commands.status, filters=new))
    application.add_handler(CommandHandler("keywords", commands.keywords, filters=new))
    application.add_handler(
        MessageHandler(
            filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES & ~filters.COMMAND,
            commands.check,
        )
    )
    application.add_handler(CallbackQueryHandler(buttons.pressed))
    application.add_handler(ChatMemberHandler(membership.changed, ChatMemberHandler.MY_CHAT_MEMBER))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """An update that was parsed, and perhaps judged, before it was committed."""

    update: telegram.Update = field(repr=False)
    message: Message | None
    plan: Plan | None = None


class Dispatcher:
    """Handles one row of the inbox; see `bot.workers.worker.Handle`."""

    def __init__(
        self,
        *,
        application: Application[Any, Any, Any, Any, Any, Any],
        store: Store,
        directory: Directory,
        designation: Designation,
        pipeline: Pipeline,
        judge: Judge,
        alerts: Alerts,
        start: Start,
    ) -> None:
        self._alerts = alerts
        self._start = start
        self._application = application
        self._store = store
        self._directory = directory
        self._designation = designation
        self._pipeline = pipeline
        self._judge = judge
        self._faults: dict[int, Exception] = {}
        self._prepared: OrderedDict[tuple[str, int], _Prepared] = OrderedDict()
        application.add_error_handler(self._remember_fault)

    def prepare(self, received: Received) -> bool:
        """Judge a group's message before its update is committed, by memory alone.

        What leaks by itself is removed at once. Returns True if a removal was requested. Whatever
        cannot be done without waiting is left to `handle`, which comes after the commit.
        """
        key = (received.platform, received.update_id)
        if received.update is None or key in self._prepared:
            return False  # the platform repeats what was not committed
        try:
            prepared = self._prepare(received)
        except Exception as error:
            # `handle` meets the same failure, and counts it.
            log.warning("update %d not prepared: %s", received.update_id, type(error).__name__)
            return False
        if prepared is None:
            return False
        self._prepared[key] = prepared
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)
        return prepared.plan is not None and prepared.plan.verdict.removes

    def _prepare(self, received: Received) -> _Prepared | None:
        assert received.update is not None
        kind = next((k for k in MESSAGES if k in received.update), None)
        chat_id = received.chat_id
        if kind is None or chat_id is None or chat_id >= 0:
            return None
        group = self._directory.known(chat_id)
        if group is None or group.status != "designated":
            return None
        update = self._parse(received.update)
        message = to_message(update)
        if message is None:
            return _Prepared(update=update, message=None)
        plan = self._pipeline.judge_promptly(_subject(None, message, group, ""))
        return _Prepared(update=update, message=message, plan=plan)

    async def handle(self, row: InboxRow) -> str | None:
        """Handle an update; return its result, or None when the decision was committed."""
        data = json.loads(row.payload) if row.update is None else row.update
        kind = next((k for k in MESSAGES if k in data), None)
        if kind is None:
            return await self._to_handlers(self._parse(data))
        chat = data[kind]["chat"]
        if chat["type"] == "private":
            return await self._to_handlers(self._parse(data))
        if "migrate_to_chat_id" in data[kind]:
            await self._designation.migrated(chat["id"], data[kind]["migrate_to_chat_id"])
            return "handled"
        if "migrate_from_chat_id" in data[kind]:
            # The two chats tell of it independently of each other.
            await self._designation.migrated(data[kind]["migrate_from_chat_id"], chat["id"])
            return "handled"
        group = await self._directory.get(chat["id"])
        if group is None or group.status != "designated":
            return await self._undesignated(row, data, kind, group)
        return await self._inspect(row, data, group)

    async def _inspect(self, row: InboxRow, data: Mapping[str, Any], group: Group) -> str | None:
        prepared = self._prepared.pop((row.platform, row.update_id), None)
        if prepared is None:
            update = self._parse(data)
            prepared = _Prepared(update=update, message=to_message(update))
        update, message = prepared.update, prepared.message
        title = update.effective_chat.title if update.effective_chat else None
        if title and title != group.title:
            await self._store.groups.set_title(None, group.chat_id, title)
            self._directory.forget(group.chat_id)
        if message is None:
            return "ignored"
        subject = _subject(row, message, group, title or "")
        result = await self._pipeline.process(subject, prepared.plan)
        if result == "clean" and _is_command(message.text):
            await self._to_handlers(update)
        return result

    async def _undesignated(
        self, row: InboxRow, data: Mapping[str, Any], kind: str, group: Group | None
    ) -> str:
        """Read nothing but commands to the bot; ask the supervisors about an unknown group."""
        message = data[kind]
        if _is_command(message.get("text", "")):
            return await self._to_handlers(self._parse(data))
        chat = telegram.Chat.de_json(message["chat"], self._application.bot)
        if group is None and not self._designation.is_supervisors_chat(chat.id):
            await self._designation.discover(chat.id, chat.title or "", f"update/{row.update_id}")
            self._directory.forget(chat.id)
        return "ignored"

    async def _to_handlers(self, update: telegram.Update) -> str:
        await self._application.process_update(update)
        fault = self._faults.pop(update.update_id, None)
        if fault is not None:
            raise fault
        return "handled"

    async def _remember_fault(self, update: object, context: Any) -> None:
        if isinstance(update, telegram.Update) and isinstance(context.error, Exception):
            self._faults[update.update_id] = context.error

    def _parse(self, data: Mapping[str, Any]) -> telegram.Update:
        # The library takes fields out of what it is given, so it gets a copy of the top.
        return telegram.Update.de_json(dict(data), self._application.bot)

    async def dead_letter(self, row: InboxRow) -> str | None:
        """Open a case for an update that could not be handled; it is never simply dropped.

        Whatever the policy says of what cannot be inspected, a person looks at this. Where there
        is no message of a group to make a case of, the supervisors are told.
        """
        group = await self._directory.get(row.chat_id) if row.chat_id else None
        if group is None and row.chat_id is not None:
            return "dead_letter"  # nothing is read there
        if group is not None and group.status != "designated":
            return "dead_letter"
        if group is None or row.message_id is None:
            self._start(await self._tell(row))
            return "dead_letter"
        message = Message(
            platform=row.platform,
            chat_id=group.chat_id,
            message_id=row.message_id,
            sender=self._sender(row),
            sent_at=row.received_at,
        )
        subject = _subject(row, message, group, group.title or "")
        missed = NotInspected(reason="dead-letter", source=Source.TEXT)
        verdict = self._judge.decide((), (missed,), group.policy)
        verdict = replace(verdict, actions=verdict.actions | {Action.ESCALATE})
        return await self._pipeline.record(Plan(subject=subject, verdict=verdict))

    async def _tell(self, row: InboxRow) -> list[EffectRow]:
        alert = await self._alerts.dead_letter(row.update_id, row.chat_id)
        return await self._store.effects.plan(None, alert)

    def _sender(self, row: InboxRow) -> Sender:
        """Return who sent a message, as far as that can be read of it."""
        try:
            message = to_message(self._parse(json.loads(row.payload)))
        except Exception:
            message = None  # reading it may be the very thing that fails
        return message.sender if message else Sender(id=0, kind=SenderKind.MEMBER)


def _subject(row: InboxRow | None, message: Message, group: Group, title: str) -> Subject:
    return Subject(
        inbox_id=0 if row is None else row.id,
        received_at=None if row is None else row.received_at,
        message=message,
        policy=group.policy,
        language=group.language or "",
        group_title=title,
        may_be_begun=row is not None and row.attempts > 0,
        may_be_removed=row is not None and (row.attempts > 0 or row.may_be_removed),
    )


def _is_command(text: str) -> bool:
    return text.startswith("/") and text[1:].split("@")[0].split(" ")[0] in COMMANDS
