"""A whole deployment in processes of its own, on a stand-in for the platform, to be broken.

async with open_deployment(folder) as deployment:
    process = await deployment.start(at="after the commit: receipt")
    post = await deployment.office.leak()
    await process.ended()                    # it has ended itself there
    await deployment.start()
    await deployment.quiet()                 # all that follows has been done
    assert deployment.office.compare(deployment.records()) == []

The addresses of the database and of Redis, and what each process runs, are parameters.
"""

# ruff: noqa: ASYNC109
from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy

from bot.store.tables import effects, inbox
from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.busy_office import BusyOffice
from tests.support.people import SUPERVISORS
from tests.support.records import Records, read_records

ROOT = Path(__file__).resolve().parent.parent.parent
EVERYTHING = ("run",)
_OPEN = ("planned", "sending")


@dataclass(slots=True, kw_only=True)
class Running:
    """A started process. ``at`` is the point at which it ended itself, once it has."""

    pid: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    status: int | None = None
    at: str | None = None

    async def ended(self, timeout: float = 30.0) -> bool:
        """Wait for the end; False when it still runs after ``timeout`` seconds."""
        try:
            await asyncio.wait_for(self.over.wait(), timeout)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End it in order, as Ctrl+C does."""
        if self.status is None:
            os.kill(self.pid, signal.SIGINT)
            await self.over.wait()

    async def kill(self) -> None:
        """End it, and what it has started, at once."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self.over.wait()


class Forker:
    """Starts processes by `tests.support.forked`; use it as a context manager."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._running: dict[int, Running] = {}
        self._starting: dict[int, asyncio.Future[Running]] = {}
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Forker:
        pipe = asyncio.subprocess.PIPE
        kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.forked"),
            cwd=ROOT,
            env=kept,
            stdin=pipe,
            stdout=pipe,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def start(self, **order: Any) -> Running:
        """Start a process; see `tests.support.forked` for the order."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        started = self._starting[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, **order}).encode() + b"\n")
        return await started

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if "pid" in told:
                running = self._running[told["id"]] = Running(pid=told["pid"])
                self._starting.pop(told["id"]).set_result(running)
            else:
                running = self._running.pop(told["id"])
                running.status, running.at = told["status"], told["at"]
                running.over.set()


