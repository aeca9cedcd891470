"""The bot as processes of its own that start quickly: forked from one that has imported it.

Run as `python -m tests.support.forked`: it reads orders as JSON lines, {"id", "arguments",
"environment", "output", "at", "passes", "clock"}, and answers with {"id", "pid"} and, when a
process has ended, {"id", "status", "at"}. A started process runs the very command line of the
product, in a group of its own; only what is the same in each start (imports, tables of characters)
is done once.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import selectors
import signal
import sys
from pathlib import Path
from typing import Any

from bot import cli
from bot.detect.engine import Engine
from bot.detect.text.decoding.disguised import shared_restorer
from bot.judging.active_rules import warm_up
from bot.policy.publishing import PACKS
from bot.rules.packs import load_packs
from bot.settings import CONFIG_FOLDER
from tests.support import shifted_clock
from tests.support.kill_points import Killer
from tests.support.shortcuts import shorten


def load_packs_once() -> None:
    """Prepare the tables and the patterns of the packs, which the children inherit."""
    packs = load_packs(CONFIG_FOLDER / PACKS)
    every = packs.rules(sorted(packs.by_name))
    warm_up(Engine(every, restorer=shared_restorer()), every)


def serve() -> None:
    """Fork on each order until the input ends; then end every process that is left."""
    load_packs_once()
    children: dict[int, tuple[int, int]] = {}
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    rest = b""
    while True:
        for key, _ in selector.select():
            if key.fd == woken:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 4096)
                continue
            received = os.read(0, 65536)
            if not received:
                _end_all(children)
                return
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid, report = _start(order, (0, 1, woken, wake))
                children[pid] = (order["id"], report)
                _tell(id=order["id"], pid=pid)
        _reap(children)


def _tell(**fields: Any) -> None:
    os.write(1, json.dumps(fields).encode() + b"\n")


def _reap(children: dict[int, tuple[int, int]]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        number, report = children.pop(pid)
        said = os.read(report, 4096)
        os.close(report)
        at = json.loads(said.splitlines()[0])["at"] if said else None
        _tell(id=number, status=os.waitstatus_to_exitcode(status), at=at)


def _end_all(children: dict[int, tuple[int, int]]) -> None:
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _start(order: dict[str, Any], inherited: tuple[int, ...]) -> tuple[int, int]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    pid = os.fork()
    if pid:
        os.close(writing)
        with contextlib.suppress(PermissionError):  # the child may have done it already
            os.setpgid(pid, pid)
        return pid, reading
    status = 1
    try:
        os.close(reading)
        _become(order, inherited)
        Killer(order["at"], order["passes"], writing).install()
        shorten()
        if order.get("clock"):
            shifted_clock.install(Path(order["clock"]))
        cli.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        sys.stderr.write(f"ended by {type(error).__name__}\n")
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _become(order: dict[str, Any], inherited: tuple[int, ...]) -> None:
    """Be a process of its own: group, signals, files, environment, chance."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor in inherited[2:]:
        os.close(descriptor)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(order["environment"])
    sys.argv = ["bot", *order["arguments"]]
    random.seed()


if __name__ == "__main__":
    serve()
