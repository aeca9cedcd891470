"""Words in bytes of a form that is not understood: runs of UTF-16, UTF-8, GB 18030, ASCII."""

from __future__ import annotations

import re

from bot.detect.media.files.walk import Walk

_BYTES = 16 << 20
_PRINTABLE = (
    rb"(?:[\x09\x20-\x7e]\x00|[\x00-\xff][\x4e-\x9f]|[\x00-\x5f\xe0-\xef]\xff|[\x00-\x3f]\x30"
    # Stars, as in marks of secrecy, and the signs of typography.
    rb"|[\x05\x06]\x26|[\x10-\x3f]\x20)"
)
_WIDE = re.compile(_PRINTABLE + rb"{3,}")
_NARROW = re.compile(
    rb"(?:[\x20-\x7e\t]|[\xe3-\xe9][\x80-\xbf]{2}|\xef[\xbc-\xbd][\x80-\xbf]"
    rb"|[\xa1-\xf7][\xa1-\xfe]){5,}"
)
_LEAST_WIDE = 2


def read_strings(walk: Walk, data: bytes) -> None:
    """Add what looks like words; more than the first 16 MiB is reported as not read."""
    if len(data) > _BYTES:
        walk.gap("too-large")
        data = data[:_BYTES]
    walk.add("\n".join(wide_strings(data)))
    walk.check_time()
    walk.add("\n".join(narrow_strings(data)))


def wide_strings(data: bytes) -> list[str]:
    """Return runs of UTF-16 (little endian), at even and odd places."""
    found = []
    for match in _WIDE.finditer(data):
        text = match[0].decode("utf-16-le", "ignore").strip()
        if len(text) >= _LEAST_WIDE:
            found.append(text)
    return found


def narrow_strings(data: bytes) -> list[str]:
    """Return runs of ASCII with UTF-8 or GB 18030 between."""
    found = []
    for match in _NARROW.finditer(data):
        raw = match[0]
        for encoding in ("utf-8", "gb18030"):
            try:
                found.append(raw.decode(encoding))
                break
            except UnicodeError:
                continue
    return found
