from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import Callable

import pytest
from pydantic import SecretStr
from telegram import error as tg

from bot import errors
from bot.platforms.telegram.actor import TelegramActor, make_bot
from bot.platforms.telegram.error_translation import translate
from bot.platforms.telegram.http_client import AiohttpRequest, NotConnected

from .conftest import TOKEN, Api, drop, stall

REPLIES = [
    (400, "Bad Request: message to delete not found", errors.NotFound, "message-gone"),
    (400, "Bad Request: MESSAGE_ID_INVALID", errors.NotFound, "message-gone"),
    (400, "Bad Request: chat not found", errors.NotFound, "chat-gone"),
    (400, "Bad Request: message can't be deleted", errors.Forbidden, "cannot-delete"),
    (400, "Bad Request: message can't be deleted for everyone", errors.Forbidden, "cannot-delete"),
    (
        400,
        "Bad Request: not enough rights to restrict/unrestrict chat member",
        errors.Forbidden,
        "no-right",
    ),
    (
        400,
        "Bad Request: user is an administrator of the chat",
        errors.Forbidden,
        "is-administrator",
    ),
    (400, "Bad Request: message thread not found", errors.NotFound, "topic-gone"),
    (400, "Bad Request: 王敏 has a secret", errors.Refused, "bad-request"),
    (400, "<html>王敏</html>", errors.Refused, "bad-request"),
    (401, "Unauthorized", errors.Unauthorized, "bad-token"),
    (404, "Not Found", errors.Unauthorized, "bad-token"),
    (404, "Not Found: method not found", errors.Refused, "no-such-method"),
    (403, "Forbidden: bot was blocked by the user", errors.Forbidden, "blocked"),
    (
        403,
        "Forbidden: bot can't initiate conversation with a user",
        errors.Forbidden,
        "no-private-chat",
    ),
    (403, "Forbidden: bot was kicked from the supergroup chat", errors.Forbidden, "not-in-chat"),
    (403, "Forbidden: the group chat was deleted", errors.NotFound, "chat-gone"),
    (409, "Conflict: terminated by other getUpdates request", errors.Conflict, "conflict"),
    (413, "Request Entity Too Large", errors.Refused, "too-large"),
    (429, "<html>", errors.RetryAfter, "retry-after-1"),
    (500, "Internal Server Error", errors.OutcomeUnknown, "server-error"),
    (502, "Bad Gateway", errors.OutcomeUnknown, "server-error"),
    (504, "<html>王敏</html>", errors.OutcomeUnknown, "server-error"),
]


def chain(error: BaseException | None) -> str:
    """Return the texts of an error and of its chained errors."""
    if error is None:
        return ""
    return f"{error!r} {error} {chain(error.__cause__)} {chain(error.__context__)}"


@pytest.mark.parametrize(("status", "text", "kind", "code"), REPLIES)
async def test_each_refusal_becomes_one_error_without_content(
    api: Api, actor: TelegramActor, status: int, text: str, kind: type[Exception], code: str
) -> None:
    if text.startswith("<"):
        api.queue("deleteMessage", (status, text))
    else:
        api.refuse("deleteMessage", status, text)
    with pytest.raises(errors.PlatformError) as caught:
        await actor.delete(-100, 1)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "王敏" not in chain(caught.value)
    assert len(api.calls) == 1, "no method retries"


async def test_parameters_win_over_the_status(api: Api, actor: TelegramActor) -> None:
    api.refuse("deleteMessage", 429, "Too Many Requests: retry after 3", retry_after=3)
    with pytest.raises(errors.RetryAfter) as wait:
        await actor.delete(-100, 1)
    assert wait.value.seconds == 3.0
    api.refuse("deleteMessage", 400, "group chat was upgraded", migrate_to_chat_id=-1009)
    with pytest.raises(errors.Migrated) as moved:
        await actor.delete(-100, 1)
    assert moved.value.new_chat_id == -1009


@pytest.mark.parametrize(
    "body",
    ["王敏", "[]", "{}", '{"ok": true}', '{"ok": true, "result": {"王敏": 1}}', "[" * 100_000],
    ids=["text", "list", "empty", "no result", "not a member", "nested"],
)
async def test_reply_that_is_no_answer_leaves_the_outcome_unknown(
    api: Api, actor: TelegramActor, body: str
) -> None:
    api.queue("getChatAdministrators", (200, body))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await actor.administrators(-100)
    assert caught.value.code == "bad-reply"
    assert "王敏" not in chain(caught.value)


async def test_no_connection_is_provably_not_sent(request_: AiohttpRequest) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bot = make_bot(SecretStr(TOKEN), f"http://127.0.0.1:{port}", request_)
    with pytest.raises(errors.NotSent) as caught:
        await TelegramActor(bot, request_).delete(-100, 1)
    assert caught.value.code == "not-connected"
    assert TOKEN not in chain(caught.value)


async def test_closed_session_is_provably_not_sent(api: Api) -> None:
    request = AiohttpRequest()
    with pytest.raises(NotConnected):
        await request.do_request(f"{api.url}/bot{TOKEN}/getMe", "POST")
    assert api.calls == []


@pytest.mark.parametrize(
    ("behaviour", "code"), [(drop, "connection-lost"), (stall, "timed-out")], ids=["lost", "slow"]
)
async def test_after_sending_the_outcome_is_unknown(
    api: Api, behaviour: Callable[..., object], code: str
) -> None:
    async with AiohttpRequest(read_timeout=0.3) as request:
        actor = TelegramActor(make_bot(SecretStr(TOKEN), api.url, request), request)
        api.queue("deleteMessage", behaviour)  # type: ignore[arg-type]
        async with asyncio.timeout(8):
            with pytest.raises(errors.OutcomeUnknown) as caught:
                await actor.delete(-100, 1)
    assert caught.value.code == code
    assert TOKEN not in chain(caught.value)
    assert len(api.calls) == 1


async def test_connection_closed_while_idle_is_not_used_again(
    api: Api, actor: TelegramActor
) -> None:
    async def close_afterwards(request: object) -> object:
        from aiohttp import web

        response = web.json_response({"ok": True, "result": True})
        transport = request.transport  # type: ignore[attr-defined]
        asyncio.get_running_loop().call_later(0.05, transport.close)
        return response

    api.queue("deleteMessage", close_afterwards)  # type: ignore[arg-type]
    await actor.delete(-100, 1)
    await asyncio.sleep(0.2)
    await actor.delete(-100, 2)
    assert len(api.calls) == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (tg.TimedOut(), errors.OutcomeUnknown),
        (tg.BadRequest("x"), errors.Refused),
        (tg.NetworkError("x"), errors.OutcomeUnknown),
        (NotConnected(), errors.NotSent),
        (tg.EndPointNotFound("x"), errors.Refused),
        (tg.TelegramError("x"), errors.OutcomeUnknown),
    ],
)
def test_subclasses_of_network_error_are_matched_first(
    error: tg.TelegramError, kind: type[Exception]
) -> None:
    assert type(translate(error)) is kind


def test_not_connected_can_be_pickled() -> None:
    assert isinstance(pickle.loads(pickle.dumps(NotConnected())), NotConnected)


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_waiting_time_of_the_library_s_own_error() -> None:
    translated = translate(tg.RetryAfter(12))
    assert isinstance(translated, errors.RetryAfter)
    assert translated.seconds == 12.0
