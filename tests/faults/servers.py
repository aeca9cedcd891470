"""Ends PostgreSQL and Redis under load, again and again, and compares with a model.

Run: python -m tests.faults.servers [--messages N] [--every SECONDS] [--rate N] [--seed N]
[--process "ARGUMENTS"]…. Both servers are the run's own. Each ``--process`` is one process of the
deployment; a feed and two workers unless told. Ctrl+C ends it with the figures so far. The exit
status is 1 when anything was lost or done twice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shlex
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.deployment import Deployment, open_deployment
from tests.support.postgres import PostgresServer, programs, running_postgres
from tests.support.redis import RedisServer, program, running_redis

LAYOUT = (("run", "--only", "feed"), ("run", "--only", "worker"), ("run", "--only", "worker"))
POSTGRES, REDIS, BOTH, FLUSH = "PostgreSQL killed", "Redis killed", "both killed", "FLUSHALL"
KINDS = (POSTGRES, REDIS, BOTH, FLUSH)
GROUPS = 50
_WEIGHTS = {"harmless": 0.8, "number": 0.18, "mark": 0.02}
_PATIENCE = 3600.0
_TOLD = 500


class Breaker:
    """Ends a deployment's servers at once and starts them again a moment later."""

    def __init__(
        self, postgres: PostgresServer, redis: RedisServer | None, rng: random.Random
    ) -> None:
        self._postgres, self._redis, self._rng = postgres, redis, rng

    async def once(self, kind: str) -> None:
        """Break one thing, and return when it is whole again."""
        redis = self._redis if kind != POSTGRES else None
        postgres = self._postgres if kind in (POSTGRES, BOTH) else None
        if redis and kind == FLUSH:
            await asyncio.to_thread(redis.flush)
            return
        if redis:
            redis.kill()
        if postgres:
            postgres.kill()
        await asyncio.sleep(self._rng.uniform(0.2, 2))
        if postgres:
            postgres.start()
            while not await asyncio.to_thread(postgres.answers):
                await asyncio.sleep(0.05)
        if redis:
            await asyncio.to_thread(redis.start)


@dataclass(slots=True, kw_only=True)
class Result:
    """What a run has shown."""

    broken: Counter[str] = field(default_factory=Counter)
    posts: int = 0
    wrong: list[str] = field(default_factory=list)
    unknown: int = 0
    cards_repeated: int = 0
    seconds: float = 0.0
    draining: float = 0.0

    def rows(self) -> list[list[object]]:
        """Return a table of what was broken, and what came of it."""
        lost = sum("lost" in fault for fault in self.wrong)
        return [
            *([kind, self.broken[kind]] for kind in KINDS),
            ["messages", self.posts],
            ["messages lost", lost],
            ["decided, copied or warned twice, or else wrong", len(self.wrong) - lost],
            ["notices whose outcome is unknown, never repeated", self.unknown],
            ["cards that came again with their number", self.cards_repeated],
            ["seconds under load", round(self.seconds)],
            ["seconds until all was done, after it", round(self.draining, 1)],
        ]


class Outages:
    """Posts at a rate while the servers end every few seconds."""

    def __init__(self, deployment: Deployment, breaker: Breaker, rng: random.Random) -> None:
        self._deployment, self._breaker, self._rng = deployment, breaker, rng
        self.result = Result()

    async def run(self, messages: int, rate: float, every: float) -> Result:
        """Post that many, wait until all follows, and compare."""
        began = time.monotonic()
        breaking = asyncio.create_task(self._break(every))
        try:
            await self._post(messages, rate)
        finally:
            breaking.cancel()
            await asyncio.wait({breaking})
        # What was broken last may have been cut short in the midst of it.
        if not breaking.cancelled():
            breaking.result()
        self.result.seconds = time.monotonic() - began
        await self._compare()
        return self.result

    async def _post(self, messages: int, rate: float) -> None:
        office, began = self._deployment.office, time.monotonic()
        for i in range(messages):
            await asyncio.sleep(max(0.0, began + i / rate - time.monotonic()))
            (kind,) = self._rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            edited = self._rng.random() < 0.1
            await office.post(kind, reachable=self._rng.random() < 0.9, edited=edited)
            self.result.posts = i + 1
            if self.result.posts % _TOLD == 0:
                told = f"{i + 1} messages, {self.result.broken.total()} outages"
                print(told, file=sys.stderr, flush=True)

    async def _break(self, every: float) -> None:
        while True:
            await asyncio.sleep(every * self._rng.uniform(0.6, 1.4))
            kind = self._rng.choice(KINDS)
            mending = asyncio.create_task(self._breaker.once(kind))
            self.result.broken[kind] += 1
            try:
                await asyncio.shield(mending)
            except asyncio.CancelledError:
                await mending
                raise

    async def _compare(self) -> None:
        began, result = time.monotonic(), self.result
        try:
            await self._deployment.quiet(_PATIENCE, look=0.5)
        except AssertionError as error:
            result.wrong.append(f"lost: {error}")
        result.draining = time.monotonic() - began
        records, office = self._deployment.records(), self._deployment.office
        result.wrong += office.compare(records)
        ended = [p.status for p in self._deployment.processes if p.status is not None]
        result.wrong += [f"a process ended with {status}" for status in ended]
        every = [effect for effects in records.effects.values() for effect in effects]
        result.unknown = sum(effect.status == "unknown" for effect in every)
        result.cards_repeated = office.cards_repeated()


async def _main(options: argparse.Namespace) -> Result:
    rng = random.Random(options.seed)
    found, redis_program = programs(), program()
    assert found is not None and redis_program is not None, "PostgreSQL or Redis is not installed"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shoukou-servers-"))
        postgres = stack.enter_context(running_postgres(found))
        redis = stack.enter_context(running_redis(redis_program))
        urls = {"database_url": postgres.new(), "redis_url": redis.url}
        async with open_deployment(Path(folder), groups=GROUPS, **urls) as deployment:
            for arguments in _layout(options.process):
                await deployment.start(arguments)
            await deployment.introduced()
            outages = Outages(deployment, Breaker(postgres, redis, rng), rng)
            current = asyncio.current_task()
            assert current is not None
            for name in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(name, current.cancel)
            try:
                return await outages.run(options.messages, options.rate, options.every)
            except asyncio.CancelledError:
                print("interrupted: what follows was not compared", flush=True)
                return outages.result


def _layout(told: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(shlex.split(arguments)) for arguments in told] or list(LAYOUT)


def main() -> int:
    """Break, and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--every", type=float, default=5)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--process", action="append", default=[])
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    result = asyncio.run(_main(options))
    for name, value in result.rows():
        print(f"{name!s:58} {value!s:>8}")
    for fault in result.wrong[:100]:
        print(fault)
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
