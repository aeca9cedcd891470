"""Look for texts that are slow to inspect, or fail: python -m bench.fuzz [SECONDS].

For ten minutes by default: a third goes to each class of `bench.hard_texts`, a third to changing
the slowest, a third to atheris, which is led by the branches reached and by the time taken. Prints
the worst processor time of each class and keeps the slowest text in build/slowest.txt.
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from bench.report import save, table

SEED = 20260503
SECONDS = 600.0
KEPT = Path("build/slowest.txt")
TOLD = Path("build/guided.json")
AIM = 20.0
LOOKS = 9


class Search:
    """Keeps the slowest text of each class."""

    def __init__(self) -> None:
        from bench.text import Ours, terms  # Late, so that atheris can see all that is run.

        random_ = random.Random(SEED)
        self._ours = Ours([*terms(random_, 1_990), "天河计划", "天河"])
        self.worst: dict[str, tuple[float, str]] = {}
        self.texts = 0
        gc.collect()
        gc.freeze()  # as the bot does after its start

    def run(self, name: str, text: str) -> float:
        """Inspect a text some times; return the best processor time, in milliseconds."""
        known = self.worst.get(name, (0.0, ""))[0]
        best = float("inf")
        # Of thousands of texts the worst is soon one that something else delayed: look again.
        for _ in range(LOOKS):
            start = time.process_time()
            self._ours(text)
            best = min(best, (time.process_time() - start) * 1000)
            if best < known:
                break
        self.texts += 1
        if best > known:
            self.worst[name] = (best, text)
        return best


def sample(search: Search, seconds: float, random_: random.Random) -> None:
    """Make texts of each class in turn."""
    from bench.hard_texts import classes

    made = classes()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, make in made.items():
            search.run(name, make(random_))


def climb(search: Search, seconds: float, random_: random.Random) -> None:
    """Change the slowest again and again: cut, repeat, join and exchange pieces of them."""
    pool = sorted((took, name, text) for name, (took, text) in search.worst.items())[-20:]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        (_, name, one), (_, _, other) = random_.choice(pool), random_.choice(pool)
        text = mutated(random_, one, other)
        pool = sorted([*pool, (search.run(f"changed: {name}"[:60], text), name, text)])[-20:]


def mutated(random_: random.Random, one: str, other: str) -> str:
    """Return a text made of pieces of two others."""
    from bench.hard_texts import LENGTH

    def piece(text: str) -> str:
        at = random_.randrange(len(text))
        return text[at : at + random_.choice((1, 3, 10, 40, 200, 1000))]

    pieces = [piece(random_.choice((one, other))) for _ in range(random_.randint(1, 6))]
    if random_.random() < 0.5:
        at = random_.randrange(len(one))
        pieces = [one[:at], *pieces, one[at:]]
    text = "".join(pieces)
    return (text * (LENGTH // len(text) + 1))[:LENGTH]


def guided(seconds: float) -> None:
    """Let atheris choose the pieces; it ends its process, so that it has one of its own."""
    import atheris

    with atheris.instrument_imports(include=["bot"]):
        search = Search()
    from bench.hard_texts import LENGTH, NEAR, NOISE, SCRIPTS, TEACHING, classes

    names = list(classes())
    made = classes()

    @atheris.instrument_func  # type: ignore[misc]
    def reached(milliseconds: float) -> int:
        """Reach another branch for each millisecond more, as if slowness were new code."""
        steps = 0
        while steps < milliseconds:
            steps += 1
        return steps

    def one(data: bytes) -> None:
        given = atheris.FuzzedDataProvider(data)
        name = names[given.ConsumeIntInRange(0, len(names) - 1)]
        text = made[name](random.Random(given.ConsumeIntInRange(0, 1 << 16)))
        extra = [*NEAR, *TEACHING, *NOISE, *SCRIPTS]
        picked = [extra[given.ConsumeIntInRange(0, len(extra) - 1)] for _ in range(6)]
        unit = text[: given.ConsumeIntInRange(1, 400)] + "".join(picked[: len(data) % 7])
        before = max(search.worst.values(), default=(0.0, ""))
        reached(search.run(f"guided: {name}", (unit * (LENGTH // len(unit) + 1))[:LENGTH]))
        if max(search.worst.values()) > before or search.texts % 500 == 0:
            TOLD.write_text(json.dumps([search.texts, search.worst]), "utf-8")

    # The guided search's own times hold the instruments' cost: they are taken again without.
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds:.0f}", "-max_len=64"], one)
    atheris.Fuzz()


def by_atheris(search: Search, seconds: float) -> None:
    """Run the guided search apart, and time what it found here."""
    if find_spec("atheris") is None:
        print("atheris is not installed: pip install --group fuzz")
        return
    TOLD.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.fuzz", "--guided", f"{seconds:.0f}"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode or not TOLD.exists():
        print(done.stderr.decode("utf-8", "replace")[-2000:])
        raise SystemExit(f"atheris ended with {done.returncode}")
    texts, found = json.loads(TOLD.read_text("utf-8"))
    search.texts += texts
    for name, (_, text) in found.items():
        search.run(name, text)


def main() -> None:
    """Search, and print the worst time of each class."""
    numbers = [a for a in sys.argv[1:] if not a.startswith("-")]
    seconds = float(numbers[0]) if numbers else SECONDS
    KEPT.parent.mkdir(exist_ok=True)
    if "--guided" in sys.argv:
        guided(seconds)
        return
    search, random_ = Search(), random.Random(SEED)
    sample(search, seconds / 3, random_)
    climb(search, seconds / 3, random_)
    by_atheris(search, seconds / 3)
    rows = sorted(((took, name) for name, (took, _) in search.worst.items()), reverse=True)
    table([("class of 4,096 characters", "worst ms"), *((name, took) for took, name in rows)])
    took, text = max(search.worst.values())
    KEPT.write_text(text, "utf-8", "surrogatepass")
    verdict = "within" if took <= AIM else "ABOVE"
    print(f"{search.texts:,} texts; worst {took:.1f} ms, {verdict} {AIM:g} ms: {text[:60]!r}")
    save("fuzz", {"texts": search.texts, "worst": rows, "slowest": took})


if __name__ == "__main__":
    main()
