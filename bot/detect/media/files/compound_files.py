"""Compound files: mail of Outlook (MSG), encrypted Office files, documents of Office before 2007.

After MS-CFB, MS-OXMSG and MS-OXRTFCP. Old documents are read by LibreOffice where it is installed;
without it, the words found in them are read, and the rest is reported as not inspected.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from typing import Any

import olefile

from bot.detect.media.files import text_decoding
from bot.detect.media.files.binary_strings import read_strings, wide_strings
from bot.detect.media.files.file_kinds import end_of_zip
from bot.detect.media.files.walk import Spent, Walk
from bot.errors import NotReadable

LEGACY = "unsupported-legacy-office"
_STREAM = "__substg1.0_"
_NAMED = "__nameid_version1.0"
_OLD = {
    "worddocument": "docx",
    "workbook": "xlsx",
    "book": "xlsx",
    "powerpoint document": "pptx",
    "matost": "docx",
}
_MACROS = ("macros", "_vba_project_cur", "vba")
_ENCRYPTED = ("encryptedpackage", "encryptioninfo", "\x06dataspaces")
_MAX_STREAMS = 3_000
_HTML, _RTF, _CONTENT = "1013", "1009", "3701"
_RTF_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def read_ole(walk: Walk, data: bytes, page: int | None) -> None:
    """Read a compound file."""
    if not _is_plausible(data):
        walk.gap("broken")
        read_strings(walk, data)
        if end_of_zip(data) >= 0:
            walk.open_as("zip", data, page)
        return
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            streams = file.listdir(streams=True, storages=False)[:_MAX_STREAMS]
            sizes = [file.root.size, *(file.get_size(path) for path in streams)]
            if max(sizes) > len(data):
                # olefile would follow a chain of sectors in a circle to fill such a stream.
                raise NotReadable("broken")
            if _has_zip_outside(file, data):
                walk.open_as("zip", data, page)
            _read_streams(walk, file, streams, data)
            if file.parsing_issues:
                walk.gap("broken")
    except (NotReadable, MemoryError):
        raise
    except Exception:
        # olefile raises OSError, struct.error, IndexError… for what is broken.
        walk.gap("broken")
        read_strings(walk, data)


def _is_plausible(data: bytes) -> bool:
    """Return True if the header's counts fit the file: olefile would set memory aside for them."""
    if len(data) < 512:
        return False
    shift, small = struct.unpack_from("<HH", data, 30)
    sectors = len(data) // 512 + 1
    directory, fat = struct.unpack_from("<II", data, 40)
    (small_fat,) = struct.unpack_from("<I", data, 64)
    (double,) = struct.unpack_from("<I", data, 72)
    counts = (directory, fat, small_fat, double)
    return shift in (9, 12) and small == 6 and all(count <= sectors for count in counts)


def _has_zip_outside(file: Any, data: bytes) -> bool:
    """Return True if a ZIP ends in no stream: behind the last sector, or in a free one.

    One that ends in a stream is part of the document, such as the theme of a Word 97 file.
    """
    end = end_of_zip(data)
    if end < 0:
        return False
    sector = end // file.sector_size - 1
    return bool(sector >= len(file.fat) or file.fat[sector] == olefile.FREESECT)


def _read_streams(walk: Walk, file: Any, streams: Sequence[Sequence[str]], data: bytes) -> None:
    firsts = {path[0].lower() for path in streams}
    if any(name in firsts for name in _ENCRYPTED):
        raise NotReadable("encrypted")
    if any(path[-1].startswith(_STREAM) for path in streams):
        for path in streams:
            _guarded(walk, file, path, _read_property)
        return
    converted = False
    if any(part.lower() in _MACROS for path in streams for part in path[:-1]):
        walk.gap("unsupported-macros")
    if target := next((target for name, target in _OLD.items() if name in firsts), None):
        if _is_locked(file, firsts):
            walk.gap("encrypted")
        else:
            converted = walk.hand_over(data, target)
        if not converted:
            walk.gap(LEGACY)
    elif not firsts & {"\x01ole10native", "package", "contents"}:
        walk.gap("unsupported-document")
    for path in streams:
        # Pictures and objects come with a converted document.
        _guarded(walk, file, path, _read_words if converted else _read_stream)


def _guarded(
    walk: Walk,
    file: Any,
    path: Sequence[str],
    read: Callable[[Walk, Sequence[str], bytes], None],
) -> None:
    """Read one stream; a fault in it is reported, and costs none of the others."""
    try:
        read(walk, path, _stream(walk, file, path))
    except (Spent, MemoryError):
        raise
    except NotReadable as error:
        walk.gap(error.reason)
    except (ValueError, IndexError, struct.error, OSError):
        walk.gap("broken")


def _read_words(walk: Walk, path: Sequence[str], data: bytes) -> None:
    read_strings(walk, data)


def _stream(walk: Walk, file: Any, path: Sequence[str]) -> bytes:
    size = int(file.get_size(path))
    if size > walk.room:
        walk.gap("too-large")
        return b""
    data: bytes = file.openstream(path).read()
    walk.take(len(data))
    if len(data) < size:
        walk.gap("broken")
    return data


