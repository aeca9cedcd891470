"""Upgrade the tables to the newest schema at the start."""

from __future__ import annotations

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

# The newest revision in migrations/versions. With this constant an ordinary start needs one query
# and does not load Alembic. A test compares it with the folder.
HEAD = "0003"


def is_current(connection: Connection) -> bool:
    """Return True if the tables have the newest schema."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
