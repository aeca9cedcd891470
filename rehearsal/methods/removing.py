"""Deletions by the bot; the server does not count them among its sending limits."""

from __future__ import annotations

from rehearsal import limits
from rehearsal.bot_calls import Call, existing_message, writable_chat
from rehearsal.objects import Chat, Message
from rehearsal.refusals import bad_request

_LASTING = ("supergroup_chat_created", "forum_topic_created", "migrate_from_chat_id")


def _deletable(call: Call, chat: Chat, message: Message) -> bool:
    if message.date <= call.world.clock.now() - limits.DELETE_AGE:
        return False
    if any(name in (message.service or {}) for name in _LASTING):
        return False
    if chat.type == "private" or message.author.real_id == call.bot_id:
        return True
    return call.own(chat).may("can_delete_messages")


async def delete_message(call: Call) -> bool:
    """Delete a message younger than 48 hours."""
    chat = writable_chat(call)
    message = existing_message(call, chat, "message to delete")
    if not _deletable(call, chat, message):
        raise bad_request("message can't be deleted")
    call.world.delete(chat, [message.id])
    return True


async def delete_messages(call: Call) -> bool:
    """Delete up to 100 messages; missing ones are skipped."""
    chat = writable_chat(call)
    given = call.params.json("message_ids", "message_ids")
    if given is None or given == []:
        raise bad_request("message identifiers are not specified")
    if not isinstance(given, list):
        raise bad_request("expected an Array of message identifiers")
    if len(given) > 100:
        raise bad_request("too many message identifiers specified")
    try:
        numbers = [int(number) for number in given]
    except (TypeError, ValueError):
        raise bad_request("message identifier must be a Number") from None
    if any(number <= 0 for number in numbers):
        raise bad_request("invalid message identifier specified")
    messages = [chat.messages[number] for number in numbers if number in chat.messages]
    if not all(_deletable(call, chat, message) for message in messages):
        raise bad_request("message can't be deleted")
    call.world.delete(chat, [message.id for message in messages])
    return True
