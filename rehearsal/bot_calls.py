"""A call of the bot, and what it may reach: chats, messages, rights."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.bot_profile import Profile
from rehearsal.limits import Limiter
from rehearsal.objects import Chat, Member, Message
from rehearsal.refusals import ApiError, bad_request, forbidden
from rehearsal.request_params import Params
from rehearsal.webhook import Webhook
from rehearsal.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the bot's with all that a method needs; ``method`` is in lower case."""

    method: str
    world: World
    params: Params
    limiter: Limiter
    webhook: Webhook
    profile: Profile

    @property
    def bot_id(self) -> int:
        """The bot's user id."""
        return self.world.bot.id

    def own(self, chat: Chat) -> Member:
        """Return the bot's standing in a chat."""
        return chat.member(self.bot_id)


def readable_chat(call: Call, name: str = "chat_id") -> Chat:
    """Return the chat that a parameter names, if the bot may read there."""
    chat = _find(call, name)
    if chat.type in {"supergroup", "channel"}:
        _require_presence(call, chat)
    return chat


def writable_chat(call: Call, name: str = "chat_id") -> Chat:
    """Return the chat that a parameter names, if the bot may act there."""
    chat = _find(call, name)
    if chat.upgraded_to is not None:
        text = "Bad Request: group chat was upgraded to a supergroup chat"
        raise ApiError(400, text, {"migrate_to_chat_id": chat.upgraded_to})
    if chat.type == "private":
        if call.world.people[chat.id].blocked:
            raise forbidden("bot was blocked by the user")
    else:
        _require_presence(call, chat)
    return chat


def _find(call: Call, name: str) -> Chat:
    raw = call.params.text(name)
    if not raw:
        raise bad_request(f"{name} is empty")
    world = call.world
    if raw.startswith("@"):
        raise bad_request("chat not found")
    try:
        number = int(raw)
    except ValueError:
        raise bad_request("chat not found") from None
    if number in world.chats:
        return world.chats[number]
    if number in world.people:
        raise forbidden("bot can't initiate conversation with a user")
    raise bad_request("chat not found")


def _require_presence(call: Call, chat: Chat) -> None:
    own = call.own(chat)
    if own.status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    if not own.present:
        raise forbidden(f"bot is not a member of the {chat.type} chat")


def require_right(call: Call, chat: Chat, right: str, description: str) -> None:
    """Refuse with 400 when the bot lacks an administrator's right."""
    if not call.own(chat).may(right):
        raise bad_request(description)


def existing_message(call: Call, chat: Chat, what: str, name: str = "message_id") -> Message:
    """Return the message that a parameter names; ``what`` names it in the error."""
    number = call.params.integer(name)
    if not number:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(number)
    if message is None:
        raise bad_request(f"{what} not found")
    return message
