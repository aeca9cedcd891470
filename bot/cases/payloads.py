"""The content of an effect's sealed payload: a post, or how to render a card."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from bot.outgoing import Post


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One notice's line in a merged message; ``mistake`` is the id of its appeal button."""

    name: str = field(repr=False)
    group: str = field(repr=False)
    posted_at: datetime
    reasons: str = field(repr=False)
    excerpt: str = field(default="", repr=False)
    removed: bool
    mistake: str | None = None
    language: str


@dataclass(frozen=True, kw_only=True)
class Payload:
    """``post`` is sent as it is; without it, the case's card is rendered at the moment of sending.

    ``with_picture`` adds the case's masked picture. ``buttons`` maps a card's actions to the ids
    of its buttons. ``entry`` is the notice's line if it is merged with others.
    """

    post: Post | None = None
    with_picture: bool = False
    details: bool = False
    buttons: dict[str, str] | None = None
    entry: Entry | None = None


_ADAPTER = TypeAdapter(Payload)


def dump(payload: Payload) -> bytes:
    """Return a payload as JSON."""
    return _ADAPTER.dump_json(payload, exclude_defaults=True)


def load(data: bytes) -> Payload:
    """Read a payload from JSON."""
    return _ADAPTER.validate_json(data)
