"""Look for texts that are slow to inspect, or fail: python -m bench.fuzz [SECONDS] [--atheris].

Inputs are choices of pieces, up to 4,096 characters; the slowest are kept and changed further.
"""

from __future__ import annotations

import base64
import random
import sys
import time
from pathlib import Path
from urllib.parse import quote

SEED = 20260503
LENGTH = 4096
MATERIAL = (
    "机密★10年 绝密 秘密★ 内部资料 密机 机密 鸡蜜★ jimi★ 木几 jm★ ★ 年 1 11010519491231002X "
    "110105194912310021 13812345678 密码: password= aB3$5678 , 严禁外传 此件不得外传 【内部】 "
    "https://a:b@c %E6 %25 &#26426; \\u673a 6d eyJhbGciOi 天河计划 天 河 机 密 . - a AKIA ghp_ "
    "〔2026〕12号 签发人: 份号 特急 抄送: 6222021234567890128 ， ： ( ) \u200b \u0301 \ufe0f"
)
PIECES = (*MATERIAL.split(" "), " ", "\n", "x" * 36, "-----BEGIN PRIVATE KEY-----")


class Search:
    """Keeps the slowest texts seen."""

    def __init__(self) -> None:
        from bench.text import Ours, terms  # Late, so that atheris can see all that is run.

        random_ = random.Random(SEED)
        self._ours = Ours([*terms(random_, 1_990), "天河计划", "天河"])
        self.slowest: list[tuple[float, str]] = []

    def run(self, text: str) -> float:
        """Inspect a text three times and return the best processor time, in milliseconds."""
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            self._ours(text)
            best = min(best, (time.process_time() - start) * 1000)
            if self.slowest and best < self.slowest[-1][0] * 0.7:
                break
        self.slowest = sorted([*self.slowest, (best, text)], reverse=True)[:20]
        return best


def build(choices: bytes) -> str:
    """Make a text of the pieces that some bytes choose; the first says how it is encoded."""
    pieces = [PIECES[c % len(PIECES)] for c in choices[1:]] or ["a"]
    text = "".join(pieces)
    text = (text * (LENGTH // len(text) + 1))[:LENGTH]
    kind = choices[0] % 8 if choices else 0
    if kind == 5:
        text = base64.b64encode(text[:1200].encode("utf-8", "replace")).decode()
    elif kind == 6:
        text = quote(text[:1400])
    elif kind == 7:
        text = base64.b64encode(quote(text[:900]).encode()).decode()
    return text[:LENGTH]


def mutated(random_: random.Random, choices: bytes) -> bytes:
    """Change some choices."""
    data = bytearray(choices)
    for _ in range(random_.randint(1, 4)):
        kind = random_.randrange(3)
        at = random_.randrange(len(data) + 1)
        if kind == 0 and data:
            data[at % len(data)] = random_.randrange(256)
        elif kind == 1 and len(data) < 40:
            data.insert(at, random_.randrange(256))
        elif len(data) > 2:
            del data[at % len(data)]
    return bytes(data)


def climb(search: Search, seconds: float) -> None:
    """Change the slowest again and again."""
    random_ = random.Random(SEED)
    pool: list[tuple[float, bytes]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(pool) < 50 or random_.random() < 0.2:
            choices = bytes(random_.randrange(256) for _ in range(random_.randint(2, 12)))
        else:
            choices = mutated(random_, random_.choice(pool)[1])
        pool = sorted([*pool, (search.run(build(choices)), choices)], reverse=True)[:50]


def guided(search: Search, seconds: float) -> None:
    """Let atheris choose by the branches that are reached; it ends the process itself."""
    import atheris

    def one(data: bytes) -> None:
        before = search.slowest[0] if search.slowest else None
        search.run(build(data))
        if search.slowest[0] != before:
            show(search)

    atheris.Setup([sys.argv[0], f"-max_total_time={seconds:.0f}", "-max_len=64"], one)
    atheris.Fuzz()


def main() -> None:
    """Search, and print the slowest texts with their times."""
    numbers = [a for a in sys.argv[1:] if not a.startswith("-")]
    seconds = float(numbers[0]) if numbers else 60.0
    if "--atheris" in sys.argv:
        import atheris

        with atheris.instrument_imports(include=["bot"]):
            search = Search()
        guided(search, seconds)
        return
    search = Search()
    climb(search, seconds)
    show(search)


def show(search: Search) -> None:
    """Print the slowest texts, and keep the very slowest."""
    for took, text in search.slowest[:8]:
        print(f"{took:.1f} ms: {text[:60]!r}")
    Path("build").mkdir(exist_ok=True)
    Path("build/slowest.txt").write_text(search.slowest[0][1], "utf-8", "surrogatepass")


if __name__ == "__main__":
    main()
