"""Identify a file by its content, never by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.detect.media.pictures.formats import sniff

_HEAD = 1024
_TAIL = 66_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ\0", "packed"),
    (b"Rar!\x1a\x07", "unsupported-archive"),
    (b"MSCF", "unsupported-archive"),
    (b"\x28\xb5\x2f\xfd", "unsupported-archive"),
    (b"LZIP", "unsupported-archive"),
    (b"\x1f\x9d", "unsupported-archive"),
    (b"8BPS", "unsupported-picture"),
    (b"\0\0\0\x0cjP  ", "unsupported-picture"),
    (b"\xff\x4f\xff\x51", "unsupported-picture"),
    (b"\xff\x0a", "unsupported-picture"),
    (b"\0\0\x01\0", "unsupported-picture"),
    (b"\xd7\xcd\xc6\x9a", "drawing"),
    (b"\1\0\x09\0\0\3", "drawing"),
    (b"\1\0\x09\0\0\1", "drawing"),
    (b"\x1a\x45\xdf\xa3", "unsupported-video"),
    (b"FLV\x01", "unsupported-video"),
    (b"\0\0\x01\xba", "unsupported-video"),
    (b"OggS", "unsupported-audio"),
    (b"ID3", "unsupported-audio"),
    (b"\xff\xfb", "unsupported-audio"),
    (b"\xff\xf1", "unsupported-audio"),
    (b"fLaC", "unsupported-audio"),
    (b"#!AMR", "unsupported-audio"),
    (b"MThd", "unsupported-audio"),
    (b"\x7fELF", "unsupported-program"),
    (b"MZ\x90\0", "unsupported-program"),
    (b"\x78\x9f\x3e\x22", "unsupported-tnef"),
    (b"\0\1\0\0\0", "font"),
    (b"\1\0\4\1", "font"),
    (b"\1\0\4\2", "font"),
    (b"\1\0\4\3", "font"),
    (b"\1\0\4\4", "font"),
    (b"%!PS-AdobeFont", "font"),
    (b"OTTO", "font"),
    (b"true\0", "font"),
    (b"ttcf", "font"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    # What macOS puts beside files: .DS_Store, and ._* with the attributes of a file.
    (b"\0\0\0\1Bud1", "desktop"),
    (b"\0\5\x16\7", "desktop"),
    (b"-----BEGIN PGP MESSAGE", "encrypted"),
    (b"Salted__", "encrypted"),
)
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc")
_MAIL = re.compile(
    rb"(?:From|To|Cc|Subject|Date|MIME-Version|Received|Return-Path|Message-ID|Delivered-To"
    rb"|X-[A-Za-z0-9-]+|Content-Type|Reply-To|Sender)[ \t]*:",
    re.IGNORECASE,
)
_MAIL_LINES = 2


def kinds_of(data: bytes) -> Sequence[str]:
    """Return the kinds of content, at least one; reasons such as ``unsupported-audio`` included.

    A file may be of two kinds at once: a PDF with an archive behind it is both.
    """
    kinds = list(_containers(data))
    if sniff(data) is not None:
        return ["picture", *(kind for kind in kinds if kind != "pdf")]
    if kinds:
        return kinds
    return [_simple(data)]


def is_plain(data: bytes) -> bool:
    """Return True if content is nothing but text as far as its first bytes show."""
    return list(kinds_of(data)) == ["text"]


def _containers(data: bytes) -> Sequence[str]:
    if data.startswith(OLE):
        # Word 97 to 2003 files keep a theme as a ZIP inside; the reader tells it from a ZIP behind.
        return ["ole"]
    kinds = []
    if b"%PDF-" in data[:_HEAD]:
        kinds.append("pdf")
    at_start = data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))
    if at_start or end_of_zip(data) >= 0:
        kinds.append("zip")
    return kinds


def end_of_zip(data: bytes) -> int:
    """Return where the last list of contents of a ZIP ends in a file, or -1."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _TAIL))
    return at if at >= 0 and b"PK\x01\x02" in data else -1


def _simple(data: bytes) -> str:
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF":
        return "unsupported-audio" if data[8:12] == b"WAVE" else "unsupported-video"
    if data[4:8] == b"ftyp":
        return "unsupported-picture" if data[8:12] in _STILL_BRANDS else "unsupported-video"
    if data[40:44] == b" EMF":
        return "drawing"
    if data[257:262] == b"ustar" or _is_old_tar(data):
        return "tar"
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{\\rt"):
        return "rtf"
    if _is_mail(start):
        return "mail"
    return "text"


def _is_old_tar(data: bytes) -> bool:
    """Return True if a block is a tar header from before POSIX: only its checksum tells."""
    if len(data) < 512 or data[0] == 0:
        return False
    try:
        stated = int(data[148:156].strip(b"\0 "), 8)
    except ValueError:
        return False
    return stated == sum(data[:148]) + 8 * 32 + sum(data[156:512])


def _is_mail(start: bytes) -> bool:
    head = start.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    lines = [line for line in head.split(b"\n") if line[:1] not in (b" ", b"\t", b"")]
    if lines and lines[0].startswith(b"From "):
        lines = lines[1:]
    if not lines or not _MAIL.match(lines[0]):
        return False
    return sum(bool(_MAIL.match(line)) for line in lines) >= _MAIL_LINES
