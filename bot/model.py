"""The domain's types: frozen values that the stages hand to each other.

Fields that may hold content or a person's name have ``repr=False``, so that printing or logging a
value never shows them. Offsets count code points; boxes are pixels of the displayed picture.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Box = tuple[int, int, int, int]


class Severity(enum.IntEnum):
    """How grave a finding is; ordered."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The name used in configuration files and JSON."""
        return self.name.lower()


class Category(enum.StrEnum):
    """The kind of material that a rule protects."""

    MARKING = "marking"
    DOCUMENT = "document"
    IDENTITY = "identity"
    CREDENTIAL = "credential"
    KEYWORD = "keyword"
    FINGERPRINT = "fingerprint"


class Certainty(enum.StrEnum):
    """How sure a finding is: certain ones are acted on, likely ones go to a person."""

    CERTAIN = "certain"
    LIKELY = "likely"


class Extent(enum.StrEnum):
    """How much a mask covers: the hit, its line, or all of the fragment."""

    SPAN = "span"
    LINE = "line"
    WHOLE = "whole"


class Action(enum.StrEnum):
    """An action that a policy can ask for."""

    LOG = "log"
    WARN = "warn"
    MASK = "mask"
    DELETE = "delete"
    ESCALATE = "escalate"
    MUTE = "mute"


class SenderKind(enum.StrEnum):
    MEMBER = "member"
    ADMIN = "admin"
    ANONYMOUS_ADMIN = "anonymous_admin"
    CHANNEL = "channel"
    BOT = "bot"


class Source(enum.StrEnum):
    """Where a fragment's text stood."""

    TEXT = "text"
    CAPTION = "caption"
    QUOTE = "quote"
    LINK = "link"
    FILENAME = "filename"
    POLL = "poll"
    CONTACT = "contact"
    IMAGE = "image"
    QR = "qr"
    DOCUMENT = "document"
    VIA_BOT = "via_bot"


class AttachmentKind(enum.StrEnum):
    PHOTO = "photo"
    DOCUMENT = "document"
    VIDEO = "video"
    ANIMATION = "animation"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO_NOTE = "video_note"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who posted. ``id`` is the platform's id of a user, or of the chat that posted as itself."""

    id: int
    kind: SenderKind
    name: str = field(default="", repr=False)
    username: str | None = field(default=None, repr=False)
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file not yet read. ``size`` is in bytes; ``thumbnail_id`` is a still of a video."""

    kind: AttachmentKind
    file_id: str = field(repr=False)
    unique_id: str
    name: str | None = field(default=None, repr=False)
    mime_type: str | None = None
    size: int | None = None
    thumbnail_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A posted message, independent of the platform.

    ``links`` are targets that differ from the visible text; ``poll`` and ``contact`` are their
    texts joined by line feeds. ``is_caption`` says that ``text`` stood under an attachment.
    """

    platform: str
    chat_id: int
    message_id: int
    sender: Sender
    sent_at: datetime
    edited_at: datetime | None = None
    thread_id: int | None = None
    album_id: str | None = None
    text: str = field(default="", repr=False)
    is_caption: bool = False
    links: tuple[str, ...] = field(default=(), repr=False)
    quote: str | None = field(default=None, repr=False)
    poll: str | None = field(default=None, repr=False)
    contact: str | None = field(default=None, repr=False)
    forwarded_from: str | None = field(default=None, repr=False)
    via_bot: str | None = field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Text with its origin.

    ``boxes`` is empty for text that was typed; for text that was read from a picture it holds one
    box for each character of ``text`` (a line feed's is an empty box ``(0, 0, 0, 0)``).
    ``attachment`` is the index in ``Message.attachments``.
    """

    source: Source
    text: str = field(repr=False)
    attachment: int | None = None
    page: int | None = None
    boxes: tuple[Box, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One hit of one rule. ``fragment`` is the index in the list that was inspected.

    ``reasons`` are codes (``near:WORD``): each reader gets them as a sentence in their language.
    """

    rule_id: str
    category: Category
    severity: Severity
    confidence: float
    extent: Extent
    source: Source
    start: int
    end: int
    match: str = field(repr=False)
    reasons: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    fragment: int = 0
    page: int | None = None
    box: Box | None = None
    suppressed_by: str | None = None

    @property
    def is_certain(self) -> bool:
        """Return True if a policy's actions follow; otherwise only a person looks at it."""
        return self.certainty is Certainty.CERTAIN

    def evolve(self, **changes: object) -> Finding:
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInspected:
    """Something that could not be read. ``reason`` is a short code such as ``ocr-failed``."""

    reason: str
    source: Source
    attachment: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on a message. An empty ``actions`` means that the message stays."""

    severity: Severity
    actions: frozenset[Action]
    findings: tuple[Finding, ...] = ()
    not_inspected: tuple[NotInspected, ...] = ()
    policy: str = "standard"
    policy_version: str = ""

    @property
    def effective(self) -> tuple[Finding, ...]:
        """The findings that nothing suppressed."""
        return tuple(f for f in self.findings if f.suppressed_by is None)

    @property
    def removes(self) -> bool:
        """Return True if the message is to be taken down."""
        return bool(self.actions & {Action.MASK, Action.DELETE})

    @property
    def is_clean(self) -> bool:
        """Return True if there is nothing to do or record."""
        return not self.effective and not self.not_inspected


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A message under work: its row in the inbox, and the group's rules.

    ``received_at`` is when its update was committed; None where it came another way.
    ``others`` are posts of the same sender that together with it make up what is judged.
    ``may_be_begun``: an earlier try may have opened a case. ``may_be_removed``: an earlier run may
    have requested its removal, so that a message that is gone was removed by us.
    """

    inbox_id: int
    message: Message
    policy: str
    language: str
    group_title: str
    received_at: datetime | None = None
    others: tuple[int, ...] = ()
    may_be_begun: bool = True
    may_be_removed: bool = True

    @property
    def posted_at(self) -> datetime:
        """When people could first read it, as near as is known.

        Platforms tell the second in which it was posted or edited. What was received within that
        second was posted at most a moment before.
        """
        told = self.message.edited_at or self.message.sent_at
        if self.received_at is None:
            return told
        return max(told, min(self.received_at, told + timedelta(seconds=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The text of a post together with that of ``others``, by the ids of their messages.

    The first post ends at ``first`` of the text and the last begins at ``last``; ``edges`` is the
    text around them, from ``offset`` on.
    """

    text: str = field(repr=False)
    others: tuple[int, ...]
    edges: str = field(repr=False)
    first: int
    last: int
    offset: int
