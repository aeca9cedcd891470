"""Formatting of texts: UTF-16 lengths, the entities that the server finds by itself, checks."""

from __future__ import annotations

import re
from typing import Any

from rehearsal.objects import Json
from rehearsal.refusals import bad_request

MAX_ENTITIES = 100

GIVEN = frozenset(
    [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
FOUND_BY_SERVER = frozenset(
    ["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"]
)
_NEEDED = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}
_FOUND = (
    ("url", re.compile(r"https?://[^\s<>\"'，。；、（）]+|\bwww\.[^\s<>\"'，。；、（）]+", re.I)),
    ("email", re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\b")),
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@./])@[A-Za-z][A-Za-z0-9_]{3,31}\b")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
)


def utf16_length(text: str) -> int:
    """Return a text's length in UTF-16 units."""
    return len(text) + sum(ord(c) > 0xFFFF for c in text)


def _boundaries(text: str) -> set[int]:
    offsets, position = {0}, 0
    for character in text:
        position += 2 if ord(character) > 0xFFFF else 1
        offsets.add(position)
    return offsets


def find_entities(text: str, taken: list[Json]) -> list[Json]:
    """Find links, addresses, commands, mentions and tags outside the spans that are ``taken``."""
    found = list(taken)
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text):
            offset = utf16_length(text[: match.start()])
            length = utf16_length(match.group())
            if not any(
                e["offset"] < offset + length and offset < e["offset"] + e["length"]
                for e in found
                if e["type"] in {"url", "email", "code", "pre", "text_link", "text_mention"}
            ):
                found.append({"offset": offset, "length": length, "type": kind})
    return sorted(found, key=lambda e: (e["offset"], -e["length"]))[:MAX_ENTITIES]


def check_entities(text: str, entities: list[Any]) -> list[Json]:
    """Check given entities as the real server does; drop what lies on nothing.

    Raises ApiError for entities that are no objects, of an unknown type, or that lie outside the
    text or inside a surrogate pair. At most 100 are kept.
    """
    boundaries = _boundaries(text)
    end = utf16_length(text)
    kept: list[Json] = []
    for entity in entities:
        checked = _check_entity(entity, boundaries, end)
        if checked is not None:
            kept.append(checked)
    return kept[:MAX_ENTITIES]


def _check_entity(entity: Any, boundaries: set[int], end: int) -> Json | None:
    offset, length, kind = _parse_entity(entity)
    if kind in FOUND_BY_SERVER or length <= 0 or offset < 0:
        return None
    last = offset + length
    if offset > end:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
    place = f"entity beginning at UTF-16 offset {offset}"
    if last > end:
        raise bad_request(f"{place} ends after the end of the text at UTF-16 offset {last}")
    if offset not in boundaries:
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at offset {offset}")
    if last not in boundaries:
        raise bad_request(f"{place} ends in a middle of a UTF-16 symbol at offset {last}")
    fields = ("offset", "length", "type", "url", "user", "language", "custom_emoji_id")
    return {name: entity[name] for name in fields if name in entity}


def _parse_entity(entity: Any) -> tuple[int, int, str]:
    where = "can't parse MessageEntity: "
    if not isinstance(entity, dict):
        raise bad_request(f"{where}expected an Object")
    kind = str(entity.get("type") or "")
    for name in ("offset", "length", "type", *([_NEEDED[kind]] if kind in _NEEDED else [])):
        if entity.get(name) in (None, ""):
            raise bad_request(f'{where}Can\'t find field "{name}"')
    if kind not in GIVEN | FOUND_BY_SERVER:
        raise bad_request(f"{where}Unsupported type specified")
    if not isinstance(entity["offset"], int) or not isinstance(entity["length"], int):
        raise bad_request(f'{where}Field "offset" must be of type Number')
    return entity["offset"], entity["length"], kind


def trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Strip white space around a text and move its entities along."""
    start = len(text) - len(text.lstrip())
    stripped = text.strip()
    end = utf16_length(stripped)
    shift = utf16_length(text[:start])
    moved = []
    for entity in entities:
        first = max(entity["offset"] - shift, 0)
        last = min(entity["offset"] - shift + entity["length"], end)
        if last > first:
            moved.append({**entity, "offset": first, "length": last - first})
    return stripped, moved
