"""The commands; `python -m bot …` or the installed script `shoukou …`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator

import typer

from bot.commands import backup, check, doctor, policy, run
from bot.detect.media.starting import StartingMedia
from bot.errors import ConfigurationError
from bot.i18n import Catalogs, Translator, best_language
from bot.ports import MediaReader
from bot.settings import CONFIG_FOLDER, Settings, load_settings

app = typer.Typer(
    help="Keeps an organisation's own confidential material out of its chat groups.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@contextlib.asynccontextmanager
async def _media(settings: Settings) -> AsyncIterator[MediaReader]:
    media = StartingMedia(engine=settings.ocr_engine, workers=settings.ocr_workers)
    try:
        yield media
    finally:
        await media.close()


run.register(app)
check.register(app, _media)
doctor.register(app)
policy.register(app, _media)
backup.register(app)


def _translator() -> Translator:
    """Return the words of the language set; where settings cannot be read, of the environment's."""
    try:
        settings = load_settings()
        return Catalogs.load(settings.resource("locales"), settings.language).get()
    except ConfigurationError:
        given = os.environ.get("SHOUKOU_LANGUAGE") or os.environ.get("LANG", "")
        language = best_language(given, "zh-CN")
        return Catalogs.load(CONFIG_FOLDER / "locales", language).get()


def main() -> None:
    """Run a command; a wrong setting is one clear line, never a traceback."""
    try:
        app()
    except ConfigurationError as error:
        typer.echo(f"✗ {error.told(_translator())}", err=True)
        raise SystemExit(2) from None
