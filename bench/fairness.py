"""Measure a flood's effect on other groups; see `bench.delivery`."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Sequence

from bench import processes, report, texts
from bench.scene import GROUPS, Bench, clean, opened, warm

_LEAKS = 0.01
"""Share of the flood that leaks; that of the others leaks nothing, for it is timed."""


async def fairness(options: argparse.Namespace) -> list[list[object]]:
    """Measure 99 groups at a text a second each, alone and beside one that floods.

    The server, which makes the load too, has a core to itself where there are several.
    """
    rounds: dict[str, list[list[float]]] = {"alone": [], "beside": []}
    cores: dict[str, list[list[float]]] = {"alone": [], "beside": []}
    async with opened(options) as bench, bench.running() as pids:
        pinned = _pin(bench.served.pid, pids)
        await warm(bench, pids)
        for number in range(options.rounds):
            for how, ms in rounds.items():
                found, used = await _round(bench, pids, options, number, flooded=how == "beside")
                ms.append(found)
                cores[how].append(used)
    rows: list[list[object]] = [
        ["post to decision of the 99, ms", "p50", "p99", "max", "bot's cores", "server's cores"]
    ]
    ratios = []
    for number, (alone, beside) in enumerate(zip(*rounds.values(), strict=True)):
        for name, ms in (("alone", alone), ("beside", beside)):
            points = [report.percentile(ms, 0.5), report.percentile(ms, 0.99), max(ms)]
            rows.append([f"round {number + 1} {name}", *points, *cores[name][number]])
        ratios.append(report.percentile(beside, 0.99) / report.percentile(alone, 0.99))
    ordered = sorted(ratios)
    three = [ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    rows.append(["p99 beside / alone, by round (aim ≤ 1.2)", *three, "", ""])
    rows.append(["server on a core of its own", "yes" if pinned else "no", "", "", "", ""])
    return rows


async def _round(
    bench: Bench, pids: Sequence[int], options: argparse.Namespace, number: int, *, flooded: bool
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of the 99, and the cores used by the bot and by the server."""
    seconds, others = options.seconds, range(1, GROUPS)
    before = _cpu(bench, pids)
    began = time.monotonic()
    calm = asyncio.create_task(
        bench.served.load(clean(int(99 * seconds), 10 + number), 99, wait=0, groups=others)
    )
    if flooded:
        rng = random.Random(50 + number)
        posts = [
            {"text": texts.leaking(rng) if rng.random() < _LEAKS else texts.clean(rng)}
            for _ in range(int(options.flood * seconds))
        ]
        await bench.served.load(posts, options.flood, wait=0, groups=[0])
    answer = await calm
    spent = time.monotonic() - began
    used = [(b - a) / spent for a, b in zip(before, _cpu(bench, pids), strict=True)]
    await processes.until_idle(*pids)
    moments = bench.record.moments()
    return [1000 * (moments[c, m] - at) for c, m, at in answer["posted"]], used


def _cpu(bench: Bench, pids: Sequence[int]) -> list[float]:
    return [sum(map(processes.cpu_seconds, pids)), processes.cpu_seconds(bench.served.pid)]


def _pin(server: int, pids: Sequence[int]) -> bool:
    """Give the server the last core and the bot the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return False
    os.sched_setaffinity(server, cores[-1:])
    for pid in pids:
        for thread in processes.threads(pid):
            os.sched_setaffinity(thread, cores[:-1])
    return True
