"""`run`: the bot. `rehearse`: the same on a local stand-in for the platform."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Collection
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvloop
from pydantic import SecretStr

from bot.app import build
from bot.errors import ConfigurationError
from bot.health.logs import formatter
from bot.i18n import LANGUAGES, Catalogs, Language
from bot.runtime.program import App
from bot.settings import MAX_PORT, PARTS, Part, Settings, load_settings
from rehearsal import sample_day
from rehearsal.server import RehearsalServer


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def run(
        or_rehearse: Annotated[
            bool, typer.Option(help="Without a token, start the rehearsal instead.")
        ] = False,
        only: Annotated[
            str, typer.Option(help="Only these parts, with commas: feed, worker, console.")
        ] = "",
    ) -> None:
        """Run the bot."""
        settings = load_settings()
        if settings.token is None and or_rehearse:
            t = Catalogs.load(settings.resource("locales"), settings.language).get()
            typer.echo(
                t("No token is set, so this is the rehearsal: the product without Telegram.")
            )
            typer.echo(
                t("With SHOUKOU_TOKEN set (from @BotFather), the same command runs on Telegram.")
            )
            _rehearse(settings.language, 8081)
            return
        _set_up_logging(form=settings.log_format)
        settings.required_token  # noqa: B018
        _run(_run_bot(settings, _parts(only)))

    @app.command()
    def rehearse(
        language: Annotated[str, typer.Option(help="zh-CN or en")] = "",
        port: Annotated[int, typer.Option(help="Port of the web chat; 0: any free one")] = 8081,
    ) -> None:
        """Try the product on a local stand-in for the platform: no token, no network."""
        _rehearse(language, port)


def _parts(only: str) -> list[Part]:
    """Return the parts named in a list with commas; all of them when it is empty."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    chosen = [part for part in PARTS if part in names]
    if len(chosen) < len(set(names)):
        raise ConfigurationError(
            "there is no such part",
            where=f"--only {only}",
            mend="choose among feed, worker and console",
        )
    return chosen or list(PARTS)


def _rehearse(language: str, port: int) -> None:
    chosen = language or load_settings().language
    known = next((known for known in LANGUAGES if known == chosen), None)
    if known is None:
        raise ConfigurationError(
            "there is no language “{name}”", mend="choose zh-CN or en", name=chosen
        )
    if not 0 <= port <= MAX_PORT:
        raise ConfigurationError(
            "there is no such port", where=f"--port {port}", mend="choose 0 to 65535"
        )
    _set_up_logging(level=logging.WARNING)
    _run(_run_rehearsal(known, port))


def _run(main: Awaitable[None]) -> None:
    async def stoppable() -> None:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(stoppable())
    except* ConfigurationError as group:
        raise _first(group) from None


def _first(error: BaseException) -> BaseException:
    """Return the first fault of a group, in which others may be nested."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _run_bot(settings: Settings, parts: Collection[Part]) -> None:
    async with build(settings, parts=parts) as app:
        # Tables and rules stay for ever: the collector need not walk through them again.
        gc.collect()
        gc.freeze()
        await app.run()


async def _run_rehearsal(language: Language, port: int) -> None:
    async with rehearsal(language, port) as (server, app):
        t = Catalogs.load(app.settings.resource("locales"), language).get()
        typer.echo("")
        typer.echo(t("The rehearsal is ready. Open this address in a browser:"))
        typer.echo(f"    {server.url}/")
        typer.echo(t("Press “Play a sample day” there. Ctrl+C ends it."))
        await app.run()


@contextlib.asynccontextmanager
async def rehearsal(
    language: Language, port: int = 0
) -> AsyncIterator[tuple[RehearsalServer, App]]:
    """Start the stand-in and build the bot on it; what they keep is thrown away at the end."""
    server = RehearsalServer(language=language, sample_day=sample_day.play)
    try:
        await server.start(port=port)
    except OSError:
        await server.start(port=0)
    try:
        with tempfile.TemporaryDirectory(prefix="shoukou-rehearsal-") as data:
            async with build(_rehearsal_settings(language, server, Path(data))) as app:
                yield server, app
    finally:
        await server.stop()


def _rehearsal_settings(language: Language, server: RehearsalServer, data: Path) -> Settings:
    settings = load_settings(load_settings().resource("rehearsal.toml"))
    names = {person.id: person.name for person in server.world.people.values()}
    supervisors = tuple(
        person.model_copy(update={"name": names.get(person.id, person.name)})
        for person in settings.supervision.people
    )
    return settings.model_copy(
        update={
            "language": language,
            "supervision": settings.supervision.model_copy(update={"people": supervisors}),
            "token": SecretStr(server.token),
            "api_url": server.url,
            "data": data,
            "database_url": None,
            "keys": None,
            "webhook_url": None,
            "console": "127.0.0.1:0",
        }
    )


def _set_up_logging(level: int = logging.INFO, form: Literal["text", "json"] = "text") -> None:
    """Log ids only; the libraries' own lines can hold addresses with the token."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=level, handlers=[handler])
    for name in ("httpx", "httpcore", "telegram", "aiohttp", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
