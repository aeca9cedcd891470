"""`rotate-keys`: new keys for what is sealed from now on."""

from __future__ import annotations

import typer

from bot.i18n import Catalogs
from bot.settings import load_settings
from bot.store.keys import Keys


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("rotate-keys")
    def rotate_keys() -> None:
        """Make new keys; the old ones stay beside them, for what they sealed."""
        settings = load_settings()
        t = Catalogs.load(settings.resource("locales"), settings.language).get()
        for old in Keys.rotate(settings.keys_folder):
            typer.echo(t("There is a new key; the one before it is {file}.", file=old))
        typer.echo(
            t(
                "Copy {keys} to every machine, start the bot again, and back it up.",
                keys=settings.keys_folder,
            )
        )
