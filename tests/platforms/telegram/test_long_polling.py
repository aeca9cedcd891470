from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import Unauthorized
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.platforms.telegram.long_polling import ALLOWED_UPDATES, Feed, received
from bot.ports import Received

from .conftest import TOKEN, Api, drop


def update(number: int, text: str = "你好") -> dict[str, Any]:
    return {
        "update_id": number,
        "message": {
            "message_id": number + 1000,
            "date": 1,
            "chat": {"id": -1001, "type": "supergroup"},
            "text": text,
            "a_field_of_tomorrow": {"x": [1.5, None]},
        },
    }


class Inbox:
    """Keeps committed rows; fails for a given number of calls."""

    def __init__(self, api: Api, fail: int = 0) -> None:
        self.api, self.fail = api, fail
        self.rows: list[Received] = []
        self.offsets: list[list[str | None]] = []

    async def commit(self, rows: Sequence[Received]) -> int:
        self.offsets.append(offsets(self.api))
        if self.fail:
            self.fail -= 1
            raise OSError("disk full: 你好")
        self.rows.extend(rows)
        return len(rows)

    @property
    def ids(self) -> list[int]:
        return [row.update_id for row in self.rows]


def offsets(api: Api) -> list[str | None]:
    return [form.get("offset") for form in api.forms("getUpdates")]


