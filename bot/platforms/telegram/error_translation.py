"""Translate Telegram's errors into `bot.errors`.

Telegram has no error codes, so the descriptions of the official server are compared, in lower
case. They are not passed on, because a description may repeat content: our codes replace them.
"""

from __future__ import annotations

from typing import Final

from telegram import error as tg

from bot import errors
from bot.platforms.telegram.http_client import Flooded, NotConnected

NOT_MODIFIED: Final = "not-modified"
TOO_BIG: Final = "too-big"

_Refusal = type[errors.Refused]

# The texts with underscores are names of Telegram's inner protocol: the Bot API server passes those
# on for which it has no sentence. The first text that matches decides.
_BAD_REQUESTS: Final[tuple[tuple[str, _Refusal, str], ...]] = (
    ("message is not modified", errors.Refused, NOT_MODIFIED),
    ("message to delete not found", errors.NotFound, "message-gone"),
    ("message to edit not found", errors.NotFound, "message-gone"),
    ("message_id_invalid", errors.NotFound, "message-gone"),
    ("message to be replied not found", errors.NotFound, "message-gone"),
    ("chat not found", errors.NotFound, "chat-gone"),
    ("group chat was deactivated", errors.NotFound, "chat-gone"),
    ("chat_id_invalid", errors.NotFound, "chat-gone"),
    ("peer_id_invalid", errors.NotFound, "chat-gone"),
    ("channel_private", errors.Forbidden, "not-in-chat"),
    ("message thread not found", errors.NotFound, "topic-gone"),
    ("topic_deleted", errors.NotFound, "topic-gone"),
    ("topic_closed", errors.Forbidden, "topic-closed"),
    ("user not found", errors.NotFound, "user-gone"),
    ("member not found", errors.NotFound, "user-gone"),
    ("participant_id_invalid", errors.NotFound, "user-gone"),
    ("user_not_participant", errors.NotFound, "user-gone"),
    ("user_id_invalid", errors.NotFound, "user-gone"),
    ("query is too old", errors.NotFound, "press-expired"),
    ("query id is invalid", errors.NotFound, "press-expired"),
    ("query_id_invalid", errors.NotFound, "press-expired"),
    ("file is temporarily unavailable", errors.NotFound, "file-gone"),
    ("wrong file_id", errors.NotFound, "file-gone"),
    ("file is too big", errors.Refused, TOO_BIG),
    ("message can't be deleted", errors.Forbidden, "cannot-delete"),
    ("message_delete_forbidden", errors.Forbidden, "cannot-delete"),
    ("message can't be edited", errors.Forbidden, "cannot-edit"),
    ("not enough rights", errors.Forbidden, "no-right"),
    ("have no rights", errors.Forbidden, "no-right"),
    ("need administrator rights", errors.Forbidden, "no-right"),
    ("chat_admin_required", errors.Forbidden, "no-right"),
    ("chat_write_forbidden", errors.Forbidden, "no-right"),
    ("chat_restricted", errors.Forbidden, "no-right"),
    ("right_forbidden", errors.Forbidden, "no-right"),
    ("is an administrator of the chat", errors.Forbidden, "is-administrator"),
    ("user_admin_invalid", errors.Forbidden, "is-administrator"),
    ("can't remove chat owner", errors.Forbidden, "is-administrator"),
    ("can't restrict self", errors.Forbidden, "is-self"),
    ("only for supergroup", errors.Forbidden, "supergroup-only"),
    ("for supergroup and channel chats only", errors.Forbidden, "supergroup-only"),
    ("is too long", errors.Refused, "too-long"),
    ("too_long", errors.Refused, "too-long"),
    ("text is empty", errors.Refused, "empty"),
    ("can't parse entities", errors.Refused, "bad-entities"),
    ("button_", errors.Refused, "bad-button"),
    ("bad webhook", errors.Refused, "bad-webhook"),
)

_FORBIDDEN: Final[tuple[tuple[str, _Refusal, str], ...]] = (
    ("blocked by the user", errors.Forbidden, "blocked"),
    ("can't initiate conversation", errors.Forbidden, "no-private-chat"),
    ("user is deactivated", errors.Forbidden, "user-deactivated"),
    ("can't send messages to bots", errors.Forbidden, "is-bot"),
    ("was kicked", errors.Forbidden, "not-in-chat"),
    ("is not a member", errors.Forbidden, "not-in-chat"),
    ("chat was deleted", errors.NotFound, "chat-gone"),
)


def translate(error: tg.TelegramError) -> errors.PlatformError:
    """Return our error for one of python-telegram-bot's.

    BadRequest and TimedOut are subclasses of NetworkError there, so they are matched first. An
    error that is not known to be a refusal counts as an unknown outcome.
    """
    match error:
        case Flooded():
            return errors.RetryAfter(error.seconds)
        case tg.RetryAfter():
            wait = error.retry_after
            return errors.RetryAfter(float(wait if isinstance(wait, int) else wait.total_seconds()))
        case tg.ChatMigrated():
            return errors.Migrated(error.new_chat_id)
        case tg.Conflict():
            return errors.Conflict("conflict")
        # The server answers 404 for a malformed token and for an unknown method alike.
        case tg.InvalidToken() if "method not found" in error.message.lower():
            return errors.Refused("no-such-method")
        case tg.InvalidToken():
            return errors.Unauthorized("bad-token")
        case tg.Forbidden():
            return _lookup(_FORBIDDEN, error.message, errors.Forbidden("forbidden"))
        case tg.BadRequest():
            return _lookup(_BAD_REQUESTS, error.message, errors.Refused("bad-request"))
        case NotConnected():
            return errors.NotSent("not-connected")
        case tg.TimedOut():
            return errors.OutcomeUnknown("timed-out")
        case tg.NetworkError():
            return _network(error.message.lower())
        case tg.EndPointNotFound():
            return errors.Refused("no-such-method")
    return errors.OutcomeUnknown("bad-reply")


def _network(message: str) -> errors.PlatformError:
    if message.startswith("connection lost"):
        return errors.OutcomeUnknown("connection-lost")
    if message.startswith("request entity too large"):
        return errors.Refused("too-large")
    return errors.OutcomeUnknown("server-error")


def _lookup(
    table: tuple[tuple[str, _Refusal, str], ...], message: str, default: errors.Refused
) -> errors.PlatformError:
    message = message.lower()
    for text, kind, code in table:
        if text in message:
            return kind(code)
    return default
