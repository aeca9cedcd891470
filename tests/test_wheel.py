"""The wheel works by itself: built, installed into a fresh environment, run from any folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("bot", "rehearsal", "config", "pyproject.toml", "setup.py", "README.md", "LICENSE")

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def shoukou(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command of a wheel that is installed beside the dependencies of these tests."""
    folder = tmp_path_factory.mktemp("wheel")
    # The build leaves files behind, and takes up those of an earlier one: it gets a copy.
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(folder), str(source)], check=True)
    [wheel] = folder.glob("*.whl")
    fresh = folder / "fresh"
    venv.create(fresh)
    [site] = fresh.glob("lib/python*/site-packages")
    # Copies, because the confined readers may open nothing outside of their own environment.
    shutil.copytree(sysconfig.get_path("purelib"), site, dirs_exist_ok=True, copy_function=linked)
    install = ("install", "--no-deps", "--no-index", str(wheel))
    subprocess.run([str(fresh / "bin" / "python"), *pip[1:], *install], check=True)
    return fresh / "bin" / "shoukou"


def linked(source: str, target: str) -> str:
    """Copy a file, where possible as another name of the same one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def run(
    shoukou: Path, folder: Path, *arguments: str, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SHOUKOU_", "PYTHON"))}
    return subprocess.run(
        [str(shoukou), *arguments],
        cwd=folder,
        env=kept | environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_check_finds_in_text_and_in_a_picture(shoukou: Path, tmp_path: Path) -> None:
    assert run(shoukou, tmp_path, "check", text="今天下午开会").returncode == 0
    assert run(shoukou, tmp_path, "check", text="机密★10年").returncode == 3
    picture = ROOT / "rehearsal" / "sample" / "plan_photo.jpg"
    assert run(shoukou, tmp_path, "check", str(picture)).returncode == 3


def test_rules_are_checked(shoukou: Path, tmp_path: Path) -> None:
    assert run(shoukou, tmp_path, "policy", "check").returncode == 0


def test_doctor_reports_what_is_missing(shoukou: Path, tmp_path: Path) -> None:
    done = run(shoukou, tmp_path, "doctor", SHOUKOU_LANGUAGE="en")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no token is set" in done.stdout
    assert "cannot be examined" not in done.stdout


def test_init_writes_settings_that_work_and_never_overwrites(shoukou: Path, tmp_path: Path) -> None:
    assert run(shoukou, tmp_path, "init").returncode == 0
    assert "#" in (tmp_path / "config" / "shoukou.toml").read_text("utf-8")
    assert run(shoukou, tmp_path, "policy", "check").returncode == 0
    again = run(shoukou, tmp_path, "init")
    assert again.returncode == 2
    assert "shoukou.toml" in again.stderr


def test_run_without_a_token_explains(shoukou: Path, tmp_path: Path) -> None:
    done = run(shoukou, tmp_path, "run")
    assert done.returncode == 2
    assert "SHOUKOU_TOKEN" in done.stderr


def test_rehearsal_starts_and_ends(shoukou: Path, tmp_path: Path) -> None:
    started = subprocess.Popen(
        [str(shoukou), "rehearse", "--port", "0", "--language", "en"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("SHOUKOU_", "PYTHON"))},
    )
    assert started.stdout is not None
    try:
        assert any("The rehearsal is ready" in line for line in started.stdout)
    finally:
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=60)  # a pipe closed too early makes Python exit with 120
        assert started.returncode == 0
