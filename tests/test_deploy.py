"""The files in deploy/ speak of what exists."""

from __future__ import annotations

import json
import re
from configparser import RawConfigParser
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.cli import commands as all_commands
from bot.health.metrics import metrics
from bot.health.readiness import Health, Pulse
from bot.settings import PARTS, Settings
from bot.store.store import Store

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"


async def test_the_dashboard_shows_figures_that_there_are(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/data/t.db", tmp_path / "keys")
    pulse = Pulse(store.db.now)
    text = await metrics(Health(store=store, pulse=pulse, polls=True, shared=True))
    await store.close()
    there = {
        name
        for family in text_string_to_metric_families(text.decode())
        for name in (family.name, *(sample.name for sample in family.samples))
    }
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    shown = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    used = set(re.findall(r"shoukou_\w+", " ".join(shown)))
    assert used
    assert used <= there


UNITS = sorted(path.name for path in DEPLOY.glob("*.service"))


@pytest.mark.parametrize("name", [*UNITS, "compose.yaml", "Dockerfile"])
def test_only_settings_that_there_are_are_set(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    named = {n.lower() for n in re.findall(r"SHOUKOU_([A-Z_]+)", text)}
    assert named
    assert named <= set(Settings.model_fields)


def runs(arguments: list[str]) -> bool:
    """Return True if a command line names a command, and parts, that there are."""
    commands = {
        c.name or c.callback.__name__ for c in all_commands().registered_commands if c.callback
    }
    parts = arguments[2].split(",") if arguments[1:2] == ["--only"] else []
    known = arguments[0] in commands and set(parts) <= set(PARTS)
    return known and len(arguments) == (3 if parts else 1)


@pytest.mark.parametrize("name", UNITS)
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    unit = RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / name, "utf-8")
    command = unit["Service"]["ExecStart"].split()
    assert command[:3] == ["/opt/shoukou/.venv/bin/python", "-m", "bot"]
    assert runs(command[3:])


def test_the_containers_run_every_part() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    commands = re.findall(r"command: \[python, -m, bot, (.*)\]", text)
    assert all(runs(command.split(", ")) for command in commands)
    assert {command.split(", ")[-1] for command in commands} == set(PARTS)


def test_the_image_holds_what_the_program_needs_and_no_data() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = {word for line in re.findall(r"^COPY (.*) \S+$", text, re.M) for word in line.split()}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert {path.split("/")[0] for path in copied} == kept
    assert all((ROOT / path).exists() for path in copied)
