"""Shared by sending and editing: texts, keyboards, uploads, the target chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from rehearsal import api_json, limits
from rehearsal.bot_calls import Call, writable_chat
from rehearsal.entities import check_entities, find_entities, trim, utf16_length
from rehearsal.objects import Author, Chat, Content, Json, Media, Message, Origin, Placement
from rehearsal.people import Upload
from rehearsal.refusals import bad_request

_BUTTON_KINDS = [
    "url",
    "login_url",
    "callback_data",
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
]
_LONGEST_INPUT = 1 << 15
_IDLE_MARKUPS = ("keyboard", "remove_keyboard", "force_reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a new message goes, and its keyboard."""

    chat: Chat
    placement: Placement
    markup: Json | None = field(default=None, repr=False)


def target_of(call: Call) -> Target:
    """Read where a new message goes; ApiError when it may not go there."""
    chat = writable_chat(call)
    _require_sending(call, chat)
    thread_id = call.params.integer("message_thread_id") or None
    threaded = chat.is_forum or chat.type == "private"
    if thread_id is not None and threaded and thread_id not in chat.topics:
        raise bad_request("message thread not found")
    place = Placement(thread_id=thread_id if chat.is_forum else None)
    _place_reply(call, chat, place)
    return Target(chat=chat, placement=place, markup=markup_of(call))


def _require_sending(call: Call, chat: Chat) -> None:
    own = call.own(chat)
    if chat.type == "channel" and not own.is_admin:
        raise bad_request("need administrator rights in the channel chat")
    if own.status == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")


def _place_reply(call: Call, chat: Chat, place: Placement) -> None:
    given = call.params.json("reply_parameters", "reply parameters")
    if given is None:
        reply_to = call.params.integer("reply_to_message_id")
        given = {"message_id": reply_to} if reply_to else {}
        given["allow_sending_without_reply"] = call.params.flag("allow_sending_without_reply")
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    number = _whole(given.get("message_id"))
    if not number:
        return
    answered = chat.messages.get(number)
    if answered is None:
        if not given.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return
    place.reply_to = number
    if chat.is_forum and place.thread_id is None:
        place.thread_id = answered.placement.thread_id
    elif chat.type == "supergroup" and not chat.is_forum:
        place.thread_id = answered.placement.thread_id or answered.id
    if given.get("quote"):
        position = answered.content.text.find(str(given["quote"]))
        if position < 0:
            raise bad_request("QUOTE_TEXT_INVALID")
        offset = utf16_length(answered.content.text[:position])
        place.quote = {"text": given["quote"], "position": offset, "is_manual": True}


def _whole(value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        raise bad_request("message identifier must be a Number") from None


def formatted(call: Call, text_name: str, entities_name: str) -> tuple[str, list[Json]]:
    """Read a text with its entities."""
    text = call.params.text(text_name).replace("\r", "").replace("\0", "")
    return format_text(text, call.params.text("parse_mode"), call.params.decoded(entities_name))


def format_text(text: str, parse_mode: Any, entities: Any) -> tuple[str, list[Json]]:
    """Check a text's entities and find those that the server finds by itself."""
    if parse_mode:
        raise bad_request("unsupported parse_mode")
    given = entities if isinstance(entities, list) else []
    text, kept = trim(text, check_entities(text, given))
    return text, find_entities(text, kept)


def text_of(call: Call, too_long: str) -> Content:
    """Read a text message's content; ``too_long`` is the error for more than 4,096 units."""
    given = call.params.text("text")
    if not given:
        raise bad_request("message text is empty")
    if len(given.encode()) > _LONGEST_INPUT:
        raise bad_request("text is too long")
    text, entities = formatted(call, "text", "entities")
    if not text:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > limits.TEXT:
        raise bad_request(too_long)
    return Content(text=text, entities=entities)


def check_caption(text: str, too_long: str = "message caption is too long") -> None:
    """Refuse a caption of more than 1,024 units."""
    if utf16_length(text) > limits.CAPTION:
        raise bad_request(too_long)


def markup_of(call: Call) -> Json | None:
    """Read an inline keyboard; other keyboards are checked for their form and not kept."""
    given = call.params.json("reply_markup", "reply keyboard markup")
    if not given:
        return None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    rows = given.get("inline_keyboard")
    if rows is None:
        if not any(name in given for name in _IDLE_MARKUPS):
            raise bad_request("object expected as reply markup")
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be an Array of Arrays')
    kept = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, kept)) > 100:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any) -> Json:
    place = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(f"{place}InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request(f'{place}Can\'t find field "text"')
    if not text.strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    kinds = [name for name in _BUTTON_KINDS if button.get(name) is not None]
    if not kinds:
        raise bad_request(f"{place}Text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        raise bad_request("BUTTON_TYPE_INVALID")
    data = str(button.get("callback_data", "-")).encode()
    if not 1 <= len(data) <= limits.CALLBACK_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in kinds and not _is_link(str(button["url"])):
        url = button["url"]
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return {"text": text, kinds[0]: button[kinds[0]]}


def _is_link(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "tg"} and bool(parts.netloc)


async def media_of(call: Call, kind: str, given: str, upload: Upload | None) -> Media:
    """Make a message's attachment of an upload, of ``attach://name`` or of a known file id."""
    if given.startswith("attach://"):
        upload = call.params.files.get(given.removeprefix("attach://"))
    if upload is None:
        return _known_media(call, kind, given)
    if kind == "document":
        return await call.world.files.document(upload.data, upload.name, upload.mime_type)
    size = len(upload.data)
    if size > limits.PHOTO:
        most = f"the maximum size is {limits.PHOTO} bytes"
        raise bad_request(f"file of size {size} bytes is too big for a photo; {most}")
    if not upload.data:
        raise bad_request("file must be non-empty")
    photo = await call.world.files.photo(upload.data)
    if photo is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = photo.file.width, photo.file.height
    if max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return photo


def _known_media(call: Call, kind: str, given: str) -> Media:
    if not given:
        raise bad_request(f"there is no {kind} in the request")
    media = call.world.files.media(given)
    if media is None:
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    if media.kind != kind:
        names = f"{media.kind.capitalize()} as {kind.capitalize()}"
        raise bad_request(f"can't use file of type {names}")
    return media


def deliver(
    call: Call, target: Target, contents: Sequence[Content], origin: Origin | None = None
) -> list[Message]:
    """Count messages against the limits and put them into the chat; several are an album."""
    call.limiter.spend(target.chat, len(contents))
    world, chat, place = call.world, target.chat, target.placement
    album = world.number() if len(contents) > 1 else None
    in_channel = chat.type == "channel"
    author = Author(
        user_id=None if in_channel else call.bot_id,
        sender_chat_id=chat.id if in_channel else None,
        real_id=call.bot_id,
    )
    return [
        world.add(
            Message(
                id=world.next_id(chat),
                chat_id=chat.id,
                date=world.clock.now(),
                author=author,
                content=content,
                placement=Placement(
                    thread_id=place.thread_id,
                    album_id=album,
                    reply_to=place.reply_to,
                    quote=place.quote,
                ),
                origin=origin,
                markup=target.markup,
            )
        )
        for content in contents
    ]


def answer(call: Call, message: Message) -> Json:
    """Shape a message as a method's answer."""
    return api_json.message_json(call.world, message)
