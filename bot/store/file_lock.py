"""Proof that no other process works on a database that is a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from sqlalchemy.engine import make_url

from bot.errors import ConfigurationError


@contextlib.contextmanager
def sole_use(url: str) -> Iterator[None]:
    """Hold a lock beside an SQLite file; it ends with the process, however that ends.

    ConfigurationError while another process has it.
    """
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
