"""Compare the reader with pytesseract's image_to_data on generated pictures, in turns.

Run: python -m bench.pictures [--limit N] [--seed N] [--alone] [--masks]. Every picture is another
one and is read for the first time, by both in turns, on one core and one thread; the reader through
its child process, as in use. A key is found when it stands in the text without its blanks, with
brackets and stars folded; a mark, when the verdict tells of one. `share` is the mean over the
pictures, so that a table of forty numbers counts as much as a page with one mark.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import io
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytesseract
from PIL import Image, ImageChops

from bench.report import percentile, save, table
from bot.detect.media.pictures.reading_cache import ReadOnce
from bot.detect.media.sandbox.pool import MediaPool
from bot.judging.checking import Checker, load_checker
from bot.model import Category, Extent, Finding, Fragment, Source
from bot.ports import MediaReading
from bot.settings import CONFIG_FOLDER
from bot.store.keys import Cipher
from tests.support.picture_negatives import TEXTLESS
from tests.support.picture_set import FAMILIES, PHOTOS, Sample, samples

_FOLD = str.maketrans("☆⭐*＊（）〔〕[]", "★★★★()()()")
Groups = dict[str, Callable[[Sample], bool]]
GROUPS: Groups = {
    "all": lambda s: not s.negative,
    "photos": lambda s: s.family in PHOTOS,
    "hard": lambda s: s.hard,
    "negatives": lambda s: s.negative,
    "no text": lambda s: s.family in TEXTLESS,
    "every picture": lambda s: True,
}


@dataclass(slots=True)
class Row:
    """One picture, read by one reader."""

    sample: Sample
    keys: int
    missed_mark: bool
    found: bool
    ms: float
    cpu: float


@dataclass(slots=True)
class Masking:
    """The result of masking the findings."""

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


def measure(
    sample: Sample,
    read: Callable[[bytes], MediaReading],
    checker: Checker,
    clock: Callable[[], float] = time.process_time,
) -> Row:
    started, used = time.perf_counter(), clock()
    reading = read(sample.data)
    ms, cpu = 1000 * (time.perf_counter() - started), 1000 * (clock() - used)
    text = "".join("".join(f.text for f in reading.fragments).split()).translate(_FOLD)
    found = judge(checker, reading)
    told = any(f.category is Category.MARKING for f in found)
    keys = sum(key in text for key in sample.keys)
    return Row(sample, keys, bool(sample.marks) and not told, bool(found), ms, cpu)


def processor(pids: Sequence[int]) -> float:
    """Return the seconds of processor time of this process, what it ran, and its children."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            running += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return time.process_time() + ended.ru_utime + ended.ru_stime + running


def mask(
    runner: asyncio.Runner, pool: MediaPool, checker: Checker, sample: Sample, total: Masking
) -> None:
    """Cover the places found in a picture, and look whether anything is found in the copy."""

    def read(data: bytes) -> MediaReading:
        return runner.run(pool.read(data, name=None, mime_type=None))

    found = judge(checker, read(sample.data))
    if not found or any(f.extent is Extent.WHOLE or f.box is None for f in found):
        return
    masked = runner.run(pool.mask_picture(sample.data, [f.box for f in found if f.box]))
    total.pictures += 1
    total.passed += not judge(checker, read(masked))
    before = Image.open(io.BytesIO(sample.data)).convert("L")
    after = Image.open(io.BytesIO(masked)).convert("L").resize(before.size)
    changed = ImageChops.difference(before, after).point(lambda v: 255 * (v > 48))
    total.covered.append(changed.histogram()[255] / (before.width * before.height))


def show(rows: dict[str, list[Row]]) -> None:
    head = ["reader", "group", "pictures", "keys", "of", "%", "share %", "marks", "of", "found in"]
    lines: list[list[object]] = [[*head, "median ms", "p95", "cpu ms", "p95"]]
    for name, every in rows.items():
        families = {row.sample.family for row in every}
        groups = {**GROUPS, **{f: (lambda s, f=f: s.family == f) for f in sorted(families)}}
        for group, belongs in groups.items():
            chosen = [row for row in every if belongs(row.sample)]
            if chosen:
                lines.append([name, group, len(chosen), *summary(chosen)])
    table(lines)
    save("pictures", lines)


