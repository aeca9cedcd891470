"""How updates reach the bot: offsets, allowed kinds, one poller, expiry, the webhook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import telegram
from aiohttp import web

from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.support.people import LIU, OFFICE, PROJECT, SUPERVISORS, WANG, ZHANG, People


async def texts(raw: RawBot, **params: object) -> list[str]:
    return [u["message"]["text"] for u in await raw.ok("getUpdates", **params)]


async def test_updates_stay_until_a_later_offset_confirms_them(people: People, raw: RawBot) -> None:
    for text in ("a", "b", "c"):
        await people.post(ZHANG, OFFICE, text)
    first = await raw.ok("getUpdates", limit=2)
    assert [u["message"]["text"] for u in first] == ["a", "b"]
    assert await texts(raw) == ["a", "b", "c"]
    assert await texts(raw, offset=first[1]["update_id"]) == ["b", "c"]
    assert await texts(raw) == ["b", "c"]


async def test_a_negative_offset_keeps_the_latest(people: People, raw: RawBot) -> None:
    for text in ("a", "b", "c"):
        await people.post(ZHANG, OFFICE, text)
    assert await texts(raw, offset=-1) == ["c"]
    assert await texts(raw) == ["c"]


async def test_a_poller_waits_for_the_first_update(people: People, raw: RawBot) -> None:
    waiting = asyncio.create_task(texts(raw, timeout=10))
    await asyncio.sleep(0.1)
    before = time.monotonic()
    await people.post(ZHANG, OFFICE, "da")
    assert await waiting == ["da"]
    assert time.monotonic() - before < 1


async def test_the_second_poller_ends_the_first(raw: RawBot) -> None:
    first = asyncio.create_task(raw("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(raw("getUpdates", timeout=1))
    status, body = await first
    assert (status, body["error_code"]) == (409, 409)
    assert body["description"].startswith("Conflict: terminated by other getUpdates request")
    assert await second == (200, {"ok": True, "result": []})


async def test_allowed_kinds_persist_and_chat_member_is_off_by_default(
    people: People, raw: RawBot
) -> None:
    async def mute() -> list[str]:
        await raw.ok("restrictChatMember", chat_id=OFFICE, user_id=LIU, permissions={})
        await people.post(ZHANG, OFFICE, "x")
        found = await raw.updates()
        return [next(k for k in u if k != "update_id") for u in found]

    assert await mute() == ["message"]
    await raw.ok("getUpdates", allowed_updates=["chat_member"])
    assert await mute() == ["chat_member"]
    assert await mute() == ["chat_member"]
    await raw.ok("getUpdates", allowed_updates=[])
    assert await mute() == ["message"]


async def test_updates_are_forgotten_after_a_day(people: People, raw: RawBot) -> None:
    await people.post(ZHANG, OFFICE, "gestern")
    await people.clock(86_399)
    assert await texts(raw) == ["gestern"]
    await people.clock(86_401)
    await people.post(ZHANG, OFFICE, "heute")
    assert await texts(raw) == ["heute"]


async def test_the_same_offset_again_is_slowed_down() -> None:
    server = RehearsalServer(limits=Limits(repeat_wait=0.6))
    await server.start()
    async with aiohttp.ClientSession() as session:
        raw = RawBot(server, session)
        await raw.ok("getUpdates", offset=5)
        before = time.monotonic()
        await raw.ok("getUpdates", offset=5)
        assert time.monotonic() - before >= 0.55
    await server.stop()


class Hook:
    """A webhook that fails as often as it is told."""

    def __init__(self) -> None:
        self.failures = 0
        self.seen: list[tuple[str, str | None]] = []
        self.url = ""
        self._news = asyncio.Event()

    async def serve(self, request: web.Request) -> web.Response:
        message = (await request.json())["message"]
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.seen.append((message["text"], secret))
        self._news.set()
        if self.failures:
            self.failures -= 1
            return web.Response(status=503)
        return web.Response()

    async def wait(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.seen) < count:
                self._news.clear()
                await self._news.wait()
        return [text for text, _ in self.seen]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def test_a_webhook_gets_updates_with_its_secret(
    people: People, raw: RawBot, hook: Hook
) -> None:
    await people.post(ZHANG, OFFICE, "vorher")
    await raw.ok("setWebhook", url=hook.url, secret_token="s3cret-token")
    await people.post(ZHANG, OFFICE, "danach")
    assert await hook.wait(2) == ["vorher", "danach"]
    assert {secret for _, secret in hook.seen} == {"s3cret-token"}
    status, body = await raw("getUpdates")
    assert status == 409
    assert "while webhook is active" in body["description"]
    await raw.ok("deleteWebhook")
    assert await raw.ok("getUpdates") == []


async def test_a_refused_update_is_repeated_and_holds_up_only_its_chat(
    people: People, raw: RawBot, hook: Hook
) -> None:
    hook.failures = 1
    await raw.ok("setWebhook", url=hook.url)
    await people.post(ZHANG, OFFICE, "eins")
    await hook.wait(1)
    await people.post(ZHANG, OFFICE, "zwei")
    await people.post(ZHANG, PROJECT, "woanders")
    assert await hook.wait(4) == ["eins", "woanders", "eins", "zwei"]
    info = await raw.ok("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 503")
    assert info["pending_update_count"] == 0


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"url": "ftp://x"}, "Bad Request: invalid webhook URL specified"),
        (
            {"url": "https://a.example/", "secret_token": "a b"},
            "Bad Request: secret token contains unallowed characters",
        ),
    ],
)
async def test_webhooks_that_are_refused(
    raw: RawBot, params: dict[str, str], description: str
) -> None:
    status, body = await raw("setWebhook", **params)
    assert (status, body["description"]) == (400, description)


async def test_an_error_asked_for_comes_instead_of_acting(people: People, raw: RawBot) -> None:
    await people.fault("sendMessage", 1, chat_id=OFFICE, retry_after=7)
    assert (await raw("sendMessage", chat_id=SUPERVISORS, text="x"))[0] == 200
    status, body = await raw("sendMessage", chat_id=OFFICE, text="x")
    assert (status, body["parameters"]) == (429, {"retry_after": 7})
    assert (await raw("sendMessage", chat_id=OFFICE, text="y"))[0] == 200
    assert [m["text"] for m in await people.messages(OFFICE)] == ["y"]


async def test_a_lost_reply_has_acted(people: People, raw: RawBot, ptb: telegram.Bot) -> None:
    await people.fault("sendMessage", 1, drop_reply=True)
    with pytest.raises(telegram.error.NetworkError):
        await ptb.send_message(OFFICE, "gesendet")
    assert [m["text"] for m in await people.messages(OFFICE)] == ["gesendet"]


async def test_a_bare_status_and_a_delay(people: People, raw: RawBot, ptb: telegram.Bot) -> None:
    await people.fault("sendMessage", 1, status=502, after_acting=True)
    with pytest.raises(telegram.error.NetworkError):
        await ptb.send_message(OFFICE, "x")
    assert len(await people.messages(OFFICE)) == 1
    await people.fault("getMe", 1, delay=0.3)
    before = time.monotonic()
    await raw.ok("getMe")
    assert time.monotonic() - before >= 0.3


async def test_calls_are_listed_in_order(people: People, raw: RawBot) -> None:
    sent = await raw.ok("sendMessage", chat_id=OFFICE, text="x")
    await raw("deleteMessage", chat_id=OFFICE, message_id=999)
    calls = await people.calls()
    assert [(c["method"], c["message_id"], c["ok"], c["error_code"]) for c in calls] == [
        ("sendMessage", sent["message_id"], True, None),
        ("deleteMessage", 999, False, 400),
    ]
    assert await people.calls("deleteMessage", OFFICE) == calls[1:]


async def test_a_poller_that_died_loses_nothing(
    server: RehearsalServer, people: People, raw: RawBot
) -> None:
    async with aiohttp.ClientSession() as dying:
        task = asyncio.create_task(RawBot(server, dying)("getUpdates", timeout=20))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await people.post(ZHANG, OFFICE, "noch da")
    assert await texts(raw, timeout=1) == ["noch da"]


async def test_setting_a_webhook_ends_the_poller(raw: RawBot, hook: Hook) -> None:
    waiting = asyncio.create_task(raw("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    await raw.ok("setWebhook", url=hook.url)
    status, body = await waiting
    assert status == 409
    assert body["description"] == "Conflict: terminated by setWebhook request"


async def test_a_press_is_forgotten_after_two_and_a_half_minutes(
    people: People, raw: RawBot
) -> None:
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    sent = await raw.ok("sendMessage", chat_id=SUPERVISORS, text="x", reply_markup=keyboard)
    await people.press(WANG, SUPERVISORS, sent["message_id"], label="a")
    await people.clock(151)
    assert await raw.ok("getUpdates") == []
