"""The part of `doctor` that asks the platform: token, privacy mode, rights in each chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from bot.errors import PlatformError, Unauthorized
from bot.i18n import Translator
from bot.notifications.texts.group import rights_missing
from bot.platforms.telegram.actor import TelegramActor, call, make_bot
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.settings import Settings


class State(StrEnum):
    OK = "✅"
    ADVICE = "💡"
    MISSING = "❌"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the answer."""

    state: State
    text: str
    mend: str = ""


async def platform_checks(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    if settings.token is None:
        yield Check(
            state=State.MISSING,
            text=t("Telegram: no token is set."),
            mend=t("Get one from @BotFather and set SHOUKOU_TOKEN. To try without: make rehearse"),
        )
        return
    async with AiohttpRequest() as request:
        bot = make_bot(settings.token, settings.api_url, request)
        try:
            me = await call(bot.get_me())
        except Unauthorized:
            yield Check(
                state=State.MISSING,
                text=t("Telegram: the token is not accepted."),
                mend=t("Copy it anew from @BotFather: /mybots → the bot → API Token."),
            )
            return
        except PlatformError as error:
            yield Check(
                state=State.MISSING,
                text=t("Telegram: {host} cannot be reached ({error})").format(
                    host=urlsplit(settings.api_url).netloc, error=error.code
                ),
                mend=t("Check the network and SHOUKOU_API_URL."),
            )
            return
        text = t("Telegram: connected to {host} as @{name}").format(
            host=urlsplit(settings.api_url).netloc, name=me.username
        )
        yield Check(state=State.OK, text=text)
        if not me.can_read_all_group_messages:
            yield Check(
                state=State.ADVICE,
                text=t("Privacy mode is on: the bot sees all messages only as an administrator."),
                mend=t(
                    "Make it an administrator in each group, or turn privacy mode off: @BotFather → /setprivacy → Disable."
                ),
            )
        actor = TelegramActor(bot, request)
        if settings.supervision.chat is not None:
            yield await _supervisors_chat(t, actor, settings.supervision.chat)
        for group in settings.groups:
            yield await _group(t, actor, group.id)


async def _supervisors_chat(t: Translator, actor: TelegramActor, chat_id: int) -> Check:
    try:
        present = (await actor.rights(chat_id)).present
    except PlatformError as error:
        present, why = False, error.code
    else:
        why = t("the bot is not in it")
    if present:
        return Check(
            state=State.OK, text=t("Supervisors' chat {chat_id}: reached", chat_id=chat_id)
        )
    text = t("Supervisors' chat {chat_id}: nobody hears of cases there ({why})")
    return Check(
        state=State.MISSING,
        text=text.format(chat_id=chat_id, why=why),
        mend=t(
            "Add the bot to this chat; if its number changed, put the new one into the settings."
        ),
    )


async def _group(t: Translator, actor: TelegramActor, chat_id: int) -> Check:
    try:
        missing = rights_missing(t, await actor.rights(chat_id))
    except PlatformError as error:
        missing = [t("the platform refuses to answer ({error})", error=error.code)]
    if missing:
        text = t("Group {chat_id}: not fully protected", chat_id=chat_id)
        return Check(state=State.MISSING, text=text, mend=" ".join(missing))
    return Check(state=State.OK, text=t("Group {chat_id}: protected", chat_id=chat_id))
