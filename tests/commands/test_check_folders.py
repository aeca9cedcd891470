"""Folders of pictures: masked and annotated copies, resuming, and the journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.commands.check_folders import FolderCheck, FolderOptions, walk
from bot.judging.check_result import CheckResult
from bot.judging.checking import load_checker
from bot.model import Box, Fragment, Source
from bot.ports import MediaReading
from bot.settings import CONFIG_FOLDER

ID = "110101199003070011"


class Pictures:
    """Reads a file's bytes as the text of a picture."""

    def __init__(self) -> None:
        self.read_texts: list[str] = []

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        text = data.removeprefix(b"\xff\xd8\xff").decode()
        self.read_texts.append(text)
        boxes = tuple((10 * i, 0, 10 * i + 10, 20) for i in range(len(text)))
        fragment = Fragment(source=Source.IMAGE, text=text, boxes=boxes)
        return MediaReading(fragments=(fragment,), width=400, height=20)

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        return b"\xff\xd8\xff" + f"{len(boxes or ())} masked".encode()


class Seen:
    def __init__(self) -> None:
        self.results: dict[str, CheckResult] = {}
        self.errors: dict[str, str] = {}
        self.earlier: list[bool] = []

    def result(self, id: object, result: CheckResult) -> None:
        self.results[Path(str(id)).name] = result

    def error(self, id: object, reason: str) -> None:
        self.errors[Path(str(id)).name] = reason

    def known(self, *, found: bool, unread: bool) -> None:
        self.earlier.append(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    texts = {"deep/id.jpg": f"身份证号{ID}", "mark.jpg": "机密★10年", "menu.jpg": "今日菜单"}
    for name, text in texts.items():
        (folder / name).write_bytes(b"\xff\xd8\xff" + text.encode())
    return folder


POLICIES = CONFIG_FOLDER / "policies.toml"


async def _run(folder: Path, policies: Path = POLICIES, **options: object) -> tuple[Seen, Pictures]:
    seen, reader = Seen(), Pictures()
    wanted = FolderOptions(**options)  # type: ignore[arg-type]
    checker = load_checker(CONFIG_FOLDER / "packs", policies, reader=reader)
    await FolderCheck(checker, reader, wanted, seen).run([folder])
    return seen, reader


@pytest.mark.parametrize("jobs", [1, 3])
async def test_every_file_below_a_folder_is_checked(folder: Path, jobs: int) -> None:
    seen, _ = await _run(folder, jobs=jobs)
    found = {name: bool(r.verdict.effective) for name, r in seen.results.items()}
    assert found == {"id.jpg": True, "mark.jpg": True, "menu.jpg": False}


async def test_masked_copies_keep_the_folders_and_mask_a_marked_picture_whole(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    await _run(folder, mask_to=out)
    written = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*.jpg")}
    assert written == {
        "deep/id.jpg.jpg": b"\xff\xd8\xff1 masked",
        "mark.jpg.jpg": b"\xff\xd8\xff0 masked",
    }


async def test_annotated_pictures_name_the_rules(folder: Path, tmp_path: Path) -> None:
    await _run(folder, annotate_to=tmp_path / "out")
    text = (tmp_path / "out" / "deep" / "id.jpg.svg").read_text("utf-8")
    assert "identity-cn/resident-id" in text
    assert text.count("<rect") == 1


async def test_a_second_run_reads_only_what_is_new_or_changed(folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    await _run(folder, journal=journal)
    (folder / "menu.jpg").write_bytes(b"\xff\xd8\xff" + "明日菜单".encode())
    seen, reader = await _run(folder, journal=journal)
    assert reader.read_texts == ["明日菜单"]
    assert sorted(seen.earlier) == [True, True]


async def test_the_journal_survives_a_truncated_line_and_holds_no_names(
    folder: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    await _run(folder, journal=journal)
    text = journal.read_text("utf-8")
    assert ID not in text and "mark" not in text
    assert all(
        set(json.loads(line)) == {"file", "found", "unread"} for line in text.splitlines() if line
    )
    journal.write_bytes(journal.read_bytes()[:-20])
    _, reader = await _run(folder, journal=journal)
    assert len(reader.read_texts) == 1


async def test_the_result_has_the_path_of_the_annotated_picture(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    seen, _ = await _run(folder, annotate_to=out)
    assert seen.results["id.jpg"].annotated == out / "deep" / "id.jpg.svg"
    assert seen.results["menu.jpg"].annotated is None


async def test_other_rules_make_another_run(folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    await _run(folder, journal=journal)
    other = tmp_path / "policies.toml"
    other.write_text(POLICIES.read_text("utf-8").replace('"escalate"', '"log"'), "utf-8")
    _, reader = await _run(folder, other, journal=journal)
    assert len(reader.read_texts) == 3
    _, reader = await _run(folder, journal=journal, mask_to=tmp_path / "out")
    assert len(reader.read_texts) == 4  # the masked copy of the number is read again
    _, reader = await _run(folder, journal=journal, mask_to=tmp_path / "out")
    assert reader.read_texts == []


async def test_files_that_the_run_writes_are_not_checked(folder: Path) -> None:
    journal, out = folder / "journal", folder / "out"
    await _run(folder, journal=journal, mask_to=out)
    seen, _ = await _run(folder, mask_to=out, journal=journal)
    assert seen.results == {}
    assert len(seen.earlier) == 3


async def test_a_file_that_cannot_be_opened_is_reported(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    (folder / "large.jpg").touch()
    os.truncate(folder / "large.jpg", 65 << 20)
    seen, _ = await _run(folder)
    assert seen.errors == {
        "pipe": "not-a-file",
        "gone.jpg": "no-such-file",
        "large.jpg": "too-large",
    }


def test_a_folder_that_cannot_be_listed_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "refused", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [str(relative) for _, relative in walk([folder])] == ["mark.jpg", "menu.jpg", "deep"]


def test_a_killed_run_is_resumed(tmp_path: Path) -> None:
    folder, journal = tmp_path / "in", tmp_path / "journal"
    folder.mkdir()
    for i in range(1_500):
        (folder / f"{i:04}.txt").write_text(f"通知{i}" if i % 10 else "机密★10年", "utf-8")
    command = [sys.executable, "-m", "bot", "check", str(folder), "--json", "--resume"]
    with subprocess.Popen([*command, str(journal)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        lines = [first.stdout.readline() for _ in range(100)]
        first.kill()
        lines += first.stdout.readlines()
    done = len([line for line in journal.read_text().splitlines() if line.endswith("}")])
    assert 0 < done < 1_500
    second = subprocess.run([*command, str(journal)], capture_output=True, text=True)
    again = second.stdout.splitlines()
    assert len(again) == 1_500 - done
    whole = [line for line in lines if line.endswith("\n")]
    assert {json.loads(line)["id"] for line in (*whole, *again)} == {
        str(path) for path in folder.iterdir()
    }
    third = subprocess.run([*command, str(journal)], capture_output=True, text=True)
    assert third.stdout == ""
    assert (second.returncode, third.returncode) == (3, 3)
