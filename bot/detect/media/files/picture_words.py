"""The words in a picture's metadata: EXIF, XMP, IPTC, comments; and what hangs behind its end."""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image, ImageFile, IptcImagePlugin

from bot.detect.media.files import text_decoding
from bot.detect.media.files.binary_strings import narrow_strings, wide_strings

_MOST = 200_000
_NO_WORDS = ("exif", "icc_profile", "version", "transparency", "extension", "jfif", "mp")
_XML_WORDS = re.compile(r">([^<>]+)<|=\"([^\"]{6,})\"")
_DULL = re.compile(r"[\s0-9.,:;/+-]*\Z|https?://(?:ns\.adobe|www\.w3|purl|iptc)\.|uuid:|xmp\.")
_GPS, _EXIF, _INTEROP = 0x8825, 0x8769, 0xA005
_WINDOWS = range(0x9C9B, 0x9CA0)
_COMMENT_HEADS = (b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", b"\0" * 8)


def picture_words(data: bytes, kind: str) -> str:
    """Return the words that a picture carries beside what it shows, a line for each.

    ``kind`` is Pillow's name of the format. What is broken gives nothing: the picture's own decoder
    says so.
    """
    words: dict[str, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=[kind]) as image:
                words.update(dict.fromkeys(_of_image(image)))
        except MemoryError:
            raise
        except Exception:
            # Pillow raises whatever a broken file provokes.
            words.update(dict.fromkeys(narrow_strings(data[:4096])))
    return "\n".join(word for word in words if not _DULL.match(word))[:_MOST]


def _of_image(image: ImageFile.ImageFile) -> Iterator[str]:
    for name, value in image.info.items():
        if name in _NO_WORDS:
            continue
        if name in ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp"):
            yield from _xml_words(value)
        else:
            yield from _texts(value)
    for directory in _directories(image):
        for tag, value in directory.items():
            if tag in _WINDOWS:
                yield from _wide(value)
            else:
                yield from _texts(value)
    iptc = IptcImagePlugin.getiptcinfo(image) if image.format == "JPEG" else None
    for value in (iptc or {}).values():
        yield from _texts(value)


def _directories(image: ImageFile.ImageFile) -> Iterator[Any]:
    exif = image.getexif()
    yield exif
    for number in (_EXIF, _GPS, _INTEROP):
        yield exif.get_ifd(number)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in a value of any shape that Pillow gives."""
    if isinstance(value, str):
        # What a standard calls Latin-1, programs here write in their own encoding.
        try:
            raw = value.encode("latin-1")
        except UnicodeError:
            yield value.strip("\0 ")
        else:
            yield from _texts(raw) if not raw.isascii() else (value.strip("\0 "),)
    elif isinstance(value, (bytes, bytearray)):
        raw = bytes(value[:_MOST])
        head = next((h for h in _COMMENT_HEADS if raw.startswith(h)), b"")
        yield from _decoded(raw[len(head) :])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _decoded(raw: bytes) -> Sequence[str]:
    texts = text_decoding.decode_all(raw.strip(b"\0"))
    if b"\0" in raw.strip(b"\0"):
        texts += wide_strings(raw) + wide_strings(_swapped(raw)) + narrow_strings(raw)
    return [text.strip("\0 ") for text in texts]


def _swapped(raw: bytes) -> bytes:
    """Return UTF-16 with its bytes in the other order."""
    count = len(raw) // 2
    return struct.pack(f"<{count}H", *struct.unpack_from(f">{count}H", raw))


def _wide(value: object) -> Iterator[str]:
    raw = bytes(value) if isinstance(value, (bytes, tuple)) else b""
    yield raw.decode("utf-16-le", "ignore").strip("\0 ")


def _xml_words(value: object) -> Iterator[str]:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    for match in _XML_WORDS.finditer(text[:_MOST]):
        yield (match[1] or match[2]).strip()


def behind_the_end(data: bytes, kind: str) -> bytes:
    """Return what follows a picture's own end; nothing where that is not told by its form."""
    if kind == "PNG":
        at = data.rfind(b"IEND\xaeB`\x82")
        return data[at + 8 :] if at >= 0 else b""
    if kind == "WEBP":
        size = int.from_bytes(data[4:8], "little") + 8
        return data[size + size % 2 :]
    if kind == "BMP":
        size = int.from_bytes(data[2:6], "little")
        return data[size:] if size > 54 else b""
    if kind == "TIFF":
        # Its parts may stand anywhere in the file.
        return b""
    if kind == "GIF":
        at = _end_of_gif(data)
        return data[at:]
    return data[_end_of_jpeg(data) :]


def _end_of_jpeg(data: bytes) -> int:
    """Return where the first picture of a JPEG file ends: ITU T.81, B.1.1."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            at = _end_of_scan(data, at)
    return len(data)


def _end_of_scan(data: bytes, at: int) -> int:
    while (at := data.find(b"\xff", at)) >= 0:
        if at + 1 < len(data) and data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
    return len(data)


def _end_of_gif(data: bytes) -> int:
    """Return where a GIF ends: its blocks are gone through (GIF89a, 12 to 27)."""
    at = 13 + (3 << (data[10] & 7) + 1 if len(data) > 10 and data[10] & 0x80 else 0)
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return at + 1
        if kind == 0x21:
            at += 2
        elif kind == 0x2C and at + 10 < len(data):
            flags = data[at + 9]
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            return len(data)
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return len(data)
