"""Changes to the bot's own messages."""

from __future__ import annotations

from rehearsal.bot_calls import Call, existing_message, writable_chat
from rehearsal.methods.albums import input_media
from rehearsal.methods.composing import answer, check_caption, formatted, markup_of, text_of
from rehearsal.objects import Content, Json, Message
from rehearsal.refusals import bad_request

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


def _own_message(call: Call) -> Message:
    message = existing_message(call, writable_chat(call), "message to edit")
    if message.author.real_id != call.bot_id or message.service or message.origin:
        raise bad_request("message can't be edited")
    return message


def _change(call: Call, message: Message, content: Content) -> Json:
    markup = markup_of(call)
    if content == message.content and markup == message.markup:
        raise bad_request(_NOT_MODIFIED)
    call.limiter.spend(None)
    if content != message.content:
        message.edit_date = call.world.clock.now()
    message.content, message.markup = content, markup
    call.world.changed(message, by_person=False)
    return answer(call, message)


async def edit_message_text(call: Call) -> Json:
    """Put another text and keyboard in place of a message's."""
    content = text_of(call, "MESSAGE_TOO_LONG")
    message = _own_message(call)
    if message.content.media:
        raise bad_request("there is no text in the message to edit")
    return _change(call, message, content)


async def edit_message_caption(call: Call) -> Json:
    """Put another caption and keyboard in place of a message's."""
    text, entities = formatted(call, "caption", "caption_entities")
    message = _own_message(call)
    if not message.content.media:
        raise bad_request("there is no caption in the message to edit")
    check_caption(text, "MEDIA_CAPTION_TOO_LONG")
    content = Content(text=text, entities=entities, media=message.content.media)
    return _change(call, message, content)


async def edit_message_reply_markup(call: Call) -> Json:
    """Put another keyboard in place of a message's."""
    message = _own_message(call)
    return _change(call, message, message.content)


async def edit_message_media(call: Call) -> Json:
    """Put another photo or document in place of a message's content."""
    content = await input_media(call, call.params.json("media", "input media"))
    return _change(call, _own_message(call), content)
