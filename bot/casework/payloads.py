"""What an effect's sealed payload holds: the post to send, or how to render a card."""

from __future__ import annotations

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from bot.model import Post


@dataclass(frozen=True, kw_only=True)
class Payload:
    """``post`` is sent as it stands; without one, the card of the case is rendered when sent.

    ``with_picture`` adds the masked picture kept for the case. ``buttons`` maps a card's actions
    to the ids of its buttons; ``answers`` says that the post is an edit of the effect's message.
    """

    post: Post | None = None
    with_picture: bool = False
    details: bool = False
    buttons: dict[str, str] | None = None


_ADAPTER = TypeAdapter(Payload)


def dump(payload: Payload) -> bytes:
    """Return a payload as JSON."""
    return _ADAPTER.dump_json(payload, exclude_defaults=True)


def load(data: bytes) -> Payload:
    """Read a payload from JSON."""
    return _ADAPTER.validate_json(data)
