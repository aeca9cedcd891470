"""How soon messages are decided: after an outage, beside a flood, beside a chat that is held back.

Run: python -m bench.delivery backlog|fairness|held|takeover [--servers] [--database URL]
[--redis URL] [--process ARGUMENTS]…. ``--servers`` starts a PostgreSQL and a Redis for the run.
Each ``--process`` is one more process with these arguments; without any, one runs everything.

backlog   10,000 texts wait at the platform: from the start until all are decided, and from a
          restart in their midst to the first decision
fairness  99 groups at one text a second each, alone and beside one at 500 a second
takeover  a feed and two workers, one of which is killed at 40 texts a second; needs a database
          that can be shared
held      one chat for which the platform asks to wait a minute: deletions and notices elsewhere
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import shlex
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy

from bench import processes, report, texts
from bench.processes import Served
from bot.store.tables import inbox
from tests.support import postgres, redis

GROUPS = 100
_FIRST = 1_000
_TTL = 10.0
_MICROSECONDS = 1_000_000


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


def _clean(count: int, seed: int) -> list[dict[str, str]]:
    rng = random.Random(seed)
    return [{"text": texts.clean(rng)} for _ in range(count)]


async def _warm(bench: Bench, pids: Sequence[int]) -> int:
    """Let the bot get to know its groups; return what is decided then."""
    await bench.served.load(_clean(200, 1), 100, wait=0)
    await bench.until_decided(200)
    await processes.until_idle(*pids)
    return bench.record.decided()


async def backlog(options: argparse.Namespace) -> list[list[object]]:
    """Measure how soon what was posted during an outage is decided."""
    async with opened(options) as bench:
        async with bench.running() as pids:
            before = await _warm(bench, pids)
        await bench.served.load(_clean(options.texts, 2), 1e9, wait=0)
        began = time.monotonic()
        async with bench.running() as pids:
            await bench.until_decided(before + 1)
            first, used = time.monotonic() - began, _cpu(pids)
            await bench.until_decided(before + options.texts)
            whole, used_in_all = time.monotonic() - began, _cpu(pids)
        before = bench.record.decided()
        await bench.served.load(_clean(options.texts, 3), 1e9, wait=0)
        async with bench.running() as pids:
            await bench.until_decided(before + options.texts // 3)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.2)
        at = bench.record.decided()
        began = time.monotonic()
        async with bench.running() as pids:
            await bench.until_decided(at + 1)
            again, used_again = time.monotonic() - began, _cpu(pids)
            await bench.until_decided(before + options.texts)
    return [
        ["seconds", "measured", "processor", "aim"],
        [f"start to the first decision, {options.texts} texts waiting", first, used, "≤ 5"],
        [f"start to the last decision of {options.texts} texts", whole, used_in_all, "≤ 60"],
        ["restart after kill -9 in their midst, to the next decision", again, used_again, "≤ 5"],
    ]


def _cpu(pids: Sequence[int]) -> float:
    return sum(map(processes.cpu_seconds, pids))


async def fairness(options: argparse.Namespace) -> list[list[object]]:
    """Measure what a flood in one group means for the others."""
    seconds, others = options.seconds, range(1, GROUPS)
    rounds: dict[str, list[list[float]]] = {"alone": [], "beside": []}
    async with opened(options) as bench, bench.running() as pids:
        await _warm(bench, pids)
        for number in range(options.rounds):
            for how in ("alone", "beside"):
                calm = asyncio.create_task(
                    bench.served.load(
                        _clean(int(99 * seconds), 10 + number), 99, wait=0, groups=others
                    )
                )
                posted = 99 * seconds
                if how == "beside":
                    flood = _clean(int(options.flood * seconds), 50 + number)
                    await bench.served.load(flood, options.flood, wait=0, groups=[0])
                    posted += len(flood)
                answer = await calm
                await processes.until_idle(*pids)
                moments = bench.record.moments()
                rounds[how].append([1000 * (moments[c, m] - at) for c, m, at in answer["posted"]])
    rows: list[list[object]] = [["post to decision of the 99, ms", "p50", "p99", "max"]]
    ratios = []
    for number, (alone, beside) in enumerate(zip(*rounds.values(), strict=True)):
        for name, ms in (("alone", alone), ("beside", beside)):
            points = [report.percentile(ms, 0.5), report.percentile(ms, 0.99), max(ms)]
            rows.append([f"round {number + 1} {name}", *points])
        ratios.append(report.percentile(beside, 0.99) / report.percentile(alone, 0.99))
    rows.append(["p99 beside / alone, by round (aim ≤ 1.2)", *_three(ratios)])
    return rows


def _three(values: Sequence[float]) -> list[object]:
    ordered = sorted(values)
    return [ordered[0], ordered[len(ordered) // 2], ordered[-1]]


async def held(options: argparse.Namespace) -> list[list[object]]:
    """Measure what a chat that is held back means for the others."""
    rng, found = random.Random(5), {}
    rows: list[list[object]] = [["post to deletion elsewhere, ms", "p50", "p99", "max"]]
    async with opened(options) as bench, bench.running() as pids:
        await _warm(bench, pids)
        posts = [{"text": texts.leaking(rng)} for _ in range(60)]
        for name in ("before", "meanwhile"):
            if name == "meanwhile":
                chat = bench.served.groups[0]
                for method in ("sendMessage", "deleteMessage"):
                    await bench.served.fault(
                        method=method, chat_id=chat, retry_after=60, times=1000
                    )
                await bench.served.load(posts[:6], 3, wait=0, groups=[0])
            answer = await bench.served.load(posts, 2, groups=range(1, 60))
            ms = found[name] = [m for m in answer["ms"] if m is not None]
            points = [report.percentile(ms, 0.5), report.percentile(ms, 0.99), max(ms)]
            rows.append([f"{name}, {len(ms)} of {len(posts)}", *points])
            await asyncio.sleep(2)
    later = [
        report.percentile(found["meanwhile"], p) - report.percentile(found["before"], p)
        for p in (0.5, 0.99, 1)
    ]
    rows.append(["later by (aim ≤ 100)", *later])
    return rows


async def takeover(options: argparse.Namespace) -> list[list[object]]:
    """Measure how long messages wait that were a dead worker's to decide."""
    options.process = ["run --only feed", "run --only worker", "run --only worker"]
    async with opened(options) as bench, bench.running() as pids:
        await _warm(bench, pids)
        await asyncio.sleep(2 * _TTL)  # until the lanes are shared
        posting = asyncio.create_task(
            bench.served.load(_clean(int(40 * options.seconds), 9), 40, wait=0)
        )
        await asyncio.sleep(options.seconds / 3)
        killed = time.time()
        os.kill(pids[-1], signal.SIGKILL)
        posted = (await posting)["posted"]
        await bench.until_decided(200 + len(posted), 60)
        moments = bench.record.moments()
    waited = [moments[c, m] - at for c, m, at in posted]
    late = [moments[c, m] - killed for c, m, at in posted if moments[c, m] - at > 1]
    return [
        ["takeover, seconds", "measured", "aim"],
        ["from the kill until its last message was decided", max(late, default=0.0), "≤ 15"],
        ["the longest that any message waited", max(waited), "≤ 15"],
        ["messages that waited for more than a second", len(late), ""],
        ["messages", len(posted), ""],
    ]


@contextlib.contextmanager
def _own_servers(options: argparse.Namespace) -> Iterator[None]:
    """Start a PostgreSQL and a Redis, if they are asked for."""
    if not options.servers:
        yield
        return
    found, redis_program = postgres.programs(), redis.program()
    assert found is not None and redis_program is not None, "PostgreSQL or Redis is not installed"
    with (
        postgres.running_postgres(found) as database,
        redis.running_redis(redis_program) as notices,
    ):
        options.database, options.redis = database.new(), notices.url
        yield


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    kinds: dict[str, Any] = {
        "backlog": backlog,
        "fairness": fairness,
        "held": held,
        "takeover": takeover,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--flood", type=float, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--database")
    parser.add_argument("--redis")
    parser.add_argument("--process", action="append", default=[])
    options = parser.parse_args(arguments)
    with _own_servers(options):
        rows = asyncio.run(kinds[options.kind](options))
    report.table(rows)
    report.save(options.kind, rows)


if __name__ == "__main__":
    main()
