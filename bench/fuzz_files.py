"""Fuzz one reader of documents with atheris: python -m bench.fuzz_files KIND [SECONDS].

Anything but NotReadable, and any input that takes longer than ten seconds, is a failure.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["bot.detect.media"]):
    from bot.detect.media.files.kinds import kinds_of
    from bot.detect.media.files.opening import OPENERS
    from bot.detect.media.files.walk import Limits, Walk

from bot.model import Fragment
from tests.support import hostile

SEEDS = {
    "pdf": ("pdf",),
    "zip": ("zip", "docx", "xlsx", "pptx", "odt", "ofd"),
    "7z": ("7z",),
    "tar": ("tar",),
    "packed": ("gz", "bz2", "xz", "tgz"),
    "ole": ("doc", "msg"),
    "rtf": ("rtf",),
    "mail": ("eml",),
    "text": ("html", "svg", "big5", "utf-16"),
    "drawing": ("rtf",),
}


class NoPictures:
    """Stands in for OCR, which is not fuzzed here."""

    def read_picture(
        self, data: bytes, page: int | None
    ) -> tuple[Sequence[Fragment], str | None, tuple[int, int]]:
        return (), None, (1, 1)

    def read_pixels(self, picture: Any, page: int | None) -> Sequence[Fragment]:
        return ()


def main() -> None:
    """Run the named reader on changed samples."""
    kind, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    samples = dict(hostile.samples())
    opener = OPENERS[kind]
    limits = Limits(seconds=2.0, total_size=16 << 20, part_size=4 << 20)

    def once(data: bytes) -> None:
        def first_kind(inner: bytes) -> Sequence[str]:
            return [kind] if inner is data else kinds_of(inner)

        walk = Walk({**OPENERS, kind: opener}, first_kind, NoPictures(), limits)
        walk.run(data)

    with tempfile.TemporaryDirectory() as folder:
        for name in SEEDS[kind]:
            (Path(folder) / name).write_bytes(samples[name])
        options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *options, "-max_len=60000", folder], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