class Deployment:
    """Processes of the bot on one database and one server; made by `open_deployment`."""

    def __init__(
        self,
        folder: Path,
        server: RehearsalServer,
        office: BusyOffice,
        forker: Forker,
        *,
        environment: Mapping[str, str],
        **how: Any,
    ) -> None:
        self.folder, self.server, self.office = folder, server, office
        self._forker = forker
        self._database_url = how["database_url"] or f"sqlite+aiosqlite:///{folder}/data/shoukou.db"
        self._environment = {
            "SHOUKOU_TOKEN": server.token,
            "SHOUKOU_API_URL": how["api_url"] or server.url,
            "SHOUKOU_DATA": str(folder / "data"),
            "SHOUKOU_CONFIG": str(folder / "shoukou.toml"),
            "SHOUKOU_CONSOLE": "127.0.0.1:0",
            "SHOUKOU_OCR_ENGINE": "tesseract",
            "SHOUKOU_DATABASE_URL": self._database_url,
            "TMPDIR": str(folder),
            **environment,
        }
        if how["redis_url"]:
            self._environment["SHOUKOU_REDIS_URL"] = how["redis_url"]
        plain = self._database_url.replace("+aiosqlite", "")
        self._engine = sqlalchemy.create_engine(plain, pool_pre_ping=True)
        self.processes: list[Running] = []

    async def start(
        self,
        arguments: Sequence[str] = EVERYTHING,
        *,
        at: str = "",
        passes: int = 1,
        environment: Mapping[str, str] | None = None,
    ) -> Running:
        """Start a process that ends itself at the n-th pass of a point, or never."""
        process = await self._forker.start(
            arguments=list(arguments),
            environment=self._environment | dict(environment or {}),
            output=str(self.folder / "output.txt"),
            at=at,
            passes=passes,
            clock=str(self.folder / "clock.txt"),
        )
        self.processes = [p for p in self.processes if p.status is None] + [process]
        return process

    def set_clock(self, seconds: float) -> None:
        """Let the processes see the system's time that far ahead of what it is."""
        (self.folder / "clock.txt").write_text(str(seconds))

    async def kill(self) -> None:
        """End every process at once."""
        await asyncio.gather(*(p.kill() for p in self.processes))

    async def close(self) -> None:
        """End every process, and let go of the database."""
        await self.kill()
        self._engine.dispose()

    async def introduced(self, timeout: float = 120.0) -> None:
        """Wait until the bot has introduced itself in every group."""
        await self.until(lambda: all(map(self._spoke_in, self.office.groups)), timeout)

    def _spoke_in(self, chat_id: int) -> bool:
        messages = self.server.world.chats[chat_id].messages.values()
        return any(m.author.user_id == self.server.world.bot.id for m in messages)

    async def quiet(self, timeout: float = 120.0, *, look: float = 0.02) -> None:
        """Wait until the bot has done all that follows from what people did so far."""
        await self.until(lambda: not self.busy(), timeout, look=look)

    async def until(self, reached: Any, timeout: float, *, look: float = 0.02) -> None:
        """Wait until something is so; AssertionError when it takes too long."""
        end = time.monotonic() + timeout
        while not reached():
            if time.monotonic() > end:
                raise AssertionError(f"not reached after {timeout:g} s: {self.busy()}")
            await asyncio.sleep(look)

    def busy(self) -> str:
        """Say what is left to do; nothing when there is nothing."""
        if self.server.pending:
            return f"{self.server.pending} updates are not confirmed"
        undecided = sqlalchemy.select(sqlalchemy.func.count()).where(inbox.c.decided_at.is_(None))
        unfinished = sqlalchemy.select(sqlalchemy.func.count()).where(effects.c.status.in_(_OPEN))
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(undecided).scalar_one()
                acts = connection.execute(unfinished).scalar_one()
        except sqlalchemy.exc.DBAPIError as error:
            return f"the database does not answer: {type(error.orig).__name__}"
        return f"{rows} updates undecided, {acts} effects unfinished" if rows or acts else ""

    def records(self) -> Records:
        """Read what the bot has recorded."""
        with self._engine.connect() as connection:
            return read_records(connection)

    @property
    def output(self) -> str:
        """All that the processes have written."""
        path = self.folder / "output.txt"
        return path.read_text("utf-8") if path.exists() else ""


@contextlib.asynccontextmanager
async def open_deployment(
    folder: Path,
    *,
    groups: int = 20,
    database_url: str | None = None,
    redis_url: str | None = None,
    server: RehearsalServer | None = None,
    api_url: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Deployment]:
    """Open a deployment without processes; its data and configuration are in ``folder``.

    ``api_url`` is where the bot finds the platform, if something stands between.
    """
    server = server or RehearsalServer(limits=Limits.off())
    if not server.url:
        await server.start()
    office = BusyOffice(server, groups)
    (folder / "shoukou.toml").write_text(_config(office.groups), "utf-8")
    how = {"database_url": database_url, "redis_url": redis_url, "api_url": api_url}
    more = dict(environment or {})
    try:
        async with Forker() as forker:
            deployment = Deployment(folder, server, office, forker, environment=more, **how)
            try:
                yield deployment
            finally:
                await deployment.close()
    finally:
        await server.stop()


def _config(groups: Sequence[int]) -> str:
    head = f'language = "zh-CN"\n[supervision]\nchat = {SUPERVISORS}\n'
    people = '[[supervision.people]]\nid = 4001\nname = "王敏"\nroles = ["reviewer"]\n'
    return head + people + "".join(f"[[groups]]\nid = {group}\n" for group in groups)
