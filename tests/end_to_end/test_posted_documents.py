"""Documents from posting to what people see of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import papers
from tests.support.office import Office
from tests.support.people import OFFICE, SUPERVISORS, ZHANG

CONFIG = Path(__file__).parents[2] / "config"

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBER = "110101199003070011"
FILES = {
    "a comment of a DOCX": papers.docx_with("comment", f"身份证号：{NUMBER}"),
    "a hidden sheet": papers.xlsx_with("hidden", f"身份证号：{NUMBER}"),
    "a scan in a ZIP": papers.zip_of({"a": papers.pdf_with("scan", f"身份证号：{NUMBER}")}),
}


@pytest.mark.parametrize("kind", FILES)
async def test_a_document_with_an_identity_number_is_removed(office: Office, kind: str) -> None:
    number = await office.people.document(ZHANG, OFFICE, "会议材料.dat", FILES[kind])
    await office.quiet()
    assert await office.people.message(OFFICE, number) is None
    [notice] = await office.said(OFFICE)
    assert "个人信息" in notice["text"] or "身份证" in notice["text"]
    for chat in (OFFICE, ZHANG, SUPERVISORS):
        assert all(NUMBER not in shown["text"] for shown in await office.said(chat))


async def test_a_clean_document_stays(office: Office) -> None:
    data = papers.docx_with("visible", "秋季运动会报名")
    number = await office.people.document(ZHANG, OFFICE, "通知.docx", data)
    await office.quiet()
    assert await office.people.message(OFFICE, number) is not None
    assert await office.acts() == []


async def test_a_locked_document_stays_and_a_supervisor_is_asked(office: Office) -> None:
    data = papers.seven_zip_of(b"x", "password")
    number = await office.people.document(ZHANG, OFFICE, "材料.7z", data)
    await office.quiet()
    assert await office.people.message(OFFICE, number) is not None
    [card] = await office.said(SUPERVISORS)
    assert "密码" in card["text"]


@pytest.mark.parametrize("choice", ["hold", "remove"])
async def test_what_follows_from_a_video_is_the_policys_choice(
    office: Office, choice: str, tmp_path: Path
) -> None:
    policies = (CONFIG / "policies.toml").read_text("utf-8")
    (tmp_path / "policies.toml").write_text(f'{policies}\nvideo = "{choice}"\n', "utf-8")
    await office.restart()
    await office.remember()
    data = b"\0\0\0\x18ftypmp42" + b"\0" * 99
    number = await office.people.document(ZHANG, OFFICE, "会议.dat", data)
    await office.quiet()
    kept = await office.people.message(OFFICE, number) is not None
    assert kept == (choice == "hold")
    assert bool(await office.said(SUPERVISORS if choice == "hold" else OFFICE))
