"""Read a file from the disk, and decode it if it is plain text."""

from __future__ import annotations

from pathlib import Path

from bot.detect.media.files import text_decoding
from bot.detect.media.files.file_kinds import is_plain
from bot.errors import NotReadable

TEXT_SUFFIXES = frozenset(
    (".txt", ".md", ".csv", ".tsv", ".log", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml")
).union((".ini", ".conf", ".env", ".py", ".sh", ".sql", ".properties", ".html", ".htm"))
# Larger texts go to the sandboxed reader, which has limits of memory and time.
MAX_TEXT_BYTES, MAX_BYTES = 32 << 20, 64 << 20


def content(path: Path) -> bytes:
    """Return a file's bytes; NotReadable with the reason."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NotReadable("too-large")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotReadable("no-such-file") from None
    except (OSError, ValueError):  # ValueError: a path with a null character
        raise NotReadable("cannot-open-file") from None


def as_text(path: Path, data: bytes) -> str | None:
    """Decode a text file; None for anything that the media reader has to read."""
    if len(data) > MAX_TEXT_BYTES or not is_plain(data) or _is_markup(data):
        return None
    is_marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    suffix = path.suffix.lower()
    if suffix not in TEXT_SUFFIXES and (suffix or (b"\0" in data and not is_marked)):
        return None
    decoded = text_decoding.decode(data)
    if decoded.fault is not None or not decoded.texts:
        return None
    return decoded.texts[0]


def _is_markup(data: bytes) -> bool:
    """Return True if a text may hold more than it shows: comments, entities and attributes."""
    # A browser or an office program may open it, whatever its suffix.
    return data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def decode(data: bytes) -> str:
    """Decode text of unknown encoding: UTF-8, UTF-16 with its mark, else the likeliest."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return next(iter(text_decoding.decode_all(data)), None) or data.decode("gb18030", "replace")
