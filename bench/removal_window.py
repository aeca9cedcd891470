"""Time from a deletion to the commit of its case: the window in which a kill could matter.

Run: python -m bench.removal_window [--posts N]. See docs/path-of-a-message.md.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from bench import report
from bot.cases.desk import CaseDesk
from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.judging.plan import Plan
from bot.store.effects import EffectRow
from bot.workers.prompt_removals import PromptRemovals
from tests.support.office import open_office
from tests.support.people import OFFICE, ZHANG


async def measure(posts: int) -> list[float]:
    """Return the milliseconds of each window."""
    requested: dict[int, float] = {}
    windows: list[float] = []
    begin, commit = PromptRemovals.begin, CaseDesk.commit

    def begun(self: PromptRemovals, chat_id: int, message_id: int) -> None:
        requested.setdefault(message_id, time.perf_counter())
        begin(self, chat_id, message_id)

    async def committed(self: CaseDesk, plan: Plan) -> AsyncIterator[list[EffectRow]]:
        async for rows in commit(self, plan):
            at = requested.pop(plan.subject.message.message_id, None)
            if at is not None:
                windows.append(1000 * (time.perf_counter() - at))
            yield rows

    PromptRemovals.begin = begun  # type: ignore[method-assign]
    CaseDesk.commit = committed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        async with open_office(Path(folder), StartingMedia()) as office:
            for number in range(posts):
                await office.people.post(ZHANG, OFFICE, f"机密★10年 第{number}号")
                while await office.app.store.inbox.depth() or office.server.pending:
                    await asyncio.sleep(0.02)
    return windows[len(windows) // 10 :]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=200)
    windows = asyncio.run(measure(parser.parse_args(arguments).posts))
    shares = {name: report.percentile(windows, p) for name, p in (("p50", 0.5), ("p99", 0.99))}
    print(f"{len(windows)} removals, ms: {shares}, longest {max(windows):.1f}")


if __name__ == "__main__":
    main()
