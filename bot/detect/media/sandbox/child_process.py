"""One child process, seen from the parent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.detect.media.sandbox import pipe_frames
from bot.errors import ConfigurationError, NotReadable

_ROOT = Path(__file__).resolve().parents[4]
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from bot.detect.media.sandbox.child import main; main(sys.argv[2], float(sys.argv[3]))"
)
_START_SECONDS = 60.0
_MEMORY_DISK = Path("/dev/shm")  # noqa: S108 -- only a private folder inside it is used


class ChildFailed(Exception):
    """The child died or broke the protocol."""


class Child:
    """Starts a child, asks it one thing at a time, and ends it with its whole process group."""

    def __init__(self, engine: str, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._folder: str | None = None
        self.asked = 0

    @property
    def alive(self) -> bool:
        """Return True if the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return None if self._process is None else self._process.pid

    async def start(self) -> tuple[str, ...]:
        """Start, wait for the models and return the kinds of isolation in force."""
        if self._engine == "tesseract":
            # pytesseract hands pictures over in files: they stay in memory, and go with the child.
            self._folder = private_folder()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-B", "-c", _BOOT, str(_ROOT), self._engine, str(self._seconds)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment(),
            cwd="/",
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                hello, _ = await self._receive()
        except (TimeoutError, ChildFailed):
            raise NotReadable("reader-unavailable") from None
        if not hello.get("ready"):
            raise ConfigurationError(str(hello.get("error"))[:300], where="ocr_engine")
        return tuple(str(kind) for kind in hello["isolation"])

    async def ask(
        self,
        header: dict[str, Any],
        body: bytes,
        recall: Callable[[str], str | None] | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send a request and return the answer; ChildFailed or TimeoutError when none comes.

        Before it answers, the child may ask once what ``recall`` says.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        self.asked += 1
        try:
            self._process.stdin.write(pipe_frames.encode(header, body))
            await self._process.stdin.drain()
            answer, data = await self._receive()
            if recall is not None and "recall" in answer:
                said = {"lines": recall(answer["recall"])}
                self._process.stdin.write(pipe_frames.encode(said))
                await self._process.stdin.drain()
                answer, data = await self._receive()
            return answer, data
        except (OSError, ChildFailed):
            if await self._ran_out_of_time():
                raise TimeoutError from None
            raise ChildFailed from None

    async def _ran_out_of_time(self) -> bool:
        """Return True if the kernel ended the child for the processor time that it used."""
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            # What broke the protocol may live on; what was ended is about to be gone.
            await asyncio.wait_for(self._process.wait(), 0.5)
        return self._process.returncode in (-signal.SIGPROF, -signal.SIGXCPU)

    def kill(self) -> None:
        """Kill the child and what it started."""
        if self.alive and self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill the child, wait for its end, remove its folder."""
        self.kill()
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            await self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _receive(self) -> tuple[dict[str, Any], bytes]:
        assert self._process is not None
        assert self._process.stdout is not None
        read = self._process.stdout.readexactly
        try:
            header_length, body_length = pipe_frames.lengths(await read(pipe_frames.PREFIX.size))
            header = pipe_frames.decode_header(await read(header_length))
            return header, await read(body_length)
        except (asyncio.IncompleteReadError, OSError, ValueError, RecursionError):
            raise ChildFailed from None

    def _environment(self) -> dict[str, str]:
        threads = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS")
        folder = {"TMPDIR": self._folder} if self._folder else {}
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"} | (
            dict.fromkeys(threads, "1") | folder
        )


def private_folder() -> str:
    """Make a folder that is this user's alone, in memory where there is such a place."""
    place = str(_MEMORY_DISK) if _MEMORY_DISK.is_dir() else None
    return tempfile.mkdtemp(prefix="shoukou-", dir=place)
