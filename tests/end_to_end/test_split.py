"""A text that is split over posts is seen, and all of its parts are taken down."""

from __future__ import annotations

import pytest

from tests.support.office import KEYWORD, Office
from tests.support.people import CHEN, OFFICE, SUPERVISORS, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")
NUMBER = "11010519491231002X"


async def gone(office: Office, numbers: list[int]) -> list[bool]:
    await office.quiet()
    return [await office.people.message(OFFICE, number) is None for number in numbers]


@pytest.mark.parametrize(
    "parts",
    [
        ["机密", "★10年 关于示例的报告"],
        ["请看 机", "密", "★10年"],
        [NUMBER[:6], NUMBER[6:14], NUMBER[14:]],
        [KEYWORD[:2], KEYWORD[2:] + "下周启动"],
    ],
    ids=["a mark", "a mark in three", "a number in three", "a group's own term"],
)
async def test_all_parts_are_taken_down_as_one_case(office: Office, parts: list[str]) -> None:
    numbers = [await office.people.post(ZHANG, OFFICE, part) for part in parts]
    assert await gone(office, numbers) == [True] * len(parts)
    [notice] = await office.said(OFFICE)
    assert NUMBER not in notice["text"]
    assert KEYWORD not in notice["text"]
    assert len(await office.said(SUPERVISORS)) <= 1


async def test_two_people_are_not_taken_for_one(office: Office) -> None:
    first = await office.people.post(ZHANG, OFFICE, "机密")
    second = await office.people.post(CHEN, OFFICE, "★10年")
    assert await gone(office, [first, second]) == [False, False]


async def test_harmless_posts_stay(office: Office) -> None:
    texts = ["周五开会", "三点", "在二楼", "收到请回复"]
    numbers = [await office.people.post(ZHANG, OFFICE, text) for text in texts]
    assert await gone(office, numbers) == [False] * len(texts)
    assert await office.acts() == []


async def test_an_edit_that_completes_a_split_text(office: Office) -> None:
    first = await office.people.post(ZHANG, OFFICE, "关于")
    second = await office.people.post(ZHANG, OFFICE, "★10年")
    await office.people.edit(ZHANG, OFFICE, first, "机密")
    assert await gone(office, [first, second]) == [True, True]
