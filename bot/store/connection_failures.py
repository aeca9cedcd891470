"""Distinguish a database that is away from a statement that is wrong."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import DatabaseAway

# SQLite's primary result codes: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL.
_SQLITE = frozenset((5, 6, 7, 8, 10, 13, 14, 15))
# PostgreSQL's classes: connection, a conflict to be tried again, resources, intervention, system.
_POSTGRESQL = ("08", "40", "53", "55", "57", "58", "25P03")


@contextlib.contextmanager
def named() -> Iterator[None]:
    """Raise DatabaseAway in place of a driver's error of that meaning."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        if means_away(error):
            raise DatabaseAway(type(error).__name__) from error
        raise


def means_away(error: Exception) -> bool:
    """Return True if the same statement may succeed later."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # SQLAlchemy found the connection dead; the next one may work.
    if error.connection_invalidated:
        return True
    cause = error.orig
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate
        lost = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        # Without a state the server never answered: the connection broke.
        return lost if state is None else state.startswith(_POSTGRESQL)
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code; the others name the variant, such as IOERR_FSYNC.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    return False
