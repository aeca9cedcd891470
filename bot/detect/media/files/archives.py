"""Archives within bounds: 7z, TAR, and single files packed with gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any

from bot.detect.media.files import text_decoding
from bot.detect.media.files.binary_strings import read_strings
from bot.detect.media.files.walk import Spent, Walk
from bot.detect.media.files.zips import bounded
from bot.errors import NotReadable

_STEP, _BLOCK = 1 << 16, 512
_RATIO_FROM = 8 << 20
_LZMA_MEMORY = 96 << 20


def read_tar(walk: Walk, data: bytes, page: int | None) -> None:
    """Open every file of a TAR archive; links and devices hold nothing but their names.

    A whole archive ends with a block of zeros: what lies behind it is opened as well.
    """
    names: list[str] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="replace") as archive:
            for member in archive:
                names += [member.name, member.linkname, *map(str, member.pax_headers.values())]
                _read_member(walk, archive, member)
            end = archive.offset
    except (tarfile.TarError, OSError, EOFError, ValueError):
        raise NotReadable("broken") from None
    finally:
        walk.add("\n".join(dict.fromkeys(names)))
    mark, rest = data[end : end + _BLOCK], data[end + _BLOCK :].lstrip(b"\0")
    if len(mark) < _BLOCK:
        walk.gap("cut-off")
    elif mark.strip(b"\0"):
        # The library ends at a header that it does not understand, and says nothing.
        walk.gap("broken")
        read_strings(walk, data[end:])
    elif rest:
        walk.open(rest)


def _read_member(walk: Walk, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    walk.take(0)
    if not member.isreg():
        return
    if member.size > walk.room:
        walk.gap("too-large")
        return
    part = archive.extractfile(member)
    if part is not None:
        walk.open(bounded(walk, part, max(member.size, 1)))


def read_packed(walk: Walk, data: bytes, page: int | None) -> None:
    """Open what one gzip, bzip2 or xz file holds; broken ends keep what came before."""
    walk.add("\n".join(_gzip_words(data)))
    inner = bytearray()
    reason = None
    try:
        for piece in _unpacked(data):
            inner += piece
            walk.check_time()
            if len(inner) > walk.room or (
                len(inner) > _RATIO_FROM and len(inner) > len(data) * walk.limits.ratio
            ):
                raise NotReadable("too-large")
    except NotReadable as error:
        if isinstance(error, Spent):
            raise
        reason = error.reason
    if reason is not None:
        walk.gap(reason)
    if reason != "too-large":
        walk.take(len(inner))
        walk.open(bytes(inner))


def _gzip_words(data: bytes) -> list[str]:
    """Return the name and the comment in a gzip file's header (RFC 1952)."""
    if data[:3] != b"\x1f\x8b\x08" or len(data) < 10 or not data[3] & 0x18:
        return []
    start = 12 + int.from_bytes(data[10:12], "little") if data[3] & 0x4 else 10
    words = data[start : start + 2_048].split(b"\0")[: (data[3] & 0x18).bit_count()]
    return [text for word in words for text in text_decoding.decode_all(word)]


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield the unpacked pieces of all members; NotReadable('broken') where it is damaged."""
    rest = data
    while rest:
        decoder = _decoder(rest)
        if decoder is None:
            raise NotReadable("appended-data" if rest is not data else "broken")
        piece = rest
        try:
            while not decoder.eof:
                out = decoder.decompress(piece, _STEP)
                piece = getattr(decoder, "unconsumed_tail", b"")
                if out:
                    yield out
                elif not piece and (decoder.eof or getattr(decoder, "needs_input", True)):
                    break
        except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError):
            raise NotReadable("broken") from None
        if not decoder.eof:
            raise NotReadable("cut-off")
        rest = decoder.unused_data.lstrip(b"\0")


def _decoder(data: bytes) -> Any:
    if data.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31)
    if data.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if data.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    return None


def read_7z(walk: Walk, data: bytes, page: int | None) -> None:
    """Open every file of a 7z archive; all its sizes are checked before any is unpacked."""
    py7zr = _library()
    from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError

    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if archive.needs_password():
                raise NotReadable("encrypted")
            listed = archive.list()
            walk.add("\n".join(str(m.filename) for m in listed))
            members = [m for m in listed if not m.is_directory]
            total = sum(int(m.uncompressed or 0) for m in members)
            if total > walk.room or total > max(len(data) * walk.limits.ratio, _RATIO_FROM):
                raise NotReadable("too-large")
            for _ in members:
                walk.take(0)
            kept = _Kept(walk.room)
            # Into memory, through the factory: nothing is written to any folder.
            archive.extractall(factory=kept)  # noqa: S202
    except NotReadable:
        raise
    except PasswordRequired:
        raise NotReadable("encrypted") from None
    except UnsupportedCompressionMethodError:
        raise NotReadable("unsupported-archive") from None
    except (ArchiveError, OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
        raise NotReadable("broken") from None
    walk.take(sum(len(part.content) for part in kept.parts))
    for part in kept.parts:
        walk.open(bytes(part.content))


def _library() -> Any:
    """Load py7zr without its decoder of PPMd, which writes beyond its memory on damaged input."""
    import py7zr
    from py7zr.compressor import algorithm_class_map

    packs, _ = algorithm_class_map[py7zr.FILTER_PPMD]
    algorithm_class_map[py7zr.FILTER_PPMD] = (packs, None)
    return py7zr


class _Part:
    """One unpacked file in memory, for py7zr: it must be written, sought and read."""

    def __init__(self, owner: _Kept) -> None:
        self.content = bytearray()
        self._owner = owner
        self._at = 0

    def write(self, data: bytes | bytearray) -> int:
        self._owner.room -= len(data)
        if self._owner.room < 0:
            raise NotReadable("too-large")
        self.content += data
        return len(data)

    def read(self, size: int | None = None) -> bytes:
        end = len(self.content) if size is None or size < 0 else self._at + size
        data = bytes(self.content[self._at : end])
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, len(self.content))[whence]
        self._at = base + offset
        return self._at

    def flush(self) -> None:
        """Nothing waits to be written."""

    def size(self) -> int:
        return len(self.content)

    def close(self) -> None:
        """Nothing is open."""


class _Kept:
    """Hands py7zr one `_Part` for each file, ``room`` bytes together."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.parts: list[_Part] = []

    def create(self, filename: str) -> _Part:
        part = _Part(self)
        self.parts.append(part)
        return part
