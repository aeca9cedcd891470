"""A server and the bot's processes on it, and what the bot has recorded, for `bench.delivery`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shlex
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import sqlalchemy

from bench import processes, texts
from bench.processes import Served
from bot.store.tables import inbox
from tests.support import postgres, redis

GROUPS = 100
_FIRST = 1_000


class Record:
    """Reads the bot's database from outside."""

    def __init__(self, url: str) -> None:
        self._engine = sqlalchemy.create_engine(url.replace("+aiosqlite", ""))

    def decided(self) -> int:
        """Count what is decided; nothing before there are tables."""
        query = sqlalchemy.select(sqlalchemy.func.count()).where(inbox.c.decided_at.is_not(None))
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(query).scalar_one())
        except sqlalchemy.exc.DBAPIError:
            return 0

    def moments(self) -> dict[tuple[int, int], float]:
        """Return when each message was decided, in Unix seconds."""
        columns = (inbox.c.chat_id, inbox.c.message_id, inbox.c.decided_at)
        query = sqlalchemy.select(*columns).where(inbox.c.decided_at.is_not(None))
        with self._engine.connect() as connection:
            return {(c, m): at.timestamp() for c, m, at in connection.execute(query)}


class Bench:
    """A server, and what runs the bot on it."""

    def __init__(self, served: Served, folder: Path, options: argparse.Namespace) -> None:
        self.served, self._folder, self._options = served, folder, options
        url = options.database or f"sqlite+aiosqlite:///{folder}/data/shoukou.db"
        self.record = Record(url)
        self._environment = {"SHOUKOU_DATABASE_URL": url}
        if options.redis:
            self._environment["SHOUKOU_REDIS_URL"] = options.redis

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[list[int]]:
        """Run the bot's processes; yields their ids."""
        commands = [shlex.split(p) for p in self._options.process] or [["run"]]
        async with contextlib.AsyncExitStack() as stack:
            pids = []
            for command in commands:
                product = processes.product(
                    self.served,
                    self._folder,
                    texts.keywords(_FIRST),
                    command=("-m", "bot", *command),
                    environment=self._environment,
                )
                pids.append(await stack.enter_async_context(product))
            yield pids

    async def until_decided(self, count: int, patience: float = 600) -> float:
        """Wait until that many are decided; return the seconds that it took."""
        began = time.monotonic()
        while self.record.decided() < count:
            if time.monotonic() - began > patience:
                raise AssertionError(f"{self.record.decided()} of {count} are decided")
            await asyncio.sleep(0.02)
        return time.monotonic() - began


@contextlib.asynccontextmanager
async def opened(options: argparse.Namespace) -> AsyncIterator[Bench]:
    """Open a server with its groups and a folder for the bot."""
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shoukou-bench-"))
        served = await stack.enter_async_context(processes.server(GROUPS))
        yield Bench(served, Path(folder), options)


def clean(count: int, seed: int) -> list[dict[str, str]]:
    rng = random.Random(seed)
    return [{"text": texts.clean(rng)} for _ in range(count)]


async def warm(bench: Bench, pids: Sequence[int]) -> int:
    """Let the bot get to know its groups; return what is decided then."""
    await bench.served.load(clean(200, 1), 100, wait=0)
    await bench.until_decided(200)
    await processes.until_idle(*pids)
    return bench.record.decided()


@contextlib.contextmanager
def own_servers(options: argparse.Namespace, *, wanted: bool = True) -> Iterator[tuple[int, ...]]:
    """Start a PostgreSQL and a Redis, if they are wanted; yields their process ids."""
    if not wanted:
        yield ()
        return
    found, redis_program = postgres.programs(), redis.program()
    assert found is not None and redis_program is not None, "PostgreSQL or Redis is not installed"
    with (
        postgres.running_postgres(found) as database,
        redis.running_redis(redis_program) as notices,
    ):
        options.database, options.redis = database.new(), notices.url
        try:
            yield database.pid, notices.pid
        finally:
            options.database = options.redis = None
