from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.store.backup import backup, restore
from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.keys import Keys

from .conftest import sqlite_only
from .rows import received


@pytest.fixture
def other_url(engine: str, new_url: str) -> str:
    """A second database, into which nothing was put yet."""
    return new_url if engine == "postgresql" else new_url.replace("test.db", "other.db")


async def test_backup_made_while_the_bot_runs_restores_everything(
    db: Database, url: str, other_url: str, keys: Keys, tmp_path: Path
) -> None:
    inbox = Inbox(db, keys.cipher)
    rows = await inbox.add([received(n, payload=bytes([n])) for n in range(5)])
    file = tmp_path / "copy"
    backup(url, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await inbox.add([received(9)])

    restore(other_url, file)
    database = await Database.open(other_url)
    restored = Inbox(database, keys.cipher)
    assert await restored.undecided() == rows
    assert len(await restored.add([received(2), received(10)])) == 1
    await database.close()


async def test_restore_and_backup_do_not_overwrite_existing_files(
    db: Database, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    backup(url, file)
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="cannot write"):
        backup(url, file)
    assert file.read_bytes() == before
    with pytest.raises(ConfigurationError, match="there is a database already"):
        restore(url, file)


def test_restoring_a_file_that_is_no_backup_leaves_no_database(
    engine: str, other_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    with pytest.raises(ConfigurationError, match="does not exist"):
        restore(other_url, file)
    file.write_bytes(b"nonsense " * 1000)
    with pytest.raises(ConfigurationError):
        restore(other_url, file)
    if engine == "sqlite":
        assert list((tmp_path / "data").iterdir()) == []


@sqlite_only
def test_backup_without_a_database_fails(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        backup(url, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
