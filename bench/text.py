"""Measure the text path against peers, its growth with the number of terms, and its worst inputs.

Everything runs in one process, in interleaved rounds; that all find the same is proven first.
``--quick`` makes three rounds instead of nine and leaves out the slowest peer.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import text_peers
from bench.report import save, table
from bot.detect.engine import Engine
from bot.detect.text.decoding.disguised import Restorer
from bot.detect.text.matching.multi_search import DaachorseIndex, IndexFactory
from bot.detect.text.normalization.normalizer import Normalizer
from bot.detect.text.terms.keyword_list import KeywordList
from bot.judging.active_rules import warm_up
from bot.model import Finding, Fragment, Source
from bot.rules.packs import load_packs

CONFIG = Path(__file__).parents[1] / "config"
SEED = 20260501
COMMON = (
    "今天下午三点在三楼会议室开会请各部门负责人准时参加并带好相关材料收到谢谢大家辛苦了明天上午"
    "去现场看一下进度情况报告已经发到邮箱麻烦帮忙核对数据表格格式不要改动有问题随时联系我马上处理"
)
WORDS = ("ok", "the", "report", "meeting", "v2", "excel", "3pm", "2026", "PDF", "thanks")
QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 9
FIGURES: dict[str, Any] = {}
MARKS = "，。！？、, "


Contestant = Callable[[str], object]


def message(random_: random.Random, length: int) -> str:
    """Make a harmless message of mixed Chinese and English."""
    pieces: list[str] = []
    while sum(map(len, pieces)) < length:
        start = random_.randrange(len(COMMON) - 12)
        pieces.append(COMMON[start : start + random_.randint(4, 12)])
        if random_.random() < 0.3:
            pieces.append(f" {random_.choice(WORDS)} ")
        pieces.append(random_.choice(MARKS))
    return "".join(pieces)[:length]


def terms(random_: random.Random, count: int) -> list[str]:
    """Make distinct terms of Chinese characters that ordinary text hardly holds."""
    made: set[str] = set()
    while len(made) < count:
        size = random_.randint(3, 6)
        made.add("".join(chr(random_.randint(0x4E00, 0x9FA5)) for _ in range(size)))
    return sorted(made)


def micros(run: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of a call's processor time, in microseconds."""
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append((time.process_time() - start) * 1e6)
    times.sort()
    return statistics.median(times), times[max(0, int(len(times) * 0.99) - 1)]


def adversaries(random_: random.Random) -> dict[str, str]:
    """Return 4,096 characters of what costs most."""
    pool = "机密★10年内部绝秘\u200b 1101051949X密级：:=password-"
    return {
        "all marks": "机密★1年" * 820,
        "marks on lines": "机密★1年\n" * 682,
        "noise between": "机 密 " * 1024,
        "noise only": "★ " * 2048,
        "one character": "密" * 4096,
        "digits": "1" * 4096,
        "identity numbers": "11010519491231002X " * 215,
        "wrong identity numbers": "身份证110105194912310021 " * 178,
        "open brackets": "【内部】" * 1024,
        "prohibitions": "严禁通过" * 1024,
        "forbidden": "此件不得外传" * 682,
        "labels": "密码:" * 1365,
        "labels with values": "密码:aB3$5678 " * 315,
        "addresses": "https://a:" * 409,
        "tokens": "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.aaaaaaaaaaaa " * 93,
        "keys": "-----BEGIN PRIVATE KEY-----" * 151,
        "blanks": " " * 4096,
        "line feeds": "机\n" * 2048,
        "invisible": "机\u200b" * 2048,
        "random": "".join(random_.choice(pool) for _ in range(4096)),
        "group terms": "天河计划" * 1024,
    }


def hit(random_: random.Random, keywords: Sequence[str], length: int) -> str:
    """Make a message that holds a mark, a number or a term somewhere."""
    secret = random_.choice(("机密★10年", "11010519491231002X", random_.choice(keywords)))
    rest = message(random_, length - len(secret) - 2)
    at = random_.randrange(len(rest))
    gap = "" if secret in keywords else " "
    return f"{rest[:at]}{gap}{secret}{gap}{rest[at:]}"


