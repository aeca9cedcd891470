"""Answer people's commands: /start, /help, /id, /status, /keywords, and texts to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import telegram
from telegram.ext import ContextTypes

from bot.cases.replies import Replies
from bot.handlers.private_check import PrivateCheck
from bot.handlers.rights import Rights
from bot.i18n import Translator
from bot.judging.group_directory import Directory
from bot.model import Category
from bot.notifications.composer import Composer
from bot.notifications.texts import administrators as admin_words
from bot.notifications.texts import group as group_words
from bot.notifications.texts import sender as words
from bot.notifications.texts import status as status_words
from bot.outgoing import CaseStatus, Post, RichText
from bot.store.groups import Group
from bot.store.store import Store

WEEK = timedelta(days=7)

MIN_TERM = 2
"""Characters that a protected term needs at least."""

MAX_GROUPS = 12
"""Groups in one answer to /status: a message holds 4,096 characters."""


class Commands:
    """Answers commands and private messages."""

    def __init__(
        self,
        *,
        store: Store,
        composer: Composer,
        replies: Replies,
        rights: Rights,
        directory: Directory,
        checker: PrivateCheck,
    ) -> None:
        self._store = store
        self._composer = composer
        self._replies = replies
        self._rights = rights
        self._directory = directory
        self._checker = checker

    async def start(self, update: telegram.Update, _context: object) -> None:
        """Answer /start: from now on the bot may write to this person."""
        user = update.effective_user
        chat = update.effective_chat
        if user is None or chat is None or chat.type != "private":
            return
        await self._store.people.remember(
            None, user.id, name=user.full_name, language=user.language_code, can_write=True
        )
        await self._answer(update, words.welcome(self._translator(update)))

    async def help(self, update: telegram.Update, _context: object) -> None:
        """Answer /help."""
        await self._answer(update, words.help_text(self._translator(update)))

    async def identity(self, update: telegram.Update, _context: object) -> None:
        """Answer /id."""
        if update.effective_chat is None:
            return
        user = None if _is_anonymous(update) else update.effective_user
        text = status_words.identity(
            self._translator(update),
            chat_id=update.effective_chat.id,
            user_id=user.id if user else None,
        )
        await self._answer(update, text)

    async def status(self, update: telegram.Update, _context: object) -> None:
        """Answer /status in a group, or privately for each group that the person looks after."""
        user, chat, t = update.effective_user, update.effective_chat, self._translator(update)
        if user is None or chat is None:
            return
        if chat.type == "private":
            groups = await self._groups_of(user.id)
            if not groups:
                await self._answer(update, status_words.only_administrators(t))
            else:
                shown = [await self._status(t, group) for group in groups[:MAX_GROUPS]]
                await self._answer(update, status_words.several(t, shown, of=len(groups)))
            return
        if _is_anonymous(update) or not await self._may_ask(user.id, chat.id):
            await self._answer(update, status_words.only_administrators(t))
            return
        if chat.id == self._replies.supervisors_chat.id:
            await self._answer(update, status_words.supervisors_chat(t))
            return
        known = await self._store.groups.get(chat.id)
        await self._answer(update, await self._status(t, known, title=chat.title or ""))

    async def _may_ask(self, user_id: int, chat_id: int) -> bool:
        return await self._rights.is_supervisor(user_id) or await self._rights.is_administrator(
            user_id, chat_id
        )

    async def _groups_of(self, user_id: int) -> list[Group]:
        groups = [g for g in await self._store.groups.all() if g.status == "designated"]
        if await self._rights.is_supervisor(user_id):
            return groups
        return [g for g in groups if await self._rights.is_administrator(user_id, g.chat_id)]

    async def _status(self, t: Translator, group: Group | None, *, title: str = "") -> RichText:
        designated = group is not None and group.status == "designated"
        missing: Sequence[str] = ()
        week: dict[Category | None, int] = {}
        false_alarms = 0
        excluded: Mapping[str, int] = {}
        if group is not None and designated:
            rights = await self._rights.of_bot(group.chat_id) or group.rights
            missing = group_words.rights_missing(t, rights) if rights else ()
            since = self._store.db.now() - WEEK
            counted = await self._store.case_counts.by_category(group.chat_id, since)
            for (category, status), count in counted.items():
                week[category] = week.get(category, 0) + count
                false_alarms += count if status is CaseStatus.FALSE_ALARM else 0
            excluded, nothing_else = await self._store.case_counts.by_allow_list_entry(
                group.chat_id, since
            )
            # What is only excluded is neither found nor left uninspected.
            week = {c: n for c, n in week.items() if c or n > nothing_else}
            if None in week:
                week[None] -= nothing_else
        return status_words.status(
            t,
            group=title or (group.title if group else None) or str(group.chat_id if group else ""),
            designated=designated,
            policy=group.policy if group else "",
            missing=missing,
            week=week,
            false_alarms=false_alarms,
            excluded=excluded,
        )

    async def keywords(self, update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /keywords [GROUP] [add|remove TERM], in private only."""
        user, chat, t = update.effective_user, update.effective_chat, self._translator(update)
        if user is None or chat is None:
            return
        if chat.type != "private":
            await self._answer(update, admin_words.keywords_in_private(t))
            return
        groups = await self._groups_of(user.id)
        words_given = list(context.args or [])
        if words_given and words_given[0].lstrip("-").isdigit():
            number = int(words_given.pop(0))
            groups = [g for g in groups if g.chat_id == number]
        if not groups:
            await self._answer(update, status_words.only_administrators(t))
        elif len(groups) > 1:
            named = [(g.chat_id, g.title or str(g.chat_id)) for g in groups]
            await self._answer(update, admin_words.choose_group(t, named))
        else:
            # Taken from the text, because a term may hold spaces; one stands in a line.
            text = (update.effective_message.text if update.effective_message else None) or ""
            action = words_given[0].lower() if words_given else "list"
            arguments = text.partition("/keywords")[2]
            terms = _terms(arguments.partition(words_given[0])[2]) if words_given else []
            await self._answer(update, await self._keywords(t, groups[0], action, terms, user.id))

    async def _keywords(
        self, t: Translator, group: Group, action: str, terms: list[str], user_id: int
    ) -> RichText:
        title = group.title or str(group.chat_id)
        if action == "list":
            await self._directory.get(group.chat_id)
            known = self._directory.terms(group.chat_id)
            return admin_words.keyword_list(t, group=title, terms=known)
        if action not in ("add", "remove") or not terms:
            return admin_words.keyword_usage(t)
        if action == "add" and any(len(term) < MIN_TERM for term in terms):
            # One character stands in most messages, so that nearly all would be taken down.
            return admin_words.keyword_too_short(t)
        unknown = 0
        async with self._store.db.write() as tx:
            for term in terms:
                if action == "add":
                    await self._store.group_terms.add(tx, group.chat_id, term, user_id)
                elif not await self._store.group_terms.remove(tx, group.chat_id, term):
                    unknown += 1
            await self._store.audit.write(
                tx, f"keyword_{action}", actor_id=user_id, subject=f"group/{group.chat_id}"
            )
        self._directory.forget(group.chat_id)
        return admin_words.keyword_changed(
            t, group=title, added=action == "add", count=len(terms) - unknown, unknown=unknown
        )

    async def check(self, update: telegram.Update, _context: object) -> None:
        """Answer a member in private whether a text or picture could be posted."""
        chat = update.effective_chat
        if chat is None or chat.type != "private":
            return
        t = self._translator(update)
        answer = await self._checker.check(update, t)
        if answer is not None:
            await self._answer(update, answer, to_message=True)

    def _translator(self, update: telegram.Update) -> Translator:
        user = update.effective_user
        return self._composer.translator(user.language_code if user else None)

    async def _answer(
        self,
        update: telegram.Update,
        text: RichText,
        *,
        to_message: bool = False,
    ) -> None:
        """Answer where the message stood; in a private chat ``to_message`` says to which."""
        message = update.effective_message
        if message is None:
            return
        private = message.chat.type == "private"
        post = Post(
            chat_id=message.chat.id,
            thread_id=message.message_thread_id if message.is_topic_message else None,
            reply_to=message.message_id if to_message or not private else None,
            text=text,
        )
        await self._replies.send(f"update/{update.update_id}/answer", post)


def _terms(text: str) -> list[str]:
    """Return the terms of a command, one a line, each once."""
    return list(dict.fromkeys(term for line in text.splitlines() if (term := line.strip())))


def _is_anonymous(update: telegram.Update) -> bool:
    message = update.effective_message
    return message is not None and message.sender_chat is not None
