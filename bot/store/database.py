"""One database, opened by its address: SQLite by default, PostgreSQL to scale out."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Table, bindparam, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import ConfigurationError, LeaseLost
from bot.store import connection_failures, lanes, sqlite_connection
from bot.store.lanes import NO_LANE, Claim
from bot.store.schema_upgrade import is_current, upgrade
from bot.store.tables import leases

Tx = AsyncConnection
Clock = Callable[[], datetime]

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={sqlite_connection.PATIENCE_MS}",
    "PRAGMA temp_store=MEMORY",
)
_READERS = 4
WRITERS, RESERVED = 8, 4
"""Transactions at once for what is worked on in lanes; and for leases, receipts and decisions."""

IDLE = 2.0
"""Seconds after which a connection to PostgreSQL is tried before it is used."""

CONNECTING = 5
"""Seconds in which PostgreSQL has to answer."""

HANGING_MS = 10_000
"""Milliseconds after which PostgreSQL undoes a transaction whose program does nothing."""


# Built once: building costs more than running it.
_held = (
    select(leases.c.name)
    .where(leases.c.name == bindparam("name"), leases.c.token == bindparam("token"))
    .with_for_update(read=True, key_share=True)
)


def utc_now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(UTC)


def upsert(dialect: str, table: Table) -> Any:
    """Return an INSERT of the engine's own dialect, which has ``on_conflict_do_…``."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def serialise(tx: Tx, name: str) -> None:
    """Let only one transaction at a time past this point; on SQLite every one already waits."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


async def holding(tx: Tx, names: Collection[Claim]) -> set[Claim]:
    """Return the claims that hold, and go on to until the transaction's end."""
    query = (
        select(leases.c.name, leases.c.token)
        .where(leases.c.name.in_([claim.name for claim in names]))
        .order_by(leases.c.name)
        .with_for_update(read=True, key_share=True)
    )
    held = {Claim(row.name, row.token) for row in await tx.execute(query)}
    return {claim for claim in names if claim.token == 0 or claim in held}


class Database:
    """Gives out transactions and readers. Made by `Database.open`; close it at the end."""

    def __init__(
        self, writer: AsyncEngine, reader: AsyncEngine, finder: AsyncEngine, clock: Clock
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._finder = finder
        self._is_sqlite = writer.dialect.name == "sqlite"
        self._lock = asyncio.Lock()
        self._turns = asyncio.Semaphore(WRITERS)
        self._owners: set[asyncio.Task[Any] | None] = set()
        self.now = clock

    @classmethod
    async def open(cls, url: str, *, clock: Clock = utc_now) -> Database:
        """Connect, and bring the tables up to date; ConfigurationError for a bad address."""
        address = _parse(url)
        if address.get_backend_name() == "sqlite":
            _create_private(address)
            database = cls(*_sqlite_engines(address), clock)
        else:
            writer, reader = _postgresql_engines(address)
            database = cls(writer, reader, reader, clock)
        try:
            await database._migrate()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Wait for the open transaction, fold the log into the file and disconnect."""
        async with self._lock:
            await self._finder.dispose()
            await self._reader.dispose()
            await self._writer.dispose()

    @property
    def is_sole(self) -> bool:
        """Return True for a file, which one process alone writes; see `bot.store.file_lock`."""
        return self._is_sqlite

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """Open a transaction, committed at the end and rolled back when an error passes.

        On SQLite there is one writer, which others wait for. RuntimeError when the task has a
        transaction open already: hand that one on, instead of waiting for oneself. LeaseLost
        when the task works for a claim that does not hold any more. DatabaseAway.
        """
        owner = asyncio.current_task()
        if owner in self._owners:
            raise RuntimeError("this task has a transaction open already")
        async with self._turn():
            self._owners.add(owner)
            try:
                with connection_failures.named():
                    async with self._writer.begin() as tx:
                        await _fence(tx)
                        yield tx
            finally:
                self._owners.discard(owner)

    def _turn(self) -> AbstractAsyncContextManager[Any]:
        """Let what belongs to a lane wait its turn, so that leases never wait behind it."""
        if self._is_sqlite:
            return self._lock
        return self._turns if lanes.current_lane() != NO_LANE else contextlib.nullcontext()

    @contextlib.asynccontextmanager
    async def within(self, tx: Tx | None) -> AsyncIterator[Tx]:
        """Use the caller's transaction, or open one of its own."""
        if tx is not None:
            yield tx
        else:
            async with self.write() as own:
                yield own

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection for reading what is committed; never waits for the writer."""
        with connection_failures.named():
            async with self._reader.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def look_up(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection for finding few rows by a key, which is quicker than `read`."""
        if not self._is_sqlite:
            async with self.read() as connection:
                yield connection
            return
        with connection_failures.named():
            connection = await self._finder.connect()
            try:
                yield connection
            finally:
                # The context manager would close it in a task, for which others would have a turn.
                await connection.close()

    async def checkpoint(self) -> bool:
        """Fold SQLite's log into the file and empty it, so that erased bytes are gone there too.

        Returns False when a reader was in the way: try again later.
        """
        if not self._is_sqlite:
            return True
        async with self._lock, self._reader.connect() as connection:
            result = await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return bool(result.one()[0] == 0)

    async def _migrate(self) -> None:
        async with self.read() as connection:
            if await connection.run_sync(is_current):
                return
        async with self.write() as tx:
            await serialise(tx, "migrations")
            await tx.run_sync(upgrade)


async def _fence(tx: Tx) -> None:
    """Refuse to write for a claim that does not hold any more."""
    claim = lanes.current()
    if claim is None or claim.token == 0:
        return
    found = await tx.execute(_held, {"name": claim.name, "token": claim.token})
    if found.one_or_none() is None:
        raise LeaseLost(claim.name)


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        # The address may hold a password: it is not repeated.
        raise ConfigurationError("not a database address", where="database_url") from None
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise ConfigurationError("SQLite needs a file", where="database_url")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigurationError("only SQLite and PostgreSQL are supported", where="database_url")
    return address


def _waiting(address: URL) -> dict[str, Any]:
    """Return PostgreSQL's time limits: for connecting, and for a program that hangs.

    A transaction that a dead or stopped program has left open keeps its lease from being taken.
    """
    options = f"-c idle_in_transaction_session_timeout={HANGING_MS}"
    ours = {"connect_timeout": CONNECTING, "options": options}
    return {name: value for name, value in ours.items() if name not in address.query}


def _postgresql_engines(address: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Make engines whose connections stay open: to open one costs as much as many statements."""
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
    """Have another connection opened when one that was idle is dead.

    One that was just in use is not asked: that would cost as much as what it is wanted for.
    """
    if monotonic() - record.info.get("used", monotonic()) < IDLE:
        return
    try:
        dialect.do_ping(connection)
    except Exception as error:
        raise DisconnectionError from error


def _create_private(address: URL) -> None:
    path = Path(address.database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            os.fchmod(descriptor, 0o600)  # it may have been put here by other means
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigurationError(
            "cannot create the database: {error}", where=str(path), error=error.strerror
        ) from None


def _sqlite_engines(address: URL) -> tuple[AsyncEngine, AsyncEngine, AsyncEngine]:
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
    # The driver must not begin transactions by itself: it would begin them deferred.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite_connection.QuickConnection)
    driver.begin_immediate()
