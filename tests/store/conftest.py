"""A database of its own for each test, on each engine, with a clock that the test sets.

``@sqlite_only`` marks what is about SQLite's file, ``@postgresql_only`` what needs a second writer.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.keys import Keys
from tests.support.postgres import PostgresServer

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **amount: float) -> None:
        self.time += timedelta(**amount)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a database that has no tables yet."""
    if engine == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.new()
    return _file(tmp_path / "data")


@pytest.fixture
def fresh(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], str]:
    """Gives the address of a database without rows, as often as it is called."""
    if engine == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.emptied
    return lambda: _file(Path(tempfile.mkdtemp(dir=tmp_path)) / "data")


@pytest.fixture
def url(engine: str, tmp_path: Path, fresh: Callable[[], str]) -> str:
    return fresh() if engine == "postgresql" else _file(tmp_path / "data")


def _file(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'test.db'}"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.load(tmp_path / "keys")


@pytest.fixture
async def db(url: str, clock: HandClock) -> AsyncIterator[Database]:
    database = await Database.open(url, clock=clock)
    yield database
    await database.close()
