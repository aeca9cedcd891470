"""Time from post to deletion of photographed documents, with the floor's beside it.

Run: python -m bench.picture_deletion [--count N] [--rounds N]. The floor does not look at them.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import random
from collections.abc import Sequence

from bench.deletion import compare
from tests.support import pictures


def photos(count: int, number: int) -> list[dict[str, str]]:
    """Return posts with phone-like photos of documents that bear a mark, each another.

    Those of different rounds differ too: what was read once is not read again.
    """
    page, rng = pictures.official_page(), random.Random(number)
    every = (
        pictures.encode(pictures.photograph(page, rng), "JPEG", quality=80) for _ in range(count)
    )
    return [{"picture": base64.b64encode(data).decode()} for data in every]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.5, help="pictures a second")
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args(arguments)

    def posts(number: int) -> list[dict[str, str]]:
        return photos(options.count if number else 3, number)

    rounds, rate = options.rounds, options.rate
    asyncio.run(
        compare("picture_deletion", posts, rate=rate, rounds=rounds, keywords=10_000, wait=60)
    )


if __name__ == "__main__":
    main()
