"""Forwards and copies by the bot."""

from __future__ import annotations

import copy

from rehearsal.bot_calls import Call, existing_message, readable_chat
from rehearsal.methods.composing import answer, check_caption, deliver, formatted, target_of
from rehearsal.objects import Json, Message
from rehearsal.posting import origin_of
from rehearsal.refusals import bad_request


def _source(call: Call, verb: str, done: str) -> Message:
    chat = readable_chat(call, "from_chat_id")
    message = existing_message(call, chat, f"message to {verb}")
    if message.service:
        raise bad_request(f"message can't be {done}")
    return message


async def forward_message(call: Call) -> Json:
    """Forward a message with its origin."""
    target = target_of(call)
    message = _source(call, "forward", "forwarded")
    origin = message.origin or origin_of(call.world, message)
    content = copy.copy(message.content)
    return answer(call, deliver(call, target, [content], origin)[0])


async def copy_message(call: Call) -> Json:
    """Send a message's content anew, with another caption if one is given."""
    target = target_of(call)
    message = _source(call, "copy", "copied")
    content = copy.copy(message.content)
    if content.media and call.params.text("caption"):
        content.text, content.entities = formatted(call, "caption", "caption_entities")
        check_caption(content.text)
    return {"message_id": deliver(call, target, [content])[0].id}
