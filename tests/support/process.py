"""The bot as a process of its own, for tests that end it as a power cut does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.office import CONFIG

ROOT = Path(__file__).resolve().parent.parent.parent


class BotProcess:
    """`python -m bot run` on a rehearsal server, with its data in ``folder``.

    ``only`` names the parts that it runs; ``environment`` is added to its own.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        token: str,
        *,
        only: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._arguments = ["--only", only] if only else []
        path = folder / "shoukou.toml"
        path.write_text(CONFIG.format(language="zh-CN"), "utf-8")
        kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH")
        self._environment = {k: os.environ[k] for k in kept if k in os.environ} | {
            "SHOUKOU_TOKEN": token,
            "SHOUKOU_API_URL": url,
            "SHOUKOU_DATA": str(folder / "data"),
            "SHOUKOU_CONFIG": str(path),
            "SHOUKOU_CONSOLE": "127.0.0.1:0",
            "SHOUKOU_OCR_ENGINE": "tesseract",
            "TMPDIR": str(folder),
            **(environment or {}),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start the process; what it writes goes to ``output.txt``."""
        with (self._folder / "output.txt").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                *self._arguments,
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def kill(self) -> None:
        """End the process at once; it cannot finish anything."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> int:
        """End the process as a service manager does; return its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), 20)

    def freeze(self) -> None:
        """Let the process do nothing, as a machine that hangs."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        """The id of the process, and of the group of its children."""
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """All that the process has written."""
        return (self._folder / "output.txt").read_text("utf-8")
