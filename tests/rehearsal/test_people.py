"""The people's side: what the web chat shows and does."""

from __future__ import annotations

import asyncio
import time

import pytest

from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.rehearsal.pictures import picture
from tests.support.people import (
    CHANNEL,
    CHEN,
    LIU,
    NEW_GROUP,
    OFFICE,
    PROJECT,
    SUPERVISORS,
    WANG,
    ZHANG,
    ZHAO,
    People,
    Refused,
)


async def test_state_lists_the_default_office(people: People) -> None:
    state = await people.state()
    assert [p["id"] for p in state["people"]] == [4001, 4002, 5001, 5002, 5003, 6001]
    assert {c["id"]: c["title"] for c in state["chats"]}[OFFICE] == "综合科工作群"
    project = await people.chat(PROJECT)
    assert [topic["name"] for topic in project["topics"]] == ["进度", "资料"]
    assert project["bot"] == {
        "status": "administrator",
        "can_delete_messages": True,
        "can_restrict_members": True,
    }
    assert (await people.chat(NEW_GROUP))["bot"]["status"] == "left"
    started = {p["id"] for p in state["people"] if p["started"]}
    assert started == {4001, 4002, 5001, 6001}


async def test_english_world_has_english_names() -> None:
    server = RehearsalServer("en")
    await server.start()
    async with People(server.url) as people:
        state = await people.state()
    await server.stop()
    assert state["people"][0]["name"] == "Wang Min"
    assert state["bot"]["name"] == "Shoukou"


async def test_post_edit_delete_reach_every_screen(people: People) -> None:
    number = await people.post(ZHANG, OFFICE, "早上好")
    await people.edit(ZHANG, OFFICE, number, "下午好")
    await people.delete(ZHANG, OFFICE, number)
    await people.settled(0.1)
    kinds = [e["kind"] for e in people.events]
    assert kinds == ["message", "edited", "deleted"]
    assert people.events[0]["message"]["sender"] == {
        "id": ZHANG,
        "name": "张晓华",
        "kind": "person",
    }
    assert people.events[1]["message"]["text"] == "下午好"
    assert await people.messages(OFFICE) == []


async def test_album_shows_pictures_and_one_caption(people: People) -> None:
    files = [("a.png", picture(2000, 1000)), ("b.png", picture(300, 400))]
    numbers = await people.album(CHEN, OFFICE, files, "两张")
    shown = [await people.message(OFFICE, n) for n in numbers]
    assert [m["text"] for m in shown if m] == ["两张", ""]
    assert len({m["album_id"] for m in shown if m}) == 1
    assert shown[0] and shown[0]["media"]["width"] == 1280
    assert (await people.file(shown[0])).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("who", "fields", "status"),
    [
        pytest.param(WANG, {"chat_id": OFFICE}, 403, id="not a member"),
        pytest.param(ZHANG, {"chat_id": -5}, 404, id="no such chat"),
        pytest.param(ZHANG, {"chat_id": OFFICE, "as_": "anonymous"}, 403, id="no administrator"),
        pytest.param(ZHANG, {"chat_id": PROJECT, "thread_id": 999}, 404, id="no such topic"),
        pytest.param(ZHANG, {"chat_id": OFFICE, "reply_to": 999}, 404, id="no such message"),
        pytest.param(ZHANG, {"chat_id": OFFICE, "text": " "}, 400, id="nothing"),
        pytest.param(ZHANG, {"chat_id": OFFICE, "text": "长" * 4097}, 400, id="too long"),
    ],
)
async def test_what_people_cannot_post(
    people: People, who: int, fields: dict[str, object], status: int
) -> None:
    with pytest.raises(Refused) as refused:
        await people.post(who, **({"text": "x"} | fields))  # type: ignore[arg-type]
    assert refused.value.status == status


