"""Lock an SQLite database for one process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from sqlalchemy.engine import make_url

from bot.errors import ConfigurationError


@contextlib.contextmanager
def sole_use(url: str) -> Iterator[None]:
    """Hold a lock beside an SQLite file; the kernel releases it even after a kill -9.

    Raises ConfigurationError while another process holds it.
    """
    # A file of its own: closing any descriptor of the database's file would drop SQLite's own
    # POSIX locks in this process.
    path = f"{make_url(url).database}.lock"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                "another process is working on this database",
                where=path,
                mend="stop it first; for several processes use PostgreSQL (SHOUKOU_DATABASE_URL)",
            ) from None
        yield
    finally:
        os.close(descriptor)