class Pauses:
    """A fake clock: records each pause and ends it at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def run(feed: Feed, done: Callable[[], bool]) -> None:
    """Run a feed until a condition holds, then cancel it."""
    task = asyncio.create_task(feed.run())
    try:
        await until(lambda: done() or task.done())
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


Make = Callable[[Callable[[Sequence[Received]], Awaitable[object]]], Feed]


@pytest.fixture
def make(api: Api, request_: AiohttpRequest, pauses: Pauses) -> Make:
    api.reply("getWebhookInfo", {"url": ""})
    return lambda commit: Feed(request_, api.url, SecretStr(TOKEN), commit, pause=pauses)


async def test_offset_moves_only_after_the_commit(api: Api, make: Make) -> None:
    inbox = Inbox(api)
    api.reply("getUpdates", [update(7), update(8)], [update(9)], [])
    feed = make(inbox.commit)
    await run(feed, lambda: len(offsets(api)) == 4)
    assert inbox.ids == [7, 8, 9]
    assert inbox.offsets == [[None], [None, "9"]], "at the commit nothing was confirmed yet"
    assert offsets(api) == [None, "9", "10", None]


async def test_every_poll_names_its_update_kinds_timeout_and_limit(api: Api, make: Make) -> None:
    await run(make(Inbox(api).commit), lambda: bool(offsets(api)))
    [form] = api.forms("getUpdates")
    assert json.loads(form["allowed_updates"]) == list(ALLOWED_UPDATES)
    assert (form["timeout"], form["limit"]) == ("25", "100")


async def test_failed_commit_asks_for_the_same_again(api: Api, make: Make, pauses: Pauses) -> None:
    inbox = Inbox(api, fail=2)
    api.reply("getUpdates", *([update(7)] for _ in range(3)))
    await run(make(inbox.commit), lambda: len(offsets(api)) == 4)
    assert inbox.ids == [7]
    assert offsets(api) == [None, None, None, "8"]
    assert len(pauses.seconds) == 2


async def test_killed_between_commit_and_confirmation_nothing_is_lost(api: Api, make: Make) -> None:
    inbox = Inbox(api)
    killed = asyncio.Event()

    async def commit_and_die(rows: Sequence[Received]) -> None:
        await inbox.commit(rows)
        killed.set()
        await asyncio.sleep(3600)

    api.reply("getUpdates", [update(7)])
    await run(make(commit_and_die), killed.is_set)
    api.reply("getWebhookInfo", {"url": ""})
    api.reply("getUpdates", [update(7)])
    await run(make(inbox.commit), lambda: len(offsets(api)) == 3)
    assert offsets(api) == [None, None, "8"]
    assert inbox.ids == [7, 7], "the inbox knows the second by its number"


@pytest.mark.parametrize(
    "reply",
    [
        (500, "oops"),
        (502, {"ok": False, "description": "Bad Gateway"}),
        (409, {"ok": False, "description": "Conflict: terminated by other getUpdates"}),
        (400, {"ok": False, "description": "Bad Request"}),
        (200, "{broken"),
        (200, "[]"),
        (200, {"ok": True, "result": {}}),
        (200, {"ok": True, "result": [None, {"message": {}}]}),
        drop,
    ],
    ids=["500", "502", "409", "400", "text", "list", "no list", "no update", "lost"],
)
async def test_failed_polls_are_retried_after_a_pause(
    api: Api, make: Make, pauses: Pauses, reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox(api)
    api.queue("getUpdates", *[reply] * 9)
    api.reply("getUpdates", [update(7)])
    await run(make(inbox.commit), lambda: inbox.ids == [7])
    assert len(pauses.seconds) == 9
    assert all(0.4 < pause <= 30 for pause in pauses.seconds)
    assert pauses.seconds[-1] >= 15
    assert offsets(api)[:10] == [None] * 10
    assert TOKEN not in caplog.text


async def test_flood_is_waited_for_as_long_as_asked(api: Api, make: Make, pauses: Pauses) -> None:
    inbox = Inbox(api)
    api.refuse("getUpdates", 429, "Too Many Requests: retry after 41", retry_after=41)
    api.reply("getUpdates", [update(7)])
    await run(make(inbox.commit), lambda: inbox.ids == [7])
    assert pauses.seconds == [41.0]


@pytest.mark.parametrize("status", [401, 404])
async def test_refused_token_ends_the_feed(api: Api, make: Make, status: int) -> None:
    api.refuse("getUpdates", status, "Unauthorized")
    feed = make(Inbox(api).commit)
    with pytest.raises(Unauthorized):
        await run(feed, lambda: False)


async def test_malformed_update_is_left_out_and_logged(
    api: Api, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    inbox = Inbox(api)
    bad = ["机密", None, {"message": {"text": "机密"}}, {"update_id": True}, {"update_id": 2**63}]
    api.reply("getUpdates", [*bad, update(7)])
    await run(make(inbox.commit), lambda: len(offsets(api)) == 2)
    assert inbox.ids == [7]
    assert "index 0 of 6" in caplog.text
    assert "index 4 of 6" in caplog.text
    assert "机密" not in caplog.text


async def test_webhook_is_removed_only_where_one_is_set(
    api: Api, request_: AiohttpRequest, pauses: Pauses
) -> None:
    api.reply("getWebhookInfo", {"url": "https://bot.example.org/hook"})
    feed = Feed(request_, api.url + "/", SecretStr(TOKEN), Inbox(api).commit, pause=pauses)
    await run(feed, lambda: bool(offsets(api)))
    assert [name for name, _ in api.calls] == ["getWebhookInfo", "deleteWebhook", "getUpdates"]
    api.calls.clear()
    api.reply("getWebhookInfo", {"url": ""})
    await run(feed, lambda: bool(offsets(api)))
    assert [name for name, _ in api.calls] == ["getWebhookInfo", "getUpdates"]


async def test_logs_hold_neither_token_nor_content(
    api: Api, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    inbox = Inbox(api, fail=1)
    api.queue("getUpdates", (200, "内部资料"), (500, "内部资料"), drop)
    api.reply("getUpdates", [update(7, "内部资料")], [update(7, "内部资料")])
    feed = make(inbox.commit)
    await run(feed, lambda: inbox.ids == [7])
    assert TOKEN not in caplog.text
    assert "内部资料" not in caplog.text
    assert "你好" not in caplog.text
    assert TOKEN not in repr(feed.__dict__)


def test_payload_is_the_whole_update() -> None:
    raw = update(7, "emoji 😀 and half of one \ud83d")
    row = received(raw)
    assert json.loads(row.payload) == raw
    assert "emoji" not in repr(row)


CHAT = {"id": -1001}
KEYS = [
    ({"message": {"chat": CHAT, "message_id": 5, "media_group_id": "a"}}, (-1001, 5, "a")),
    ({"edited_channel_post": {"chat": CHAT, "message_id": 5}}, (-1001, 5, None)),
    ({"callback_query": {"message": {"chat": CHAT, "message_id": 5}}}, (-1001, 5, None)),
    ({"callback_query": {"id": "1"}}, (None, None, None)),
    ({"my_chat_member": {"chat": CHAT}}, (-1001, None, None)),
    ({"a_kind_of_tomorrow": {"chat": CHAT}}, (None, None, None)),
    ({"message": "text"}, (None, None, None)),
    ({"message": {"chat": {"id": 2**63}, "message_id": True}}, (None, None, None)),
    ({"message": {"chat": "x", "message_id": "5", "media_group_id": 6}}, (None, None, None)),
]


@pytest.mark.parametrize(("part", "expected"), KEYS)
def test_row_has_ids_of_chat_message_and_album(
    part: dict[str, Any], expected: tuple[object, ...]
) -> None:
    row = received({"update_id": 1, **part})
    assert (row.chat_id, row.message_id, row.album_id) == expected
    assert (row.platform, row.update_id) == ("telegram", 1)
