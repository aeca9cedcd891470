"""`doctor`: say what is missing and how to mend each."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

import typer
from rich.console import Console

from bot.detect.media.files.office_conversion import OfficeConverter
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import (
    ConfigurationError,
    NotReadable,
    PlatformError,
    ShoukouError,
    Unauthorized,
)
from bot.i18n import Catalogs, Translator
from bot.notifications.texts.group import rights_missing
from bot.platforms.telegram.actor import TelegramActor, call, make_bot
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.policy.policies import load_policies
from bot.rules.packs import load_packs
from bot.settings import Settings, load_settings
from bot.store.store import Store

OFFICE = (
    "sudo apt-get install -y --no-install-recommends "
    "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
)


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


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def doctor() -> None:
        """Report what is missing and how to mend it. Exit status 1 if something is."""
        settings = load_settings()
        t = Catalogs.load(settings.resource("locales"), settings.language).get()
        missing = asyncio.run(_report(settings, t, Console(highlight=False, soft_wrap=True)))
        raise typer.Exit(1 if missing else 0)


async def _report(settings: Settings, t: Translator, console: Console) -> int:
    missing = 0
    async for check in _checks(settings, t):
        console.print(f"{check.state.value} {check.text}", markup=False)
        if check.mend:
            console.print(f"   → {check.mend}", markup=False)
        missing += check.state is State.MISSING
    console.print(t("All is well.") if not missing else t("To be mended: {n}", n=missing))
    return missing


async def _checks(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    yield _rules(settings, t)
    yield await _database(settings, t)
    yield _keys(settings, t)
    async for check in _ocr(settings, t):
        yield check
    yield await _office(t)
    yield _supervision(settings, t)
    yield _redis(settings, t)
    async for check in _platform(settings, t):
        yield check


def _rules(settings: Settings, t: Translator) -> Check:
    try:
        packs = load_packs(settings.resource("packs"))
        policies = load_policies(settings.resource("policies.toml"), packs)
    except ConfigurationError as error:
        return Check(
            state=State.MISSING,
            text=t("Rules and policies: {error}", error=error.told(t)),
            mend=t("Then check with: python -m bot policy check"),
        )
    rules = sum(len(p.rules) for p in packs.by_name.values())
    return Check(
        state=State.OK,
        text=t("Rules: {rules} in {packs} packs; policies: {policies}").format(
            rules=rules, packs=len(packs.by_name), policies=", ".join(policies)
        ),
    )


async def _database(settings: Settings, t: Translator) -> Check:
    try:
        store = await Store.open(settings.database, settings.keys_folder)
    except ConfigurationError as error:
        return Check(state=State.MISSING, text=t("Database: {error}", error=error.told(t)))
    except Exception as error:
        return Check(
            state=State.MISSING,
            text=t("Database: it does not open ({error})", error=type(error).__name__),
            mend=t("Check SHOUKOU_DATABASE_URL and that its server runs."),
        )
    await store.close()
    return Check(state=State.OK, text=t("Database: ready"))


def _keys(settings: Settings, t: Translator) -> Check:
    if settings.keys is None:
        return Check(
            state=State.ADVICE,
            text=t("Keys: they lie beside the data they protect ({path})").format(
                path=settings.keys_folder
            ),
            mend=t("For real use set SHOUKOU_KEYS to a folder on another disk or in a safe place."),
        )
    mode = stat.S_IMODE(settings.keys.stat().st_mode) if settings.keys.is_dir() else 0o700
    return Check(state=State.OK, text=t("Keys: in a place of their own, mode {mode:o}", mode=mode))


async def _ocr(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    install = "sudo apt-get install -y tesseract-ocr tesseract-ocr-chi-sim"
    for engine in ("rapid", "tesseract"):
        chosen = engine == settings.ocr_engine
        pool = MediaPool(engine=engine)
        try:
            await pool.start()
        except ShoukouError as error:
            yield Check(
                state=State.MISSING if chosen else State.ADVICE,
                text=t("Pictures: the engine {engine} does not start ({error})").format(
                    engine=engine, error=error
                ),
                mend=install if engine == "tesseract" else "make run",
            )
            continue
        isolation = ", ".join(pool.isolation) or "-"
        await pool.close()
        text = t("Pictures: the engine {engine} is ready; readers are confined by: {isolation}")
        yield Check(state=State.OK, text=text.format(engine=engine, isolation=isolation))


async def _office(t: Translator) -> Check:
    converter = OfficeConverter.find()
    if converter is None:
        return Check(
            state=State.ADVICE,
            text=t("DOC, XLS, PPT and WPS: read in part only, LibreOffice is not installed"),
            mend=OFFICE,
        )
    try:
        await converter.convert(b"{\\rtf1 x}", "odt")
    except NotReadable as error:
        text = t("DOC, XLS, PPT and WPS: LibreOffice does not work ({error})", error=error.reason)
        return Check(state=State.ADVICE, text=text, mend=OFFICE)
    finally:
        converter.close()
    return Check(state=State.OK, text=t("DOC, XLS, PPT and WPS: LibreOffice is ready, confined"))


def _supervision(settings: Settings, t: Translator) -> Check:
    if settings.supervision.chat is None or not settings.supervision.people:
        return Check(
            state=State.MISSING,
            text=t("Supervisors: no chat or no people are set, so nobody hears of cases."),
            mend=t(
                "Send /id to the bot in the supervisors' chat and in private, and put the numbers into [supervision] of {path}."
            ).format(path=settings.config),
        )
    count = len(settings.supervision.people)
    return Check(state=State.OK, text=t("Supervisors: {count} people", count=count))


def _redis(settings: Settings, t: Translator) -> Check:
    if settings.redis_url is None:
        return Check(state=State.OK, text=t("Redis: not needed, everything runs in one process"))
    return Check(
        state=State.ADVICE,
        text=t("Redis: an address is set, and not used yet; everything runs in one process"),
    )


async def _platform(settings: Settings, t: Translator) -> AsyncIterator[Check]:
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
                text=t("Telegram: cannot be reached ({error})", error=error.code),
                mend=t("Check the network and SHOUKOU_API_URL."),
            )
            return
        yield Check(state=State.OK, text=t("Telegram: connected as @{name}", name=me.username))
        if not me.can_read_all_group_messages:
            yield Check(
                state=State.ADVICE,
                text=t("Privacy mode is on: the bot sees all messages only as an administrator."),
                mend=t(
                    "Make it an administrator in each group, or turn privacy mode off: @BotFather → /setprivacy → Disable."
                ),
            )
        actor = TelegramActor(bot, request)
        chats = [g.id for g in settings.groups]
        for chat_id in chats:
            yield await _group(t, actor, chat_id)


async def _group(t: Translator, actor: TelegramActor, chat_id: int) -> Check:
    try:
        missing = rights_missing(t, await actor.rights(chat_id))
    except PlatformError as error:
        missing = [t("the platform refuses to answer ({error})", error=error.code)]
    if missing:
        text = t("Group {chat_id}: not fully protected", chat_id=chat_id)
        return Check(state=State.MISSING, text=text, mend=" ".join(missing))
    return Check(state=State.OK, text=t("Group {chat_id}: protected", chat_id=chat_id))
