"""Every kind of update: read by python-telegram-bot, validated by aiogram's strict models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiogram.types
import pytest
import telegram

from tests.rehearsal.conftest import RawBot
from tests.rehearsal.pictures import picture
from tests.rehearsal.strictness import unknown_fields
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
)

Act = Callable[[People, RawBot], Awaitable[object]]
Seen = Callable[[telegram.Update], object]


async def quote(people: People, raw: RawBot) -> None:
    first = await people.post(ZHANG, OFFICE, "😀会议改到三点")
    await people.post(CHEN, OFFICE, "好", reply_to=first, quote="三点")


async def forward(people: People, raw: RawBot) -> None:
    first = await people.post(ZHANG, NEW_GROUP, "别处")
    of = {"chat_id": NEW_GROUP, "message_id": first}
    await people.post(CHEN, OFFICE, forward_of=of)


async def topic(people: People, raw: RawBot) -> None:
    thread = next(t["id"] for t in (await people.chat(PROJECT))["topics"] if t["name"] == "资料")
    await people.post(ZHANG, PROJECT, "在话题里", thread_id=thread)


async def edit(people: People, raw: RawBot) -> None:
    number = await people.photo(ZHANG, OFFICE, picture(), "原说明")
    await people.edit(ZHANG, OFFICE, number, "新说明")


async def press(people: People, raw: RawBot) -> None:
    keyboard = {"inline_keyboard": [[{"text": "认领", "callback_data": "opaque"}]]}
    sent = await raw.ok("sendMessage", chat_id=SUPERVISORS, text="卡", reply_markup=keyboard)
    await people.press(WANG, SUPERVISORS, sent["message_id"], label="认领")


async def channel_edit(people: People, raw: RawBot) -> None:
    await people.bot(ZHAO, CHANNEL, "add")
    number = await people.post(ZHAO, CHANNEL, "公告")
    await people.edit(ZHAO, CHANNEL, number, "公告二")


async def own_channel_post(people: People, raw: RawBot) -> None:
    await people.bot(ZHAO, CHANNEL, "add")
    await people.post(ZHAO, CHANNEL, "公告")


async def migration(people: People, raw: RawBot) -> None:
    group = await people.group(ZHAO, "临时", type="group")
    await people.bot(ZHAO, group, "add")
    await people.migrate(group)


async def muted(people: People, raw: RawBot) -> None:
    await raw.ok("getUpdates", allowed_updates=["message", "chat_member"])
    await raw.ok("restrictChatMember", chat_id=OFFICE, user_id=LIU, permissions={})


def _message(update: telegram.Update) -> telegram.Message:
    message = update.effective_message
    assert isinstance(message, telegram.Message)
    return message


# name, what people do, what the bot's last update then is, what it must say
KINDS: list[tuple[str, Act, str, Seen, object]] = [
    (
        "text",
        lambda p, r: p.post(ZHANG, OFFICE, "😀 https://a.example/b 完"),
        "message",
        lambda u: [_message(u).parse_entity(e) for e in _message(u).entities],
        ["https://a.example/b"],
    ),
    (
        "link under other words",
        lambda p, r: p.post(
            ZHANG,
            OFFICE,
            "😀点这里",
            entities=[{"type": "text_link", "offset": 2, "length": 3, "url": "https://a.example/"}],
        ),
        "message",
        lambda u: (_message(u).parse_entity(_message(u).entities[0]), _message(u).entities[0].url),
        ("点这里", "https://a.example/"),
    ),
    (
        "private start",
        lambda p, r: p.start(CHEN),
        "message",
        lambda u: (_message(u).entities[0].type, _message(u).chat.type, _message(u).chat.id),
        ("bot_command", "private", CHEN),
    ),
    (
        "photo",
        lambda p, r: p.photo(ZHANG, OFFICE, picture(900, 600), "说明"),
        "message",
        lambda u: ([s.width for s in _message(u).photo], _message(u).caption),
        ([90, 320, 800, 900], "说明"),
    ),
    (
        "document",
        lambda p, r: p.document(ZHANG, OFFICE, "名单.png", picture()),
        "message",
        lambda u: (_message(u).document.file_name, _message(u).document.mime_type),  # type: ignore[union-attr]
        ("名单.png", "image/png"),
    ),
    ("edited caption", edit, "edited_message", lambda u: _message(u).caption, "新说明"),
    (
        "quote",
        quote,
        "message",
        lambda u: (
            _message(u).quote.text,  # type: ignore[union-attr]
            _message(u).quote.position,  # type: ignore[union-attr]
            _message(u).reply_to_message.text,  # type: ignore[union-attr]
        ),
        ("三点", 6, "😀会议改到三点"),
    ),
    (
        "forward",
        forward,
        "message",
        lambda u: (_message(u).forward_origin.sender_user.id, _message(u).text),  # type: ignore[union-attr]
        (ZHANG, "别处"),
    ),
    (
        "forward of a hidden sender",
        lambda p, r: p.post(ZHANG, OFFICE, "x", forward_of={"name": "某人"}),
        "message",
        lambda u: _message(u).forward_origin.sender_user_name,  # type: ignore[union-attr]
        "某人",
    ),
    (
        "topic",
        topic,
        "message",
        lambda u: (
            _message(u).is_topic_message,
            _message(u).reply_to_message.forum_topic_created.name,  # type: ignore[union-attr]
        ),
        (True, "资料"),
    ),
    (
        "poll",
        lambda p, r: p.poll(ZHANG, OFFICE, "几点？", ["三点", "四点"]),
        "message",
        lambda u: [o.text for o in _message(u).poll.options],  # type: ignore[union-attr]
        ["三点", "四点"],
    ),
    (
        "contact",
        lambda p, r: p.contact(ZHANG, OFFICE, "某人", "+10000000000"),
        "message",
        lambda u: _message(u).contact.phone_number,  # type: ignore[union-attr]
        "+10000000000",
    ),
    (
        "anonymous administrator",
        lambda p, r: p.post(ZHAO, OFFICE, "通知", as_="anonymous"),
        "message",
        lambda u: (_message(u).from_user.username, _message(u).sender_chat.id),  # type: ignore[union-attr]
        ("GroupAnonymousBot", OFFICE),
    ),
    (
        "automatic forward",
        lambda p, r: p.post(ZHAO, CHANNEL, "公告"),
        "message",
        lambda u: (
            _message(u).from_user.id,  # type: ignore[union-attr]
            _message(u).sender_chat.id,  # type: ignore[union-attr]
            _message(u).is_automatic_forward,
        ),
        (777000, CHANNEL, True),
    ),
    (
        "somebody writing as the channel",
        lambda p, r: p.post(ZHAO, OFFICE, "x", as_="channel"),
        "message",
        lambda u: (_message(u).from_user.username, _message(u).sender_chat.id),  # type: ignore[union-attr]
        ("Channel_Bot", CHANNEL),
    ),
    (
        "through a bot",
        lambda p, r: p.post(ZHANG, OFFICE, "x", via_bot="gif_bot"),
        "message",
        lambda u: _message(u).via_bot.username,  # type: ignore[union-attr]
        "gif_bot",
    ),
    (
        "left by itself",
        lambda p, r: r.ok("leaveChat", chat_id=OFFICE),
        "message",
        lambda u: _message(u).left_chat_member.is_bot,  # type: ignore[union-attr]
        True,
    ),
    (
        "new topic",
        lambda p, r: p.topic(ZHANG, PROJECT, "新"),
        "message",
        lambda u: (
            _message(u).message_thread_id == _message(u).message_id,
            _message(u).forum_topic_created.name,  # type: ignore[union-attr]
        ),
        (True, "新"),
    ),
    ("button", press, "callback_query", lambda u: u.callback_query.data, "opaque"),  # type: ignore[union-attr]
    (
        "channel post",
        own_channel_post,
        "message",
        lambda u: _message(u).forward_origin.message_id,  # type: ignore[union-attr]
        1,
    ),
    (
        "added",
        lambda p, r: p.bot(ZHANG, NEW_GROUP, "add"),
        "message",
        lambda u: [m.is_bot for m in _message(u).new_chat_members],
        [True],
    ),
    (
        "rights taken away",
        lambda p, r: p.bot(ZHAO, OFFICE, "rights", can_delete_messages=False),
        "my_chat_member",
        lambda u: (
            u.my_chat_member.old_chat_member.can_delete_messages,  # type: ignore[union-attr]
            u.my_chat_member.new_chat_member.can_delete_messages,  # type: ignore[union-attr]
        ),
        (True, False),
    ),
    (
        "removed",
        lambda p, r: p.bot(ZHAO, OFFICE, "remove"),
        "message",
        lambda u: _message(u).left_chat_member.is_bot,  # type: ignore[union-attr]
        True,
    ),
    (
        "blocked",
        lambda p, r: p.bot(ZHANG, ZHANG, "remove"),
        "my_chat_member",
        lambda u: u.my_chat_member.new_chat_member.status,  # type: ignore[union-attr]
        "kicked",
    ),
    (
        "migration",
        migration,
        "message",
        lambda u: _message(u).migrate_from_chat_id is not None,
        True,
    ),
    (
        "somebody muted",
        muted,
        "chat_member",
        lambda u: u.chat_member.new_chat_member.status,  # type: ignore[union-attr]
        "restricted",
    ),
    (
        "video",
        lambda p, r: p.album(ZHANG, OFFICE, [("片.mp4", b"\0\0\0\x18ftypmp42")]),
        "message",
        lambda u: _message(u).video.file_name,  # type: ignore[union-attr]
        "片.mp4",
    ),
]


async def validated(raw: RawBot) -> list[dict[str, Any]]:
    found = await raw.updates()
    for body in found:
        assert unknown_fields(aiogram.types.Update.model_validate(body)) == set()
    return found


@pytest.mark.parametrize(
    ("act", "kind", "seen", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in KINDS],
)
async def test_updates_are_true(
    people: People,
    raw: RawBot,
    ptb: telegram.Bot,
    act: Act,
    kind: str,
    seen: Seen,
    expected: object,
) -> None:
    await act(people, raw)
    found = await validated(raw)
    assert set(found[-1]) == {"update_id", kind}
    update = telegram.Update.de_json(found[-1], ptb)
    assert seen(update) == expected


async def test_channel_edits_reach_the_bot_as_such(people: People, raw: RawBot) -> None:
    await channel_edit(people, raw)
    kinds = [next(k for k in u if k != "update_id") for u in await validated(raw)]
    assert kinds == [
        "my_chat_member",
        "channel_post",
        "message",
        "edited_channel_post",
        "edited_message",
    ]


async def test_an_album_is_as_many_updates(people: People, raw: RawBot) -> None:
    await people.album(ZHANG, OFFICE, [("a.png", picture()), ("b.png", picture(9, 9))], "x")
    messages = [u["message"] for u in await validated(raw)]
    assert len({m["media_group_id"] for m in messages}) == 1
    assert [m.get("caption") for m in messages] == ["x", None]


async def test_the_bot_sees_neither_its_own_posts_nor_deletions(
    people: People, raw: RawBot
) -> None:
    await raw.ok("sendMessage", chat_id=OFFICE, text="von mir")
    number = await people.post(ZHANG, OFFICE, "x")
    await people.delete(ZHANG, OFFICE, number)
    assert [u["message"]["text"] for u in await raw.updates()] == ["x"]


async def test_privacy_mode_hides_what_is_not_meant_for_the_bot(
    people: People, raw: RawBot
) -> None:
    await people.privacy(True)
    assert (await raw.ok("getMe"))["can_read_all_group_messages"] is False
    await people.post(ZHANG, OFFICE, "ein Administrator sieht alles")
    await people.bot(ZHAO, OFFICE, "demote")
    own = await raw.ok("sendMessage", chat_id=OFFICE, text="von mir")
    await people.post(ZHANG, OFFICE, "verborgen")
    await people.post(ZHANG, OFFICE, "/status")
    await people.post(ZHANG, OFFICE, "/status@other_bot")
    await people.post(ZHANG, OFFICE, "antwort", reply_to=own["message_id"])
    texts = [u["message"]["text"] for u in await raw.updates() if "message" in u]
    assert texts == ["ein Administrator sieht alles", "/status", "antwort"]


async def test_two_writers_share_a_keyboard_that_goes_stale(people: People, raw: RawBot) -> None:
    await press(people, raw)
    query = (await raw.updates())[-1]["callback_query"]
    await people.clock(151)
    status, body = await raw("answerCallbackQuery", callback_query_id=query["id"])
    assert status == 400
    assert body["description"] == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
