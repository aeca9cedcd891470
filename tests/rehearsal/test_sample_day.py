"""The sample day: its data, and what it does in the world."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest

from rehearsal import default_world, sample_day
from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.support.people import People

LANGUAGES = ("zh-CN", "en")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_resident_id(number: str) -> bool:
    total = sum(int(d) * w for d, w in zip(number[:17], WEIGHTS, strict=True))
    return number[17] == "10X98765432"[total % 11]


@pytest.mark.parametrize("language", LANGUAGES)
def test_day_has_its_pictures_and_valid_invented_numbers(language: str) -> None:
    steps = sample_day.load(language)
    assert len(steps) >= 30
    assert all(step.caption for step in steps)
    assert 50 <= sum(step.wait + sample_day.LEAD for step in steps) <= 75
    for name in {name for step in steps for name in step.files}:
        assert (sample_day.FOLDER / name).stat().st_size <= 120 * 1024
    numbers = re.findall(r"\d{17}[\dX]", " ".join(step.text for step in steps))
    assert numbers and all(map(is_resident_id, numbers))


def test_languages_take_the_same_steps() -> None:
    shapes = [
        [(s.do, s.who, s.where, s.topic, s.as_, len(s.files)) for s in sample_day.load(language)]
        for language in LANGUAGES
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_day_without_a_bot_still_ends(language: str) -> None:
    server = RehearsalServer(language)
    with server.world.events.listen() as screen:
        await sample_day.play(server.world, speed=500)
        events = [screen.get_nowait() for _ in range(screen.qsize())]
    told = [event for event in events if event and event["kind"] == "sample"]
    assert [event["running"] for event in told[-2:]] == [True, False]
    office = server.world.chats[default_world.OFFICE].messages.values()
    kinds = Counter(m.content.media.kind for m in office if m.content.media)
    assert (kinds["photo"], kinds["document"]) == (9, 1)
    assert any(m.edit_date for m in office)
    assert server.world.chats[default_world.NEW_GROUP].member(server.world.bot.id).is_admin


async def test_supervisor_presses_the_newest_fitting_button(
    server: RehearsalServer, raw: RawBot
) -> None:
    def keyboard(text: str) -> dict[str, object]:
        return {
            "inline_keyboard": [
                [{"text": "更多", "callback_data": "m"}, {"text": text, "callback_data": text}]
            ]
        }

    chat_id = default_world.SUPERVISORS
    for text in ("受理一", "受理二", "误报"):
        await raw.ok("sendMessage", chat_id=chat_id, text="案件", reply_markup=keyboard(text))
    chat, bot_id = server.world.chats[chat_id], server.world.bot.id
    found = sample_day.find_button(chat, bot_id, ("受理",))
    assert found is not None
    message, row, column = found
    assert message.markup is not None
    assert message.markup["inline_keyboard"][row][column]["text"] == "受理二"
    assert sample_day.find_button(chat, bot_id, ("批准",)) is None


async def test_day_can_be_stopped() -> None:
    server = RehearsalServer(sample_day=sample_day.play)
    await server.start()
    with server.world.events.listen() as screen:
        async with People(server.url) as people:
            await people.sample_day("play")
            await asyncio.sleep(0.1)
            await people.sample_day("stop")
        events = [screen.get_nowait() for _ in range(screen.qsize())]
    await server.stop()
    told = [event["running"] for event in events if event and event["kind"] == "sample"]
    assert (told[0], told[-1]) == (True, False)


def test_token_is_well_formed_and_written_nowhere() -> None:
    assert re.fullmatch(r"ghp_[0-9A-Za-z]{36}", sample_day.token())
    texts = [path.read_text(encoding="utf-8") for path in sample_day.FOLDER.glob("*.toml")]
    assert not any("ghp_" in text for text in texts)
