"""Lists of terms and the allow-list: read from files, and read again when they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.outgoing import CaseStatus
from tests.support.office import CONFIG, Office, open_office
from tests.support.people import OFFICE, PROJECT, SUPERVISORS, ZHANG, ZHAO

pytestmark = pytest.mark.asyncio(loop_scope="session")
LISTS = 'keywords_file = "organisation.csv"\nkeywords = ["赤霞课题"]\n' + CONFIG.replace(
    'department = "项目办"', 'department = "项目办"\nkeywords_file = "project.txt"'
)
ALLOWED = """
[[allow]]
id = "open-day"
term = "青松项目"
owner = "王敏"
reason = "已对外公布"
expires = 2099-12-31
"""


async def stays(office: Office, chat: int, text: str) -> bool:
    number = await office.people.post(ZHANG, chat, text)
    await office.quiet()
    return await office.people.message(chat, number) is not None


async def changed(office: Office, path: Path, content: str) -> None:
    """Replace a file as an editor does, and let the bot look."""
    new = path.with_suffix(".new")
    new.write_text(content, "utf-8")
    new.replace(path)
    for file in office.app.watched:
        await file.look()


async def test_lists_of_terms(tmp_path: Path, media: StartingMedia) -> None:
    organisation = tmp_path / "organisation.csv"
    organisation.write_text("关键词,说明\n长风计划,\n", "utf-8")
    (tmp_path / "project.txt").write_text("碧波工程\n", "utf-8")
    async with open_office(tmp_path, media, config=LISTS) as office:
        for chat in (OFFICE, PROJECT):
            assert not await stays(office, chat, "长风计划的安排"), "the organisation's file"
            assert not await stays(office, chat, "赤霞课题的安排"), "the organisation's settings"
        assert await stays(office, OFFICE, "碧波工程的安排"), "another group's file"
        assert not await stays(office, PROJECT, "碧波工程的安排"), "the group's own file"

        await changed(office, organisation, "关键词\n苍岭方案\n")
        assert await stays(office, OFFICE, "长风计划的进展")
        assert not await stays(office, OFFICE, "苍岭方案的进展")

        await changed(office, organisation, "关键词\n的\n")
        assert not await stays(office, OFFICE, "苍岭方案的结果"), "a mistake changes nothing"


async def test_what_is_allowed_stays_and_is_recorded(tmp_path: Path, media: StartingMedia) -> None:
    allow_list = tmp_path / "allowlist.toml"
    allow_list.write_text(ALLOWED, "utf-8")
    async with open_office(tmp_path, media) as office:
        assert await stays(office, OFFICE, "青松项目开放日")
        assert await office.acts() == []
        case = await office.app.store.cases.by_number(1)
        assert case is not None
        assert case.status is CaseStatus.RECORDED
        assert [f.suppressed_by for f in case.summary.suppressed] == ["allow:open-day"]
        assert case.summary.findings == ()
        await office.remember()
        await office.people.post(ZHAO, OFFICE, "/status")
        await office.quiet()
        [status] = await office.said(OFFICE)
        assert "open-day: 1" in status["text"]
        assert office.t("could not be inspected") not in status["text"]

        assert not await stays(office, OFFICE, "青松项目 机密★10年")
        [card] = await office.said(SUPERVISORS)
        assert "青松" not in card["text"]

        await changed(office, allow_list, "")
        assert not await stays(office, OFFICE, "青松项目开放日"), "the entry is gone"
