"""The commands; `python -m bot …` or the installed script `shoukou …`."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import AsyncIterator, Mapping

import typer

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.errors import ConfigurationError
from bot.i18n import Catalogs, Translator, best_language
from bot.ports import MediaReader
from bot.settings import CONFIG_FOLDER, Settings, load_settings

_MODULES: Mapping[str, str] = {
    **dict.fromkeys(("run", "rehearse"), "run"),
    "check": "check",
    "doctor": "doctor",
    "init": "init",
    "policy": "policy",
    **dict.fromkeys(("backup", "restore"), "backup"),
    "rotate-keys": "rotate_keys",
}
_READING = ("check", "policy")


@contextlib.asynccontextmanager
async def _media(settings: Settings) -> AsyncIterator[MediaReader]:
    media = StartingMedia(engine=settings.ocr_engine, workers=settings.ocr_workers)
    try:
        yield media
    finally:
        await media.close()


def commands(named: str | None = None) -> typer.Typer:
    """Return the command named, or all when there is none of that name.

    A check of one picture must not wait for the libraries of the platform and the database.
    """
    app = typer.Typer(
        help="Keeps an organisation's own confidential material out of its chat groups.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    # With a callback, a single command still has to be named.
    app.callback()(lambda: None)
    only = _MODULES.get(named or "")
    chosen = (only,) if only else tuple(dict.fromkeys(_MODULES.values()))
    for name in chosen:
        module = importlib.import_module(f"bot.commands.{name}")
        if name in _READING:
            module.register(app, _media)
        else:
            module.register(app)
    return app


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
        commands(sys.argv[1] if len(sys.argv) > 1 else None)()
    except ConfigurationError as error:
        typer.echo(f"✗ {error.in_one_line(_translator())}", err=True)
        raise SystemExit(2) from None
