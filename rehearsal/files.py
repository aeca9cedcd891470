"""The server's files: documents as they came, photos in several sizes as Telegram makes them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import mimetypes

from PIL import Image, ImageOps, UnidentifiedImageError

from rehearsal.objects import Media, StoredFile

PHOTO_SIDES = (90, 320, 800, 1280)
THUMBNAIL_SIDE = 320
PICTURES = frozenset({"JPEG", "PNG", "WEBP", "BMP"})
_Encoded = tuple[bytes, int, int]


class FileStore:
    """Keeps files in memory under the ids that the Bot API gives out."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._paths: dict[str, StoredFile] = {}
        self._media: dict[str, Media] = {}
        self._numbers = itertools.count(1)

    def get(self, file_id: str) -> StoredFile | None:
        """Return the file with an id, or None."""
        return self._files.get(file_id)

    def media(self, file_id: str) -> Media | None:
        """Return the attachment that a file belongs to, or None."""
        return self._media.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        """Return the file at a path below ``/file/bot<token>/``, or None."""
        return self._paths.get(path)

    def add(
        self, data: bytes, folder: str, suffix: str, mime_type: str, size: tuple[int, int] = (0, 0)
    ) -> StoredFile:
        """Keep bytes as a file in a folder such as ``photos``."""
        number = next(self._numbers)
        digest = hashlib.sha256(data).hexdigest()
        file = StoredFile(
            file_id=f"RF{number:06d}-{digest[:40]}",
            unique_id=f"RU{number:06d}{digest[:8]}",
            path=f"{folder}/file_{number}{suffix}",
            data=data,
            mime_type=mime_type,
            width=size[0],
            height=size[1],
        )
        self._files[file.file_id] = self._paths[file.path] = file
        return file

    async def photo(self, data: bytes) -> Media | None:
        """Make a photo in ascending sizes, upright and without metadata; None for no picture."""
        encoded = await asyncio.to_thread(encode_photo, data)
        if not encoded:
            return None
        sizes = [self.add(d, "photos", ".jpg", "image/jpeg", (w, h)) for d, w, h in encoded]
        return self.keep(Media(kind="photo", sizes=sizes))

    def keep(self, media: Media) -> Media:
        """Remember an attachment, so that its file ids can be sent again."""
        self._media |= {size.file_id: media for size in media.sizes}
        return media

    async def document(self, data: bytes, name: str, mime_type: str) -> Media:
        """Keep a document byte for byte, with a thumbnail where it is a picture."""
        mime_type = mime_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        suffix = f".{name.rsplit('.', 1)[1]}" if "." in name else ""
        file = self.add(data, "documents", suffix, mime_type)
        media = Media(kind="document", sizes=[file], name=name or None)
        if mime_type.startswith("image/"):
            small = await asyncio.to_thread(encode_thumbnail, data)
            if small:
                media.thumbnail = self.add(
                    small[0], "thumbnails", ".jpg", "image/jpeg", (small[1], small[2])
                )
        return self.keep(media)


def is_picture(data: bytes) -> bool:
    """Return True if bytes begin a picture that a chat program would send as a photo."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.format in PICTURES
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False


def _upright(data: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format not in PICTURES | {"GIF", "TIFF"}:
                return None
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _encode(image: Image.Image, side: int) -> _Encoded:
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    copy.save(target, "JPEG", quality=87)
    return target.getvalue(), copy.width, copy.height


def encode_photo(data: bytes) -> list[_Encoded]:
    """Return (JPEG, width, height) in ascending sizes; empty when the bytes are no picture."""
    image = _upright(data)
    if image is None:
        return []
    longest = max(image.size)
    sides = [side for side in PHOTO_SIDES if side < longest] + [min(longest, PHOTO_SIDES[-1])]
    return [_encode(image, side) for side in sorted(set(sides))]


def encode_thumbnail(data: bytes) -> _Encoded | None:
    """Return a thumbnail as (JPEG, width, height), or None."""
    image = _upright(data)
    return None if image is None else _encode(image, THUMBNAIL_SIDE)
