"""The platform answers late, wrongly, twice or not at all."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.support.canary import NUMBER, SECRET
from tests.support.office import Office
from tests.support.people import CHEN, OFFICE, PROJECT, SUPERVISORS, WANG, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEAK = f"请登记 {NUMBER}"
MARKED = f"机密★10年 {SECRET}"
DAY = 86_400

BODIES = {
    "nothing": "",
    "half of it": '{"ok": true, "result": {"message_id": 12',
    "a page": "<html><body>Bad Gateway</body></html>",
    "no object": "[]",
    "null": "null",
    "another type": '{"ok": true, "result": "x"}',
    "no result": '{"ok": true}',
    "not ok, and no reason": '{"ok": false}',
    "wrong types": '{"ok": false, "error_code": "x", "description": 7, "parameters": []}',
    "very deep": "[" * 100_000,
    "not a number": '{"ok": true, "result": {"message_id": NaN}}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_reply_that_cannot_be_read(office: Office, body: str) -> None:
    for chat_id in (OFFICE, ZHANG):
        await office.people.fault("sendMessage", chat_id=chat_id, body=body)
    await office.people.fault("deleteMessage", body=body)
    await office.people.fault("getUpdates", body=body)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    assert seen.message is None
    assert len(seen.group) == len(seen.sender) == 1
    assert len(seen.supervisors) == 1


async def test_a_stall_of_35_seconds(office: Office) -> None:
    people, stall = office.people, 35.0
    await people.fault("deleteMessage", chat_id=OFFICE, delay=stall)
    await people.fault("sendMessage", chat_id=PROJECT, delay=stall)
    await people.fault("sendMessage", chat_id=ZHANG, delay=stall)
    await people.fault("sendMessage", chat_id=SUPERVISORS, delay=stall)
    held = await people.post(CHEN, OFFICE, MARKED)
    other = await people.post(ZHANG, PROJECT, LEAK)
    began = time.monotonic()
    await people.wait_gone(PROJECT, other, 2.5)  # a stall there delays nothing here
    await people.wait_gone(OFFICE, held, 20)
    await people.fault("getUpdates", times=2, delay=stall)
    later = await people.post(WANG, SUPERVISORS, "收到")
    await office.quiet(120)
    assert time.monotonic() - began >= stall
    assert await people.message(SUPERVISORS, later) is not None
    await asyncio.sleep(1)
    assert len(await office.said(PROJECT)) == len(await office.said(ZHANG)) == 1
    assert len(await office.said(OFFICE)) == 1
    titles = [card["text"].splitlines()[0] for card in await office.said(SUPERVISORS)]
    assert len(set(titles)) == 2, "one number for each case"
    # The first case's card may come again with its number; nothing held up the other's, which
    # is there because nobody knows whether the copy of its message was said.
    assert sum("#2" in title for title in titles) == 1


async def test_no_connection_for_some_seconds(office: Office) -> None:
    people, server = office.people, office.server
    port = int(server.url.rpartition(":")[2])
    chats = {OFFICE, SUPERVISORS, ZHANG}
    for chat in chats:
        await people.fault("sendMessage", chat_id=chat, retry_after=2)
    first = await people.post(ZHANG, OFFICE, MARKED)
    await people.wait_gone(OFFICE, first)
    async with asyncio.timeout(20):
        # A request whose answer is lost with the connection would not be repeated.
        while not {("sendMessage", chat) for chat in chats} <= set(await office.acts()):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    await server.stop()
    await asyncio.sleep(4)
    await server.start(port=port)
    second = await people.post(ZHANG, PROJECT, MARKED)
    await people.wait_gone(PROJECT, second, 20)
    await office.quiet(60)
    assert len(await office.said(OFFICE)) == len(await office.said(PROJECT)) == 1
    assert len(await office.said(ZHANG)) == len(await office.said(SUPERVISORS)) == 2


async def test_updates_out_of_order_and_repeated(office: Office) -> None:
    people = office.people
    await people.fault("getUpdates", times=20, delay=0.3, reverse=True, repeat=True)
    harmless = [await people.post(CHEN, OFFICE, f"第{n}项已经办好") for n in range(3)]
    leak = await people.post(ZHANG, OFFICE, LEAK)
    edited = await people.post(ZHANG, PROJECT, "下午开会")
    await people.edit(ZHANG, PROJECT, edited, MARKED)
    await office.quiet(60)
    assert [await people.message(OFFICE, n) is None for n in harmless] == [False] * 3
    assert await people.message(OFFICE, leak) is None
    assert await people.message(PROJECT, edited) is None
    assert len(await office.said(OFFICE)) == len(await office.said(PROJECT)) == 1
    assert len(await office.said(ZHANG)) == 2


async def test_updates_that_come_again_after_they_were_confirmed(office: Office) -> None:
    people, queue = office.people, office.server.world.queue
    await people.fault("getUpdates", delay=1)
    await people.post(ZHANG, OFFICE, "下午开会")
    await asyncio.sleep(0.1)
    leak = await people.post(ZHANG, OFFICE, MARKED)
    bodies = [dict(update.body) for update in queue.pending()]
    seen = await office.outcome(leak)
    assert len(seen.group) == 1
    for body in bodies:
        queue.again(body, chat_id=OFFICE)
    await office.quiet()
    assert len(await office.said(OFFICE)) == len(await office.said(ZHANG)) == 1
    assert len(await office.said(SUPERVISORS)) == 1


CHAT = {"id": OFFICE, "type": "supergroup", "title": "综合科工作群"}
SENDER = {"id": ZHANG, "is_bot": False, "first_name": "张"}
WHOLE = {"message_id": 99_001, "date": 1_790_000_000, "chat": CHAT, "from": SENDER, "text": "好"}
BROKEN: dict[str, Any] = {
    "no chat": {k: v for k, v in WHOLE.items() if k != "chat"},
    "no date": {k: v for k, v in WHOLE.items() if k != "date"},
    "the date is a word": WHOLE | {"date": "yesterday"},
    "the date is far away": WHOLE | {"date": 10**18},
    "the chat is a word": WHOLE | {"chat": "x"},
    "the chat has no kind": WHOLE | {"chat": {"id": OFFICE}},
    "the sender is a list": WHOLE | {"from": [1]},
    "the text is a number": WHOLE | {"text": 7},
    "half a character": WHOLE | {"text": "\ud83d"},
    "entities of the wrong kind": WHOLE | {"entities": {"a": 1}},
    "entities beyond the text": WHOLE
    | {"entities": [{"type": "text_link", "offset": 10**9, "length": -5, "url": "x"}]},
    "a message that is a word": "message",
    "nothing at all": None,
    "a huge number": WHOLE | {"message_id": 10**30},
    "a photo without a file": WHOLE | {"photo": [{}]},
}


async def test_updates_that_cannot_be_parsed_delay_nobody(office: Office) -> None:
    queue, people = office.server.world.queue, office.people
    for message in BROKEN.values():
        queue.add("message", message, expires=int(time.time()) + DAY, chat_id=OFFICE)
    here = await people.post(ZHANG, OFFICE, LEAK)
    there = await people.post(ZHANG, PROJECT, LEAK)
    await people.wait_gone(PROJECT, there, 3)
    await people.wait_gone(OFFICE, here, 3)


async def test_an_update_that_cannot_be_parsed_becomes_a_case(office: Office) -> None:
    queue = office.server.world.queue
    broken = BROKEN["the date is a word"]
    queue.add("message", broken, expires=int(time.time()) + DAY, chat_id=OFFICE)
    await office.people.wait_for(SUPERVISORS, lambda m: bool(m["buttons"]), 60)
    await office.quiet(60)
    assert len(await office.said(SUPERVISORS)) == 1
