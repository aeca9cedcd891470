"""Texts and pictures a second with one worker, with two, and in one process; see `bench.delivery`.

What a message costs each process is measured beside it, for on a machine of few cores the
platform's stand-in and the database take their share of them.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench import processes
from bench.scene import Bench, clean, opened, own_servers, warm
from tests.support import picture_set

SHARED_AFTER = 20.0
"""Seconds after which workers have shared out the lanes."""

_FROM, _UNTIL = 0.2, 0.9
"""Shares of the decisions between which is measured: without beginning and end."""

_WORKER = "run --only worker"
LAYOUTS: dict[str, tuple[str, ...]] = {
    "one process, SQLite": ("run",),
    "feed and 1 worker": ("run --only feed", _WORKER),
    "feed and 2 workers": ("run --only feed", _WORKER, _WORKER),
}


async def workers(options: argparse.Namespace) -> list[list[object]]:
    """Measure how quickly a backlog at the platform is decided, texts and pictures apart."""
    rows: list[list[object]] = [
        ["", "a second", "all cores", "feed", "workers", "database", "Redis", "server"]
    ]
    for kind, posts in (("texts", options.texts), ("pictures", options.pictures)):
        rates = []
        for name, layout in LAYOUTS.items():
            rate, costs = await _measured(options, layout, _posts(kind, posts))
            rates.append(rate)
            rows.append([f"{kind}, {name}", rate, *costs])
        efficiency = rates[2] / (2 * rates[1])
        rows.append([f"{kind}: 2 workers, of twice what one does", efficiency, *[""] * 6])
    rows.append(["all but the first two: ms of processor time a message", *[""] * 7])
    return rows


def _posts(kind: str, count: int) -> list[dict[str, str]]:
    if kind == "texts":
        return clean(count, 4)
    every = itertools.islice(picture_set.samples(2, negatives=count, seed=8), count)
    posts = [{"picture": base64.b64encode(sample.data).decode()} for sample in every]
    random.Random(8).shuffle(posts)
    return posts


async def _measured(
    options: argparse.Namespace, layout: Sequence[str], posts: Sequence[dict[str, str]]
) -> tuple[float, list[object]]:
    """Return the rate, the cores used, and what a message cost each process."""
    options.process = list(layout)
    shared = len(layout) > 1
    async with AsyncExitStack() as stack:
        servers = stack.enter_context(own_servers(options, wanted=shared))
        bench = await stack.enter_async_context(opened(options))
        pids = await stack.enter_async_context(bench.running())
        await warm(bench, pids)
        await asyncio.sleep(SHARED_AFTER if len(layout) > 2 else 0)
        feed, every = (pids[:1], pids[1:]) if shared else ([], pids)
        roles = [feed, every, servers[:1], servers[1:], [bench.served.pid]]
        return await _drained(bench, posts, roles)


async def _drained(
    bench: Bench, posts: Sequence[dict[str, str]], roles: Sequence[Sequence[int]]
) -> tuple[float, list[object]]:
    before = bench.record.decided()
    load = asyncio.create_task(bench.served.load(posts, 1e9, wait=0))
    await bench.until_decided(before + int(_FROM * len(posts)))
    began, first, used = time.monotonic(), bench.record.decided(), _used(roles)
    await bench.until_decided(before + int(_UNTIL * len(posts)))
    spent, count = time.monotonic() - began, bench.record.decided() - first
    more = [b - a for a, b in zip(used, _used(roles), strict=True)]
    await load
    costs = [1000 * s / count if pids else "" for s, pids in zip(more, roles, strict=True)]
    return count / spent, [sum(more) / spent, *costs]


def _used(roles: Sequence[Sequence[int]]) -> list[float]:
    return [sum(map(processes.cpu_seconds, pids)) for pids in roles]
