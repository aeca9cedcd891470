"""The platform's rules: rates, rights, ages, sizes, entities."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from rehearsal import limits
from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.support.people import LIU, NEW_GROUP, OFFICE, WANG, ZHANG, ZHAO, People


async def test_a_groups_minute_is_twenty_messages() -> None:
    server = RehearsalServer(limits=Limits(chat_per_second=None))
    await server.start()
    async with aiohttp.ClientSession() as session:
        raw = RawBot(server, session)
        for _ in range(20):
            await raw.ok("sendMessage", chat_id=OFFICE, text="x")
        status, body = await raw("sendMessage", chat_id=OFFICE, text="x")
        assert status == 429
        assert 55 <= body["parameters"]["retry_after"] <= 60
        assert body["description"].startswith("Too Many Requests: retry after ")
        await raw.ok("deleteMessage", chat_id=OFFICE, message_id=1)
        await raw.ok("sendMessage", chat_id=WANG, text="another chat")
    await server.stop()


async def test_a_burst_in_a_chat_is_followed_by_a_slow_rate() -> None:
    server = RehearsalServer(limits=Limits(chat_per_second=0.01, chat_burst=2))
    await server.start()
    async with aiohttp.ClientSession() as session:
        raw = RawBot(server, session)
        await raw.ok("sendMessage", chat_id=OFFICE, text="1")
        await raw.ok("sendMessage", chat_id=OFFICE, text="2")
        status, body = await raw("sendMessage", chat_id=OFFICE, text="3")
        assert status == 429
        assert 90 <= body["parameters"]["retry_after"] <= 100
        await raw.ok("sendMessage", chat_id=WANG, text="another chat")
    await server.stop()


async def test_all_chats_together_have_a_limit_a_second() -> None:
    server = RehearsalServer(limits=Limits(chat_per_second=None, overall_per_second=2))
    await server.start()
    async with aiohttp.ClientSession() as session:
        raw = RawBot(server, session)
        sent = [await raw("sendMessage", chat_id=chat, text="x") for chat in [OFFICE, WANG] * 10]
        assert 429 in {status for status, _ in sent}
        assert {b["parameters"]["retry_after"] for _, b in sent if not b["ok"]} == {1}
    await server.stop()


async def refused(raw: RawBot, method: str, **params: Any) -> str:
    status, body = await raw(method, **params)
    assert status in {400, 403}, body
    assert body["error_code"] == status
    assert body["ok"] is False
    return str(body["description"])


async def test_deletion_needs_the_right(people: People, raw: RawBot) -> None:
    number = await people.post(ZHANG, OFFICE, "x")
    await people.bot(ZHAO, OFFICE, "rights", can_delete_messages=False)
    own = await raw.ok("sendMessage", chat_id=OFFICE, text="mine")
    said = await refused(raw, "deleteMessage", chat_id=OFFICE, message_id=number)
    assert said == "Bad Request: message can't be deleted"
    assert await raw.ok("deleteMessage", chat_id=OFFICE, message_id=own["message_id"])


async def test_deletion_of_old_and_lasting_messages(people: People, raw: RawBot) -> None:
    number = await people.post(ZHANG, OFFICE, "x")
    await people.clock(48 * 3600 + 1)
    said = await refused(raw, "deleteMessage", chat_id=OFFICE, message_id=number)
    assert said == "Bad Request: message can't be deleted"
    group = await people.group(ZHAO, "临时")
    await people.bot(ZHAO, group, "add", can_delete_messages=True)
    said = await refused(raw, "deleteMessage", chat_id=group, message_id=1)
    assert said == "Bad Request: message can't be deleted"


async def test_delete_messages_skips_missing_ones_up_to_a_hundred(
    people: People, raw: RawBot
) -> None:
    number = await people.post(ZHANG, OFFICE, "x")
    assert await raw.ok("deleteMessages", chat_id=OFFICE, message_ids=[number, 500, 501])
    assert await people.messages(OFFICE) == []
    too_many = list(range(1, 102))
    said = await refused(raw, "deleteMessages", chat_id=OFFICE, message_ids=too_many)
    assert said == "Bad Request: too many message identifiers specified"


@pytest.mark.parametrize(
    ("who", "description"),
    [
        (ZHAO, "Bad Request: can't remove chat owner"),
        (WANG, None),
        (LIU, None),
        (99, "Bad Request: user not found"),
    ],
)
async def test_who_can_be_restricted(raw: RawBot, who: int, description: str | None) -> None:
    params: dict[str, Any] = {"chat_id": OFFICE, "user_id": who, "permissions": {}}
    if description is None:
        assert await raw.ok("restrictChatMember", **params)
    else:
        assert await refused(raw, "restrictChatMember", **params) == description


async def test_restricting_needs_the_right(people: People, raw: RawBot) -> None:
    await people.bot(ZHAO, OFFICE, "demote")
    said = await refused(raw, "restrictChatMember", chat_id=OFFICE, user_id=LIU, permissions={})
    assert said == "Bad Request: not enough rights to restrict/unrestrict chat member"


async def test_where_the_bot_is_not_it_cannot_write(people: People, raw: RawBot) -> None:
    said = await refused(raw, "sendMessage", chat_id=NEW_GROUP, text="x")
    assert said == "Forbidden: bot is not a member of the supergroup chat"
    await people.bot(ZHAO, OFFICE, "remove")
    said = await refused(raw, "sendMessage", chat_id=OFFICE, text="x")
    assert said == "Forbidden: bot was kicked from the supergroup chat"
    await people.bot(ZHANG, ZHANG, "remove")
    said = await refused(raw, "sendMessage", chat_id=ZHANG, text="x")
    assert said == "Forbidden: bot was blocked by the user"
    await people.start(ZHANG)
    await raw.ok("sendMessage", chat_id=ZHANG, text="x")


async def test_edits(people: People, raw: RawBot) -> None:
    sent = await raw.ok("sendMessage", chat_id=OFFICE, text="x")
    theirs = await people.post(ZHANG, OFFICE, "y")
    place = {"chat_id": OFFICE, "message_id": sent["message_id"]}
    said = await refused(raw, "editMessageText", text="x", **place)
    assert said.startswith("Bad Request: message is not modified: specified new message content")
    said = await refused(raw, "editMessageText", text="长" * 4097, **place)
    assert said == "Bad Request: MESSAGE_TOO_LONG"
    said = await refused(raw, "editMessageText", chat_id=OFFICE, message_id=theirs, text="z")
    assert said == "Bad Request: message can't be edited"
    said = await refused(raw, "editMessageText", chat_id=OFFICE, message_id=999, text="z")
    assert said == "Bad Request: message to edit not found"


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "a", "callback_data": "é" * 33}, "Bad Request: BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": ""}, "Bad Request: BUTTON_DATA_INVALID"),
        (
            {"text": "a"},
            "Bad Request: can't parse inline keyboard button: "
            "Text buttons are unallowed in the inline keyboard",
        ),
    ],
)
async def test_buttons_that_are_refused(
    raw: RawBot, button: dict[str, str], description: str
) -> None:
    markup = {"inline_keyboard": [[button]]}
    assert (
        await refused(raw, "sendMessage", chat_id=OFFICE, text="x", reply_markup=markup)
        == description
    )


async def test_a_callback_answer_has_two_hundred_characters(raw: RawBot) -> None:
    said = await refused(raw, "answerCallbackQuery", callback_query_id="1", text="长" * 201)
    assert said == "Bad Request: MESSAGE_TOO_LONG"


async def test_sizes_in_utf16_units(raw: RawBot) -> None:
    await raw.ok("sendMessage", chat_id=OFFICE, text="😀" * 2048)
    said = await refused(raw, "sendMessage", chat_id=OFFICE, text="😀" * 2048 + "a")
    assert said == "Bad Request: message is too long"


def bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


@pytest.mark.parametrize(
    ("text", "entities", "kept"),
    [
        pytest.param("😀ab", [bold(2, 2)], [bold(2, 2)], id="after an emoji"),
        pytest.param("  ab ", [bold(0, 5)], [bold(0, 2)], id="trimmed with its text"),
        pytest.param("ab", [bold(0, 0), bold(-1, 1)], None, id="empty ones are dropped"),
        pytest.param(
            "x /a",
            [{"type": "bot_command", "offset": 0, "length": 1}],
            [{"type": "bot_command", "offset": 2, "length": 2}],
            id="the server finds commands itself",
        ),
        pytest.param("a" * 101, [bold(i, 1) for i in range(101)], 100, id="a hundred"),
    ],
)
async def test_entities_that_are_kept(
    raw: RawBot, text: str, entities: list[dict[str, Any]], kept: Any
) -> None:
    sent = await raw.ok("sendMessage", chat_id=OFFICE, text=text, entities=entities)
    if isinstance(kept, int):
        assert len(sent["entities"]) == kept
    else:
        assert sent.get("entities") == kept


@pytest.mark.parametrize(
    ("entity", "start"),
    [
        (bold(1, 1), "Bad Request: entity begins in a middle of a UTF-16 symbol"),
        (
            bold(2, 9),
            "Bad Request: entity beginning at UTF-16 offset 2 ends after the end of the text"
            " at UTF-16 offset 11",
        ),
        (bold(9, 1), "Bad Request: entity begins after the end of the text at UTF-16 offset 9"),
        (
            {"type": "text_link", "offset": 0, "length": 2},
            "Bad Request: can't parse MessageEntity: Can't find field \"url\"",
        ),
        ({"type": "loud", "offset": 0, "length": 1}, "Bad Request: can't parse MessageEntity"),
    ],
)
async def test_entities_that_are_refused(raw: RawBot, entity: dict[str, Any], start: str) -> None:
    said = await refused(raw, "sendMessage", chat_id=OFFICE, text="😀ab", entities=[entity])
    assert said.startswith(start)


async def test_files_over_twenty_megabytes_cannot_be_fetched(
    people: People, raw: RawBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DOWNLOAD", 10)
    await people.document(ZHANG, OFFICE, "a.bin", b"12345678901")
    file_id = (await raw.updates())[0]["message"]["document"]["file_id"]
    assert await refused(raw, "getFile", file_id=file_id) == "Bad Request: file is too big"


async def test_a_token_opens_methods_and_files_alone(
    server: RehearsalServer, session: aiohttp.ClientSession
) -> None:
    for path in ("/bot1:x/getMe", "/file/bot1:x/documents/file_1"):
        async with session.get(server.url + path) as reply:
            assert await reply.json() == {
                "ok": False,
                "error_code": 401,
                "description": "Unauthorized",
            }


@pytest.mark.parametrize(
    ("media", "description"),
    [
        ([], "Bad Request: there are no messages to send"),
        (
            [{"type": "photo", "media": "x"}] * 11,
            "Bad Request: too many messages to send as an album",
        ),
        (
            [{"type": "photo", "media": "x"}, {"type": "document", "media": "x"}],
            "Bad Request: document can't be mixed with other media types",
        ),
        (
            [{"type": "photo", "media": "attach://missing"}] * 2,
            "Bad Request: can't parse InputMedia: media not found",
        ),
    ],
)
async def test_albums_that_are_refused(
    raw: RawBot, media: list[dict[str, str]], description: str
) -> None:
    assert await refused(raw, "sendMediaGroup", chat_id=OFFICE, media=media) == description