def summary(rows: list[Row]) -> list[object]:
    """Return keys found and of how many, marks likewise, pictures with findings, and times."""
    keyed = [row for row in rows if row.sample.keys]
    keys, of = sum(row.keys for row in keyed), sum(len(row.sample.keys) for row in keyed)
    share = [100 * row.keys / len(row.sample.keys) for row in keyed]
    marked = [row for row in rows if row.sample.marks]
    told = sum(not row.missed_mark for row in marked)
    times, used = [row.ms for row in rows], [row.cpu for row in rows]
    shares = [100 * keys / of, statistics.fmean(share)] if of else ["-", "-"]
    found = sum(row.found for row in rows)
    spent = [f(n) for n in (times, used) for f in (statistics.median, _p95)]
    return [keys, of, *shares, told, len(marked), found, *spent]


def _p95(values: Sequence[float]) -> float:
    return percentile(values, 0.95)


def compare(ours: list[Row], theirs: list[Row]) -> None:
    """Print what the reader takes and finds for each of pytesseract's."""
    for group in ("every picture", "all", "photos", "hard", "no text"):
        pairs = [p for p in zip(ours, theirs, strict=True) if GROUPS[group](p[0].sample)]
        if not pairs:
            continue
        a, b = summary([x for x, _ in pairs]), summary([y for _, y in pairs])
        told = [f"median {a[7] / b[7]:.2f}x, p95 {a[8] / b[8]:.2f}x"]
        told.append(f"processor {a[9] / b[9]:.2f}x and {a[10] / b[10]:.2f}x")
        if a[1]:
            told.append(f"keys {a[0]}:{b[0]}, share {a[3]:.1f}:{b[3]:.1f} %, marks {a[4]}:{b[4]}")
        print(f"against pytesseract, {group}: {', '.join(told)}")


def chosen(limit: int, seed: int) -> Iterator[Sample]:
    """Yield about ``limit`` different pictures, a little more than three in eight negative."""
    negatives = round(limit * 100 / 262)
    each = max(1, round((limit - negatives) / len(FAMILIES)))
    seen = set()
    for sample in samples(each, negatives, seed):
        if (key := hashlib.sha256(sample.data).digest()) not in seen:
            seen.add(key)
            yield sample


def run(runner: asyncio.Runner, pool: MediaPool, options: argparse.Namespace) -> None:
    checker = load_checker(CONFIG_FOLDER / "packs", CONFIG_FOLDER / "policies.toml")
    rows: dict[str, list[Row]] = {"rapid": []}
    masking, again = Masking(), []
    once = ReadOnce(
        pool,
        digest=lambda data, about: hashlib.sha256(about.encode() + data).hexdigest(),
        cipher=Cipher(bytes(32)),
    )

    def read(data: bytes) -> MediaReading:
        return runner.run(once.read(data, name=None, mime_type=None))

    readers = {"rapid": read} if options.alone else {"rapid": read, "pytesseract": with_pytesseract}
    for number, sample in enumerate(chosen(options.limit, options.seed)):
        for name, reader in list(readers.items())[:: 1 if number % 2 else -1]:
            row = measure(sample, reader, checker, lambda: processor(pool.pids))
            rows.setdefault(name, []).append(row)
        again.append(measure(sample, read, checker).ms)
        if options.masks:
            mask(runner, pool, checker, sample, masking)
    show(rows)
    if not options.alone:
        compare(rows["rapid"], rows["pytesseract"])
    print(f"again: median {statistics.median(again):.2f} ms, p95 {_p95(again):.2f} ms")
    if masking.covered:
        mean = 100 * statistics.fmean(masking.covered)
        print(f"masked: {masking.passed} of {masking.pictures} pass; mean cover {mean:.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=262)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="without pytesseract")
    parser.add_argument("--masks", action="store_true", help="cover what is found, too")
    options = parser.parse_args()
    os.environ["OMP_THREAD_LIMIT"] = "1"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with asyncio.Runner() as runner:
        # One child throughout, however loaded the machine: its peak is that of all pictures.
        pool = MediaPool(recycle=100_000, seconds=120.0)
        started = time.perf_counter()
        runner.run(pool.start())
        print(f"start to ready: {time.perf_counter() - started:.2f} s; {', '.join(pool.isolation)}")
        run(runner, pool, options)
        for pid in pool.pids:
            peak = Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split("\n")[0]
            print(f"peak memory of the child: {peak.strip()}; load {os.getloadavg()}")
        runner.run(pool.close())


if __name__ == "__main__":
    main()
