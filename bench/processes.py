"""Start the server and the bots as processes of their own, and measure the processor's time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server: its process, its address and its groups."""

    pid: int
    url: str
    token: str
    groups: tuple[int, ...]

    async def load(
        self,
        posts: Sequence[dict[str, str]],
        rate: float,
        *,
        wait: float = 30,
        groups: Sequence[int] = (),
    ) -> dict[str, Any]:
        """Post at a rate; see `bench.server.BenchServer`."""
        order = {"posts": list(posts), "rate": rate, "wait": wait, "groups": list(groups)}
        return await self._ask("POST", "bench/load", order)

    async def state(self) -> dict[str, Any]:
        """Return the updates not confirmed and the number of calls."""
        return await self._ask("GET", "bench/state")

    async def fault(self, **fields: Any) -> None:
        """Let the bot's next calls go wrong; see `rehearsal.faults.Fault`."""
        await self._ask("POST", "app/faults", fields)

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, f"{self.url}/{path}", json=body) as reply,
        ):
            reply.raise_for_status()
            answer: dict[str, Any] = await reply.json()
            return answer


@contextlib.asynccontextmanager
async def server(groups: int) -> AsyncIterator[Served]:
    """Run a server with that many groups."""
    command = ("-m", "bench.server", "--groups", str(groups))
    async with _process(command, {}, output=asyncio.subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        yield Served(
            pid=process.pid, url=ready["url"], token=ready["token"], groups=tuple(ready["groups"])
        )


@contextlib.asynccontextmanager
async def floor(served: Served) -> AsyncIterator[int]:
    """Run the floor's bot on a server; yields its process id."""
    async with _process(("-m", "bench.floor", served.url, served.token), {}) as process:
        yield process.pid


@contextlib.asynccontextmanager
async def product(
    served: Served,
    folder: Path,
    keywords: Sequence[str],
    *,
    command: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[int]:
    """Run the bot on a server, every group with these keywords; yields its process id.

    ``command`` is what runs in place of ``-m bot run``.
    """
    config = folder / "shoukou.toml"
    config.write_text(_config(served.groups, keywords), "utf-8")
    settings = {
        "SHOUKOU_TOKEN": served.token,
        "SHOUKOU_API_URL": served.url,
        "SHOUKOU_CONFIG": str(config),
        "SHOUKOU_DATA": str(folder / "data"),
        "SHOUKOU_CONSOLE": "127.0.0.1:0",
        **(environment or {}),
    }
    with (folder / "bot.log").open("ab") as log:
        run = command or ("-m", "bot", "run")
        async with _process(run, settings, errors=log.fileno()) as process:
            yield process.pid


def _config(groups: Sequence[int], keywords: Sequence[str]) -> str:
    terms = json.dumps(list(keywords), ensure_ascii=False)
    head = "[supervision]\nchat = -1001000000001\n[[supervision.people]]\nid = 4001\n"
    return head + "".join(f"[[groups]]\nid = {g}\nkeywords = {terms}\n" for g in groups)


@contextlib.asynccontextmanager
async def _process(
    arguments: Sequence[str],
    environment: dict[str, str],
    *,
    output: int = asyncio.subprocess.DEVNULL,
    errors: int = asyncio.subprocess.DEVNULL,
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=os.environ | environment, stdout=output, stderr=errors
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # somebody may have killed it
                process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                process.kill()
                await process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the processor's time that a process and its children have used, in seconds."""
    every = [pid, *_descendants(pid)]
    return sum(_own_cpu_seconds(p) for p in every)


def threads(pid: int) -> list[int]:
    """Return the threads of a process and its children."""
    every = [pid, *_descendants(pid)]
    return [int(task.name) for p in every for task in Path(f"/proc/{p}/task").glob("*")]


def _own_cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _descendants(pid: int) -> list[int]:
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, tasks.read_text().split()):
                found += [child, *_descendants(child)]
    return found


async def until_idle(*pids: int, share: float = 0.05, patience: float = 60) -> None:
    """Wait until the processes use less than a share of a core for two seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < deadline:
        before = sum(map(cpu_seconds, pids))
        await asyncio.sleep(2)
        if sum(map(cpu_seconds, pids)) - before < 2 * share:
            return