def _is_locked(file: Any, firsts: set[str]) -> bool:
    """Return True if an old document has a password: MS-DOC 2.5.1 and MS-XLS 2.4.117."""
    if "worddocument" in firsts:
        head = file.openstream("WordDocument").read(12)
        return len(head) == 12 and bool(struct.unpack_from("<H", head, 10)[0] & 0x0100)
    for name in ("Workbook", "Book"):
        if name.lower() in firsts:
            return b"\x2f\x00\x36\x00" in file.openstream(name).read(4096)
    return False


def _read_stream(walk: Walk, path: Sequence[str], data: bytes) -> None:
    """Read one stream of a document: pictures and packages in it, and its words."""
    name = path[-1].lower()
    if name == "package" or (name == "contents" and len(path) == 1):
        walk.open(data)
        return
    if name == "\x01ole10native":
        _read_native(walk, data)
        return
    read_strings(walk, data)
    for start in _pictures(data):
        walk.open(data[start:])


def _pictures(data: bytes) -> list[int]:
    """Return where PNG and JPEG pictures begin in a stream, at most thirty."""
    starts: list[int] = []
    for magic in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1"):
        at = data.find(magic)
        while at >= 0 and len(starts) < 30:
            starts.append(at)
            at = data.find(magic, at + 8)
    return starts


def _read_native(walk: Walk, data: bytes) -> None:
    """Open the file in an OLE 1.0 package: label, paths, then four bytes of length and content."""
    read_strings(walk, data[:1024])
    position = 6
    for _ in range(2):
        position = data.index(b"\0", position) + 1
    position += 4
    length = struct.unpack_from("<I", data, position)[0]
    position += 4 + length
    size = struct.unpack_from("<I", data, position)[0]
    walk.open(data[position + 4 : position + 4 + size])


def _read_property(walk: Walk, path: Sequence[str], data: bytes) -> None:
    """Read one property of a message: its name holds the property's number and type."""
    name = path[-1]
    if not name.startswith(_STREAM) or not data:
        return
    number, kind = name[12:16].upper(), name[16:20].upper()
    if _NAMED in path:
        # Here the numbers count hash buckets (MS-OXMSG 2.2.3): 1009 is no body. 0004 holds names.
        if number == "0004":
            walk.add("\n".join(wide_strings(data)))
    elif kind == "001F" or (kind == "101F" and "-" in name):
        walk.add(data.decode("utf-16-le", "replace"))
    elif kind == "001E" or (kind == "101E" and "-" in name):
        walk.open(data) if number == _HTML else walk.add(_ansi(data))
    elif kind in ("101F", "101E"):
        # The lengths of the values, which stand in streams of their own.
        return
    elif number == _RTF:
        walk.open(unpack_rtf(data, walk.room))
    elif number == _HTML:
        walk.open(data.rstrip(b"\0"))
    elif number == _CONTENT:
        walk.open(data)
    elif kind == "0102":
        read_strings(walk, data[:65_536])


def _ansi(data: bytes) -> str:
    """Decode a text whose code page is stated elsewhere, if at all."""
    texts = text_decoding.decode_all(data.rstrip(b"\0"))
    return "\n".join(texts) or data.decode("gb18030", "replace")


def unpack_rtf(data: bytes, most: int) -> bytes:
    """Unpack the body of a message as Outlook packs it; raise NotReadable."""
    if len(data) < 16:
        raise NotReadable("broken")
    _, size, kind = struct.unpack_from("<II4s", data)
    body = data[16:]
    if kind == b"MELA":
        return body[:size]
    if kind != b"LZFu":
        raise NotReadable("broken")
    if size > most:
        raise NotReadable("too-large")
    return bytes(_unpacked(body, min(size, most)))


def _unpacked(body: bytes, size: int) -> bytearray:
    window = bytearray(_RTF_START.ljust(4096, b"\0"))
    place, out, at = len(_RTF_START), bytearray(), 0
    while at < len(body) and len(out) < size:
        control = body[at]
        at += 1
        for bit in range(8):
            if at >= len(body) or len(out) >= size:
                break
            if not control >> bit & 1:
                run = body[at : at + 1]
                at += 1
            else:
                if at + 1 >= len(body):
                    return out
                word = body[at] << 8 | body[at + 1]
                at += 2
                offset, length = word >> 4, (word & 15) + 2
                if offset == place:
                    return out
                run = _copied(window, offset, place, length)
            for value in run:
                window[place] = value
                place = (place + 1) & 4095
            out += run
    return out


def _copied(window: bytearray, offset: int, place: int, length: int) -> bytes:
    """Return a run from the window; it may overlap what it is writing."""
    run = bytearray()
    for i in range(length):
        source = (offset + i) & 4095
        ahead = (source - place) & 4095
        run.append(run[ahead] if ahead < len(run) else window[source])
    return bytes(run)
