"""Ends processes at named points, starts them again, and compares with a model.

Run: python -m tests.faults.kills [--kills N] [--seed N] [--database URL] [--redis URL]
[--process "ARGUMENTS"]…. Each ``--process`` is one more process of the deployment with these
arguments, ``run`` unless told. Every 50 kills it says how far it is; Ctrl+C ends it with the
figures so far. The exit status is 1 when anything was lost or done twice.
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.busy_office import Post
from tests.support.deployment import EVERYTHING, Deployment, Running, open_deployment
from tests.support.kill_points import ANY, POINTS

BY_CLOCK = "at no point, by the clock"
PATIENCE = 2.5
"""Seconds in which a process reaches its point on a quiet machine; then one is ended anyhow."""
_BETWEEN_LOOKS = 4
_TOLD = 50
"""Kills in a row: a message whose handling is cut short five times is a dead letter, by design."""

_FAULTS = (
    {"method": "sendMessage", "drop_reply": True},
    {"method": "sendMessage", "status": 502, "after_acting": True},
    {"method": "sendMessage", "retry_after": 1},
    {"method": "sendMessage", "status": 503},
    {"method": "deleteMessage", "drop_reply": True},
    {"method": "deleteMessage", "status": 502, "after_acting": True},
    {"method": "deleteMessage", "retry_after": 1},
    {"method": "getUpdates", "drop_reply": True},
    {"method": "getUpdates", "status": 502},
)


@dataclass(slots=True, kw_only=True)
class Result:
    """What a run of kills has shown."""

    kills: Counter[str] = field(default_factory=Counter)
    posts: int = 0
    wrong: list[str] = field(default_factory=list)
    unknown: int = 0
    cards_repeated: int = 0
    seconds: float = 0.0

    def rows(self) -> list[list[object]]:
        """Return a table of the kills by point, and what came of them."""
        rows: list[list[object]] = [["killed", "times"]]
        rows += [[point, self.kills[point]] for point in (*POINTS, BY_CLOCK)]
        rows += [[p, n] for p, n in sorted(self.kills.items()) if p not in (*POINTS, BY_CLOCK)]
        lost = [w for w in self.wrong if "lost" in w]
        rows += [
            ["kills", self.kills.total()],
            ["messages", self.posts],
            ["messages lost", len(lost)],
            ["decided, copied or warned twice, or else wrong", len(self.wrong) - len(lost)],
            ["notices whose outcome is unknown, never repeated", self.unknown],
            ["cards that came again with their number", self.cards_repeated],
            ["seconds", round(self.seconds)],
        ]
        return rows


class Kills:
    """Lets the processes of a deployment end again and again.

    ``layout`` holds the arguments of each process; ``faults`` is the chance that the platform
    fails in a cycle too; ``patience`` is how long a process may take to reach its point;
    ``progress`` is told what came of it so far.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        seed: int,
        layout: Sequence[Sequence[str]] = (EVERYTHING,),
        faults: float = 0.0,
        patience: float = PATIENCE,
        progress: Callable[[Result], None] = lambda _: None,
    ) -> None:
        self._deployment = deployment
        self._layout, self._faults, self._progress = layout, faults, progress
        self._patience = patience
        self._rng = random.Random(seed)
        self._bag: list[str] = []
        self._since: list[Post] = []
        self.result = Result()

    async def run(self, kills: int, points: Sequence[str] = POINTS) -> Result:
        """Kill that often, each point as often as the others, and compare in between."""
        began = time.monotonic()
        running = [await self._deployment.start(arguments) for arguments in self._layout]
        await self._deployment.introduced()
        # A busy or slow machine needs longer for the way to a point as well.
        self._patience = max(self._patience, time.monotonic() - began)
        while self.result.kills.total() < kills:
            for i, process in enumerate(running):
                if process.status is None and self.result.kills.total():
                    continue
                await process.kill()
                running[i] = await self._start(self._layout[i], points)
            await self._cycle(running)
            if self.result.kills.total() % _BETWEEN_LOOKS == 0:
                await self._compare(running)
        await self._compare(running)
        self._look_at_all()
        self.result.seconds = time.monotonic() - began
        return self.result

    async def _start(self, arguments: Sequence[str], points: Sequence[str]) -> Running:
        if not self._bag:
            self._bag = self._rng.sample(points, len(points))
        if self._rng.random() < 0.1 and points is POINTS:
            at, passes = ANY, self._rng.randint(1, 80)
        else:
            at, passes = self._bag.pop(), self._rng.choice((1, 1, 1, 2))
        return await self._deployment.start(arguments, at=at, passes=passes)

    async def _cycle(self, running: Sequence[Running]) -> None:
        """Post, and wait until a process has ended itself; else end one."""
        if self._rng.random() < self._faults:
            self._deployment.server.faults.add(dict(self._rng.choice(_FAULTS)))
        self._since += await self._deployment.office.some(self._rng.randint(3, 6))
        self._deployment.office.press_a_card()
        self.result.posts = len(self._deployment.office.posts)
        over = [asyncio.create_task(p.over.wait()) for p in running]
        await asyncio.wait(over, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
        for task in over:
            task.cancel()
        if all(p.status is None for p in running):
            await self._rng.choice(running).kill()
        for process in running:
            if process.status is not None:
                if process.status != -9:
                    raise AssertionError(f"a process ended with {process.status}")
                self.result.kills[process.at or BY_CLOCK] += 1

    async def _compare(self, running: list[Running]) -> None:
        """Let a bot without orders finish everything, and compare what was posted since."""
        for i, arguments in enumerate(self._layout):
            await running[i].kill()
            running[i] = await self._deployment.start(arguments)
        try:
            await self._deployment.quiet()
        except AssertionError as error:
            self.result.wrong.append(f"lost: {error}")
        records = self._deployment.records()
        self.result.wrong += self._deployment.office.compare(records, self._since)
        self._progress(self.result)
        self._since = []
        for process in running:
            await process.kill()

    def _look_at_all(self) -> None:
        """Compare everything once more: what was right may not have been said again since."""
        office, records = self._deployment.office, self._deployment.records()
        self.result.wrong += [
            fault for fault in office.compare(records) if fault not in self.result.wrong
        ]
        every = [effect for effects in records.effects.values() for effect in effects]
        self.result.unknown = sum(1 for e in every if e.status == "unknown")
        self.result.cards_repeated = office.cards_repeated()


def _tell(result: Result) -> None:
    wrong, kills = result.wrong, result.kills.total()
    if not wrong and kills // _TOLD == max(0, kills - _BETWEEN_LOOKS) // _TOLD:
        return
    last = f": {wrong[-1]}" if wrong else ""
    print(f"{kills} kills, {len(wrong)} wrong{last}", file=sys.stderr, flush=True)


async def _main(options: argparse.Namespace) -> Result:
    current = asyncio.current_task()
    assert current is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(
            name, lambda: None if current.cancelling() else current.cancel()
        )
    with tempfile.TemporaryDirectory(prefix="shoukou-kills-") as folder:
        urls = {"database_url": options.database, "redis_url": options.redis}
        async with open_deployment(Path(folder), **urls) as deployment:
            kills = Kills(
                deployment,
                seed=options.seed,
                layout=[tuple(shlex.split(p)) for p in options.process] or (EVERYTHING,),
                faults=0.2,
                patience=options.patience,
                progress=_tell,
            )
            try:
                return await kills.run(options.kills)
            except asyncio.CancelledError:
                print("interrupted: what follows was compared until then", flush=True)
                return kills.result


def main() -> int:
    """Kill, and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds to wait for a point"
    )
    parser.add_argument("--database")
    parser.add_argument("--redis")
    parser.add_argument("--process", action="append", default=[])
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    result = asyncio.run(_main(options))
    for name, value in result.rows():
        print(f"{name!s:58} {value!s:>8}")
    for fault in result.wrong:
        print(fault)
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
