"""Mask a picture, and read the masked copy again to prove that nothing is found in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from bot.errors import NotReadable
from bot.fragments import ReadAttachments
from bot.model import Fragment, Subject
from bot.outgoing import MaskedCopy
from bot.ports import MediaReader

StillFound = Callable[[tuple[Fragment, ...], Subject], bool]
"""Returns True if the group's policy still finds something in a masked picture's fragments."""


class PictureMasker:
    """Masks the findings in pictures."""

    def __init__(self, media: MediaReader, still_found: StillFound) -> None:
        self._media = media
        self._still_found = still_found

    async def mask(
        self, subject: Subject, copy: MaskedCopy, attached: ReadAttachments
    ) -> tuple[MaskedCopy, bytes | None]:
        """Return the copy and its masked picture; withhold one that cannot be masked safely."""
        if copy.picture is None:
            return copy, None
        boxes = copy.picture.boxes
        try:
            content = attached.content[copy.picture.attachment]
            masked = await self._media.mask_picture(content, boxes)
            if await self._still_shows(subject, masked):
                raise NotReadable("mask-not-tight")
        except NotReadable:
            withheld = (*copy.withheld, "picture-not-masked")
            return dataclasses.replace(copy, picture=None, withheld=withheld), None
        return copy, masked

    async def _still_shows(self, subject: Subject, masked: bytes) -> bool:
        reading = await self._media.read(masked, name=None, mime_type="image/jpeg")
        if reading.not_inspected is not None:
            return True
        return self._still_found(reading.fragments, subject)
