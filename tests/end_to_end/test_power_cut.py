"""The process ends at the worst moments, as in a power cut, and is started again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.people import OFFICE, SUPERVISORS, ZHANG, People, Shown
from tests.support.process import BotProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

STARTING = 20.0
"""Seconds in which a process has started and done what was left, on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A server, people, and the bot as a process of its own."""

    server: RehearsalServer
    people: People
    bot: BotProcess

    async def said(self, chat_id: int) -> list[Shown]:
        shown = await self.people.messages(chat_id)
        return [m for m in shown if m["sender"]["kind"] == "bot"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("power-cut")
    server = RehearsalServer(limits=Limits.off())
    await server.start()
    try:
        async with (
            People(server.url) as people,
            BotProcess(folder, server.url, server.token) as bot,
        ):
            await people.wait_for(OFFICE, lambda m: m["sender"]["kind"] == "bot", STARTING)
            yield Scene(server=server, people=people, bot=bot)
    finally:
        await server.stop()


MOMENTS = [
    # name, the call that is held back, in which chat, how, whether the message is gone by then
    ("just received", None, None, {}, False),
    ("while it is deleted", "deleteMessage", OFFICE, {"delay": 1.5}, False),
    ("deleted and not yet replaced", "sendMessage", OFFICE, {"retry_after": 3}, True),
    ("while the copy is sent", "sendMessage", OFFICE, {"delay": 1.5}, True),
    ("while the note is sent", "sendMessage", ZHANG, {"delay": 1.5}, True),
    ("while the card is sent", "sendMessage", SUPERVISORS, {"delay": 1.5}, True),
]


@pytest.mark.parametrize(
    ("method", "chat", "fault", "gone"), [m[1:] for m in MOMENTS], ids=[m[0] for m in MOMENTS]
)
async def test_nothing_is_lost_or_sent_twice(
    scene: Scene, method: str | None, chat: int | None, fault: dict[str, float], gone: bool
) -> None:
    people = scene.people
    before = {c: len(await scene.said(c)) for c in (OFFICE, ZHANG, SUPERVISORS)}
    if method is not None:
        await people.fault(method, chat_id=chat, **fault)
    number = await people.post(ZHANG, OFFICE, "机密★10年 关于云杉工程选址的报告")
    if gone:
        await people.wait_gone(OFFICE, number)
    await asyncio.sleep(0.4 if method is not None else 0.01)
    await scene.bot.kill()
    await scene.bot.start()

    await people.wait_gone(OFFICE, number, STARTING)
    for chat_id in before:
        await people.wait_for(chat_id, _newer(before[chat_id], await scene.said(chat_id)), STARTING)
    await people.settled(0.5)
    new = {c: (await scene.said(c))[n:] for c, n in before.items()}
    assert len(new[OFFICE]) == 1
    assert len(new[ZHANG]) == 1
    titles = {card["text"].splitlines()[0] for card in new[SUPERVISORS]}
    assert len(titles) == 1, "one case, with one number"
    assert len(new[SUPERVISORS]) <= (2 if chat == SUPERVISORS else 1)


async def test_the_readers_of_pictures_end_with_the_process(scene: Scene) -> None:
    process = scene.bot.pid
    await scene.bot.kill()
    async with asyncio.timeout(5):
        while _lives(process):
            await asyncio.sleep(0.05)
    await scene.bot.start()


async def test_neither_content_nor_token_is_in_what_the_process_writes(scene: Scene) -> None:
    assert "云杉" not in scene.bot.output
    assert scene.server.token not in scene.bot.output
    assert "Traceback" not in scene.bot.output


def _newer(count: int, said: list[Shown]):  # type: ignore[no-untyped-def]
    """Return a predicate for messages of the bot beyond the first ``count``."""
    last = said[count - 1]["id"] if count else 0
    return lambda m: m["sender"]["kind"] == "bot" and m["id"] > last


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
