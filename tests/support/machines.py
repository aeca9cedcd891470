"""Rules that hypothesis puts in any order, over a database that may be left at any moment."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from bot.store.database import Database
from bot.store.keys import Keys
from tests.support.postgres import PostgresServer

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENGINES = ("sqlite", "postgresql")
EXAMPLES = int(os.environ.get("SHOUKOU_EXAMPLES", "12"))
"""How many orders are tried; the same ones each time, unless told how many."""


class Machine(RuleBasedStateMachine):
    """A database that can be lost sight of at any moment; ``fresh`` gives an empty one."""

    fresh: Callable[[], str]
    keys: Keys
    time = START

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.url = type(self).fresh()
        self.open()

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def open(self) -> None:
        self.db = self.run(Database.open(self.url, clock=lambda: self.time))
        self.made()

    def made(self) -> None:
        """Make the part that is tested, on the database."""

    def teardown(self) -> None:
        self.run(self.db.close())
        self.runner.close()


class Crashing(Machine):
    """A machine whose process may end, and whose clock may jump, at any moment."""

    @rule()
    def crash(self) -> None:
        self.run(self.db.close())
        self.open()

    @rule(seconds=st.floats(-7200, 7200))
    def clock(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def try_orders(machine: type[Any], *, examples: int = EXAMPLES, steps: int = 20) -> None:
    """Let hypothesis try orders of a machine's steps."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize="SHOUKOU_EXAMPLES" not in os.environ,
            database=None,
            deadline=None,
            suppress_health_check=checks,
        ),
    )


def bound(
    machine: type[Machine], engine: str, folder: Path, request: pytest.FixtureRequest, **more: Any
) -> type[Machine]:
    """Return a machine whose databases are empty ones of an engine."""

    def file() -> str:
        return f"sqlite+aiosqlite:///{tempfile.mkdtemp(dir=folder)}/data/test.db"

    fresh = file
    if engine == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        fresh = server.emptied
    given = {"fresh": staticmethod(fresh), "keys": Keys.load(folder / "keys"), **more}
    return type(machine.__name__, (machine,), given)
