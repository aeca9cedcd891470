"""`init`: write a commented folder of settings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ConfigurationError
from bot.i18n import Catalogs
from bot.settings import CONFIG_FOLDER, load_settings

# Packs are left out on purpose: a copy would no longer get the rules of later versions.
_FILES = ("shoukou.toml", "policies.toml")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def init(
        folder: Annotated[Path, typer.Argument(help="Folder to write to")] = Path("config"),
    ) -> None:
        """Write commented settings and policies; files that exist are never overwritten."""
        settings = load_settings()
        t = Catalogs.load(settings.resource("locales"), settings.language).get()
        for name in _FILES:
            if (folder / name).exists():
                raise ConfigurationError(
                    "the file exists already",
                    where=str(folder / name),
                    mend="name another folder: shoukou init FOLDER",
                )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in _FILES:
                shutil.copyfile(CONFIG_FOLDER / name, folder / name)
                typer.echo(t("Written: {path}", path=folder / name))
        except OSError as error:
            raise ConfigurationError(
                "cannot be written: {error}", where=str(folder), error=error.strerror
            ) from None
        typer.echo(t("Next: edit it, then run: shoukou doctor"))
