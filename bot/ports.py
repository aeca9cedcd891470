"""Protocols that the stages use; app.py builds their implementations.

Every method of `Actor` raises the errors of `bot.errors.PlatformError` and no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.model import Box, Fragment, Sender
from bot.outgoing import BotRights, Post


class Actor(Protocol):
    """Acts on the platform. One call is one request; no method retries."""

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Delete one message; NotFound when it is gone, Forbidden without the right."""

    async def send(self, post: Post) -> int:
        """Send a post and return its message id."""

    async def edit(self, post: Post, message_id: int) -> None:
        """Replace the text and buttons of a sent message; an unchanged post is no error."""

    async def answer(self, press_id: str, text: str, *, alert: bool = False) -> None:
        """Answer a button press with a short text (at most 200 characters)."""

    async def mute(self, chat_id: int, user_id: int, until: datetime) -> None:
        """Forbid a member to write until a time."""

    async def leave(self, chat_id: int) -> None:
        """Leave a chat."""

    async def download(self, file_id: str, limit: int) -> bytes:
        """Return a file's bytes; NotReadable('too-big') beyond ``limit`` bytes."""

    async def rights(self, chat_id: int) -> BotRights:
        """Return the bot's rights in a chat."""

    async def title(self, chat_id: int) -> str:
        """Return a chat's title, empty where it has none."""

    async def administrators(self, chat_id: int) -> Sequence[Sender]:
        """List a chat's human administrators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReading:
    """The text read from a file; ``not_inspected`` is a reason code, or None.

    ``width`` and ``height`` are those of the displayed picture, after EXIF.
    """

    fragments: tuple[Fragment, ...] = ()
    not_inspected: str | None = None
    width: int = 0
    height: int = 0


class MediaReader(Protocol):
    """Reads pictures and files in a sandboxed child process; never raises for bad input."""

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        """Turn a file into fragments."""

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        """Return the picture as a JPEG without metadata, with the boxes masked; None: all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One raw update, committed to the inbox before it is confirmed to the platform.

    ``update`` is its parsed JSON, so that it is parsed once. ``may_be_removed``: an earlier run
    may have received it too, and requested its removal before the commit.
    """

    platform: str
    update_id: int
    payload: bytes = field(repr=False)
    chat_id: int | None = None
    message_id: int | None = None
    album_id: str | None = None
    posted_at: datetime | None = None
    update: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    may_be_removed: bool = False
