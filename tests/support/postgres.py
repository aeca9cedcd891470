"""A real PostgreSQL of the test run's own: in a temporary folder, reached by a socket there.

It is started when the first test asks for it and ended with the session; each worker of a
parallel run has its own, so no two ever meet.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy

from bot.store.schema_upgrade import upgrade
from bot.store.tables import metadata

_QUICK = ("fsync=off", "full_page_writes=off", "max_connections=200", "listen_addresses=")
_CLUSTER = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_STARTING = 30.0


class PostgresServer:
    """Gives out databases; made by `running_postgres`."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self._folder = folder
        self._bin = bin_folder
        self._numbers = itertools.count(1)
        # It refuses to run as root, so root lends it an account without rights.
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
            self._account = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the folder of the data."""
        with self._output() as output:
            subprocess.run(
                [self._bin / "initdb", "-D", self._data, "-U", "test", *_CLUSTER],
                check=True,
                **output,
            )

    def start(self) -> None:
        """Start the server; after `kill`, on what it left."""
        options = [word for setting in _QUICK for word in ("-c", setting)]
        command = [self._bin / "postgres", "-D", self._data, "-k", self._folder, *options]
        with self._output() as output:
            self._process = subprocess.Popen(command, **output)

    @property
    def pid(self) -> int:
        """The number of the running process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End the server and all of its children at once, as kill -9 does."""
        assert self._process is not None
        main = self._process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in (main, *map(int, children)):  # each has a session of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Disconnect everyone and end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)

    def answers(self) -> bool:
        """Return True if it lets a client in."""
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @contextlib.contextmanager
    def _output(self) -> Iterator[dict[str, Any]]:
        with (self._folder / "log").open("ab") as log:
            yield {"stdout": log, "stderr": log, "cwd": self._folder, **self._account}

    def new(self) -> str:
        """Create a database without tables, and return its address."""
        return self._create(f"test{next(self._numbers)}")

    def emptied(self) -> str:
        """Return the address of a database with the newest tables and nothing in them.

        It is always the same one: what an earlier test left there is thrown away.
        """
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        with self._connect("emptied") as connection:
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        return self._url("emptied")

    def prepare(self) -> None:
        """Wait until the server answers, and make the database that is emptied for each test."""
        end = time.monotonic() + _STARTING
        while True:
            try:
                self._create("emptied")
                break
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        engine = sqlalchemy.create_engine(self._url("emptied"))
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()

    def _create(self, name: str) -> str:
        with self._connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._url(name)

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self._folder), user="test", dbname=name, autocommit=True)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://test@/{name}?host={self._folder}"


def programs() -> Path | None:
    """Find PostgreSQL's programs, which Debian does not put on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    found = shutil.which("initdb")
    if versions:
        return versions[-1].parent
    return Path(found).resolve().parent if found else None


@contextlib.contextmanager
def running_postgres(bin_folder: Path) -> Iterator[PostgresServer]:
    """Start a server, and end it and throw its data away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="shoukou-pg-"))
    server = PostgresServer(folder, bin_folder)
    try:
        server.create()
        server.start()
        server.prepare()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _version(path: Path) -> int:
    name = path.parent.parent.name
    return int(name) if name.isdigit() else 0
