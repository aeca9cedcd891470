"""Requests that make no sense are refused in words, never with a crash."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from rehearsal.methods import METHODS
from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.support.people import OFFICE, ZHANG, People, Refused

NAMES = [
    "message_id",
    "message_ids",
    "text",
    "entities",
    "caption",
    "reply_parameters",
    "reply_markup",
    "media",
    "photo",
    "document",
    "permissions",
    "user_id",
    "callback_query_id",
    "reaction",
    "action",
    "file_id",
    "commands",
    "scope",
    "url",
    "from_chat_id",
    "offset",
]
JUNK: list[Any] = [None, -1, 0, "x", "{", [], {}, [[]], [None], {"a": []}, True, 2**70, "😀"]


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_junk_is_refused_or_harmless(people: People, raw: RawBot, method: str) -> None:
    await raw.ok("sendMessage", chat_id=OFFICE, text="x")
    await people.post(ZHANG, OFFICE, "y")
    if method == "leavechat":
        return
    for junk in JUNK:
        params = dict.fromkeys(NAMES, junk) | {"chat_id": OFFICE}
        for given in (params, params | {"message_id": 1, "text": "z", "user_id": ZHANG}):
            status, body = await raw(method, **given)
            assert status in {200, 400, 403, 404}, (junk, body)
            assert body["ok"] is (status == 200)
    await raw.ok("deleteWebhook")


async def test_unreadable_bodies(server: RehearsalServer, session: aiohttp.ClientSession) -> None:
    url = f"{server.url}/bot{server.token}/sendMessage"
    for body in (b"{", b"[]", b"\xff"):
        headers = {"Content-Type": "application/json"}
        async with session.post(url, data=body, headers=headers) as reply:
            assert reply.status == 400
            assert (await reply.json())["ok"] is False


async def test_form_query_and_multipart_are_all_understood(
    server: RehearsalServer, session: aiohttp.ClientSession, people: People
) -> None:
    url = f"{server.url}/bot{server.token}/SENDmessage"
    entities = json.dumps([{"type": "bold", "offset": 0, "length": 1}])
    fields = {"chat_id": str(OFFICE), "text": "a", "entities": entities}
    form = aiohttp.FormData(fields)
    parts = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        parts.add_field(name, value)
    for sending in ({"params": fields}, {"data": form}, {"data": parts}):
        async with session.post(url, **sending) as reply:  # type: ignore[arg-type]
            assert (await reply.json())["result"]["entities"] == json.loads(entities)


@pytest.mark.parametrize("text", ["true", "[1,2]", '{"a":1}', "12"])
async def test_a_caption_that_looks_like_json_stays_as_it_is(people: People, text: str) -> None:
    number = await people.document(ZHANG, OFFICE, "a.txt", b"x", text)
    assert (await people.message(OFFICE, number) or {})["text"] == text


async def test_mistakes_are_reported_to_people(people: People) -> None:
    for path, fields in (("post", {}), ("press", {"person": "x"}), ("nothing", {"a": 1})):
        with pytest.raises(Refused):
            await people._send(path, fields)
