"""Archives within bounds: ZIP, 7z, TAR, and single files packed with gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from bot.detect.media.files.walk import Spent, Walk
from bot.errors import NotReadable

_STEP = 1 << 16
_RATIO_FROM = 8 << 20
_LZMA_MEMORY = 96 << 20


class Package:
    """An open ZIP file whose parts are read within the walk's bounds."""

    def __init__(self, walk: Walk, data: bytes) -> None:
        self._walk = walk
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
            raise NotReadable("broken") from None
        self.parts = [info for info in self._zip.infolist() if not info.is_dir()]
        self.names = {info.filename.replace("\\", "/").lstrip("/"): info for info in self.parts}
        # Two parts of one name: a viewer may show the one and a reader the other.
        self.twins = [i for i in self.parts if self.names[_slashed(i)] is not i]

    @property
    def is_encrypted(self) -> bool:
        """Say whether any part needs a password."""
        return any(info.flag_bits & 0x1 for info in self.parts)

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """Return a part's content; raise NotReadable or Spent."""
        if info.flag_bits & 0x1:
            raise NotReadable("encrypted")
        try:
            with self._zip.open(info) as part:
                return _bounded(self._walk, part, max(info.compress_size, 1))
        except NotReadable:
            raise
        except NotImplementedError:
            raise NotReadable("unsupported-archive") from None
        except (RuntimeError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
            raise NotReadable("broken") from None
        except zipfile.BadZipFile:
            raise NotReadable("broken") from None

    def try_read(self, info: zipfile.ZipInfo) -> bytes:
        """Return a part's content, or nothing and a gap when it cannot be read."""
        try:
            return self.read(info)
        except Spent:
            raise
        except NotReadable as error:
            self._walk.gap(error.reason)
            return b""


def _slashed(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/").lstrip("/")


def _bounded(walk: Walk, source: Any, packed: int) -> bytes:
    """Read a stream to its end; raise NotReadable beyond the bounds of size and ratio."""
    pieces: list[bytes] = []
    size, room = 0, walk.room
    while piece := source.read(_STEP):
        size += len(piece)
        if size > room:
            raise NotReadable("too-large")
        if size > _RATIO_FROM and size > packed * walk.limits.ratio:
            raise NotReadable("too-large")
        walk.check_time()
        pieces.append(piece)
    walk.take(size)
    return b"".join(pieces)


def read_plain_zip(walk: Walk, package: Package) -> None:
    """Open every part of an archive, and read the parts' names."""
    walk.add("\n".join(_name(info) for info in package.parts))
    for info in package.parts:
        walk.open(package.try_read(info))


def _name(info: zipfile.ZipInfo) -> str:
    """Return a part's name; programs of this region write GB 18030 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeError:
            continue
    return info.filename


def read_tar(walk: Walk, data: bytes, page: int | None) -> None:
    """Open every file of a TAR archive; links and devices hold nothing."""
    names: list[str] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="replace") as archive:
            for member in archive:
                names.append(member.name)
                _read_member(walk, archive, member)
    except (tarfile.TarError, OSError, EOFError, ValueError):
        raise NotReadable("broken") from None
    finally:
        walk.add("\n".join(names))


def _read_member(walk: Walk, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    walk.take(0)
    if not member.isreg():
        return
    if member.size > walk.room:
        walk.gap("too-large")
        return
    part = archive.extractfile(member)
    if part is not None:
        walk.open(_bounded(walk, part, max(member.size, 1)))


def read_packed(walk: Walk, data: bytes, page: int | None) -> None:
    """Open what one gzip, bzip2 or xz file holds; broken ends keep what came before."""
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
            raise NotReadable("broken")
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
    import py7zr
    from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError

    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if archive.needs_password():
                raise NotReadable("encrypted")
            members = [m for m in archive.list() if not m.is_directory]
            walk.add("\n".join(str(m.filename) for m in members))
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
