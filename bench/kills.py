"""Kill -9 under load: what is lost, and what is said twice, side by side with two libraries.

Run: python -m bench.kills [--kills N] [--rate N] [--share N] [--delay MS] [--seed N]. Each bot in
turn gets texts at the same rate, on a platform whose every act takes ``--delay`` milliseconds. It
is killed at a random moment within three seconds of its first poll, and started again at once;
after the last kill it may finish.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import report
from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.busy_office import BusyOffice

GROUPS = 60
BOTS = ("shoukou", "python-telegram-bot", "aiogram")
_PEERS = {"python-telegram-bot": "ptb", "aiogram": "aiogram"}
_ACTS = ("deleteMessage", "sendMessage")
_QUIET = 6.0
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of the leaks among the posts; ``silent`` ones went without a notice."""

    bot: str
    kills: int
    posts: int
    leaks: int
    lost: int
    replaced_twice: int
    warned_twice: int
    silent: int
    not_warned: int


class Scene:
    """One bot on one server, under load, killed again and again."""

    def __init__(self, bot: str, folder: Path, options: argparse.Namespace) -> None:
        self._bot, self._folder, self._options = bot, folder, options
        self._rng = random.Random(options.seed)
        self._server = RehearsalServer(limits=Limits.off())
        self._process: asyncio.subprocess.Process | None = None
        self._kills = 0

    async def play(self) -> Outcome:
        """Load, kill, wait, count."""
        await self._server.start()
        office = BusyOffice(self._server, GROUPS, seed=self._options.seed)
        for method in _ACTS:
            delay = self._options.delay / 1000
            self._server.faults.add({"method": method, "times": 10**9, "delay": delay})
        try:
            await self._start(office.groups)
            await self._settled()
            office.posts.clear()
            killing = asyncio.create_task(self._kill_repeatedly(office.groups))
            await self._load(office, killing)
            await killing
            await self._settled()
        finally:
            await self._end()
            await self._server.stop()
        return self._count(office)

    async def _load(self, office: BusyOffice, killing: asyncio.Task[None]) -> None:
        began, rng = time.monotonic(), random.Random(self._options.seed)
        for i in itertools.count():
            if killing.done():
                return
            await asyncio.sleep(max(0.0, began + i / self._options.rate - time.monotonic()))
            await office.post("number" if rng.random() < self._options.share else "harmless")

    async def _kill_repeatedly(self, groups: Sequence[int]) -> None:
        for _ in range(self._options.kills):
            await self._polled()
            await asyncio.sleep(self._rng.uniform(0, 3))
            await self._end()
            self._kills += 1
            await self._start(groups)

    async def _polled(self) -> None:
        """Wait until the process that was started last has got updates."""
        began = time.monotonic()
        while not any(
            call["method"] == "getUpdates" and call["began"] >= began
            for call in itertools.islice(reversed(self._server.calls), 200)
        ):
            await asyncio.sleep(0.02)

    async def _start(self, groups: Sequence[int]) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        command, environment = self._command(groups)
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *command, env=os.environ | environment, stdout=log, stderr=log
            )

    def _command(self, groups: Sequence[int]) -> tuple[Sequence[str], dict[str, str]]:
        url, token = self._server.url, self._server.token
        if self._bot in _PEERS:
            return ("-m", "bench.kill_peers", _PEERS[self._bot], url, token), {}
        config = self._folder / "shoukou.toml"
        config.write_text("".join(f"[[groups]]\nid = {group}\n" for group in groups), "utf-8")
        return ("-m", "bot", "run"), {
            "SHOUKOU_TOKEN": token,
            "SHOUKOU_API_URL": url,
            "SHOUKOU_CONFIG": str(config),
            "SHOUKOU_DATA": str(self._folder / "data"),
            "SHOUKOU_CONSOLE": "127.0.0.1:0",
        }

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _settled(self) -> None:
        """Wait until the bot has asked for everything, and has done nothing for some seconds."""
        end, seen, since = time.monotonic() + _PATIENCE, -1, time.monotonic()
        while time.monotonic() < end:
            acts = sum(1 for call in self._server.calls if call["method"] != "getUpdates")
            if self._server.pending or acts != seen:
                seen, since = acts, time.monotonic()
            elif time.monotonic() - since > _QUIET:
                return
            await asyncio.sleep(0.2)

    def _count(self, office: BusyOffice) -> Outcome:
        leaks = [post for post in office.posts if post.leaks]
        told = [office.told(post) for post in leaks]
        gone = [not office.is_there(post) for post in leaks]
        return Outcome(
            bot=self._bot,
            kills=self._kills,
            posts=len(office.posts),
            leaks=len(leaks),
            lost=gone.count(False),
            replaced_twice=sum(1 for copies, _ in told if copies > 1),
            warned_twice=sum(1 for _, notes in told if notes > 1),
            silent=sum(1 for (copies, _), g in zip(told, gone, strict=True) if g and not copies),
            not_warned=sum(1 for (_, notes), g in zip(told, gone, strict=True) if g and not notes),
        )


async def _play(bot: str, options: argparse.Namespace) -> Outcome:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shoukou-kills-")))
        return await Scene(bot, folder, options).play()


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill each bot in turn, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--rate", type=float, default=40)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--delay", type=float, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--bots", nargs="+", choices=BOTS, default=BOTS)
    options = parser.parse_args(arguments)
    outcomes = [asyncio.run(_play(bot, options)) for bot in options.bots]
    head = ["bot", "kills", "posts", "leaks", "left standing", "replaced twice", "warned twice"]
    rows: list[list[object]] = [[*head, "went silently", "not warned"]]
    for o in outcomes:
        rows.append(
            [o.bot, o.kills, o.posts, o.leaks, o.lost, o.replaced_twice, o.warned_twice]
            + [o.silent, o.not_warned]
        )
    report.table(rows)
    report.save("kills", [asdict(outcome) for outcome in outcomes])


if __name__ == "__main__":
    main()
