"""The sample day played for the whole bot: every step does what its caption says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import pytest
import pytest_asyncio

from bot.commands.run import rehearsal
from bot.rules.rule import Language
from bot.runtime.program import App
from rehearsal import sample_day
from rehearsal.server import RehearsalServer
from tests.support.people import NEW_GROUP, OFFICE, PROJECT, SUPERVISORS, ZHANG, People, Shown

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("sample day")]

SPEED = 3.0
WORDS = {
    "en": {
        "withheld": "was withheld",
        "covered": "is shown again",
        "marked page": "The picture is not shown",
        "album": "The other pictures of the album",
        "named": "a mark in its name",
        "term": "Project Evergreen",
        "slide": "Training slide",
        "released": "your message was fine",
        "confirmed": "Confirmed by Wang Min",
        "false alarm": "False alarm, says Li Qiang",
        "approved": "approved by Wang Min",
        "private": "was taken down",
        "protects": "I help to keep confidential material out",
    },
    "zh-CN": {
        "withheld": "的一条消息已收起",
        "covered": "已遮盖后重新显示",
        "marked page": "图片不予显示",
        "album": "同一相册的其他图片",
        "named": "文件名带有标志",
        "term": "青松项目",
        "slide": "培训课件样例",
        "released": "您的消息没有问题",
        "confirmed": "王敏 已确认",
        "false alarm": "李强 认定为误报",
        "approved": "由 王敏 批准",
        "private": "已被撤下",
        "protects": "帮助大家不让涉密敏感内容流入本群",
    },
}


class Day:
    """What is on the screens when the day is over: chats' messages as people see them."""

    def __init__(self, language: Language, chats: Mapping[int, Sequence[Shown]]) -> None:
        self.language, self.words, self.chats = language, WORDS[language], chats

    def said(self, chat_id: int, word: str) -> list[Shown]:
        """Return what the bot said with a word in it."""
        return [m for m in self.of_bot(chat_id) if self.words[word] in m["text"]]

    def of_bot(self, chat_id: int) -> list[Shown]:
        return [m for m in self.chats[chat_id] if m["sender"]["kind"] == "bot"]

    def of_people(self, chat_id: int) -> list[Shown]:
        return [m for m in self.chats[chat_id] if m["sender"]["kind"] != "bot"]

    def texts(self, chat_id: int) -> str:
        return "\n".join(m["text"] for m in self.chats[chat_id])


async def _played(language: Language, server: RehearsalServer, app: App) -> Day:
    async with People(server.url) as people:
        running = asyncio.create_task(app.run())
        await people.wait_for(OFFICE, lambda m: m["sender"]["kind"] == "bot", timeout=20)
        await app.media.pool()
        await sample_day.play(server.world, speed=SPEED, patience=10)
        while server.pending or app.worker.backlog or app.outbox.under_way:
            await asyncio.sleep(0.05)
        ids = [chat["id"] for chat in (await people.state())["chats"]]
        chats = {chat_id: await people.messages(chat_id) for chat_id in ids}
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return Day(language, chats)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def days() -> Mapping[str, Day]:
    """Play the day in both languages at the same time."""
    languages: tuple[Language, ...] = ("zh-CN", "en")
    async with contextlib.AsyncExitStack() as stack:
        plays = []
        for language in languages:
            server, app = await stack.enter_async_context(rehearsal(language))
            plays.append(_played(language, server, app))
        return {day.language: day for day in await asyncio.gather(*plays)}


@pytest.fixture(params=["zh-CN", "en"])
def day(request: pytest.FixtureRequest, days: Mapping[str, Day]) -> Day:
    return days[request.param]


async def test_nothing_secret_is_left_in_the_groups(day: Day) -> None:
    office, project = (day.texts(c) for c in (OFFICE, PROJECT))
    marks = ("★10年", "★5年", "★3年", "工作秘密 不得外传", "内部资料 注意保存")
    for secret in (*marks, "110199198703124827", "ghp_", day.words["term"]):
        assert secret not in office + project, secret


async def test_harmless_messages_stay(day: Day) -> None:
    texts = day.texts(OFFICE) + day.texts(PROJECT)
    leaking = ("★", "110199", "工作秘密", "内部资料", "{token}", day.words["term"])
    harmless = [
        step.text
        for step in sample_day.load(day.language)
        if step.do == "post"
        and step.text
        and not step.files
        and not step.name
        and not any(secret in step.text for secret in leaking)
        and step.id != "draft"
    ]
    assert len(harmless) >= 7
    for text in harmless:
        assert text in texts


async def test_pictures_and_files_are_judged(day: Day) -> None:
    assert len(day.said(OFFICE, "marked page")) == 3, "red head, album, turned letter"
    assert len(day.said(OFFICE, "album")) == 1
    assert len(day.said(OFFICE, "named")) == 1
    copies = [m for m in day.said(OFFICE, "covered") if m["media"]]
    assert len(copies) == 3, "roster, terminal, chat with a card number"
    assert len([m for m in day.of_people(OFFICE) if m["media"]]) == 2, "agenda and menu"


async def test_texts_are_withheld_or_covered(day: Day) -> None:
    assert len(day.said(OFFICE, "withheld")) == 5, "text, edit, album, forwarded, anonymous"
    assert len([m for m in day.said(OFFICE, "covered") if "█" in m["text"]]) == 4
    [notice] = day.said(PROJECT, "withheld")
    assert notice["thread_id"] == 2, "the topic of papers"


async def test_supervisors_decided(day: Day) -> None:
    supervisors = SUPERVISORS
    assert len(day.said(supervisors, "confirmed")) == 1
    [alarm] = day.said(supervisors, "false alarm")
    assert day.words["slide"] in alarm["text"]
    assert len(day.said(supervisors, "approved")) == 1
    assert day.said(NEW_GROUP, "protects")


async def test_false_alarm_is_announced_and_the_message_then_stays(day: Day) -> None:
    assert len(day.said(OFFICE, "released")) == 1
    assert [m for m in day.chats[OFFICE] if "120199199312034185" in m["text"]]


async def test_sender_is_notified_in_private(day: Day) -> None:
    assert day.said(ZHANG, "private")
