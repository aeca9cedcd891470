"""Texts a second that the bot keeps up with: rates go up until a backlog grows.

Run: python -m bench.throughput [--seconds N] [--rates N…]. 50 groups, each with 10,000 keywords of
its own; 1 % of the texts leak. The backlog is what the server still holds and the undecided rows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import processes, report, texts
from bench.processes import Served

RATES = (100, 200, 300, 400, 500, 600, 800, 1000, 1300, 1600)
GROUPS = 50
HITS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rate: what was posted a second, the backlog in rows, cores used by either side."""

    rate: float
    achieved: float
    backlog_median: float
    backlog_end: int
    oldest_ms: float
    bot_cores: float
    server_cores: float

    @property
    def sustained(self) -> bool:
        """Return True if less than half a second's texts were left and the rate was reached."""
        return self.achieved > 0.97 * self.rate and self.backlog_end < 0.5 * self.rate


class Watch:
    """Samples the backlog while a load runs."""

    def __init__(self, served: Served, bot: int, database: Path) -> None:
        self._served, self._bot = served, bot
        address = f"file:{database}?mode=ro"
        self._database = sqlite3.connect(address, uri=True)

    async def backlog(self) -> tuple[int, float]:
        """Return the rows not decided and the age of the oldest that the bot has, in ms."""
        query = "SELECT count(*), min(received_at) FROM inbox WHERE decided_at IS NULL"
        count, oldest = self._database.execute(query).fetchone()
        age = 1000 * time.time() - oldest / 1000 if oldest else 0.0
        return count + (await self._served.state())["pending"], age

    async def step(self, posts: Sequence[dict[str, str]], rate: float) -> Step:
        """Load at one rate."""
        cpu = [processes.cpu_seconds(pid) for pid in (self._bot, self._served.pid)]
        began = time.monotonic()
        load = asyncio.create_task(self._served.load(posts, rate, wait=0))
        samples = []
        while not load.done():
            await asyncio.wait([load], timeout=0.5)
            samples.append(await self.backlog())
        spent = time.monotonic() - began
        used = [processes.cpu_seconds(pid) for pid in (self._bot, self._served.pid)]
        later = samples[len(samples) // 2 :]
        return Step(
            rate=rate,
            achieved=(await load)["rate"],
            backlog_median=sorted(count for count, _ in later)[len(later) // 2],
            backlog_end=samples[-1][0],
            oldest_ms=max(age for _, age in later),
            bot_cores=(used[0] - cpu[0]) / spent,
            server_cores=(used[1] - cpu[1]) / spent,
        )

    async def until_empty(self) -> None:
        """Wait until nothing is left."""
        while (await self.backlog())[0]:
            await asyncio.sleep(0.2)


def _posts(names: Sequence[str], seed: int) -> Iterator[dict[str, str]]:
    rng = random.Random(seed)
    while True:
        yield {"text": texts.mixed(rng, names, HITS)}


async def measure(rates: Sequence[float], seconds: float) -> list[Step]:
    """Load at each rate until one is not sustained."""
    names = texts.keywords()
    steps: list[Step] = []
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        served = await stack.enter_async_context(processes.server(GROUPS))
        bot = await stack.enter_async_context(processes.product(served, folder, names))
        posts = _posts(names, 11)
        await served.load([next(posts) for _ in range(200)], 50, wait=0)
        await processes.until_idle(bot)
        watch = Watch(served, bot, folder / "data" / "shoukou.db")
        for rate in rates:
            step = await watch.step([next(posts) for _ in range(int(rate * seconds))], rate)
            steps.append(step)
            if not step.sustained:
                break
            await watch.until_empty()
    return steps


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    options = parser.parse_args(arguments)
    steps = asyncio.run(measure(options.rates, options.seconds))
    head = ["texts/s", "achieved", "backlog", "at the end", "oldest ms", "bot", "server", "kept up"]
    rows: list[list[object]] = [head]
    for s in steps:
        kept = "yes" if s.sustained else "no"
        counts = [int(s.backlog_median), s.backlog_end, s.oldest_ms]
        rows.append([s.rate, s.achieved, *counts, s.bot_cores, s.server_cores, kept])
    report.table(rows)
    print("bot, server: cores used, of those of the machine; the server makes the load too")
    best = max((s.rate for s in steps if s.sustained), default=0)
    print(f"sustained: {best} texts/s")
    report.save("throughput", {"sustained": best, "steps": [asdict(s) for s in steps]})


if __name__ == "__main__":
    main()
