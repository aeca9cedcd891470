from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from bot.errors import ConfigurationError
from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.key_values import KeyValues
from bot.store.keys import Keys
from bot.store.schema_upgrade import HEAD
from bot.store.tables import metadata

from .conftest import sqlite_only
from .rows import received


async def test_migrations_make_the_tables_as_they_are_defined(db: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with db.read() as connection:
        assert await connection.run_sync(differences) == []


def test_head_constant_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_opening_again_is_quick_and_keeps_what_is_there(url: str) -> None:
    database = await Database.open(url)
    await KeyValues(database).put(None, "last-poll", {"at": 7})
    await database.close()
    start = time.perf_counter()
    database = await Database.open(url)
    assert time.perf_counter() - start < 0.15
    assert await KeyValues(database).get("last-poll") == {"at": 7}
    await database.close()


def test_opening_again_does_not_load_alembic(new_url: str) -> None:
    program = (
        "import asyncio, sys; from bot.store.database import Database\n"
        "async def main(): await (await Database.open(sys.argv[1])).close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", program, new_url], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert answers == ["True", "False"]


async def test_an_interrupted_migration_leaves_nothing(new_url: str, monkeypatch: Any) -> None:
    from bot.store import database as module

    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(module, "upgrade", half)
        with pytest.raises(RuntimeError):
            await Database.open(new_url)
    database = await Database.open(new_url)
    async with database.read() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert "half" not in names
    assert "inbox" in names
    await database.close()


@sqlite_only
async def test_database_files_are_private(db: Database, tmp_path: Path) -> None:
    await KeyValues(db).put(None, "a", 1)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    files = list((tmp_path / "data").iterdir())
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert len(files) == 3  # the file, its log and the log's index


@sqlite_only
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
async def test_every_connection_is_set_up(db: Database, pragma: str, value: object) -> None:
    async with db.write() as tx, db.read() as connection:
        for each in (tx, connection):
            assert (await each.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == value


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://root:hunter2@db/x",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
    ],
)
async def test_bad_addresses_are_explained_without_their_password(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await Database.open(address)
    assert "hunter2" not in str(caught.value)


async def test_error_rolls_the_transaction_back(db: Database) -> None:
    facts = KeyValues(db)
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await facts.put(tx, "a", 1)
            assert await facts.get("a") is None
            raise RuntimeError
    assert await facts.get("a") is None
    await facts.put(None, "a", 2)
    assert await facts.get("a") == 2


async def test_many_writers_and_readers_never_find_it_locked(db: Database) -> None:
    facts = KeyValues(db)

    async def one(number: int) -> None:
        await facts.put(None, f"key-{number % 5}", number)
        await facts.get("key-0")

    await asyncio.gather(*(one(n) for n in range(100)))


async def test_cancelled_transactions_leave_nothing_and_block_nobody(db: Database) -> None:
    facts = KeyValues(db)

    async def slow() -> None:
        async with db.write() as tx:
            await facts.put(tx, "cancelled", 1)
            await asyncio.sleep(10)

    async def quick(number: int) -> None:
        await facts.put(None, f"k{number}", number)

    for number in range(30):
        task = asyncio.create_task(slow() if number % 2 else quick(number))
        await asyncio.sleep(0.001 * (number % 4))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await facts.put(None, "after", 1)
    assert await facts.get("after") == 1
    assert await facts.get("cancelled") is None


async def test_nested_transaction_is_an_error_and_does_not_deadlock(
    db: Database,
) -> None:
    facts = KeyValues(db)
    async with db.write() as tx:
        with pytest.raises(RuntimeError, match="open already"):
            await facts.put(None, "inner", 1)
        await facts.put(tx, "outer", 1)
    assert (await facts.get("inner"), await facts.get("outer")) == (None, 1)


@sqlite_only
async def test_existing_file_becomes_private(url: str, tmp_path: Path) -> None:
    path = tmp_path / "data" / "test.db"
    path.parent.mkdir()
    path.touch(0o644)
    await (await Database.open(url)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_postgresql_gets_its_own_types() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made = {t.name: str(CreateTable(t).compile(dialect=dialect)) for t in metadata.sorted_tables}
    assert "id BIGSERIAL NOT NULL" in made["inbox"]
    assert "update_id BIGINT NOT NULL" in made["inbox"]
    assert "payload BYTEA" in made["inbox"]
    assert not any("AUTOINCREMENT" in each for each in made.values())


async def test_a_statement_that_fails_leaves_the_connection_usable(db: Database) -> None:
    with pytest.raises(DBAPIError):
        async with db.write() as tx:
            await tx.execute(text("SELECT * FROM nowhere"))
    await KeyValues(db).put(None, "a", 1)


_COMMITS = """
import asyncio, sys
from pathlib import Path
from bot.ports import Received
from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.keys import Keys

async def main():
    inbox = Inbox(await Database.open(sys.argv[1]), Keys.load(Path(sys.argv[2])).cipher)
    for start in range(0, 1_000_000, 20):
        await inbox.add([
            Received(platform="telegram", update_id=start + i, payload=b"x" * 500)
            for i in range(20)
        ])
        print(start + 20, flush=True)

asyncio.run(main())
"""


def _commit_until_killed(url: str, keys: Path) -> int:
    """Return how many rows the process had confirmed when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMITS, url, str(keys)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(15):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    confirmed = [int(line) for line in process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    return max([15 * 20, *confirmed])


async def test_kill_between_commits_loses_no_confirmed_row(url: str, tmp_path: Path) -> None:
    confirmed = await asyncio.to_thread(_commit_until_killed, url, tmp_path / "keys")
    database = await Database.open(url)
    rows = await Inbox(database, Keys.load(tmp_path / "keys").cipher).undecided(limit=100_000)
    if url.startswith("sqlite"):
        async with database.read() as connection:
            check = await connection.exec_driver_sql("PRAGMA integrity_check")
            assert check.scalar() == "ok"
    await database.close()
    assert [row.update_id for row in rows] == list(range(len(rows)))
    assert len(rows) >= confirmed
    assert len(rows) % 20 == 0


@sqlite_only
async def test_a_checkpoint_empties_the_log(db: Database, keys: Keys, tmp_path: Path) -> None:
    await Inbox(db, keys.cipher).add([received()])
    log = tmp_path / "data" / "test.db-wal"
    assert log.stat().st_size > 0
    assert await db.checkpoint()
    assert log.stat().st_size == 0
