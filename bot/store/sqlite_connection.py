"""An SQLite connection that leaves its caller's thread only for statements that may take long.

aiosqlite runs everything on a thread of its own, with four crossings for each statement: create a
cursor, execute, fetch and close. A crossing takes longer than a look-up by key or the writing of a
row. A prompt connection therefore works on the caller's thread, except for steps that may wait or
take long: waiting for another process, commits and deletions. The other connections, for queries
of any length, cross once for each statement, because results are always fetched whole.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

import aiosqlite

PATIENCE_MS = 10_000
"""Milliseconds for which a writer waits for another process that writes."""

LONGEST_TURN = 0.002
"""Seconds after which a transaction yields to the event loop before its next statement: messages
that arrive meanwhile are inspected and removed without the database."""

_MAY_BE_MUCH = ("DELETE", "PRAGMA", "CREATE", "ALTER", "DROP")


class _QuickCursor:
    """The part of an asynchronous cursor that SQLAlchemy needs."""

    def __init__(self, connection: QuickConnection) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> _QuickCursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> _QuickCursor:
        await self._connection.perform(self._work, "execute", sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> _QuickCursor:
        await self._connection.perform(self._work, "executemany", sql, parameters)
        return self

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = ()

    def _work(self, connection: sqlite3.Connection, method: str, sql: str, values: Any) -> None:
        cursor = getattr(connection, method)(sql, values)
        try:
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else ()
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class QuickConnection(aiosqlite.Connection):
    """A connection to SQLite; a ``prompt`` one runs short statements on the caller's thread."""

    prompt = False
    _to_begin = False
    _turn_began = 0.0

    def begin_immediate(self) -> None:
        """Begin a transaction that may write right before the next statement."""
        self._to_begin = True
        self._turn_began = perf_counter()

    def cursor(self) -> _QuickCursor:  # type: ignore[override]
        return _QuickCursor(self)

    async def commit(self) -> None:
        """Commit the transaction, if it has any statement."""
        if not self._abandon():
            await super().commit()

    async def rollback(self) -> None:
        """Roll the transaction back, if it has any statement."""
        if not self._abandon():
            await super().rollback()

    def _abandon(self) -> bool:
        """Drop a transaction without statements; return True if there was one."""
        abandoned, self._to_begin = self._to_begin, False
        return abandoned

    async def perform(self, work: Callable[..., Any], method: str, sql: str, values: Any) -> None:
        """Execute a statement, after the BEGIN of a transaction that is due."""
        if self._to_begin:
            if not self._begin_at_once():
                # This waits for the other process, so it must not block the caller's thread.
                await self._execute(self._conn.execute, "BEGIN IMMEDIATE")  # type: ignore[no-untyped-call]
            self._to_begin = False
        if self.prompt and not sql.startswith(_MAY_BE_MUCH):
            if self._conn.in_transaction and perf_counter() - self._turn_began > LONGEST_TURN:
                await asyncio.sleep(0)
                self._turn_began = perf_counter()
            work(self._conn, method, sql, values)
        else:
            await self._execute(work, self._conn, method, sql, values)  # type: ignore[no-untyped-call]

    def _begin_at_once(self) -> bool:
        """Begin a transaction without waiting; return False if another process is writing."""
        connection = self._conn
        connection.execute("PRAGMA busy_timeout=0")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        finally:
            connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        return True


async def connect(database: str, **options: Any) -> aiosqlite.Connection:
    """Open a connection; for SQLAlchemy's ``async_creator_fn``."""
    # Two threads use the connection, one after the other and never at once.
    options["check_same_thread"] = False
    connection = QuickConnection(lambda: sqlite3.connect(database, **options), 64)
    # A program that ends without closing its connections must not hang on their threads.
    connection._thread.daemon = True
    return await connection


async def connect_prompt(database: str, **options: Any) -> aiosqlite.Connection:
    """Open a connection that runs short statements on the caller's thread."""
    connection = await connect(database, **options)
    assert isinstance(connection, QuickConnection)
    connection.prompt = True
    return connection
