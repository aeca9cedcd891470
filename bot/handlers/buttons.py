"""The buttons under the bot's messages."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import telegram

from bot.cases.replies import Replies
from bot.cases.review import Review
from bot.errors import PlatformError
from bot.groups.designation import Designation
from bot.handlers.rights import Rights
from bot.i18n import Translator
from bot.notifications.composer import Composer
from bot.notifications.texts import card as card_words
from bot.notifications.texts import group as group_words
from bot.notifications.texts import sender as sender_words
from bot.outgoing import CaseStatus, Post
from bot.ports import Actor
from bot.store.buttons import ButtonRow
from bot.store.case_rows import CaseClaim
from bot.store.store import Store

log = logging.getLogger(__name__)

_DECISIONS = {"confirm": CaseStatus.CONFIRMED, "false_alarm": CaseStatus.FALSE_ALARM}


class Buttons:
    """Looks up what a pressed button means, and whether this person may press it."""

    def __init__(
        self,
        *,
        store: Store,
        actor: Actor,
        composer: Composer,
        review: Review,
        designation: Designation,
        rights: Rights,
        replies: Replies,
    ) -> None:
        self._store = store
        self._actor = actor
        self._composer = composer
        self._review = review
        self._designation = designation
        self._rights = rights
        self._replies = replies

    async def pressed(self, update: telegram.Update, _context: object) -> None:
        """Handle a press; the person always gets an answer."""
        query = update.callback_query
        if query is None:
            return
        t = self._composer.translator(query.from_user.language_code)
        button = await self._store.buttons.get(query.data or "")
        if button is None:
            answer = t("This button is no longer in use.")
        else:
            answer = await self._press(t, button, query, f"update/{update.update_id}")
        try:
            await self._actor.answer(query.id, answer, alert=len(answer) > 40)
        except PlatformError as error:
            log.info("update %s: press not answered: %s", update.update_id, error.code)

    async def _press(
        self, t: Translator, button: ButtonRow, query: telegram.CallbackQuery, occasion: str
    ) -> str:
        if button.action == "why":
            return await self._why(t, button)
        if button.action == "mistake":
            return await self._mistake(t, button, query.from_user.id, occasion)
        if not await self._rights.is_supervisor(query.from_user.id):
            return t("Only supervisors can do this.")
        if button.action in ("approve", "refuse"):
            return await self._approval(t, button, query, occasion)
        return await self._case(t, button, query.from_user.id, occasion)

    async def _why(self, t: Translator, button: ButtonRow) -> str:
        case = await self._store.cases.get(button.case_id or 0)
        if case is None:
            return t("This button is no longer in use.")
        return sender_words.why(t, self._composer.reasons(case.summary.findings, t.language))

    async def _mistake(self, t: Translator, button: ButtonRow, user_id: int, occasion: str) -> str:
        if button.audience_user_id is not None:
            if user_id != button.audience_user_id:
                return t("Only the person who sent the message can say this.")
        elif not await self._rights.is_administrator(user_id, button.chat_id or 0):
            return t("Only an administrator of this group can say this.")
        case = await self._store.cases.get(button.case_id or 0)
        if case is not None and case.decided_at is not None:
            return t("A supervisor has decided this case already.")
        first, rows = await self._review.appeal(button.case_id or 0, occasion)
        self._replies.start(rows)
        if first:
            return t("Thank you. A supervisor will look at it, and you will hear from me.")
        return t("It is with the supervisors already; you will hear from me.")

    async def _approval(
        self, t: Translator, button: ButtonRow, query: telegram.CallbackQuery, occasion: str
    ) -> str:
        chat_id, user_id = button.chat_id or 0, query.from_user.id
        approved = button.action == "approve"
        decide = self._designation.approve if approved else self._designation.refuse
        first = await decide(chat_id, user_id, occasion)
        if first is not None:
            return t("Already decided by {who}.", who=first or t("somebody else"))
        group = await self._store.groups.get(chat_id)
        person = await self._store.people.get(user_id)
        if query.message is not None:
            words = self._composer.translator()
            rights = group.rights if group else None
            text = card_words.approval_answered(
                words,
                group=(group.title if group else None) or "",
                chat_id=chat_id,
                who=(person.name if person else None) or query.from_user.full_name,
                approved=approved,
                missing=group_words.rights_missing(words, rights) if rights else (),
            )
            post = Post(chat_id=query.message.chat.id, text=text)
            await self._replies.edit(f"{occasion}/answered", post, query.message.message_id)
        return t("Approved.") if approved else t("Refused.")

    async def _case(self, t: Translator, button: ButtonRow, user_id: int, occasion: str) -> str:
        case_id = button.case_id or 0
        if button.action in ("more", "less"):
            shown = button.action == "more"
            self._replies.start(await self._review.details(case_id, occasion, shown=shown))
            return t("Details") if shown else t("Without details")
        rows: Sequence[object]
        if button.action == "take":
            claim, rows = await self._review.take(case_id, user_id, occasion)
            done = t("The case is yours.")
        else:
            status = _DECISIONS[button.action]
            claim, rows = await self._review.decide(case_id, user_id, status, occasion)
            done = t("Confirmed.") if button.action == "confirm" else t("Marked as a false alarm.")
        self._replies.start(rows)
        return done if claim.won else await self._lost(t, claim, user_id)

    async def _lost(self, t: Translator, claim: CaseClaim, user_id: int) -> str:
        who_id = claim.case.decided_by if claim.reason == "decided" else claim.case.assignee_id
        if who_id == user_id:
            return t("You have decided this case already.")
        person = await self._store.people.get(who_id) if who_id else None
        who = (person.name if person else None) or t("somebody else")
        if claim.reason == "taken":
            return t("{who} was first and has taken this case.", who=who)
        if claim.case.status is CaseStatus.FALSE_ALARM:
            return t("{who} was first: marked as a false alarm.", who=who)
        return t("{who} was first: confirmed.", who=who)
