"""Answers to pressed buttons, and reactions."""

from __future__ import annotations

from rehearsal import limits
from rehearsal.bot_calls import Call, existing_message, writable_chat
from rehearsal.entities import utf16_length
from rehearsal.refusals import bad_request
from rehearsal.updates import PRESS_LIFETIME

_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_MAX_REACTIONS = 1


async def answer_callback_query(call: Call) -> bool:
    """Answer a pressed button with a short text, within the press's lifetime."""
    text = call.params.text("text")
    if utf16_length(text) > limits.CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    world = call.world
    press = world.presses.get(call.params.text("callback_query_id"))
    if press is None or press.at + PRESS_LIFETIME <= world.clock.now():
        raise bad_request(_TOO_OLD)
    if not press.answered:
        press.answered = True
        alert = call.params.flag("show_alert")
        world.events.send("answer", person=press.person, text=text, alert=alert)
    return True


async def set_message_reaction(call: Call) -> bool:
    """Set the bot's reaction to a message; a bot has one at most."""
    chat = writable_chat(call)
    message = existing_message(call, chat, "message to react")
    given = call.params.json("reaction", "reaction types") or []
    if not isinstance(given, list):
        raise bad_request("expected an Array of ReactionType")
    if len(given) > _MAX_REACTIONS:
        raise bad_request("REACTIONS_TOO_MANY")
    for reaction in given:
        kind = reaction.get("type") if isinstance(reaction, dict) else None
        if kind != "emoji" or not reaction.get("emoji"):
            raise bad_request("REACTION_INVALID")
    message.reactions = given
    return True