def traffic(
    random_: random.Random,
    keywords: Sequence[str],
    count: int,
    finds: Contestant,
    length: int = 100,
) -> list[str]:
    """Make messages of which ``finds`` finds something in exactly one of a hundred."""

    def until(found: bool, make: Callable[[], str]) -> str:
        while bool(finds(text := make())) is not found:
            pass
        return text

    return [
        until(True, lambda: hit(random_, keywords, length))
        if n % 100 == 50
        else until(False, lambda: message(random_, length))
        for n in range(count)
    ]


def resident_megabytes() -> float:
    """Return the memory that the process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Ours:
    """The product's text path: all packs, and a list of terms.

    ``index`` finds the terms; ``gates`` finds the packs' own words.
    """

    def __init__(
        self,
        keywords: Sequence[str],
        index: IndexFactory = DaachorseIndex,
        gates: IndexFactory = DaachorseIndex,
    ) -> None:
        normalizer = Normalizer()
        packs = load_packs(CONFIG / "packs")
        rules = packs.rules(sorted(packs.by_name))
        self._engine = Engine(
            rules,
            normalizer=normalizer,
            index=gates,
            restorer=Restorer(normalizer),
        )
        self._keywords = KeywordList(keywords, normalizer, index=index)
        warm_up(self._engine, rules)

    def __call__(self, text: str) -> tuple[Finding, ...]:
        """Return what is found."""
        fragment = Fragment(source=Source.TEXT, text=text)
        return self._engine.inspect([fragment], self._keywords).findings


def seconds(contestant: Contestant, texts: Sequence[str]) -> float:
    """Return the processor time for each text."""
    start = time.process_time()
    for text in texts:
        contestant(text)
    return (time.process_time() - start) / len(texts)


def compare(ours: Ours, others: Mapping[str, tuple[Contestant, Sequence[str]]]) -> None:
    """Print how many times longer the others take, in interleaved rounds."""
    ratios: dict[str, list[float]] = {name: [] for name in others}
    for round_ in range(ROUNDS):
        order = list(others)
        random.Random(round_).shuffle(order)
        for name in order:
            contestant, texts = others[name]
            mine = seconds(ours, texts * max(1, 200 // len(texts)))
            ratios[name].append(seconds(contestant, texts) / mine)
    table([("against", "median", "least", "greatest"), *(
        (name, statistics.median(r), min(r), max(r)) for name, r in ratios.items()
    )])  # fmt: skip
    FIGURES["ratios"] = ratios


def main() -> None:
    """Compare with peers, then measure times, growth, building and the worst input."""
    random_ = random.Random(SEED)
    many = terms(random_, 100_000)
    few = [*many[::10][:9_999], "天河计划"]
    before, start = resident_megabytes(), time.perf_counter()
    ours = Ours(few)
    built = time.perf_counter() - start
    print(f"build: {built:.2f} s, {resident_megabytes() - before:.0f} MB (10,000 terms, all packs)")
    before, start = resident_megabytes(), time.perf_counter()
    large = Ours(many)
    grown = time.perf_counter() - start
    print(f"build: {grown:.2f} s, {resident_megabytes() - before:.0f} MB (100,000 terms)")
    texts = traffic(random_, few, 1000, ours)
    peers = text_peers.peers(CONFIG, few, ours, texts, quick=QUICK)
    compare(ours, {**peers, "100,000 terms": (large, texts)})
    for length, count in ((100, 3000), (2000, 1000)):
        measured = traffic(random_, few, count, ours, length)
        pieces = iter(measured)
        median, high = micros(lambda pieces=pieces: ours(next(pieces)), len(measured))  # type: ignore[misc]
        print(f"{length} characters: p50 {median:.0f} µs, p99 {high:.0f} µs")
        FIGURES[f"{length} characters"] = (median, high)
    pace = 1 / statistics.median(seconds(ours, texts) for _ in range(ROUNDS))
    print(f"one core: {pace:,.0f} messages/s")
    rows = []
    gc.collect()
    gc.freeze()  # as the bot does after its start
    for name, text in adversaries(random_).items():
        times = [micros(lambda text=text: ours(text[:4096]), 1)[0] / 1000 for _ in range(7)]  # type: ignore[misc]
        rows.append((name, statistics.median(times), max(times)))
    table([("4,096 characters, ms", "median", "greatest"), *sorted(rows, key=lambda r: -r[1])])
    FIGURES.update(build_seconds=(built, grown), messages_per_second=pace, worst=rows)
    save("text", FIGURES)


if __name__ == "__main__":
    main()
