"""Measure how long the event loop stands still while files are read anew under traffic.

100,000 terms as TXT, CSV and XLSX, and all packs and policies; each compared with the same traffic
without a change.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from pathlib import Path

from openpyxl import Workbook

from bench.report import save, table
from bench.text import CONFIG, SEED, message, terms
from bot.detect.text.terms.keyword_list import KeywordList
from bot.judging.active_rules import ActiveRules, load_active_rules, watched_paths
from bot.judging.watched_file import WatchedFile
from bot.model import Fragment, Source
from bot.policy.keyword_files.child_process import read_terms_apart
from bot.settings import load_settings

COUNT = 100_000
PACE = 0.002
"""Seconds between messages."""


def write(path: Path, words: list[str]) -> None:
    """Write a list of terms in the format that the file's name tells."""
    if path.suffix == ".xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for word in words:
            sheet.append([word])
        book.save(path)
    else:
        path.write_text("\n".join(["term"] * (path.suffix == ".csv") + words), "utf-8")


class Traffic:
    """Inspects a message every few milliseconds and notes how late each was."""

    def __init__(self, rules: WatchedFile[ActiveRules]) -> None:
        random_ = random.Random(SEED)
        self._rules = rules
        self._texts = [message(random_, 100) for _ in range(500)]
        self.late: list[float] = []

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            for text in self._texts:
                due = time.perf_counter() + PACE
                await asyncio.sleep(PACE)
                fragment = Fragment(source=Source.TEXT, text=text)
                self._rules.value.engine("standard").inspect([fragment])
                self.late.append((time.perf_counter() - due) * 1000)


async def during(traffic: Traffic, look: WatchedFile[object] | None) -> tuple[float, float, float]:
    """Return the longest and the 99.9th lateness, and how long a change took to be in force."""
    task = asyncio.create_task(traffic.run())
    await asyncio.sleep(0.5)
    traffic.late.clear()
    start = time.perf_counter()
    if look is None:
        await asyncio.sleep(5)
    else:
        assert await look.look()
    took = time.perf_counter() - start
    task.cancel()
    late = sorted(traffic.late)
    return late[-1], late[int(len(late) * 0.999) - 1], took


async def measure(folder: Path) -> None:
    """Change one file after the other."""
    for name in ("packs", "policies.toml"):
        source = CONFIG / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / name)
    (folder / "shoukou.toml").write_text('language = "en"\n', "utf-8")
    settings = load_settings(folder / "shoukou.toml")
    first, *beside = watched_paths(settings)
    rules = WatchedFile(first, lambda _: load_active_rules(settings), *beside)
    traffic = Traffic(rules)
    rows: list[tuple[str, float, float, float]] = []
    rows.append(("nothing (5 s)", *await during(traffic, None)))
    words = terms(random.Random(SEED), COUNT)
    for kind in (".txt", ".csv", ".xlsx"):
        path = folder / f"terms{kind}"
        write(path, words[:10])
        file = WatchedFile(path, lambda p: KeywordList(read_terms_apart(p.absolute())))
        write(path, words)
        rows.append((f"{COUNT:,} terms {kind}", *await during(traffic, file)))  # type: ignore[arg-type]
    policies = folder / "policies.toml"
    policies.write_text(policies.read_text("utf-8") + "\n# changed\n", "utf-8")
    rows.append(("packs and policies", *await during(traffic, rules)))  # type: ignore[arg-type]
    table([("changed under traffic", "longest ms", "p99.9 ms", "in force after s"), *rows])
    save("reload", {"rows": rows})


def main() -> None:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
