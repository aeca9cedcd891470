"""The things that the rehearsal's world consists of; text offsets are UTF-16 units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
ChatType = Literal["private", "group", "supergroup", "channel"]
Role = Literal["member", "administrator", "supervisor"]

PRESENT = frozenset({"creator", "administrator", "member", "restricted"})
RIGHTS = ("can_delete_messages", "can_restrict_members")


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody who uses chats. ``started`` says that their private chat with the bot is open."""

    id: int
    name: str = field(repr=False)
    username: str
    role: Role = "member"
    started: bool = False
    blocked: bool = False
    language: str = "zh-hans"


@dataclass(slots=True, kw_only=True)
class Member:
    """A user's standing in a chat; ``permissions`` is set for restricted ones."""

    user_id: int
    status: str = "member"
    rights: dict[str, bool] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)
    until: int = 0

    @property
    def present(self) -> bool:
        """Return True if the user is in the chat."""
        return self.status in PRESENT

    @property
    def is_admin(self) -> bool:
        """Return True if the user administers the chat."""
        return self.status in {"creator", "administrator"}

    def may(self, right: str) -> bool:
        """Return True if an administrator has a right."""
        return self.status == "creator" or (self.is_admin and self.rights.get(right, False))


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """A file's bytes with the names under which the bot and the people find it."""

    file_id: str
    unique_id: str
    path: str
    data: bytes = field(repr=False)
    mime_type: str
    width: int = 0
    height: int = 0


@dataclass(slots=True, kw_only=True)
class Media:
    """A message's attachment. ``sizes`` ascend; for all kinds but photos there is one."""

    kind: Literal["photo", "document", "video", "voice", "sticker"]
    sizes: list[StoredFile]
    thumbnail: StoredFile | None = None
    name: str | None = field(default=None, repr=False)

    @property
    def file(self) -> StoredFile:
        """The file itself, or a photo's largest size."""
        return self.sizes[-1]


@dataclass(slots=True, kw_only=True)
class Content:
    """The content of a message. ``text`` is the caption where there is media."""

    text: str = field(default="", repr=False)
    entities: list[Json] = field(default_factory=list, repr=False)
    media: Media | None = None
    poll: Json | None = field(default=None, repr=False)
    contact: Json | None = field(default=None, repr=False)


@dataclass(slots=True, kw_only=True)
class Origin:
    """Where a forwarded message came from: the wire's ``forward_origin`` and a name to show."""

    wire: Json = field(repr=False)
    name: str = field(repr=False)
    automatic: bool = False


@dataclass(slots=True, kw_only=True)
class Author:
    """Who a message is from on the wire, and who really wrote it (None: the platform)."""

    user_id: int | None
    sender_chat_id: int | None = None
    real_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Placement:
    """Where a message stands: its topic, album, the message it answers and the quoted part."""

    thread_id: int | None = None
    album_id: str | None = None
    reply_to: int | None = None
    quote: Json | None = field(default=None, repr=False)


@dataclass(slots=True, kw_only=True)
class Message:
    """A message in a chat. ``service`` holds a service message's own wire fields."""

    id: int
    chat_id: int
    date: int
    author: Author
    content: Content
    placement: Placement = field(default_factory=Placement)
    edit_date: int | None = None
    origin: Origin | None = None
    markup: Json | None = field(default=None, repr=False)
    via_bot: Json | None = None
    service: Json | None = field(default=None, repr=False)
    notice: str | None = field(default=None, repr=False)
    reactions: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Chat:
    """A chat with its members, topics and messages in the order of their ids."""

    id: int
    type: ChatType
    title: str = field(repr=False)
    is_forum: bool = False
    topics: dict[int, str] = field(default_factory=dict, repr=False)
    linked_chat_id: int | None = None
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    last_id: int = 0
    upgraded_to: int | None = None

    def member(self, user_id: int) -> Member:
        """Return a user's standing; one who never was there has left."""
        return self.members.get(user_id) or Member(user_id=user_id, status="left")
