"""Lists of terms from files, and the errors for mistakes in them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from bot.errors import ConfigurationError
from bot.policy.keyword_files.child_process import read_terms_apart
from bot.policy.keyword_files.reader import MAX_TERMS, read_terms


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    path = folder / "terms.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("text", "a.txt", "青松项目\n\n  Falcon \n# 备注\n青松项目\n"),
        ("text with a mark and CRLF", "a.txt", "\ufeff青松项目\r\nFalcon\r\n"),
        ("UTF-16", "a.txt", "青松项目\nFalcon".encode("utf-16")),
        ("GB 18030", "a.txt", "青松项目\nFalcon".encode("gb18030")),
        ("CSV", "a.csv", "青松项目,说明\nFalcon,\n"),
        ("CSV with heads", "a.csv", "编号,关键词,部门\n1,青松项目,综合科\n2,Falcon,\n"),
        ("CSV with semicolons", "a.CSV", 'id;term\n1;"青松项目"\n2;Falcon\n'),
    ],
)
def test_terms_are_read_from_each_text_format(
    name: str, file: str, content: str | bytes, tmp_path: Path
) -> None:
    assert read_terms(written(tmp_path, file, content)) == ("青松项目", "Falcon"), name


def test_terms_are_read_from_a_workbook(tmp_path: Path) -> None:
    rows: list[list[object]] = [["编号", "关键词"], [1, "青松项目"], [2, None], [3, 20260.0]]
    assert read_terms(workbook(tmp_path, rows)) == ("青松项目", "20260")
    assert read_terms(workbook(tmp_path, [["青松项目"], ["Falcon"]])) == ("青松项目", "Falcon")


@pytest.mark.parametrize(
    ("name", "file", "content", "where", "what"),
    [
        ("too long", "a.txt", "青松项目\n" + "长" * 201, ": line 2", "201 characters"),
        ("too short", "a.csv", "term\n好的\n的", ": line 3", "less than two letters"),
        ("only marks", "a.txt", "★★★", ": line 1", "less than two letters"),
        ("no text", "a.txt", b"ab\ncd\n\xff\xffzz", ": line 3", "neither UTF-8 nor GB 18030"),
        ("control characters", "a.txt", "青松项目\nab\x00cd", ": line 2", "no text"),
        ("not CSV", "a.csv", 'ab\n"cd"x,\n', ": line 2", "not valid CSV"),
        ("no workbook", "a.xlsx", "青松项目", "a.xlsx", "not a workbook"),
        ("unknown kind", "a.docx", "青松项目", "a.docx", "not a list of terms"),
        ("too many", "a.txt", "\n".join(f"t{i}" for i in range(MAX_TERMS + 1)), "line 100001", ","),
    ],
)
def test_a_mistake_names_file_line_and_remedy(
    name: str, file: str, content: str | bytes, where: str, what: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_terms(written(tmp_path, file, content))
    error = caught.value
    assert file in error.where, name
    assert where in error.where
    assert what in error.what
    assert error.mend
    assert "青松" not in str(error)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_terms(tmp_path / "none.txt")


def test_a_child_process_gives_the_same_terms_and_errors(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["青松项目"], ["Falcon"]])
    assert read_terms_apart(path) == read_terms(path)
    with pytest.raises(ConfigurationError) as caught:
        read_terms_apart(written(tmp_path, "a.txt", "青松项目\n★★★"))
    assert caught.value.where.endswith("a.txt: line 2")
    assert caught.value.mend
