"""Databases of earlier versions are upgraded with their waiting rows."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.database import Database
from bot.store.lanes import NO_LANE, lane_of

CHATS = (-1001000000002, -1001000000003, None)
_INBOX = (
    "INSERT INTO inbox (platform, update_id, chat_id, received_at, attempts, decided_at) "
    "VALUES ('telegram', :update_id, :chat_id, 0, 0, :decided_at)"
)
_EFFECT = (
    "INSERT INTO effects (key, kind, chat_id, status, attempts, planned_at, finished_at) "
    "VALUES (:key, 'delete', :chat_id, 'planned', 0, 0, :finished_at)"
)


def _to_first(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


async def _rows(database: Database, query: str) -> list[Any]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_migration_assigns_lanes_to_waiting_rows(new_url: str, tmp_path: object) -> None:
    if new_url.startswith("sqlite"):
        (tmp_path / "data").mkdir()  # type: ignore[operator,attr-defined]
    engine = create_async_engine(new_url)
    async with engine.begin() as connection:
        await connection.run_sync(_to_first)
        for number, chat in enumerate(CHATS):
            values = {"update_id": number, "chat_id": chat, "decided_at": None}
            await connection.execute(text(_INBOX), values)
        done = {"update_id": 9, "chat_id": CHATS[0], "decided_at": 1}
        await connection.execute(text(_INBOX), done)
        for key, finished in (("open", None), ("over", 1)):
            values = {"key": key, "chat_id": CHATS[0], "finished_at": finished}
            await connection.execute(text(_EFFECT), values)
    await engine.dispose()
    database = await Database.open(new_url)
    found = await _rows(database, "SELECT lane FROM inbox WHERE decided_at IS NULL ORDER BY id")
    assert found == [(lane_of(chat),) for chat in CHATS]
    found = await _rows(database, "SELECT key, lane FROM effects ORDER BY key")
    assert found == [("open", lane_of(CHATS[0])), ("over", NO_LANE)]
    await database.close()
