"""The files that a message passes are those of the page “The path of a message”."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.judging.group_directory import LOOK
from tests.support.message_trace import Visits, traced
from tests.support.office import Office
from tests.support.people import CHEN, OFFICE, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = Path(__file__).parents[2] / "docs" / "path-of-a-message.md"
HARMLESS, LEAK = "今天下午三点开会，请大家准时参加。", "关于转发通知 机密★10年 特急"
MOST_RETURNS = 2


def documented(mark: str) -> list[str]:
    """Return the files of a list of the page."""
    part = PAGE.read_text("utf-8").split(f"<!-- {mark} -->")[1].split("<!-- end -->")[0]
    return [line.split("`")[1] for line in part.strip().splitlines()]


async def followed(office: Office, text: str) -> Visits:
    """Post a text when the program has warmed up, and return what it passes."""
    await office.people.post(CHEN, OFFICE, "早上好")
    await office.quiet()
    await asyncio.sleep(LOOK + 0.2)  # the group is in memory again after its first message
    await office.people.post(CHEN, OFFICE, "收到")
    await office.quiet()
    with traced() as visits:
        await office.people.post(ZHANG, OFFICE, text)
        await office.quiet()
    return visits


@pytest.mark.parametrize(("mark", "text", "most"), [("harmless", HARMLESS, 22), ("leak", LEAK, 36)])
async def test_message_passes_the_files_of_the_page(
    office: Office, mark: str, text: str, most: int
) -> None:
    visits = await followed(office, text)
    assert visits.files == documented(mark)
    assert len(visits.files) <= most
    assert max(visits.returns.values()) <= MOST_RETURNS
