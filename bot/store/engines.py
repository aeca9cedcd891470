"""The engines of SQLite and PostgreSQL: addresses, pools, pragmas and time limits."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import ConfigurationError
from bot.store import sqlite_connection

_PRAGMAS = (
    # Readers do not wait for the writer, and the writer not for them.
    "PRAGMA journal_mode=WAL",
    # An update is confirmed to the platform after its commit, so a commit must outlive a power cut;
    # with NORMAL, WAL may lose the last ones.
    "PRAGMA synchronous=FULL",
    # Erased payloads and evidence are overwritten, and do not stay in free pages of the file.
    "PRAGMA secure_delete=ON",
    # SQLite leaves them unchecked by default.
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={sqlite_connection.PATIENCE_MS}",
    # Sorting spills into files in /tmp otherwise, which would hold content.
    "PRAGMA temp_store=MEMORY",
)
_READERS = 4
WRITERS, RESERVED = 8, 4
"""Concurrent transactions for the work in lanes; and for leases, receipts and decisions."""

IDLE = 2.0
"""Seconds after which a connection to PostgreSQL is tried before it is used."""

CONNECTING = 5
"""Seconds in which PostgreSQL has to answer."""

HANGING_MS = 10_000
"""Milliseconds after which PostgreSQL undoes a transaction whose program does nothing."""


def parse_address(url: str) -> URL:
    """Return a database's address; ConfigurationError for one that cannot be used."""
    try:
        address = make_url(url)
    except ArgumentError:
        # The address may hold a password, so it is not repeated.
        raise ConfigurationError("not a database address", where="database_url") from None
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise ConfigurationError("SQLite needs a file", where="database_url")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigurationError("only SQLite and PostgreSQL are supported", where="database_url")
    return address


def _waiting(address: URL) -> dict[str, Any]:
    """Return PostgreSQL's time limits: for connecting, and for a program that hangs.

    A transaction that a stopped program leaves open would keep others from acquiring its lease.
    """
    options = f"-c idle_in_transaction_session_timeout={HANGING_MS}"
    ours = {"connect_timeout": CONNECTING, "options": options}
    return {name: value for name, value in ours.items() if name not in address.query}


def postgresql_engines(address: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Make the engines of writers and readers.

    Their connections stay open, because opening one costs as much as many statements.
    """
    common: dict[str, Any] = {"max_overflow": 0, "connect_args": _waiting(address)}
    reading = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    writer = create_async_engine(address, pool_size=WRITERS + RESERVED, **common)
    reader = create_async_engine(address, pool_size=_READERS, **common, **reading)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "checkin", _used)
        event.listen(engine.sync_engine, "checkout", functools.partial(_look, engine.dialect))
    return writer, reader


def _used(connection: Any, record: Any) -> None:
    record.info["used"] = monotonic()


def _look(dialect: Dialect, connection: Any, record: Any, fairy: object) -> None:
    """Make the pool open a new connection in place of an idle one that is dead.

    A connection that was just in use is not tested: the test costs as much as a statement.
    """
    if monotonic() - record.info.get("used", monotonic()) < IDLE:
        return
    try:
        dialect.do_ping(connection)
    except Exception as error:
        raise DisconnectionError from error


def create_private(address: URL) -> None:
    """Create SQLite's file, readable by its owner alone, before SQLite would with the umask."""
    path = Path(address.database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            os.fchmod(descriptor, 0o600)  # an existing file keeps the mode with which it came
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigurationError(
            "cannot create the database: {error}", where=str(path), error=error.strerror
        ) from None


def sqlite_engines(address: URL) -> tuple[AsyncEngine, AsyncEngine, AsyncEngine]:
    """Make the engines of the writer, of readers, and of look-ups.

    Look-ups of few rows run in the event loop's thread: crossing into another takes longer.
    """
    common: dict[str, Any] = {"max_overflow": 0, "pool_reset_on_return": None}
    prompt = {"connect_args": {"async_creator_fn": sqlite_connection.connect_prompt}}
    in_thread = {"connect_args": {"async_creator_fn": sqlite_connection.connect}}
    reading = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    writer = create_async_engine(address, pool_size=1, **common, **prompt)
    reader = create_async_engine(address, pool_size=_READERS, **common, **in_thread, **reading)
    finder = create_async_engine(address, pool_size=_READERS, **common, **prompt, **reading)
    for engine in (writer, reader, finder):
        event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    return writer, reader, finder


def _prepare(connection: Any, record: object) -> None:
    # The driver would begin deferred transactions: two that read and then write at once fail with
    # SQLITE_BUSY. BEGIN IMMEDIATE waits instead.

    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite_connection.QuickConnection)
    driver.begin_immediate()
