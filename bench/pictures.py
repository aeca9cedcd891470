"""Compare the reader with pytesseract's image_to_data on generated pictures, in turns.

Run: python -m bench.pictures [--each N] [--negatives N] [--seed N] [--alone]. Both read on one
thread; the reader through its child process, as in use. A key is found when it stands in the text
without its blanks, with brackets and stars folded; a mark, when the verdict tells of one.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytesseract
from PIL import Image, ImageChops

from bench.report import percentile, save, table
from bot.checking import Checker, load_checker
from bot.detect.media.cache import ReadOnce
from bot.detect.media.pool import MediaPool
from bot.model import Category, Extent, Finding, Fragment, Source
from bot.ports import MediaReading
from bot.settings import CONFIG_FOLDER
from bot.store.keys import Cipher
from tests.support.picture_negatives import TEXTLESS
from tests.support.picture_set import PHOTOS, Sample, samples

_FOLD = str.maketrans("☆⭐*＊（）〔〕[]", "★★★★()()()")
Groups = dict[str, Callable[[Sample], bool]]
GROUPS: Groups = {
    "all": lambda s: not s.negative,
    "photos": lambda s: s.family in PHOTOS,
    "hard": lambda s: s.hard,
    "negatives": lambda s: s.negative,
    "no text": lambda s: s.family in TEXTLESS,
}


@dataclass(slots=True)
class Row:
    """One picture, read by one reader."""

    sample: Sample
    keys: int
    missed_mark: bool
    found: bool
    ms: float


@dataclass(slots=True)
class Masking:
    """What covering the findings came to."""

    pictures: int = 0
    passed: int = 0
    covered: list[float] = field(default_factory=list)


def with_pytesseract(data: bytes) -> MediaReading:
    columns = pytesseract.image_to_data(
        Image.open(io.BytesIO(data)), lang="chi_sim+eng", output_type=pytesseract.Output.DICT
    )
    text = " ".join(columns["text"])
    return MediaReading(fragments=(Fragment(source=Source.IMAGE, text=text),))


def judge(checker: Checker, reading: MediaReading) -> Sequence[Finding]:
    return checker.judge(reading.fragments).effective


def measure(sample: Sample, read: Callable[[bytes], MediaReading], checker: Checker) -> Row:
    started = time.perf_counter()
    reading = read(sample.data)
    ms = 1000 * (time.perf_counter() - started)
    text = "".join("".join(f.text for f in reading.fragments).split()).translate(_FOLD)
    found = judge(checker, reading)
    told = any(f.category is Category.MARKING for f in found)
    keys = sum(key in text for key in sample.keys)
    return Row(sample, keys, bool(sample.marks) and not told, bool(found), ms)


def mask(
    runner: asyncio.Runner, pool: MediaPool, checker: Checker, sample: Sample, total: Masking
) -> None:
    """Cover the places found in a picture, and look whether anything is found in the copy."""

    def read(data: bytes) -> MediaReading:
        return runner.run(pool.read(data, name=None, mime_type=None))

    found = judge(checker, read(sample.data))
    if not found or any(f.extent is Extent.WHOLE or f.box is None for f in found):
        return
    masked = runner.run(pool.redact(sample.data, [f.box for f in found if f.box]))
    total.pictures += 1
    total.passed += not judge(checker, read(masked))
    before = Image.open(io.BytesIO(sample.data)).convert("L")
    after = Image.open(io.BytesIO(masked)).convert("L").resize(before.size)
    changed = ImageChops.difference(before, after).point(lambda v: 255 * (v > 48))
    total.covered.append(changed.histogram()[255] / (before.width * before.height))


def show(rows: dict[str, list[Row]]) -> None:
    head = ["reader", "group", "keys", "of", "%", "marks missed", "found in", "median", "p95"]
    lines: list[list[object]] = [head]
    for name, every in rows.items():
        families = {row.sample.family for row in every}
        groups = {**GROUPS, **{f: (lambda s, f=f: s.family == f) for f in sorted(families)}}
        for group, belongs in groups.items():
            chosen = [row for row in every if belongs(row.sample)]
            if not chosen:
                continue
            keys, of = sum(r.keys for r in chosen), sum(len(r.sample.keys) for r in chosen)
            times = [r.ms for r in chosen]
            share = 100 * keys / of if of else "-"
            counts = (sum(r.missed_mark for r in chosen), sum(r.found for r in chosen))
            spent = (statistics.median(times), percentile(times, 0.95))
            lines.append([name, group, keys, of, share, *counts, *spent])
    table(lines)
    save("pictures", lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--negatives", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="without pytesseract")
    options = parser.parse_args()
    os.environ["OMP_THREAD_LIMIT"] = "1"
    checker = load_checker(CONFIG_FOLDER / "packs", CONFIG_FOLDER / "policies.toml")
    rows: dict[str, list[Row]] = {}
    masking, again = Masking(), []
    with asyncio.Runner() as runner:
        pool = MediaPool()
        started = time.perf_counter()
        runner.run(pool.start())
        print(f"start to ready: {time.perf_counter() - started:.2f} s; {', '.join(pool.isolation)}")

        def digest(data: bytes, purpose: str) -> str:
            return hashlib.sha256(purpose.encode() + data).hexdigest()

        once = ReadOnce(pool, digest=digest, cipher=Cipher(bytes(32)))

        def read(data: bytes) -> MediaReading:
            return runner.run(once.read(data, name=None, mime_type=None))

        for sample in samples(options.each, options.negatives, options.seed):
            rows.setdefault("rapid", []).append(measure(sample, read, checker))
            again.append(measure(sample, read, checker).ms)
            if not options.alone:
                rows.setdefault("pytesseract", []).append(
                    measure(sample, with_pytesseract, checker)
                )
            mask(runner, pool, checker, sample, masking)
        peak = Path(f"/proc/{pool.pids[0]}/status").read_text().split("VmHWM:")[1].split("\n")[0]
        print(f"peak memory of the child: {peak.strip()}; load {os.getloadavg()}")
        runner.run(pool.close())
    show(rows)
    print(f"again: median {statistics.median(again):.2f} ms, p95 {percentile(again, 0.95):.2f} ms")
    if masking.covered:
        mean = 100 * statistics.fmean(masking.covered)
        print(f"masked: {masking.passed} of {masking.pictures} pass; mean cover {mean:.1f} %")


if __name__ == "__main__":
    main()
