"""Long polling that confirms an update to Telegram only after it was committed.

    getUpdates              ──► updates 7, 8
    commit 7, 8             ──► a kill up to here: Telegram sends 7 and 8 again
    getUpdates offset=9     ──► confirms 7 and 8; returns nothing new
    getUpdates              ──► …

The offset of a request confirms all updates below it, so it moves after the commit and not before.
After a start, or whenever nothing is to be confirmed, no offset is sent: Telegram then returns
everything that it still holds, and the inbox drops the ids that it knows.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import SecretStr
from telegram.error import TelegramError

from bot.errors import Conflict, NotSent, OutcomeUnknown, PlatformError, RetryAfter, Unauthorized
from bot.platforms.telegram.error_translation import translate
from bot.platforms.telegram.http_client import AiohttpRequest, Flooded, retry_after
from bot.ports import Received
from bot.retry import doubling_pauses

PLATFORM: Final = "telegram"
# Sent with every request: Telegram keeps the last list, even of another program with this token,
# and leaves out `chat_member` unless it is asked for.
ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "chat_member",
)
POLL_SECONDS: Final = 25
BATCH: Final = 100
"""Updates in one answer, the platform's maximum."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0

Commit = Callable[[Sequence[Received]], Awaitable[object]]
Pause = Callable[[float], Awaitable[object]]

log = logging.getLogger(__name__)


def received(update: Mapping[str, Any], payload: bytes | None = None) -> Received:
    """Return the inbox row of one raw update; raise ValueError without a usable ``update_id``.

    ``payload`` are the update's raw bytes, if there are any; otherwise it is serialised again.
    """
    update_id = _whole_number(update.get("update_id"))
    if update_id is None or update_id < 0:
        raise ValueError("no update_id")
    message = _subject(update)
    chat = message.get("chat")
    album = message.get("media_group_id")
    return Received(
        platform=PLATFORM,
        update_id=update_id,
        payload=_dump(update) if payload is None else payload,
        chat_id=_whole_number(chat.get("id")) if isinstance(chat, dict) else None,
        message_id=_whole_number(message.get("message_id")),
        album_id=album if isinstance(album, str) else None,
        posted_at=_posted_at(message),
        update=update,
    )


class Feed:
    """Polls Telegram and passes each batch to ``commit``, until cancelled.

    ``answered`` is called with each good answer. ``pause`` is replaced in tests.
    """

    def __init__(
        self,
        request: AiohttpRequest,
        api_url: str,
        token: SecretStr,
        commit: Commit,
        *,
        pause: Pause = asyncio.sleep,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._request = request
        self._base = SecretStr(f"{api_url.rstrip('/')}/bot{token.get_secret_value()}")
        self._commit = commit
        self._pause = pause
        self._answered = answered
        self._offset: int | None = None
        self._failures = 0
        self._pauses = doubling_pauses(FIRST_PAUSE, LONGEST_PAUSE)

    async def run(self) -> None:
        """Poll until cancelled; raise Unauthorized when Telegram does not accept the token."""
        polling = False
        while True:
            try:
                if polling:
                    await self._poll()
                else:
                    await self._clear_webhook()
                    self._answered()
                    polling = True
            except Unauthorized:
                log.error("the token is not accepted; polling ends")
                raise
            except PlatformError as error:
                await self._back_off(error)

    async def _poll(self) -> None:
        """Request one batch, commit it, and only then move the offset."""
        form = {
            "timeout": str(POLL_SECONDS),
            "limit": str(BATCH),
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if self._offset is not None:
            form["offset"] = str(self._offset)
        # Telegram may answer only at the end of the poll, so the reply needs more time than that.
        updates = await self._call("getUpdates", form, read_timeout=POLL_SECONDS + 10)
        if not isinstance(updates, list):
            raise OutcomeUnknown("bad-reply")
        self._answered()
        rows = _rows(updates)
        # Without any id nothing can be confirmed: Telegram would return the same at once, for ever.
        if updates and not rows:
            raise OutcomeUnknown("bad-updates")
        if rows:
            await self._store(rows)
        self._offset = max(row.update_id for row in rows) + 1 if rows else None
        self._failures = 0
        self._pauses = doubling_pauses(FIRST_PAUSE, LONGEST_PAUSE)

    async def _store(self, rows: Sequence[Received]) -> None:
        failure: PlatformError
        try:
            await self._commit(rows)
            return
        except Exception as error:
            log.error("a batch of %d was not committed: %s", len(rows), type(error).__name__)
            failure = NotSent("not-committed")
        raise failure

    async def _clear_webhook(self) -> None:
        """Remove a webhook that is set, because Telegram refuses polling beside one."""
        info = await self._call("getWebhookInfo", {})
        if isinstance(info, dict) and info.get("url"):
            log.warning("a webhook was set; it is removed so that polling works")
            await self._call("deleteWebhook", {})

    async def _call(
        self, method: str, form: Mapping[str, str], *, read_timeout: float | None = None
    ) -> Any:
        url = f"{self._base.get_secret_value()}/{method}"
        failure: PlatformError
        try:
            status, body = await self._request.raw_post(url, form, read_timeout=read_timeout)
            if status == 429:
                raise Flooded(retry_after(body))
            # A 5xx may be a proxy's page, which is no JSON.
            reply = self._request.parse_json_payload(body) if status < 500 else {}
        except TelegramError as error:
            failure = translate(error)
        else:
            if status == 200 and reply.get("ok") is True:
                return reply.get("result")
            failure = _refusal(status)
        raise failure

    async def _back_off(self, error: PlatformError) -> None:
        """Wait as long as Telegram asks, otherwise a growing pause with a random part."""
        self._failures += 1
        if isinstance(error, RetryAfter):
            seconds = error.seconds
        else:
            longest = next(self._pauses)
            # Random, so that bots that lost the platform together do not all return together.
            seconds = random.uniform(longest / 2, longest)
        log.warning(
            "polling failed (%s), attempt %d, again in %.1f s", error, self._failures, seconds
        )
        await self._pause(seconds)


def _refusal(status: int) -> PlatformError:
    # 401: the token was revoked; 404: it never had the form of a token.
    if status in (401, 404):
        return Unauthorized("bad-token")
    if status == 409:
        return Conflict("conflict")
    return OutcomeUnknown(f"status-{status}")


def _rows(updates: Sequence[object]) -> list[Received]:
    rows = []
    for index, update in enumerate(updates):
        try:
            if not isinstance(update, dict):
                raise ValueError("not an object")
            rows.append(received(update))
        except ValueError as error:
            log.error("update at index %d of %d left out: %s", index, len(updates), error)
    return rows


def _subject(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of an update that holds its chat and message, or nothing."""
    for kind in ALLOWED_UPDATES:
        part = update.get(kind)
        if not isinstance(part, dict):
            continue
        if kind == "callback_query":
            part = part.get("message")
        return part if isinstance(part, dict) else {}
    return {}


def _posted_at(message: Mapping[str, Any]) -> datetime | None:
    """Return when a message was posted or last edited; Telegram gives whole seconds."""
    seconds = _whole_number(message.get("edit_date") or message.get("date"))
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _whole_number(value: object) -> int | None:
    """Return a number that fits the database's 64 bits: a larger one would block its batch."""
    # JSON's true and false are int in Python.
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    return None


def _dump(update: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate stays an escape
        return json.dumps(update, separators=(",", ":")).encode()
