import dataclasses
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from bot.commands import check, policy
from bot.commands.progress import progress
from bot.model import Box, Fragment, Source
from bot.ports import MediaReading
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
ID = "11010519491231002X"


class OneLineReader:
    """Reads every file as a picture of one line, or fails."""

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        if data == b"broken":
            return MediaReading(not_inspected="broken-file")
        text = data.decode()
        boxes = tuple((10 * i, 0, 10 * i + 10, 20) for i in range(len(text)))
        return MediaReading(fragments=(Fragment(source=Source.IMAGE, text=text, boxes=boxes),))

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        return data


@asynccontextmanager
async def open_reader(settings: Settings) -> AsyncIterator[OneLineReader]:
    yield OneLineReader()


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("SHOUKOU_CONFIG", raising=False)


def run(*arguments: str, stdin: str | bytes = "", media: bool = True) -> Result:
    app = typer.Typer()
    check.register(app, open_reader if media else None)
    policy.register(app)
    return CliRunner().invoke(app, arguments, input=stdin)


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [("clean", "下午开会", 0), ("found", f"请登记 {ID} 谢谢", 3), ("empty", "", 0)],
)
def test_the_exit_status_reports_findings(name: str, text: str, status: int) -> None:
    assert run("check", "--json", stdin=text).exit_code == status, name
    assert run("check", "-", stdin=text).exit_code == status, name


def test_json_has_the_public_fields() -> None:
    (record,) = objects(run("check", "--json", stdin=f"请登记 {ID} 谢谢"))
    assert record == {
        "id": "-",
        "severity": "medium",
        "actions": ["mask", "warn"],
        "masked": "请登记 ██████████████████ 谢谢",
        "not_inspected": None,
        "findings": [
            {
                "rule": "identity-cn/resident-id",
                "category": "identity",
                "severity": "medium",
                "confidence": 0.99,
                "certainty": "certain",
                "mask": "span",
                "source": "text",
                "start": 4,
                "end": 22,
                "match": ID,
                "page": None,
                "box": None,
                "explanation": "含有居民身份证号码（校验通过）",
                "suppressed_by": None,
            }
        ],
    }


def test_the_table_is_in_the_chosen_language() -> None:
    assert "含有居民身份证号码" in run("check", stdin=ID).stdout.replace("\n", "")
    assert "identity" in run("check", "--language", "en", stdin=ID).stdout
    assert "nothing found" in run("check", "--language", "en", stdin="hello").stdout
    assert run("check", stdin="[bold]x[/nope] \u202e").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [("--policy", "nope"), ("--language", "xx"), ("--batch", "a.jsonl", "b"), ("--nope",)],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert run("check", *arguments).exit_code == 2


