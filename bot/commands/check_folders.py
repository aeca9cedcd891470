"""Check every file below folders, several at once; an interrupted run can be resumed."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from bot.commands.resume_journal import Journal
from bot.errors import ConfigurationError, NotReadable
from bot.judging.check_result import CheckResult
from bot.judging.checking import Checker
from bot.model import Extent, Finding
from bot.ports import MediaReader

_COLOURS = {"low": "#c8a000", "medium": "#e07000", "high": "#d02020", "critical": "#a000a0"}


class Results(Protocol):
    """Takes results as they come."""

    def result(self, id: object, result: CheckResult) -> None:
        """Take the result of one file."""

    def error(self, id: object, reason: str) -> None:
        """Take the reason why one file could not be read."""

    def known(self, *, found: bool, unread: bool) -> None:
        """Take the result that an earlier run had for a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOptions:
    """Folders for copies, the journal of finished files, and how many files are read at once."""

    policy: str = "standard"
    mask_to: Path | None = None
    annotate_to: Path | None = None
    journal: Path | None = None
    jobs: int = 1

    @property
    def wanted(self) -> bool:
        """True if anything is asked for beyond reading one path after the other."""
        return any(self.written) or self.jobs > 1

    @property
    def written(self) -> frozenset[Path]:
        """The paths that the run itself writes; they are not checked."""
        places = (self.mask_to, self.annotate_to, self.journal)
        return frozenset(place.resolve() for place in places if place is not None)


class FolderCheck:
    """Checks many files by one policy, ``jobs`` at a time."""

    def __init__(
        self, checker: Checker, reader: MediaReader | None, options: FolderOptions, results: Results
    ) -> None:
        self._checker = checker
        self._reader = reader
        self._options = options
        self._results = results

    async def run(self, paths: Iterable[Path]) -> None:
        """Check files and all files below folders; progress goes to standard error."""
        files = list(walk(paths, self._options.written))
        async with self._journal() as journal:
            with _progress() as progress:
                task = progress.add_task("", total=len(files))
                queue = iter(files)  # shared: a worker takes the next file when it is free
                async with asyncio.TaskGroup() as group:
                    for _ in range(max(1, self._options.jobs)):
                        group.create_task(
                            self._worker(queue, journal, lambda: progress.advance(task))
                        )

    @asynccontextmanager
    async def _journal(self) -> AsyncIterator[Journal | None]:
        if self._options.journal is None:
            yield None
            return
        try:
            journal = Journal(self._options.journal, self._kind_of_run())
        except OSError as error:
            raise ConfigurationError(
                "cannot be opened", where=str(self._options.journal)
            ) from error
        try:
            yield journal
        finally:
            journal.close()

    def _kind_of_run(self) -> str:
        """Return all that the outcome depends on beside the file; other rules make another run."""
        policy = self._checker.policy(self._options.policy)
        places = (self._options.mask_to, self._options.annotate_to)
        return repr((policy.name, policy.version, [p and str(p.resolve()) for p in places]))

    async def _worker(
        self,
        queue: Iterator[tuple[Path, Path]],
        journal: Journal | None,
        advance: Callable[[], None],
    ) -> None:
        for path, relative in queue:
            before = journal.earlier(path) if journal else None
            if before is not None:
                self._results.known(found=before[0], unread=before[1])
            else:
                found, unread = await self._one(path, relative)
                if journal:
                    journal.done(path, found=found, unread=unread)
            advance()

    async def _one(self, path: Path, relative: Path) -> tuple[bool, bool]:
        try:
            _require_a_file(path)
            result = await self._checker.check_file(path, policy=self._options.policy)
            if result.size[0]:
                result = await self._with_copies(path, relative, result)
        except NotReadable as error:
            self._results.error(str(path), error.reason)
            return False, True
        except OSError:
            self._results.error(str(path), "copy-not-written")
            return False, True
        self._results.result(str(path), result)
        return bool(result.verdict.effective), bool(result.verdict.not_inspected)

    async def _with_copies(self, path: Path, relative: Path, result: CheckResult) -> CheckResult:
        findings = result.verdict.effective
        if not findings:
            return result
        data = await asyncio.to_thread(path.read_bytes)
        if self._options.annotate_to is not None:
            target = _target(self._options.annotate_to, relative, ".svg")
            target.write_text(annotated(data, result.size, findings), "utf-8")
            result = dataclasses.replace(result, annotated=target)
        if self._options.mask_to is not None:
            masked = await self._masked(data, findings)
            _target(self._options.mask_to, relative, ".jpg").write_bytes(masked)
        return result

    async def _masked(self, data: bytes, findings: Sequence[Finding]) -> bytes:
        """Mask the findings; for a mark, or where a part would still show, the whole picture.

        A finding without a place on the picture (a comment in the file) masks all of it, too.
        """
        if self._reader is None:
            raise NotReadable("no-reader")
        whole = any(f.extent is Extent.WHOLE or f.box is None for f in findings)
        boxes = None if whole else tuple(f.box for f in findings if f.box is not None)
        masked = await self._reader.mask_picture(data, boxes)
        if boxes and await self._checker.finds(masked, policy=self._options.policy):
            masked = await self._reader.mask_picture(data, None)
        return masked


def _require_a_file(path: Path) -> None:
    """Raise NotReadable for a pipe or a device: reading one may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise NotReadable("not-a-file")


def walk(
    paths: Iterable[Path], without: frozenset[Path] = frozenset()
) -> Iterator[tuple[Path, Path]]:
    """Yield every file with its path relative to the folder given, in a stable order.

    A folder that cannot be opened is yielded itself, so that it is reported. Files and folders in
    ``without`` are left out.
    """
    for path in paths:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        closed: list[OSError] = []
        for folder, below, names in os.walk(path, onerror=closed.append):
            here = Path(folder)
            below[:] = sorted(name for name in below if (here / name).resolve() not in without)
            for name in sorted(names):
                if (here / name).resolve() not in without:
                    yield here / name, (here / name).relative_to(path)
        for error in closed:
            yield Path(error.filename), Path(error.filename).relative_to(path)


def annotated(data: bytes, size: tuple[int, int], findings: Iterable[Finding]) -> str:
    """Return an SVG of a picture with a frame and the rule's name at each finding.

    The picture is embedded as it is: it is never decoded in this process.
    """
    width, height = size
    pen = max(2, max(size) // 400)
    text = max(14, max(size) // 60)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f'<image width="{width}" height="{height}" href="data:{_mime_type(data)};base64,'
        f'{base64.b64encode(data).decode()}"/>',
    ]
    for finding in findings:
        if finding.box is None:
            continue
        x0, y0, x1, y1 = finding.box
        colour = _COLOURS.get(finding.severity.label, "#d02020")
        parts.append(
            f'<rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" fill="none" '
            f'stroke="{colour}" stroke-width="{pen}"/>'
            f'<text x="{x0}" y="{max(text, y0 - pen)}" font-size="{text}" '
            f'font-family="sans-serif" fill="{colour}">{escape(finding.rule_id)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _mime_type(data: bytes) -> str:
    kinds = ((b"\xff\xd8", "jpeg"), (b"\x89PNG", "png"), (b"GIF8", "gif"), (b"BM", "bmp"))
    return "image/" + next((kind for head, kind in kinds if data.startswith(head)), "webp")


def _target(folder: Path, relative: Path, suffix: str) -> Path:
    target = folder / relative.with_name(relative.name + suffix)
    # The copies are as confidential as the pictures, so nobody else may open the folder.
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return target


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