async def test_reply_with_quote_and_hidden_forward_are_shown(people: People) -> None:
    first = await people.post(ZHANG, OFFICE, "会议改到三点")
    reply = await people.post(CHEN, OFFICE, "好", reply_to=first, quote="三点")
    forward = await people.post(LIU, OFFICE, "转", forward_of={"name": "某人"})
    shown = await people.message(OFFICE, reply)
    assert shown is not None
    assert shown["reply_to"] == {"id": first, "sender_name": "张晓华", "text": "会议改到三点"}
    assert shown["quote"] == "三点"
    assert (await people.message(OFFICE, forward) or {})["forwarded_from"] == "某人"


async def test_poll_and_contact_are_shown(people: People) -> None:
    poll = await people.poll(ZHANG, OFFICE, "几点？", ["三点", "四点"])
    contact = await people.contact(ZHANG, OFFICE, "某人", "+10000000000")
    assert (await people.message(OFFICE, poll) or {})["poll"] == {
        "question": "几点？",
        "options": ["三点", "四点"],
    }
    assert (await people.message(OFFICE, contact) or {})["contact"]["phone"] == "+10000000000"


async def test_channel_post_is_forwarded_to_its_group(people: People) -> None:
    number = await people.post(ZHAO, CHANNEL, "公告")
    copy = await people.wait_for(OFFICE, lambda m: m["text"] == "公告")
    assert copy["sender"] == {"id": CHANNEL, "name": "单位公告", "kind": "channel"}
    await people.edit(ZHAO, CHANNEL, number, "公告二")
    await people.wait_for(OFFICE, lambda m: m["text"] == "公告二")


async def test_press_and_answer(people: People, raw: RawBot) -> None:
    keyboard = {"inline_keyboard": [[{"text": "认领", "callback_data": "k"}]]}
    await raw.ok("sendMessage", chat_id=SUPERVISORS, text="案件", reply_markup=keyboard)
    card = await people.wait_for(SUPERVISORS, lambda m: m["buttons"] != [])
    press = await people.press(WANG, SUPERVISORS, card, label="认领")
    await raw.ok("answerCallbackQuery", callback_query_id=press, text="好", show_alert=True)
    answer = await people.wait_answer(WANG)
    assert (answer["text"], answer["alert"]) == ("好", True)


async def test_a_new_group_the_bot_and_migration(people: People, raw: RawBot) -> None:
    group = await people.group(ZHAO, "临时", type="group")
    with pytest.raises(Refused):
        await people.bot(ZHANG, group, "promote")
    await people.bot(ZHANG, group, "add")
    await people.bot(ZHAO, group, "promote", can_restrict_members=False)
    assert (await people.chat(group))["bot"]["can_delete_messages"] is True
    new = await people.migrate(group)
    status, body = await raw("sendMessage", chat_id=group, text="x")
    assert (status, body["parameters"]) == (400, {"migrate_to_chat_id": new})
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert (await people.chat(new))["bot"]["status"] == "administrator"


async def test_a_muted_member_cannot_write_until_the_time_is_over(
    people: People, raw: RawBot
) -> None:
    until = int(time.time()) + 600
    none: dict[str, bool] = {}
    await raw.ok(
        "restrictChatMember", chat_id=OFFICE, user_id=LIU, permissions=none, until_date=until
    )
    with pytest.raises(Refused):
        await people.post(LIU, OFFICE, "还能说吗")
    await people.clock(601)
    await people.post(LIU, OFFICE, "又能说了")


async def test_sample_day_plays_and_stops() -> None:
    started = asyncio.Event()

    async def sample_day(world: object) -> None:
        started.set()
        await asyncio.sleep(60)

    server = RehearsalServer(sample_day=sample_day)
    await server.start()
    async with People(server.url) as people:
        await people.sample_day()
        await asyncio.wait_for(started.wait(), 2)
        await people.sample_day("stop")
        await people.settled(0.1)
        assert people.events[-1]["running"] is False
    await server.stop()
