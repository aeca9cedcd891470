from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.errors import Refused
from bot.platforms.telegram.actor import make_bot
from bot.platforms.telegram.http_client import AiohttpRequest
from bot.platforms.telegram.long_polling import ALLOWED_UPDATES
from bot.platforms.telegram.webhook import SECRET_HEADER, register, webhook_handler
from bot.ports import Received

from .conftest import TOKEN, Api

SECRET = "s3cret_for-tests"
BODY = '{ "update_id": 7, "message": {"message_id": 5, "chat": {"id": -1001}, "text": "内部资料"} }'


class Hook:
    """The handler behind a server, and an inbox that can be down."""

    def __init__(self) -> None:
        self.rows: list[Received] = []
        self.down = False
        self.url = ""

    async def commit(self, rows: Sequence[Received]) -> None:
        if self.down:
            raise OSError("内部资料")
        self.rows.extend(rows)

    async def post(self, body: str | bytes | io.BytesIO, secret: str | None = SECRET) -> int:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers=headers) as response,
        ):
            return response.status


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    double = Hook()
    app = web.Application()
    app.router.add_post("/hook", webhook_handler(SecretStr(SECRET), double.commit))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield double
    await runner.cleanup()


async def test_accepted_after_the_commit(hook: Hook) -> None:
    assert await hook.post(BODY) == 200
    [row] = hook.rows
    assert (row.update_id, row.chat_id, row.message_id) == (7, -1001, 5)
    assert row.payload == BODY.encode(), "as it came, to the byte"


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "é"])
async def test_request_with_a_wrong_secret_is_refused(hook: Hook, secret: str | None) -> None:
    assert await hook.post(BODY, secret) == 401
    assert await hook.post("not even JSON", secret) == 401
    assert hook.rows == []


async def test_database_down_makes_telegram_repeat(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.down = True
    assert await hook.post(BODY) == 503
    hook.down = False
    assert await hook.post(BODY) == 200
    assert [row.update_id for row in hook.rows] == [7]
    assert "内部资料" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "body",
    [b"", b"{broken", b"[]", b"\xff\xfe", b'{"message": {}}', b'{"update_id": -1}', b"[" * 100_000],
    ids=["empty", "broken", "list", "bytes", "no number", "negative", "nested"],
)
async def test_authentic_but_unreadable_is_recorded_once(hook: Hook, body: bytes) -> None:
    assert await hook.post(body) == 200
    assert await hook.post(body) == 200
    first, second = hook.rows
    assert first == second, "a repetition has the same number"
    assert first.update_id < 0, "no real update has it"
    assert first.payload == body


async def test_body_beyond_one_megabyte_is_refused(hook: Hook) -> None:
    assert await hook.post(io.BytesIO(b"x" * (1024 * 1024 + 1))) == 413
    assert hook.rows == []
    padded = BODY + " " * (1024 * 1024 - len(BODY.encode()))
    assert await hook.post(io.BytesIO(padded.encode())) == 200


async def test_webhook_is_registered_with_secret_and_update_kinds(
    api: Api, request_: AiohttpRequest
) -> None:
    bot = make_bot(SecretStr(TOKEN), api.url, request_)
    await register(bot, "https://bot.example.org/hook", SecretStr(SECRET))
    [form] = api.forms("setWebhook")
    assert form["url"] == "https://bot.example.org/hook"
    assert form["secret_token"] == SECRET
    assert json.loads(form["allowed_updates"]) == list(ALLOWED_UPDATES)
    api.refuse("setWebhook", 400, "Bad Request: bad webhook: HTTPS url must be provided")
    with pytest.raises(Refused, match="bad-webhook"):
        await register(bot, "http://bot.example.org/hook", SecretStr(SECRET))
