"""Back the whole database up into one file, and restore it: SQLite and PostgreSQL.

The keys are not in the file; without them the sealed columns of a copy cannot be opened.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url

from bot.errors import ConfigurationError


def backup(url: str, file: Path) -> None:
    """Write the database into a new file (0600); the bot may keep running.

    Raises ConfigurationError when the file exists already or the copy fails.
    """
    address = make_url(url)
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise ConfigurationError(
            "cannot write the backup: {error}", where=str(file), error=error.strerror
        ) from None
    try:
        if address.get_backend_name() == "sqlite":
            _copy(Path(address.database or ""), file)
        else:
            _run("pg_dump", ["--format=custom", "--no-owner", f"--file={file}"], address, file)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def restore(url: str, file: Path) -> None:
    """Fill an absent or empty database from a backup; the bot must not be running.

    Raises ConfigurationError if a database exists already, or if the file is no backup.
    """
    address = make_url(url)
    if not file.is_file():
        raise ConfigurationError("the file does not exist", where=str(file))
    if address.get_backend_name() == "sqlite":
        _restore_sqlite(Path(address.database or ""), file)
        return
    engine = create_engine(address)
    try:
        if inspect(engine).get_table_names():
            raise _occupied("database_url")
    finally:
        engine.dispose()
    arguments = ["--no-owner", "--exit-on-error", "--single-transaction", str(file)]
    _run("pg_restore", [f"--dbname={address.database}", *arguments], address, file)


def _restore_sqlite(database: Path, file: Path) -> None:
    if database.exists():
        raise _occupied(str(database))
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = database.with_name(f"{database.name}.restoring")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _copy(file, part)
        part.rename(database)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy an SQLite database through its backup interface, which includes the WAL; check it."""
    if not source.is_file():
        raise ConfigurationError("the file does not exist", where=str(source))
    try:
        with _opened(source) as given, _opened(target) as made:
            # In steps, so that the bot can write in between.
            given.backup(made, pages=1000, sleep=0.01)
            # The copy would inherit WAL, and then need two more files beside it.
            made.execute("PRAGMA journal_mode=DELETE")
            whole = made.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            known = made.execute("SELECT 1 FROM sqlite_master WHERE name = 'inbox'").fetchone()
    except sqlite3.Error:
        whole, known = False, None
    if not whole or known is None:
        raise ConfigurationError("this is no whole database of Shoukou", where=str(source))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def _run(program: str, arguments: list[str], address: URL, file: Path) -> None:
    """Run one of PostgreSQL's programs.

    The password is passed in the environment, because other users can see a process's arguments.
    """
    host = address.host or address.query.get("host") or ""
    given = {
        "PGHOST": host if isinstance(host, str) else host[0],
        "PGPORT": str(address.port or ""),
        "PGUSER": address.username or "",
        "PGPASSWORD": address.password or "",
        "PGDATABASE": address.database or "",
    }
    environment = os.environ | {name: value for name, value in given.items() if value}
    try:
        done = subprocess.run([program, *arguments], env=environment, capture_output=True)
    except FileNotFoundError:
        raise ConfigurationError(
            "{program} is not installed",
            mend="sudo apt-get install -y postgresql-client",
            program=program,
        ) from None
    if done.returncode != 0:
        # The program's own message may name tables, users or hosts, so it is not repeated.
        raise ConfigurationError(
            "{program} did not succeed ({status})",
            where=str(file),
            program=program,
            status=done.returncode,
        )


def _occupied(where: str) -> ConfigurationError:
    return ConfigurationError(
        "there is a database already", where=where, mend="move it away first, or use an empty one"
    )
