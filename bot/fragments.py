"""Turn a message into fragments: its typed text, and the texts read from its files."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

from bot.errors import NotReadable, Refused
from bot.model import Attachment, AttachmentKind, Fragment, Message, NotInspected, Source
from bot.ports import MediaReader, MediaReading

MAX_DOWNLOAD = 20 * 1024 * 1024
"""Bytes: the largest file that Telegram's getFile serves."""

_STILLS = {AttachmentKind.VIDEO, AttachmentKind.ANIMATION, AttachmentKind.VIDEO_NOTE}
_FILES = {AttachmentKind.PHOTO, AttachmentKind.DOCUMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAttachments:
    """The fragments of a message's files; ``content`` has the pictures' bytes by index."""

    fragments: tuple[Fragment, ...] = ()
    not_inspected: tuple[NotInspected, ...] = ()
    content: dict[int, bytes] = field(default_factory=dict, repr=False)


def typed_fragments(message: Message) -> tuple[Fragment, ...]:
    """Return the fragments that need no file to be opened, each origin apart.

    Link targets are given as a browser shows them, without percent-encoding.
    """
    own = Source.CAPTION if message.is_caption else Source.TEXT
    found = [
        (own, message.text),
        (Source.QUOTE, message.quote),
        (Source.POLL, message.poll),
        (Source.CONTACT, message.contact),
        (Source.VIA_BOT, message.via_bot),
        *((Source.LINK, unquote(link)) for link in message.links),
    ]
    fragments = [Fragment(source=source, text=text) for source, text in found if text]
    fragments += [
        Fragment(source=Source.FILENAME, text=a.name, attachment=i)
        for i, a in enumerate(message.attachments)
        if a.name
    ]
    return tuple(fragments)


class ChatTurns(Protocol):
    """Grants chats turns, a few at once; see `bot.workers.fair_gate`."""

    def turn(self, chat_id: int) -> AbstractAsyncContextManager[None]:
        """Wait for a turn, and hold it."""


class AttachmentReader:
    """Fetches a message's files and has them read, ``files`` and ``readings`` a few at a time."""

    def __init__(
        self,
        media: MediaReader,
        download: Callable[[str, int], Awaitable[bytes]],
        *,
        files: ChatTurns,
        readings: ChatTurns,
    ) -> None:
        self._media = media
        self._download = download
        self._files = files
        self._readings = readings

    async def read(self, message: Message) -> ReadAttachments:
        """Read every attachment; those that cannot be read are named in ``not_inspected``.

        Raises the platform's transient errors, so that the message is handled again later.
        """
        fragments: list[Fragment] = []
        missed: list[NotInspected] = []
        content: dict[int, bytes] = {}
        for index, attachment in enumerate(message.attachments):
            try:
                data, reading = await self._read_one(attachment, message.chat_id)
            except NotReadable as error:
                missed.append(_missed(attachment, index, error.reason))
                continue
            fragments += [dataclasses.replace(f, attachment=index) for f in reading.fragments]
            reason = reading.not_inspected or _unread_kind(attachment)
            if reason is not None:
                missed.append(_missed(attachment, index, reason))
            elif reading.width:
                content[index] = data
        return ReadAttachments(
            fragments=tuple(fragments), not_inspected=tuple(missed), content=content
        )

    async def _read_one(self, attachment: Attachment, chat_id: int) -> tuple[bytes, MediaReading]:
        readable = attachment.kind in _FILES or _is_still_sticker(attachment)
        file_id = attachment.file_id if readable else attachment.thumbnail_id
        if not readable and attachment.kind not in _STILLS:
            file_id = None
        if file_id is None:
            return b"", MediaReading()
        if readable and not attachment.file_id:
            raise NotReadable("unknown-content")
        if readable and attachment.size is not None and attachment.size > MAX_DOWNLOAD:
            raise NotReadable("too-big")
        mime_type = attachment.mime_type if readable else None
        # Bytes are held from here until the file is read, so the turn lasts as long.
        async with self._files.turn(chat_id):
            try:
                data = await self._download(file_id, MAX_DOWNLOAD)
            except Refused as error:
                raise NotReadable("download-refused") from error
            async with self._readings.turn(chat_id):
                reading = await self._media.read(data, name=attachment.name, mime_type=mime_type)
        return data, reading


def _is_still_sticker(attachment: Attachment) -> bool:
    return attachment.kind is AttachmentKind.STICKER and attachment.mime_type == "image/webp"


def _unread_kind(attachment: Attachment) -> str | None:
    """Name why a kind of file is never read whole, or None where it is."""
    if attachment.kind in _FILES or _is_still_sticker(attachment):
        return None
    return f"unsupported-{attachment.kind.value.replace('_', '-')}"


def _missed(attachment: Attachment, index: int, reason: str) -> NotInspected:
    source = Source.DOCUMENT if attachment.kind is AttachmentKind.DOCUMENT else Source.IMAGE
    return NotInspected(reason=reason, source=source, attachment=index)
