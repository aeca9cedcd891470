"""Time from post to deletion of texts, as multiples of the floor's.

Run: python -m bench.deletion [--rounds N] [--rate N] [--seconds N]. Each bot has a server of its
own; one is loaded while the other idles, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import processes, report, texts
from bench.processes import Served

Posts = Sequence[dict[str, str]]


async def compare(
    name: str,
    posts: Callable[[int], Posts],
    *,
    rate: float,
    rounds: int,
    keywords: int,
    wait: float = 30,
) -> None:
    """Load both bots with the same posts in turns; print and save the figures.

    ``posts`` gives those of a round; those of round 0 are for warming up.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        served = {n: await stack.enter_async_context(processes.server(1)) for n in ("floor", "bot")}
        await stack.enter_async_context(processes.floor(served["floor"]))
        pid = await stack.enter_async_context(
            processes.product(served["bot"], folder, texts.keywords(keywords))
        )
        for which in served.values():
            await which.load(posts(0)[:20], rate, wait=90)
        await processes.until_idle(pid)
        measured: list[dict[str, dict[str, float]]] = []
        for number in range(rounds):
            order = list(served) if number % 2 == 0 else list(reversed(served))
            given = posts(number + 1)
            measured.append({n: await _round(served[n], given, rate, wait) for n in order})
            measured[-1]["disk"] = await asyncio.to_thread(_disk, folder)
    _show(name, measured)


def _disk(folder: Path) -> dict[str, float]:
    """Return the milliseconds that a page takes to be safe on the disk; a deletion waits twice."""
    times = []
    with (folder / "probe").open("wb", buffering=0) as probe:
        for _ in range(200):
            began = time.perf_counter()
            probe.write(bytes(4096))
            os.fsync(probe.fileno())
            times.append(1000 * (time.perf_counter() - began))
    return {"p50": report.percentile(times, 0.5), "p99": report.percentile(times, 0.99)}


async def _round(served: Served, posts: Posts, rate: float, wait: float) -> dict[str, float]:
    answer = await served.load(posts, rate, wait=wait)
    times = [ms for ms in answer["ms"] if ms is not None]
    await asyncio.sleep(1)
    return {
        "p50": report.percentile(times, 0.5),
        "p99": report.percentile(times, 0.99),
        "max": max(times),
        "missing": len(answer["ms"]) - len(times),
    }


def _show(name: str, measured: Sequence[dict[str, dict[str, float]]]) -> None:
    rows: list[list[object]] = [["post to deletion, ms", "p50", "p99", "max", "not deleted"]]
    for number, one in enumerate(measured):
        for which in ("floor", "bot"):
            m = one[which]
            rows.append([f"round {number + 1} {which}", m["p50"], m["p99"], m["max"], m["missing"]])
        disk = one["disk"]
        rows.append([f"round {number + 1} fsync of a page", disk["p50"], disk["p99"], "", ""])
    report.table(rows)
    summary = {}
    for share in ("p50", "p99"):
        ratios = [m["bot"][share] / m["floor"][share] for m in measured]
        whole = statistics.median(m["bot"][share] for m in measured) / statistics.median(
            m["floor"][share] for m in measured
        )
        summary[share] = {"rounds": ratios, "of_medians": whole}
        print(f"{share}: {report.spread(ratios)} times the floor; of the medians {whole:.2f}")
    report.save(name, {"rounds": measured, "ratios": summary})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure texts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--keywords", type=int, default=texts.KEYWORDS)
    options = parser.parse_args(arguments)
    rng = random.Random(7)
    posts = [{"text": texts.leaking(rng)} for _ in range(int(options.rate * options.seconds))]
    asyncio.run(
        compare(
            "deletion",
            lambda _: posts,
            rate=options.rate,
            rounds=options.rounds,
            keywords=options.keywords,
        )
    )


if __name__ == "__main__":
    main()
