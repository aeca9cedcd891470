"""The rules that hold the repository together."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_go_one_way() -> None:
    done = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_every_sentence_is_translated_with_the_same_fields() -> None:
    done = run(sys.executable, "scripts/update_locales.py", "--check")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "models.txt"])
def test_lock_files_hold_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    packages = re.findall(r"^[A-Za-z0-9][^\n]*==", text, re.MULTILINE)
    assert packages
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def test_public_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = {}
    for name, module in modules("bot"):
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_docstring_begins_with_what_it_does() -> None:
    """A docstring says what something is or does; it asks no question and tells no story."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    wrong = [
        f"{name}: {doc.splitlines()[0]}"
        for name, module in modules("bot", "rehearsal")
        for node in ast.walk(module)
        if isinstance(node, documented) and (doc := ast.get_docstring(node))
        if doc.split()[0] in ("Say", "Says", "Tell", "Tells", "What", "Whatever", "Whether")
    ]
    assert wrong == []


def test_architecture_shows_the_layers_of_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [layers] = [c["layers"] for c in contracts["contracts"] if c.get("containers") == ["bot"]]
    shown = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    diagram = shown.split("<!-- layers -->")[1].strip()
    rows = [re.sub(r"\s*[|:]\s*", " · ", row) for row in layers]
    assert diagram == "\n".join(("```text", *rows, "```"))


def test_no_file_is_too_long_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "bot").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 350
    }
    assert not long
