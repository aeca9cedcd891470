from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot import errors
from bot.model import SenderKind
from bot.outgoing import BotRights, Button, Post, RichText, Span, SpanKind
from bot.platforms.telegram.actor import TelegramActor

from .conftest import TOKEN, Api

CHAT = {"id": -1001, "type": "supergroup", "title": "综合科"}
SENT = {"message_id": 77, "date": 1_700_000_000, "chat": CHAT, "text": "x"}
ME = {"id": 5, "is_bot": True, "first_name": "守口", "username": "shoukou_bot"}
ADMIN = {
    "status": "administrator",
    "user": ME,
    **dict.fromkeys(
        (
            "can_be_edited",
            "is_anonymous",
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
        ),
        False,
    ),
}


def post(text: str = "你好", **fields: Any) -> Post:
    return Post(chat_id=-1001, text=RichText(text=text), **fields)


async def test_text_is_sent_with_entities_topic_reply_and_buttons(
    api: Api, actor: TelegramActor
) -> None:
    api.reply("sendMessage", SENT)
    rich = RichText(text="😀机密", spans=(Span(kind=SpanKind.BOLD, start=1, end=3),))
    buttons = ((Button(label="为什么？", data="k1"), Button(label="page", url="https://a.b/")),)
    sent = await actor.send(
        Post(chat_id=-1001, text=rich, thread_id=9, reply_to=4, buttons=buttons, silent=True)
    )
    assert sent == 77
    [form] = api.forms("sendMessage")
    assert form["text"] == "😀机密"
    assert form["message_thread_id"] == "9"
    assert form["disable_notification"] == "true"
    assert "parse_mode" not in form
    assert json.loads(form["entities"]) == [{"type": "bold", "offset": 2, "length": 2}]
    assert json.loads(form["reply_parameters"]) == {
        "message_id": 4,
        "allow_sending_without_reply": True,
    }
    assert json.loads(form["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(form["reply_markup"]) == {
        "inline_keyboard": [
            [
                {"text": "为什么？", "callback_data": "k1"},
                {"text": "page", "url": "https://a.b/"},
            ]
        ]
    }


async def test_plain_text_names_nothing_else(api: Api, actor: TelegramActor) -> None:
    api.reply("sendMessage", SENT)
    await actor.send(post(thread_id=1))
    [form] = api.forms("sendMessage")
    assert "message_thread_id" not in form, "the general topic has no number on the wire"
    assert "reply_markup" not in form
    assert "reply_parameters" not in form


async def test_picture_with_a_caption_that_is_too_long(api: Api, actor: TelegramActor) -> None:
    api.reply("sendPhoto", SENT)
    picture = b"\xff\xd8 picture" * 200_000
    await actor.send(post("字" * 2000, picture=picture))
    [form] = api.forms("sendPhoto")
    assert len(form["caption"]) == 1024
    assert form["caption"].endswith("…")
    assert form["photo"] == ("picture.jpg", picture)


async def test_long_text_is_one_message(api: Api, actor: TelegramActor) -> None:
    api.reply("sendMessage", SENT)
    await actor.send(post("█" * 5000))
    [form] = api.forms("sendMessage")
    assert form["text"] == "██████…(5000)"


async def test_edit_of_text_and_of_caption(api: Api, actor: TelegramActor) -> None:
    api.reply("editMessageText", SENT)
    api.reply("editMessageCaption", SENT)
    await actor.edit(post("a"), 7)
    await actor.edit(post("b", picture=b"x"), 8)
    assert api.forms("editMessageText")[0]["text"] == "a"
    [form] = api.forms("editMessageCaption")
    assert (form["caption"], form["message_id"]) == ("b", "8")


async def test_edit_that_changes_nothing_is_no_error(api: Api, actor: TelegramActor) -> None:
    same = "Bad Request: message is not modified: specified new message content and markup are same"
    api.refuse("editMessageText", 400, same)
    await actor.edit(post(), 7)
    api.refuse("editMessageText", 400, "Bad Request: message to edit not found")
    with pytest.raises(errors.NotFound):
        await actor.edit(post(), 7)


async def test_answer_is_cut_to_200_characters(api: Api, actor: TelegramActor) -> None:
    await actor.answer("p1", "字" * 300, alert=True)
    [form] = api.forms("answerCallbackQuery")
    assert len(form["text"]) == 200
    assert form["show_alert"] == "true"


async def test_half_an_emoji_can_be_sent(api: Api, actor: TelegramActor) -> None:
    api.reply("sendMessage", SENT)
    await actor.answer("p1", "a\ud83d")
    await actor.send(post("a\ud83d", buttons=((Button(label="b\ud83d", data="k"),),)))
    assert api.forms("answerCallbackQuery")[0]["text"] == "a\ufffd"
    assert api.forms("sendMessage")[0]["text"] == "a\ufffd"


@pytest.mark.parametrize(
    ("ahead", "low", "high"),
    [(5, 50, 70), (3600, 3590, 3610), (500 * 86400, 364 * 86400, 366 * 86400)],
    ids=["too near", "an hour", "too far"],
)
async def test_mute_is_never_for_ever(
    api: Api, actor: TelegramActor, ahead: int, low: int, high: int
) -> None:
    now = datetime.now(UTC)
    await actor.mute(-1001, 6, now + timedelta(seconds=ahead))
    [form] = api.forms("restrictChatMember")
    assert low <= int(form["until_date"]) - now.timestamp() <= high
    assert json.loads(form["permissions"])["can_send_messages"] is False


async def test_leaving_and_deleting_are_one_request_each(api: Api, actor: TelegramActor) -> None:
    await actor.leave(-1001)
    await actor.delete(-1001, 3)
    assert api.calls == [
        ("leaveChat", {"chat_id": "-1001"}),
        ("deleteMessage", {"chat_id": "-1001", "message_id": "3"}),
    ]


def file(size: int | None = 3, path: str = "documents/表 #1.pdf") -> dict[str, object]:
    return {"file_id": "f", "file_unique_id": "u", "file_size": size, "file_path": path}


async def stream(_: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()  # chunked: its size is not announced
    await response.prepare(_)
    await response.write(b"x" * 100)
    return response


async def test_file_is_downloaded_by_its_quoted_path(api: Api, actor: TelegramActor) -> None:
    api.reply("getFile", file())
    api.queue("documents/表 #1.pdf", (200, "abc"))
    assert await actor.download("f", 10) == b"abc"
    assert [name for name, _ in api.calls] == ["getFile", "documents/表 #1.pdf"]


async def test_download_too_big_beforehand_is_not_fetched(api: Api, actor: TelegramActor) -> None:
    api.reply("getFile", file(11))
    with pytest.raises(errors.NotReadable, match="too-big"):
        await actor.download("f", 10)
    api.refuse("getFile", 400, "Bad Request: file is too big")
    with pytest.raises(errors.NotReadable, match="too-big"):
        await actor.download("f", 10)
    assert [name for name, _ in api.calls] == ["getFile", "getFile"]


async def test_download_larger_than_announced(api: Api, actor: TelegramActor) -> None:
    api.reply("getFile", file(None, "a/b"))
    api.queue("a/b", stream)
    with pytest.raises(errors.NotReadable, match="too-big"):
        await actor.download("f", 99)
    api.reply("getFile", file(1, "a/b"))
    api.queue("a/b", stream)
    assert await actor.download("f", 100) == b"x" * 100


@pytest.mark.parametrize(("status", "kind"), [(404, errors.NotFound), (500, errors.OutcomeUnknown)])
async def test_download_that_fails(
    api: Api, actor: TelegramActor, status: int, kind: type[Exception]
) -> None:
    api.reply("getFile", file(1, "a/b"))
    api.queue("a/b", (status, "gone"))
    with pytest.raises(kind):
        await actor.download("f", 100)


async def test_attachment_without_file_id_is_not_requested(api: Api, actor: TelegramActor) -> None:
    with pytest.raises(errors.NotReadable):
        await actor.download("", 100)
    assert api.calls == []


NO = BotRights(
    present=False, is_admin=False, can_delete=False, can_restrict=False, sees_all_messages=False
)


@pytest.mark.parametrize(
    ("member", "reads_all", "expected"),
    [
        (
            {**ADMIN, "can_delete_messages": True},
            False,
            BotRights(
                present=True,
                is_admin=True,
                can_delete=True,
                can_restrict=False,
                sees_all_messages=True,
            ),
        ),
        (
            {"status": "member", "user": ME},
            True,
            BotRights(
                present=True,
                is_admin=False,
                can_delete=False,
                can_restrict=False,
                sees_all_messages=True,
            ),
        ),
        (
            {"status": "member", "user": ME},
            False,
            BotRights(
                present=True,
                is_admin=False,
                can_delete=False,
                can_restrict=False,
                sees_all_messages=False,
            ),
        ),
        ({"status": "left", "user": ME}, True, NO),
        ({"status": "kicked", "user": ME, "until_date": 0}, True, NO),
    ],
    ids=["admin", "member", "member with privacy", "left", "kicked"],
)
async def test_rights_follow_the_member_status_and_the_privacy_mode(
    api: Api,
    actor: TelegramActor,
    member: dict[str, Any],
    reads_all: bool,
    expected: BotRights,
) -> None:
    api.reply("getMe", {**ME, "can_read_all_group_messages": reads_all})
    api.reply("getChatMember", member, member)
    assert await actor.rights(-1001) == expected
    assert await actor.rights(-1001) == expected
    assert len(api.forms("getMe")) == 1, "the bot's own account is remembered"


@pytest.mark.parametrize(
    ("status", "text"),
    [(403, "Forbidden: bot was kicked from the group chat"), (400, "Bad Request: chat not found")],
)
async def test_rights_where_the_bot_is_not(
    api: Api, actor: TelegramActor, status: int, text: str
) -> None:
    api.reply("getMe", ME)
    api.refuse("getChatMember", status, text)
    assert await actor.rights(-1001) == NO


async def test_administrators_are_people(api: Api, actor: TelegramActor) -> None:
    person = {"id": 6, "is_bot": False, "first_name": "王", "last_name": "敏", "username": "wm"}
    owner = {"status": "creator", "user": person, "is_anonymous": True}
    api.reply("getChatAdministrators", [ADMIN, owner])
    [admin] = await actor.administrators(-1001)
    assert (admin.id, admin.kind, admin.name, admin.username) == (
        6,
        SenderKind.ADMIN,
        "王 敏",
        "wm",
    )


async def test_logs_hold_neither_token_nor_content(
    api: Api, actor: TelegramActor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("telegram", "telegram.Bot", "aiohttp", "asyncio", "bot"):
        caplog.set_level(logging.DEBUG, name)
    api.reply("sendMessage", {**SENT, "text": "内部资料"})
    await actor.send(post("内部资料"))
    api.queue("sendMessage", (200, "内部资料"), (502, "内部资料"))
    for _ in range(2):
        with pytest.raises(errors.OutcomeUnknown):
            await actor.send(post("内部资料"))
    api.reply("getFile", file(1, "a/b"))
    api.queue("a/b", (404, "内部资料"))
    with pytest.raises(errors.NotFound):
        await actor.download("f", 10)
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert "内部资料" not in logged
    assert TOKEN not in logged.replace(" ", "")
    assert TOKEN not in repr(vars(actor))
