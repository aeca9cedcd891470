"""`backup` and `restore`: the database in one file. The keys are kept apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.i18n import Catalogs
from bot.settings import load_settings
from bot.store import backup as copies


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="A file that does not exist yet")],
    ) -> None:
        """Copy the database into FILE, while the bot goes on. Back the keys up elsewhere."""
        settings = load_settings()
        t = Catalogs.load(settings.resource("locales"), settings.language).get()
        copies.backup(settings.database, file)
        typer.echo(t("The database is in {file}.", file=file))
        typer.echo(
            t("Without the keys in {keys} it cannot be read: back them up too, elsewhere.").format(
                keys=settings.keys_folder
            )
        )

    @app.command()
    def restore(file: Annotated[Path, typer.Argument(help="A file made by backup")]) -> None:
        """Fill an empty database from FILE. The bot must not be running."""
        settings = load_settings()
        t = Catalogs.load(settings.resource("locales"), settings.language).get()
        copies.restore(settings.database, file)
        typer.echo(t("The database was restored from {file}.", file=file))
