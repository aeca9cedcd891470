"""Every method, called by python-telegram-bot and validated by aiogram's strict models."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import methods as strict
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BotCommand, BufferedInputFile, ChatPermissions, InputMediaPhoto
from pydantic import TypeAdapter

from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.rehearsal.pictures import picture
from tests.rehearsal.strictness import unknown_fields
from tests.support.people import LIU, OFFICE, PROJECT, WANG, ZHANG, People

KEYBOARD = {"inline_keyboard": [[{"text": "为什么？", "callback_data": "why"}]]}
CALLS: list[tuple[type[strict.TelegramMethod[Any]], dict[str, Any]]] = [
    (strict.GetMe, {}),
    (strict.GetUpdates, {}),
    (strict.SetWebhook, {"url": "http://127.0.0.1:9/x", "allowed_updates": ["message"]}),
    (strict.GetWebhookInfo, {}),
    (strict.DeleteWebhook, {}),
    (strict.SendMessage, {"chat_id": OFFICE, "text": "x", "reply_markup": KEYBOARD}),
    (strict.SendMessage, {"chat_id": PROJECT, "text": "x", "message_thread_id": 1}),
    (strict.EditMessageText, {"chat_id": OFFICE, "message_id": 1, "text": "y"}),
    (
        strict.EditMessageReplyMarkup,
        {"chat_id": OFFICE, "message_id": 1, "reply_markup": KEYBOARD},
    ),
    (strict.ForwardMessage, {"chat_id": WANG, "from_chat_id": OFFICE, "message_id": 1}),
    (strict.CopyMessage, {"chat_id": WANG, "from_chat_id": OFFICE, "message_id": 1}),
    (
        strict.SetMessageReaction,
        {"chat_id": OFFICE, "message_id": 1, "reaction": [{"type": "emoji", "emoji": "👍"}]},
    ),
    (strict.DeleteMessage, {"chat_id": OFFICE, "message_id": 1}),
    (strict.DeleteMessages, {"chat_id": OFFICE, "message_ids": [1, 2, 3]}),
    (strict.GetChat, {"chat_id": OFFICE}),
    (strict.GetChat, {"chat_id": PROJECT}),
    (strict.GetChat, {"chat_id": WANG}),
    (strict.GetChatMember, {"chat_id": OFFICE, "user_id": ZHANG}),
    (strict.GetChatMember, {"chat_id": OFFICE, "user_id": WANG}),
    (strict.GetChatAdministrators, {"chat_id": OFFICE}),
    (strict.GetChatMemberCount, {"chat_id": OFFICE}),
    (strict.RestrictChatMember, {"chat_id": OFFICE, "user_id": LIU, "permissions": {}}),
    (strict.GetChatMember, {"chat_id": OFFICE, "user_id": LIU}),
    (strict.SendChatAction, {"chat_id": OFFICE, "action": "typing"}),
    (strict.SetMyCommands, {"commands": [{"command": "status", "description": "状态"}]}),
    (strict.GetMyCommands, {}),
    (strict.DeleteMyCommands, {}),
    (strict.SetMyDescription, {"description": "说明"}),
    (strict.GetMyDescription, {}),
    (strict.SetMyShortDescription, {"short_description": "短"}),
    (strict.GetMyShortDescription, {}),
    (strict.SetMyName, {"name": "守口"}),
    (strict.GetMyName, {}),
    (strict.GetUserProfilePhotos, {"user_id": ZHANG}),
    (strict.LeaveChat, {"chat_id": PROJECT}),
]


async def test_every_answer_validates_in_the_strict_models(raw: RawBot) -> None:
    for method, params in CALLS:
        name = method.__api_method__
        method.model_validate(params)
        result = await raw.ok(name, **params)
        value = TypeAdapter(method.__returning__).validate_python(result)
        assert unknown_fields(value) == set(), name


async def test_python_telegram_bot_performs_every_method(ptb: telegram.Bot, people: People) -> None:
    sent = await ptb.send_message(
        OFFICE,
        "😀 粗体",
        entities=[telegram.MessageEntity(telegram.MessageEntity.BOLD, 3, 2)],
        reply_markup=telegram.InlineKeyboardMarkup.from_button(
            telegram.InlineKeyboardButton("为什么？", callback_data="why")
        ),
    )
    assert sent.parse_entities() == {sent.entities[0]: "粗体"}
    photo = await ptb.send_photo(OFFICE, picture(1600, 800), caption="图", reply_to_message_id=1)
    assert photo.reply_to_message is not None
    assert [(p.width, p.height) for p in photo.photo][-1] == (1280, 640)
    document = await ptb.send_document(WANG, b"a,b\n", filename="表.csv", caption="表")
    assert document.document is not None
    assert document.document.file_name == "表.csv"
    again = await ptb.send_photo(WANG, photo.photo[-1].file_id)
    assert again.photo[-1].file_unique_id == photo.photo[-1].file_unique_id
    album = await ptb.send_media_group(
        OFFICE,
        [telegram.InputMediaPhoto(picture()), telegram.InputMediaPhoto(picture(), caption="二")],
    )
    assert len({m.media_group_id for m in album}) == 1
    assert (await ptb.forward_message(WANG, OFFICE, sent.message_id)).forward_origin is not None
    assert (await ptb.copy_message(WANG, OFFICE, sent.message_id)).message_id > 0
    edited = await ptb.edit_message_text("新", OFFICE, sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert edited.edit_date is not None
    await ptb.edit_message_caption(OFFICE, photo.message_id, caption="新图")
    await ptb.edit_message_media(telegram.InputMediaPhoto(picture(9, 9)), OFFICE, photo.message_id)
    await ptb.edit_message_reply_markup(
        OFFICE,
        sent.message_id,
        reply_markup=telegram.InlineKeyboardMarkup.from_button(
            telegram.InlineKeyboardButton("页", url="https://a.example/")
        ),
    )
    assert await ptb.delete_message(OFFICE, sent.message_id)
    assert await ptb.delete_messages(OFFICE, [album[0].message_id, 999])
    await _chats(ptb)
    await _profile(ptb)


async def _chats(ptb: telegram.Bot) -> None:
    assert (await ptb.get_chat(OFFICE)).linked_chat_id is not None
    assert (await ptb.get_chat(WANG)).first_name == "王敏"
    own = await ptb.get_chat_member(OFFICE, ptb.id)
    assert isinstance(own, telegram.ChatMemberAdministrator)
    assert own.can_delete_messages
    assert [a.status for a in await ptb.get_chat_administrators(OFFICE)] == [
        "creator",
        "administrator",
    ]
    assert await ptb.get_chat_member_count(OFFICE) == 5
    await ptb.restrict_chat_member(OFFICE, LIU, telegram.ChatPermissions.no_permissions())
    restricted = await ptb.get_chat_member(OFFICE, LIU)
    assert isinstance(restricted, telegram.ChatMemberRestricted)
    await ptb.restrict_chat_member(OFFICE, LIU, telegram.ChatPermissions.all_permissions())
    assert (await ptb.get_chat_member(OFFICE, LIU)).status == "member"
    assert await ptb.leave_chat(PROJECT)


async def _profile(ptb: telegram.Bot) -> None:
    commands = [telegram.BotCommand("status", "状态")]
    scope = telegram.BotCommandScopeAllChatAdministrators()
    await ptb.set_my_commands(commands, scope=scope, language_code="zh")
    assert list(await ptb.get_my_commands(scope, "zh")) == commands
    await ptb.delete_my_commands(scope, "zh")
    assert list(await ptb.get_my_commands(scope, "zh")) == []
    await ptb.set_my_description("说明")
    await ptb.set_my_short_description("短")
    await ptb.set_my_name("守口")
    assert (await ptb.get_my_description()).description == "说明"
    assert await ptb.send_chat_action(OFFICE, "typing")
    assert await ptb.set_message_reaction(OFFICE, 2, "👍")
    photos = await ptb.get_user_profile_photos(ZHANG)
    assert photos is not None
    assert photos.total_count == 0


async def test_files_come_back(ptb: telegram.Bot, people: People) -> None:
    data = picture(400, 300, kind="JPEG", turned=True)
    await people.document(ZHANG, OFFICE, "原图.jpg", data)
    await people.photo(ZHANG, OFFICE, data)
    document, photo = [u.message for u in await ptb.get_updates()]
    assert document is not None and document.document is not None
    assert photo is not None
    assert await (await document.document.get_file()).download_as_bytearray() == data
    assert document.document.thumbnail is not None
    largest = photo.photo[-1]
    assert (largest.width, largest.height) == (300, 400)
    seen = await (await largest.get_file()).download_as_bytearray()
    assert seen[:2] == b"\xff\xd8"
    assert b"Exif" not in seen[:64]
    assert [p.width for p in photo.photo] == sorted(p.width for p in photo.photo)


Ask = Callable[[telegram.Bot], Awaitable[object]]
ERRORS: list[tuple[str, Ask, type[Exception], str]] = [
    (
        "no such chat",
        lambda b: b.send_message(-5, "x"),
        telegram.error.BadRequest,
        "Chat not found",
    ),
    (
        "a stranger",
        lambda b: b.send_message(5002, "x"),
        telegram.error.Forbidden,
        "Forbidden: bot can't initiate conversation with a user",
    ),
    (
        "not a member",
        lambda b: b.get_chat(-1001000000004),
        telegram.error.Forbidden,
        "Forbidden: bot is not a member of the supergroup chat",
    ),
    (
        "nothing to delete",
        lambda b: b.delete_message(OFFICE, 999),
        telegram.error.BadRequest,
        "Message to delete not found",
    ),
    (
        "an empty text",
        lambda b: b.send_message(OFFICE, ""),
        telegram.error.BadRequest,
        "Message text is empty",
    ),
    (
        "nothing but space",
        lambda b: b.send_message(OFFICE, " \n"),
        telegram.error.BadRequest,
        "Text must be non-empty",
    ),
    (
        "a long text",
        lambda b: b.send_message(OFFICE, "😀" * 2049),
        telegram.error.BadRequest,
        "Message is too long",
    ),
    (
        "a long caption",
        lambda b: b.send_photo(OFFICE, picture(), caption="长" * 1025),
        telegram.error.BadRequest,
        "Message caption is too long",
    ),
    (
        "no such topic",
        lambda b: b.send_message(PROJECT, "x", message_thread_id=999),
        telegram.error.BadRequest,
        "Message thread not found",
    ),
    (
        "nothing to reply to",
        lambda b: b.send_message(OFFICE, "x", reply_to_message_id=999),
        telegram.error.BadRequest,
        "Message to be replied not found",
    ),
    (
        "an unknown press",
        lambda b: b.answer_callback_query("1"),
        telegram.error.BadRequest,
        "Query is too old and response timeout expired or query id is invalid",
    ),
    (
        "no picture",
        lambda b: b.send_photo(OFFICE, b"text"),
        telegram.error.BadRequest,
        "Image_process_failed",
    ),
    (
        "an unknown method",
        lambda b: b.do_api_request("nothingLikeIt"),
        telegram.error.EndPointNotFound,
        "Endpoint 'nothingLikeIt' not found in Bot API",
    ),
]


@pytest.mark.parametrize(
    ("ask", "kind", "text"),
    [pytest.param(ask, kind, text, id=name) for name, ask, kind, text in ERRORS],
)
async def test_errors_become_the_right_exceptions(
    ptb: telegram.Bot, ask: Ask, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        await ask(ptb)
    assert caught.type is kind
    assert str(caught.value).lower() == text.lower()


async def test_a_wrong_token_is_invalid(server: RehearsalServer) -> None:
    bot = telegram.Bot("7000000001:wrong", base_url=f"{server.url}/bot")
    with pytest.raises(telegram.error.InvalidToken):
        await bot.initialize()
    await bot.shutdown()


@pytest.fixture
async def aiogram_bot(server: RehearsalServer) -> AsyncIterator[AiogramBot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(server.url))
    yield AiogramBot(server.token, session=session)
    await session.close()


async def test_aiogram_works_with_it(aiogram_bot: AiogramBot, people: People) -> None:
    await people.post(ZHANG, OFFICE, "你好")
    update = (await aiogram_bot.get_updates())[0]
    assert update.message is not None
    assert update.message.text == "你好"
    sent = await aiogram_bot.send_photo(OFFICE, BufferedInputFile(picture(), "a.png"), caption="x")
    target = io.BytesIO()
    assert sent.photo is not None
    await aiogram_bot.download(sent.photo[-1], target)
    assert target.getvalue().startswith(b"\xff\xd8")
    media = [InputMediaPhoto(media=BufferedInputFile(picture(), f"{i}.png")) for i in "ab"]
    assert len(await aiogram_bot.send_media_group(OFFICE, media)) == 2
    await aiogram_bot.set_my_commands([BotCommand(command="status", description="状态")])
    await aiogram_bot.restrict_chat_member(OFFICE, LIU, ChatPermissions(can_send_messages=False))
