"""Rich messages (Bot API 10.1) and content of kinds that the library does not know.

A rich message is a tree: blocks hold blocks, cells, items or texts, and a text is a string, a list
of texts, or an object with a text inside. It is read in order; each block is a line, and so is each
row of a table:

    {"blocks": [{"type": "heading", "text": "名单"},
                {"type": "table", "cells": [[{"text": "姓名"}, {"text": "张三"}]]}]}
    →  名单
       姓名  张三
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import telegram

MAX_DEPTH: Final = 64
"""Nesting that is followed; Telegram's own limit is far below."""

_MEDIA: Final = ("animation", "audio", "document", "photo", "video", "voice_note")
_TARGETS: Final = frozenset(("url", "email_address", "phone_number", "bank_card_number"))
_WITHOUT_CONTENT: Final = frozenset(
    (
        *("ephemeral_message_id", "receiver_user", "guest_bot_caller_user", "guest_query_id"),
        *("community_chat_added", "community_chat_joined", "community_chat_removed"),
        *("forward_date", "forward_from", "forward_from_chat", "forward_from_message_id"),
        *("forward_sender_name", "forward_signature", "user_shared"),
        *("left_chat_participant", "new_chat_participant", "new_chat_member"),
    )
)
"""Fields newer or older than the library that hold nothing which a group could read."""


def rich_text(message: telegram.Message) -> str:
    """Return the visible text of a rich message, a line for each block; empty without one."""
    rich = message.api_kwargs.get("rich_message")
    return "\n".join(line for line in _blocks(rich, 0) if line.strip())


def rich_links(message: telegram.Message) -> tuple[str, ...]:
    """Return the addresses behind a rich message's texts and buttons, in order."""
    return tuple(_links(message.api_kwargs.get("rich_message"), 0))


def rich_media(message: telegram.Message) -> Iterator[telegram.Message]:
    """Yield each file of a rich message as if it had been posted by itself."""
    for block in _media(message.api_kwargs.get("rich_message"), 0):
        fields = {name: block[name] for name in _MEDIA if name in block}
        if "voice_note" in fields:
            fields["voice"] = fields.pop("voice_note")
        shell = {"message_id": message.message_id, "date": 0, "chat": message.chat.to_dict()}
        yield telegram.Message.de_json(shell | fields, None)


def unknown_fields(message: telegram.Message) -> tuple[str, ...]:
    """Return the names of fields that may hold content and that this module does not read."""
    known = _WITHOUT_CONTENT | {"rich_message"}
    return tuple(sorted(name for name in message.api_kwargs if name not in known))


def _blocks(value: Any, depth: int) -> Iterator[str]:
    """Yield the lines of blocks, items and tables."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _blocks(item, depth + 1)
    elif isinstance(value, Mapping):
        label = value.get("label")
        for name in ("summary", "text", "expression", "credit"):
            if name in value:
                yield _text(value[name], depth + 1)
        for row in value.get("cells") or ():
            yield "\t".join(_text(cell, depth + 1) for cell in row)
        for name in ("buttons", "blocks", "items", "caption"):
            lines = list(_blocks(value.get(name), depth + 1))
            if label and lines:
                lines[0] = f"{label} {lines[0]}"
                label = None
            yield from lines
    elif isinstance(value, str):
        yield value


def _text(value: Any, depth: int) -> str:
    """Return the plain text of a rich text or of a table's cell."""
    if depth > MAX_DEPTH:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_text(part, depth + 1) for part in value)
    if isinstance(value, Mapping):
        names = ("text", "expression", "alternative_text", "button")
        return "".join(_text(value[name], depth + 1) for name in names if name in value)
    return ""


def _links(value: Any, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _links(item, depth + 1)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name in _TARGETS and isinstance(item, str):
                yield item
            elif name not in _MEDIA:
                yield from _links(item, depth + 1)


def _media(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _media(item, depth + 1)
    elif isinstance(value, Mapping):
        if any(name in value for name in _MEDIA):
            yield value
        for name in ("blocks", "items"):
            yield from _media(value.get(name), depth + 1)
