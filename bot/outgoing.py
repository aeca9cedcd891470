"""The bot's output: masked copies, effects, texts with buttons, and its rights.

Fields that may hold content have ``repr=False``, so that printing or logging a value never shows
them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from bot.model import Box, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedPart:
    """One fragment of the copy; ``text`` is None where all of it is withheld."""

    source: Source
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedPicture:
    """A picture that may be shown once ``boxes`` are masked."""

    attachment: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedCopy:
    """The copy: text parts, pictures, and short codes for what is withheld.

    Codes: ``text``, ``picture-marked``, ``picture-not-inspected``, ``picture-not-masked``,
    ``file-marked``, ``file``.
    """

    parts: tuple[MaskedPart, ...] = ()
    picture: MaskedPicture | None = None
    withheld: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The shown text parts, a line each."""
        return "\n".join(p.text for p in self.parts if p.text)


class EffectKind(enum.StrEnum):
    """One kind of act on the platform."""

    DELETE = "delete"
    REPOST = "repost"
    WARN = "warn"
    ESCALATE = "escalate"
    MUTE = "mute"
    SAY = "say"
    EDIT = "edit"
    LEAVE = "leave"


class EffectStatus(enum.StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of an effect; ``message_id`` is that of a sent message."""

    status: EffectStatus
    detail: str | None = None
    message_id: int | None = None


class CaseStatus(enum.StrEnum):
    """``recorded`` cases need nobody; the others wait for a supervisor or were decided."""

    RECORDED = "recorded"
    OPEN = "open"
    TAKEN = "taken"
    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"


class SpanKind(enum.StrEnum):
    BOLD = "bold"
    ITALIC = "italic"
    CODE = "code"
    QUOTE = "quote"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A formatted part of a text; ``url`` only for links."""

    kind: SpanKind
    start: int
    end: int
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText:
    """A text to be sent, with its formatting as spans of code points."""

    text: str = field(repr=False)
    spans: tuple[Span, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button under a message: ``data`` is an opaque id, ``url`` opens a page."""

    label: str
    data: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message that the bot wants to send or to put in place of one it sent."""

    chat_id: int
    text: RichText
    thread_id: int | None = None
    reply_to: int | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: bytes | None = field(default=None, repr=False)
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BotRights:
    """The bot's rights in a chat, as far as its work needs them."""

    present: bool
    is_admin: bool
    can_delete: bool
    can_restrict: bool
    sees_all_messages: bool
