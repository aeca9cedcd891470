"""Albums of the bot's."""

from __future__ import annotations

from typing import Any

from rehearsal.bot_calls import Call
from rehearsal.methods.composing import (
    answer,
    check_caption,
    deliver,
    format_text,
    media_of,
    target_of,
)
from rehearsal.objects import Content, Json
from rehearsal.refusals import bad_request

KINDS = ("photo", "document")


async def send_media_group(call: Call) -> list[Json]:
    """Send up to ten photos or documents; two or more are one album."""
    if not call.params.text("media"):
        raise bad_request('parameter "media" is required')
    given = call.params.json("media", "media")
    if not isinstance(given, list):
        raise bad_request("expected an Array of InputMedia")
    if not given:
        raise bad_request("there are no messages to send")
    if len(given) > 10:
        raise bad_request("too many messages to send as an album")
    target = target_of(call)
    if len({str(item.get("type")) for item in given if isinstance(item, dict)}) > 1:
        raise bad_request("document can't be mixed with other media types")
    contents = [await input_media(call, item) for item in given]
    return [answer(call, message) for message in deliver(call, target, contents)]


async def input_media(call: Call, item: Any) -> Content:
    """Make a content of an InputMedia."""
    if not isinstance(item, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise bad_request(f"can't parse InputMedia: type {kind} is unsupported here")
    text, entities = format_text(
        str(item.get("caption") or ""), item.get("parse_mode"), item.get("caption_entities")
    )
    check_caption(text)
    source = str(item.get("media") or "")
    attached = source.startswith("attach://")
    if not source or (attached and source.removeprefix("attach://") not in call.params.files):
        raise bad_request("can't parse InputMedia: media not found")
    media = await media_of(call, kind, source, None)
    return Content(text=text, entities=entities, media=media)
