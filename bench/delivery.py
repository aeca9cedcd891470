"""How soon messages are decided: after an outage, beside a flood, beside a chat that is held back.

Run: python -m bench.delivery backlog|fairness|held|takeover|workers [--servers] [--database URL]
[--redis URL] [--process ARGUMENTS]…. ``--servers`` starts a PostgreSQL and a Redis for the run.
Each ``--process`` is one more process with these arguments; without any, one runs everything.

backlog   10,000 texts wait at the platform: from the start until all are decided, and from a
          restart in their midst to the first decision
fairness  99 groups at one text a second each, alone and beside one at 500 a second
takeover  a feed and two workers, one of which is killed at 40 texts a second; needs a database
          that can be shared
workers   texts and pictures a second with one worker, with two, and in one process
held      one chat for which the platform asks to wait a minute: deletions and notices elsewhere
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import time
from collections.abc import Sequence
from typing import Any

from bench import processes, report, texts
from bench.fairness import fairness
from bench.scene import clean, opened, own_servers, warm
from bench.workers import workers

_TTL = 10.0


async def backlog(options: argparse.Namespace) -> list[list[object]]:
    """Measure how soon what was posted during an outage is decided."""
    async with opened(options) as bench:
        async with bench.running() as pids:
            before = await warm(bench, pids)
        await bench.served.load(clean(options.texts, 2), 1e9, wait=0)
        began = time.monotonic()
        async with bench.running() as pids:
            await bench.until_decided(before + 1)
            first, used = time.monotonic() - began, _cpu(pids)
            await bench.until_decided(before + options.texts)
            whole, used_in_all = time.monotonic() - began, _cpu(pids)
        before = bench.record.decided()
        await bench.served.load(clean(options.texts, 3), 1e9, wait=0)
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


async def held(options: argparse.Namespace) -> list[list[object]]:
    """Measure what a chat that is held back means for the others."""
    rng, found = random.Random(5), {}
    rows: list[list[object]] = [["post to deletion elsewhere, ms", "p50", "p99", "max"]]
    async with opened(options) as bench, bench.running() as pids:
        await warm(bench, pids)
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
        await warm(bench, pids)
        await asyncio.sleep(2 * _TTL)  # until the lanes are shared
        posting = asyncio.create_task(
            bench.served.load(clean(int(40 * options.seconds), 9), 40, wait=0)
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    kinds: dict[str, Any] = {
        "backlog": backlog,
        "fairness": fairness,
        "held": held,
        "takeover": takeover,
        "workers": workers,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--pictures", type=int, default=80)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--flood", type=float, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--database")
    parser.add_argument("--redis")
    parser.add_argument("--process", action="append", default=[])
    options = parser.parse_args(arguments)
    with own_servers(options, wanted=options.servers):
        rows = asyncio.run(kinds[options.kind](options))
    report.table(rows)
    report.save(options.kind, rows)


if __name__ == "__main__":
    main()
