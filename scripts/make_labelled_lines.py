"""Write the generated labelled lines of tests/data, always the same ones.

Usage: python scripts/make_labelled_lines.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.labelled_lines import chat, leaks, lookalikes  # noqa: E402

SEED, HELD_OUT_SEED = 20261123, 977


def record(family: str, text: str, *rules: str) -> str:
    """Return one labelled line."""
    return json.dumps({"family": family, "text": text, "rules": rules}, ensure_ascii=False)


def labelled(seed: int, each: int) -> list[str]:
    """Return leaks of every pack and look-alikes."""
    found = [record(pack, text, f"{pack}/") for pack, text in leaks.lines(seed, each)]
    return found + [record(family, text) for family, text in lookalikes.lines(seed, 2 * each)]


def write(name: str, lines: Iterable[str]) -> None:
    """Write a file of tests/data."""
    path = ROOT / "tests" / "data" / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """Write every file."""
    write("generated-tuned.jsonl", labelled(SEED, 80))
    write("generated-held-out.jsonl", labelled(HELD_OUT_SEED, 40))
    write("generated-chat.jsonl", (record("chat", t) for t in chat.lines(SEED, 5200)))
    held_out = chat.lines(HELD_OUT_SEED, 1500, held_out=True)
    write("generated-chat-held-out.jsonl", (record("chat", t) for t in held_out))


if __name__ == "__main__":
    main()
