"""New messages of the bot's."""

from __future__ import annotations

from rehearsal.bot_calls import Call, writable_chat
from rehearsal.methods.composing import (
    answer,
    check_caption,
    deliver,
    formatted,
    media_of,
    target_of,
    text_of,
)
from rehearsal.objects import Content, Json
from rehearsal.refusals import bad_request

_ACTIONS = frozenset(
    [
        "cancel",
        "typing",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_photo",
        "upload_document",
        "choose_sticker",
        "pick_up_location",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


async def send_message(call: Call) -> Json:
    """Send a text."""
    content = text_of(call, "message is too long")
    return answer(call, deliver(call, target_of(call), [content])[0])


async def _send_media(call: Call, kind: str) -> Json:
    text, entities = formatted(call, "caption", "caption_entities")
    check_caption(text)
    target = target_of(call)
    given, upload = call.params.text(kind), call.params.files.get(kind)
    media = await media_of(call, kind, given, upload)
    content = Content(text=text, entities=entities, media=media)
    return answer(call, deliver(call, target, [content])[0])


async def send_photo(call: Call) -> Json:
    """Send a picture as a photo."""
    return await _send_media(call, "photo")


async def send_document(call: Call) -> Json:
    """Send a file as it is."""
    return await _send_media(call, "document")


async def send_chat_action(call: Call) -> bool:
    """Show that the bot is busy; people here are not shown it."""
    if call.params.text("action").lower() not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    writable_chat(call)
    return True
