"""`doctor`: report missing parts and how to mend each."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator

import typer
from rich.console import Console

from bot.commands.doctor_platform import Check, State, platform_checks
from bot.detect.media.files.office_conversion import OfficeConverter
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import (
    ConfigurationError,
    NotReadable,
    ShoukouError,
)
from bot.i18n import Catalogs, Translator
from bot.judging.active_rules import load_active_rules
from bot.policy.allow_list_file import load_allow_list
from bot.policy.keyword_files.child_process import read_terms_apart
from bot.runtime.processes import shared_redis
from bot.settings import Settings, load_settings
from bot.store.store import Store

OFFICE = (
    "sudo apt-get install -y --no-install-recommends "
    "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
)

REDIS_PATIENCE = 5.0
"""Seconds to wait for Redis; its client would try again for ever."""


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
    for name, look in (
        (t("Rules and policies"), _rules),
        (t("Lists of terms"), _lists),
        (t("Database"), _database),
        (t("Keys"), _keys),
        (t("Pictures"), _ocr),
        (t("Documents"), _office),
        (t("Supervisors"), _supervision),
        ("Redis", _redis),
        ("Telegram", platform_checks),
    ):
        try:
            async for check in look(settings, t):
                yield check
        except ConfigurationError as error:
            yield Check(state=State.MISSING, text=f"{name}: {error.in_one_line(t)}")
        except Exception as error:
            # One part that fails in an unforeseen way must not hide the state of the others.
            text = t("{name}: cannot be examined ({error})", name=name, error=type(error).__name__)
            yield Check(state=State.MISSING, text=text)


async def _rules(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    try:
        active = load_active_rules(settings)
    except ConfigurationError as error:
        yield Check(
            state=State.MISSING,
            text=t("Rules and policies: {error}", error=error.in_one_line(t)),
            mend=t("Then check with: python -m bot policy check"),
        )
        return
    rules = sum(len(p.rules) for p in active.packs.by_name.values())
    yield Check(
        state=State.OK,
        text=t("Rules: {rules} in {packs} packs; policies: {policies}").format(
            rules=rules, packs=len(active.packs.by_name), policies=", ".join(active.policies)
        ),
    )


async def _lists(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    load_allow_list(settings.allow_list)
    terms = 0
    for path in settings.keyword_files.values():
        try:
            terms += len(read_terms_apart(path.absolute()))
        except ConfigurationError as error:
            yield Check(
                state=State.MISSING, text=t("Lists of terms: {error}", error=error.in_one_line(t))
            )
    if terms:
        text = t("Lists of terms: {terms} terms in {files} files").format(
            terms=terms, files=len(settings.keyword_files)
        )
        yield Check(state=State.OK, text=text)


async def _database(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    try:
        store = await Store.open(settings.database, settings.keys_folder)
    except ConfigurationError as error:
        yield Check(state=State.MISSING, text=t("Database: {error}", error=error.in_one_line(t)))
        return
    except Exception as error:
        yield Check(
            state=State.MISSING,
            text=t("Database: it does not open ({error})", error=type(error).__name__),
            mend=t("Check SHOUKOU_DATABASE_URL and that its server runs."),
        )
        return
    await store.close()
    # The address may hold a password, so only what kind of database it is gets shown.
    kind = "SQLite" if settings.is_embedded else "PostgreSQL"
    yield Check(state=State.OK, text=t("Database: {kind}, ready", kind=kind))


async def _keys(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    if settings.keys is None:
        yield Check(
            state=State.ADVICE,
            text=t("Keys: they lie beside the data they protect ({path})").format(
                path=settings.keys_folder
            ),
            mend=t("For real use set SHOUKOU_KEYS to a folder on another disk or in a safe place."),
        )
        return
    mode = stat.S_IMODE(settings.keys.stat().st_mode) if settings.keys.is_dir() else 0o700
    yield Check(state=State.OK, text=t("Keys: in a place of their own, mode {mode:o}", mode=mode))


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


async def _office(_settings: Settings, t: Translator) -> AsyncIterator[Check]:
    converter = OfficeConverter.find()
    if converter is None:
        yield Check(
            state=State.ADVICE,
            text=t("DOC, XLS, PPT and WPS: read in part only, LibreOffice is not installed"),
            mend=OFFICE,
        )
        return
    try:
        await converter.convert(b"{\\rtf1 x}", "odt")
    except NotReadable as error:
        text = t("DOC, XLS, PPT and WPS: LibreOffice does not work ({error})", error=error.reason)
        yield Check(state=State.ADVICE, text=text, mend=OFFICE)
        return
    finally:
        converter.close()
    yield Check(state=State.OK, text=t("DOC, XLS, PPT and WPS: LibreOffice is ready, confined"))


async def _supervision(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    people = settings.supervision.people
    reviewers = sum("reviewer" in person.roles for person in people)
    set_up = t(
        "Send /id to the bot in the supervisors' chat and in private, and put the numbers into [supervision] of {path}."
    ).format(path=settings.config)
    if settings.supervision.chat is None:
        text = t("Supervisors: no chat is set, so nobody hears of cases.")
        yield Check(state=State.MISSING, text=text, mend=set_up)
    if not reviewers:
        text = t("Supervisors: nobody has the role reviewer, so nobody can decide cases.")
        yield Check(state=State.MISSING, text=text, mend=set_up)
    if settings.supervision.chat is not None and reviewers:
        yield Check(state=State.OK, text=t("Supervisors: {count} people", count=len(people)))


async def _redis(settings: Settings, t: Translator) -> AsyncIterator[Check]:
    url = shared_redis(settings)
    if url is None:
        yield Check(state=State.OK, text=t("Redis: not needed, everything runs in one process"))
        return
    from bot.workers.redis_wakeups import open_redis  # most set-ups do without it

    client = open_redis(url)
    try:
        async with asyncio.timeout(REDIS_PATIENCE):
            await client.ping()
    except Exception as error:
        yield Check(
            state=State.MISSING,
            text=t("Redis: cannot be reached ({error})", error=type(error).__name__),
            mend=t("Check SHOUKOU_REDIS_URL and that its server runs."),
        )
    else:
        yield Check(state=State.OK, text=t("Redis: connected"))
    finally:
        await client.aclose()
