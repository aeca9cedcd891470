"""Fuzz the readers of files with atheris: python -m bench.fuzz_files KIND|all [MINUTES].

A failure is: any exception out of the walk, a native crash, an input that takes longer than ten
seconds or 2 GiB. Prints a row for each reader; inputs that failed are kept and named. Minutes are
of processor time, so that other work on the machine shortens nothing.
"""

from __future__ import annotations

import importlib
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.fuzz_seeds import archives, change_archive, drawings, with_right_sums

SEEDS: Mapping[str, Sequence[str]] = {
    "pdf": ("pdf",),
    "zip": ("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "ofd"),
    "7z": ("7z",),
    "tar": ("tar",),
    "packed": ("gz", "bz2", "xz", "tgz"),
    "ole": ("doc", "msg"),
    "rtf": ("rtf",),
    "mail": ("eml",),
    "text": ("html", "svg", "big5", "utf-16"),
    "drawing": (),
    "picture": ("png", "jpeg", "gif", "webp", "bmp"),
}
TRACED = (
    *("bot.detect.media", "olefile", "py7zr", "zipfile", "tarfile", "email.parser"),
    *("email.header", "email.message", "defusedxml.expatreader"),
)
_INSIDE = "--inside"
_MOST_FAILURES = 5


class NoPictures:
    """Stands in for OCR, which is not fuzzed here."""

    def read_picture(
        self, data: bytes, page: int | None
    ) -> tuple[Sequence[Any], str | None, tuple[int, int]]:
        return (), None, (1, 1)

    def read_pixels(self, picture: Any, page: int | None) -> Sequence[Any]:
        return ()


def target(kind: str) -> Callable[[bytes], None]:
    """Return what is fuzzed; its modules are instrumented as they are imported."""
    import atheris

    # What the readers would import only when they are called has to be imported here.
    with atheris.instrument_imports(include=TRACED):
        for name in TRACED:
            importlib.import_module(name)
        from bot.detect.media.files.file_kinds import kinds_of
        from bot.detect.media.files.openers import OPENERS
        from bot.detect.media.files.walk import Limits, Walk
        from bot.detect.media.pictures import decoding
        from bot.detect.media.pictures.codes import read_codes
    from bot.errors import NotReadable

    limits = Limits(seconds=2.0, total_size=16 << 20, part_size=4 << 20)

    def document(data: bytes) -> None:
        if kind == "7z":
            data = with_right_sums(data)

        def first_kind(inner: bytes) -> Sequence[str]:
            return [kind] if inner is data else kinds_of(inner)

        Walk(OPENERS, first_kind, NoPictures(), limits).run(data)

    def picture(data: bytes) -> None:
        try:
            frames = decoding.decode(data).frames
        except NotReadable:
            return
        for frame in frames:
            if frame.size[0] * frame.size[1] < 250_000:
                for ground in frame.grounds:
                    read_codes(ground, None)

    return picture if kind == "picture" else document


def inside(kind: str, seconds: str, corpus: str, kept: str) -> None:
    """Run libFuzzer in this process; it ends the process."""
    import atheris

    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048"]
    options += [f"-artifact_prefix={kept}/", "-print_final_stats=1", "-verbosity=0"]
    own = {"custom_mutator": change_archive} if kind == "7z" else {}
    atheris.Setup([sys.argv[0], *options, "-max_len=60000", corpus], target(kind), **own)
    atheris.Fuzz()


def fuzz(kind: str, minutes: float) -> int:
    """Fuzz one reader for so long, going on after a failure; print its row."""
    kept = Path(tempfile.mkdtemp(prefix=f"fuzz-{kind}-"))
    end, runs, failures = used() + minutes * 60, 0, 0
    with tempfile.TemporaryDirectory() as corpus:
        for name, data in beginning(kind).items():
            (Path(corpus) / name).write_bytes(data)
        while (left := end - used()) > 1 and failures < _MOST_FAILURES:
            command = (_INSIDE, kind, str(int(left)), corpus, str(kept))
            ended = subprocess.run(
                (sys.executable, "-m", "bench.fuzz_files", *command),
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                check=False,
            )
            said = ended.stderr.decode("utf-8", "replace")
            counts = re.findall(r"number_of_executed_units: (\d+)", said)
            runs += sum(map(int, counts))
            if ended.returncode:
                failures += 1
                (kept / f"failure-{failures}.log").write_text(said[-20_000:])
        inputs = sum(1 for _ in Path(corpus).iterdir())
    places = "" if not failures else f" kept in {kept}"
    print(f"| {kind} | {minutes:g} | {runs:,} | {inputs} | {failures} |{places}", flush=True)
    if not failures:
        kept.rmdir()
    return failures


def beginning(kind: str) -> dict[str, bytes]:
    """Return the files with which the fuzzing of one reader begins."""
    from tests.support import hostile

    samples = dict(hostile.samples())
    more = {"7z": archives, "drawing": drawings}.get(kind, dict)
    return {name: samples[name] for name in SEEDS[kind]} | dict(more())


def used() -> float:
    """Return the processor time, in seconds, of the fuzzing that has ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def main() -> int:
    """Fuzz the named reader, or all of them one after the other."""
    if sys.argv[1:2] == [_INSIDE]:
        inside(*sys.argv[2:])
    kinds = tuple(SEEDS) if sys.argv[1] == "all" else (sys.argv[1],)
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    print("| reader | minutes | executions | inputs kept | failures |\n|---|---|---|---|---|")
    return min(1, sum([fuzz(kind, minutes) for kind in kinds]))


if __name__ == "__main__":
    sys.exit(main())
