"""Wrong settings and options get one clear line, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("SHOUKOU_OCR_WORKERS", "many", "SHOUKOU_OCR_WORKERS"),
        ("SHOUKOU_GROUPS", "abc", "SHOUKOU_GROUPS"),
        ("SHOUKOU_TIMEZONE", "Mars/Base", "Asia/Shanghai"),
        ("SHOUKOU_CONSOLE", "127.0.0.1:99999", "65535"),
        ("SHOUKOU_CONSOLE", "nowhere", "SHOUKOU_CONSOLE"),
        ("SHOUKOU_LANGUAGE", "fr", "SHOUKOU_LANGUAGE"),
        ("SHOUKOU_CONFIG", "no/such.toml", "no/such.toml"),
    ],
)
def test_wrong_environment_is_named(variable: str, value: str, named: str, tmp_path: Path) -> None:
    done = bot(tmp_path, "run", **{variable: value})
    assert done.returncode == 2
    assert named in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_port_that_does_not_exist_is_refused(port: str, tmp_path: Path) -> None:
    done = bot(tmp_path, "rehearse", "--port", port)
    assert done.returncode == 2
    assert "65535" in done.stderr and len(done.stderr.splitlines()) == 1


def bot(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SHOUKOU_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
