"""Documents of Office before 2007 (and WPS): LibreOffice, when installed, makes new ones of them.

Each conversion is a confined process of its own, with a copy of a fresh profile, in a private
folder that is removed afterwards; `office_child` says what it may do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.detect.media.files.walk import gravest
from bot.detect.media.sandbox import pipe_frames
from bot.detect.media.sandbox.child_process import private_folder
from bot.errors import NotReadable
from bot.model import Fragment
from bot.ports import MediaReading

_ROOT = Path(__file__).resolve().parents[4]
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from bot.detect.media.sandbox.office_child import main; "
    "main(sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5])"
)
_WORD = re.compile(r"\w{2,}")
_NAMES = ("soffice", "libreoffice")
_PIPES = Path("/tmp")  # noqa: S108 -- where LibreOffice insists on its socket


class OfficeConverter:
    """Runs LibreOffice on one document at a time; ``seconds`` of processor time, twice that in all.

    ``program`` is its soffice.bin.
    """

    def __init__(self, program: Path, *, seconds: float = 4.0) -> None:
        self.program = program
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._profile: Path | None = None

    @classmethod
    def find(cls) -> OfficeConverter | None:
        """Return a converter when LibreOffice is installed."""
        for name in _NAMES:
            if (found := shutil.which(name)) is not None:
                program = Path(found).resolve().with_name("soffice.bin")
                if program.is_file():
                    return cls(program)
        return None

    async def convert(self, data: bytes, target: str) -> bytes:
        """Return a document as ``target`` (docx, xlsx, pptx…); raise NotReadable."""
        async with self._turn:
            if self._profile is None:
                self._profile = await self._fresh_profile()
            with _folder() as folder:
                await asyncio.to_thread(shutil.copytree, self._profile, folder / "profile")
                (folder / "in").write_bytes(data)
                status = await self._run(folder, target)
                if status in (-signal.SIGXCPU, -signal.SIGKILL):
                    raise NotReadable("timed-out")
                if status != 0:
                    raise NotReadable("broken")
                return _result(folder / "out")

    async def _fresh_profile(self) -> Path:
        """Have a profile made, without any document; copies of it spare every start that time."""
        kept = Path(private_folder())
        await self._run(kept, "odt")
        if not (kept / "profile").is_dir():
            shutil.rmtree(kept, ignore_errors=True)
            raise NotReadable("reader-unavailable")
        return kept / "profile"

    def close(self) -> None:
        """Remove the profile."""
        if self._profile is not None:
            shutil.rmtree(self._profile.parent, ignore_errors=True)
            self._profile = None

    async def _run(self, folder: Path, target: str) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-B", "-c", _BOOT, str(_ROOT), str(self.program), str(folder)),
            *(str(self._seconds), target),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
        try:
            return await asyncio.wait_for(process.wait(), self._seconds * 2)
        except TimeoutError:
            return -signal.SIGKILL
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(private_folder())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_dead_pipes()


def _result(folder: Path) -> bytes:
    made = sorted(folder.glob("in.*")) if folder.is_dir() else []
    if len(made) != 1 or not 0 < made[0].stat().st_size <= pipe_frames.MAX_BODY:
        raise NotReadable("broken")
    return made[0].read_bytes()


def _remove_dead_pipes() -> None:
    """Remove the sockets that nobody listens at: a confined process cannot remove its own."""
    for path in _PIPES.glob("OSL_PIPE_*_SingleOfficeIPC_*"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            found = path.lstat()
            if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
                continue
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()


def wanted(header: dict[str, Any], body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the documents that a child hands over: (target, content); NotReadable for nonsense."""
    place = 0
    try:
        for target, size in header.get("wanted", ()):
            if target not in ("docx", "xlsx", "pptx"):
                raise ValueError("no such target")
            yield target, body[place : place + int(size)]
            place += int(size)
    except (TypeError, ValueError):
        raise NotReadable("reader-crashed") from None


def merged(first: MediaReading, others: Sequence[MediaReading]) -> MediaReading:
    """Return one reading of a file and of what was made of its parts.

    Lines of the first whose words the others have too are left out, so that nothing is found twice.
    """
    text = "".join(f.text for reading in others for f in reading.fragments)
    known = "".join(text.split())
    fragments = [_without(fragment, known) for fragment in first.fragments]
    fragments += [f for reading in others for f in reading.fragments]
    reasons = [r.not_inspected for r in (first, *others) if r.not_inspected is not None]
    return replace(
        first,
        fragments=tuple(f for f in fragments if f.text.strip()),
        not_inspected=gravest(reasons),
    )


def _without(fragment: Fragment, known: str) -> Fragment:
    """Leave out the lines whose words are known."""
    if fragment.boxes or not known:
        return fragment
    lines = fragment.text.split("\n")
    kept = [line for line in lines if not all(word in known for word in _WORD.findall(line))]
    return replace(fragment, text="\n".join(kept))
