"""A long run under load with a kill each minute: what grows, and what is lost.

Run: python -m bench.soak [--minutes N] [--rate N] [--share N] [--every SECONDS] [--database URL]
[--redis URL] [--process ARGUMENTS]…. Memory and file handles of each process are read every few
seconds; at the end the bot may finish, and every post is compared with what had to become of it.
The exit status is 1 when anything was lost or said twice.
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import report
from tests.support.deployment import EVERYTHING, Deployment, Running, open_deployment

GROUPS = 100
_EVERY_LOOK = 5.0
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The resources of a process: seconds since its start, resident bytes, open files."""

    life: int
    age: float
    memory: int
    files: int


class Soak:
    """Loads a deployment, kills its processes in turn, and watches them."""

    def __init__(self, deployment: Deployment, options: argparse.Namespace) -> None:
        self._deployment, self._options = deployment, options
        self._layout = [tuple(shlex.split(p)) for p in options.process] or [EVERYTHING]
        self._running: list[Running] = []
        self._began: list[float] = []
        self._looks: list[Look] = []
        self._lives = 0

    async def run(self) -> tuple[list[list[object]], list[str]]:
        """Run for as long as told; return a table, and what is wrong."""
        for arguments in self._layout:
            self._running.append(await self._deployment.start(arguments))
            self._began.append(time.monotonic())
        await self._deployment.introduced(90)
        watching = [asyncio.create_task(self._watch()), asyncio.create_task(self._kill())]
        began = time.monotonic()
        await self._load(began)
        spent = time.monotonic() - began
        watching[1].cancel()
        draining = time.monotonic()
        wrong = await self._finish()
        drained = time.monotonic() - draining
        watching[0].cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        return self._rows(spent, drained, wrong), wrong

    async def _load(self, began: float) -> None:
        options, rng = self._options, random.Random(3)
        for i in range(int(60 * options.minutes * options.rate)):
            delay = began + i / options.rate - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            elif i % 20 == 0:
                await asyncio.sleep(0)
            kind = "harmless"
            if rng.random() < options.share:
                # Each card of a mark goes to the one chat of the supervisors.
                kind = "mark" if rng.random() < 0.1 else "number"
            await self._deployment.office.post(kind)

    async def _kill(self) -> None:
        while True:
            await asyncio.sleep(self._options.every)
            which = self._lives % len(self._running)
            await self._running[which].kill()
            self._lives += 1
            self._running[which] = await self._deployment.start(self._layout[which])
            self._began[which] = time.monotonic()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_LOOK)
            for process, began in zip(self._running, self._began, strict=True):
                if process.status is None:
                    self._look(process.pid, time.monotonic() - began)

    def _look(self, pid: int, age: float) -> None:
        folder = Path(f"/proc/{pid}")
        try:
            pages = int((folder / "statm").read_text().split()[1])
            files = sum(1 for _ in (folder / "fd").iterdir())
        except OSError:
            return
        memory = pages * 4096
        self._looks.append(Look(life=self._lives, age=age, memory=memory, files=files))

    async def _finish(self) -> list[str]:
        wrong = []
        try:
            await self._deployment.quiet(600)
        except AssertionError as error:
            wrong.append(f"lost: {error}")
        return wrong + self._deployment.office.compare(self._deployment.records())

    def _rows(self, spent: float, drained: float, wrong: Sequence[str]) -> list[list[object]]:
        posts = len(self._deployment.office.posts)
        lost = sum("lost" in fault for fault in wrong)
        settled = [look for look in self._looks if look.age > 10] or self._looks
        third = max(1, len(settled) // 3)
        early, late = settled[:third], settled[-third:]
        rows: list[list[object]] = [
            ["soak", "measured"],
            ["minutes", spent / 60],
            ["posts", posts],
            ["posts a second", posts / spent],
            ["kills", self._lives],
            ["seconds until all was done, after the end", drained],
            ["messages lost", lost],
            ["said twice, or else wrong", len(wrong) - lost],
        ]
        for name, looks in (("first third", early), ("last third", late)):
            rows.append([f"memory, MiB, median of the {name}", _median(looks, "memory") / _MIB])
            rows.append([f"file handles, median of the {name}", _median(looks, "files")])
        rows.append(["memory, MiB, the most", max(look.memory for look in settled) / _MIB])
        rows.append(["file handles, the most", max(look.files for look in settled)])
        return rows


def _median(looks: Sequence[Look], name: str) -> float:
    values = sorted(getattr(look, name) for look in looks)
    return float(values[len(values) // 2])


async def _main(options: argparse.Namespace) -> tuple[list[list[object]], list[str]]:
    with tempfile.TemporaryDirectory(prefix="shoukou-soak-") as folder:
        urls = {"database_url": options.database, "redis_url": options.redis}
        async with open_deployment(Path(folder), groups=GROUPS, **urls) as deployment:
            return await Soak(deployment, options).run()


def main() -> int:
    """Soak, and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--every", type=float, default=60)
    parser.add_argument("--database")
    parser.add_argument("--redis")
    parser.add_argument("--process", action="append", default=[])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows, wrong = asyncio.run(_main(options))
    report.table(rows)
    for fault in wrong[:40]:
        print(fault)
    report.save("soak", {"rows": rows, "wrong": list(wrong)})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
