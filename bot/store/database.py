"""The database, opened by its address: SQLite by default, PostgreSQL for several processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import LeaseLost
from bot.store import connection_failures, lanes
from bot.store.engines import (
    WRITERS,
    create_private,
    parse_address,
    postgresql_engines,
    sqlite_engines,
)
from bot.store.lanes import NO_LANE, Claim
from bot.store.schema_upgrade import is_current, upgrade
from bot.store.tables import leases

Tx = AsyncConnection
Clock = Callable[[], datetime]

# Built once: building costs more than running it.
_held = (
    select(leases.c.name)
    .where(leases.c.name == bindparam("name"), leases.c.token == bindparam("token"))
    .with_for_update(read=True, key_share=True)
)


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def upsert(dialect: str, table: Table) -> Any:
    """Return an INSERT of the engine's dialect, which has ``on_conflict_do_…``."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def serialise(tx: Tx, name: str) -> None:
    """Admit one transaction at a time from here on; SQLite has only one writer anyway."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


async def holding(tx: Tx, names: Collection[Claim]) -> set[Claim]:
    """Return the claims that hold, locked so that they hold until the transaction ends."""
    query = (
        select(leases.c.name, leases.c.token)
        .where(leases.c.name.in_([claim.name for claim in names]))
        .order_by(leases.c.name)
        .with_for_update(read=True, key_share=True)
    )
    held = {Claim(row.name, row.token) for row in await tx.execute(query)}
    return {claim for claim in names if claim.token == 0 or claim in held}


class Database:
    """Provides transactions and readers. Create it with `Database.open` and close it."""

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
        address = parse_address(url)
        if address.get_backend_name() == "sqlite":
            create_private(address)
            database = cls(*sqlite_engines(address), clock)
        else:
            writer, reader = postgresql_engines(address)
            database = cls(writer, reader, reader, clock)
        try:
            await database._migrate()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Wait for the open transaction, merge SQLite's log into the file, and disconnect."""
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
        """Open a transaction: committed at the end, rolled back on an error.

        SQLite has one writer, and others wait for it. Raises RuntimeError if the task has a
        transaction open already (the task would wait for itself: pass that one on), LeaseLost if
        the task works for a claim that does not hold any more, and DatabaseAway.
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
        """Return the lock that limits concurrent transactions.

        Leases have connections of their own: a renewal that waited behind the work of its lanes
        would lose them under load.
        """
        if self._is_sqlite:
            return self._lock
        return self._turns if lanes.current_lane() != NO_LANE else contextlib.nullcontext()

    @contextlib.asynccontextmanager
    async def within(self, tx: Tx | None) -> AsyncIterator[Tx]:
        """Use the caller's transaction, or open a new one."""
        if tx is not None:
            yield tx
        else:
            async with self.write() as own:
                yield own

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection that reads committed rows and never waits for the writer."""
        with connection_failures.named():
            async with self._reader.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def look_up(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection to find a few rows by a key; quicker than `read`."""
        if not self._is_sqlite:
            async with self.read() as connection:
                yield connection
            return
        with connection_failures.named():
            connection = await self._finder.connect()
            try:
                yield connection
            finally:
                # The context manager would close it in a new task, after a turn of other tasks.
                await connection.close()

    async def checkpoint(self) -> bool:
        """Merge SQLite's log into the file and empty it, so that it holds no erased bytes either.

        Returns False if a reader blocked it: try again later.
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
            # Processes that start together would otherwise all upgrade.
            await serialise(tx, "migrations")
            await tx.run_sync(upgrade)


async def _fence(tx: Tx) -> None:
    """Raise LeaseLost if the running task's claim does not hold any more."""
    claim = lanes.current()
    if claim is None or claim.token == 0:
        return
    found = await tx.execute(_held, {"name": claim.name, "token": claim.token})
    if found.one_or_none() is None:
        raise LeaseLost(claim.name)