def test_a_batch_continues_after_a_bad_line(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(f"号 {ID}".encode())
    (tmp_path / "bad.png").write_bytes(b"broken")
    batch = tmp_path / "in.jsonl"
    lines = [
        {"id": 1, "text": "\ud800下午开会"},
        {"id": 2, "text": "天 河计划", "keywords": ["天河计划"]},
        {"id": 3, "path": str(picture)},
        {"id": 4, "path": str(tmp_path / "none.png")},
        {"id": 5},
        {"id": 6, "text": "x", "policy": "nope"},
        {"id": 7, "path": str(tmp_path / "bad.png")},
        {"id": 8, "text": "x", "keywords": "x"},
    ]
    text = "\n".join([*map(json.dumps, lines), "{", "[]", ""])
    batch.write_text(text, encoding="utf-8")
    result = run("check", "--batch", str(batch))
    out = objects(result)
    assert result.exit_code == 1
    assert [o["id"] for o in out] == [1, 2, 3, 4, 5, 6, 7, 8, None, None]
    assert ["error" in o for o in out] == [False] * 3 + [True] * 3 + [False] + [True] * 3
    assert out[0]["masked"] == "\ud800下午开会"
    assert out[1]["masked"] == "█████"
    found = out[2]["findings"]
    assert isinstance(found, list)
    assert (found[0]["source"], found[0]["box"]) == ("image", [20, 0, 200, 20])
    assert (out[2]["masked"], out[6]["not_inspected"]) == (None, "broken-file")


def test_a_batch_with_findings_exits_with_3() -> None:
    nothing = {"policy": None, "keywords": None, "path": None}
    line = json.dumps({"id": "a", "text": ID, **nothing})
    assert run("check", "--batch", "-", stdin=line).exit_code == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf-8", f"号 {ID}".encode()),
        ("utf-8 with mark", f"号 {ID}".encode("utf-8-sig")),
        ("utf-16", f"号 {ID}".encode("utf-16")),
        ("gb18030", f"号 {ID}".encode("gb18030")),
    ],
)
def test_text_files_of_many_encodings_are_read(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(content)
    result = run("check", "--json", str(path))
    assert result.exit_code == 3, name
    assert objects(result)[0]["masked"] == "号 " + "█" * 18


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a PDF called text", b"%PDF-1.7 x"),
        ("an archive called text", b"PK\x03\x04x"),
        ("a page", b"<p>"),
    ],
)
def test_a_file_is_recognised_by_its_content(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(content)
    assert objects(run("check", "--json", str(path)))[0]["masked"] is None, name


def test_a_files_name_is_inspected(tmp_path: Path) -> None:
    path = tmp_path / "机密★10年.txt"
    path.write_text("你好", encoding="utf-8")
    (record,) = objects(run("check", "--json", str(path)))
    assert (record["severity"], record["masked"]) == ("high", "你好")


def test_a_picture_without_a_reader_is_never_clean(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    result = run("check", "--json", str(path), media=False)
    assert (result.exit_code, objects(result)[0]["not_inspected"]) == (1, "unreadable-here")


def test_explain_adds_policy_confidence_and_actions() -> None:
    shown = run("check", "--explain", "-", stdin=ID).stdout
    for text in ("0.99", "确定", "本处", "mask, warn", "standard"):
        assert text in shown
    (record,) = objects(run("check", "--explain", "--json", "-", stdin=ID))
    assert record["policy"]["name"] == "standard"
    assert "policy" not in objects(run("check", "--json", "-", stdin=ID))[0]


def test_progress_is_shown_on_a_terminal_on_the_error_stream() -> None:
    screen, pipe = io.StringIO(), io.StringIO()
    with progress(3, console=Console(file=screen, force_terminal=True)) as advance:
        advance(3)
    with progress(3, console=Console(file=pipe)) as advance:
        advance(3)
    assert "100%" in screen.getvalue()
    assert pipe.getvalue() == ""


def test_policy_check_passes_on_the_shipped_packs() -> None:
    result = run("policy", "check")
    assert result.exit_code == 0
    assert "全部通过" in result.stdout


class SizedReader(OneLineReader):
    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        reading = await super().read(
            data.removeprefix(b"\xff\xd8\xff"), name=name, mime_type=mime_type
        )
        return dataclasses.replace(reading, width=400, height=20)


@pytest.mark.parametrize("as_json", [False, True])
def test_explain_writes_a_picture_with_boxes_and_prints_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    @asynccontextmanager
    async def open_sized(settings: Settings) -> AsyncIterator[SizedReader]:
        yield SizedReader()

    monkeypatch.setenv("SHOUKOU_CONFIG", str(ROOT / "config" / "shoukou.toml"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" + f"身份证号{ID}".encode())
    app = typer.Typer()
    check.register(app, open_sized)
    app.command("other")(lambda: None)
    words = ["check", "a.jpg", "--explain", *(["--json"] if as_json else [])]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 3
    assert "annotated/a.jpg.svg" in result.stdout
    assert "identity-cn/resident-id" in (tmp_path / "annotated" / "a.jpg.svg").read_text("utf-8")
    assert (tmp_path / "annotated").stat().st_mode & 0o077 == 0
