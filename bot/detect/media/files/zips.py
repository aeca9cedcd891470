"""ZIP files within bounds; what a list of contents leaves out or has lost is looked for as well."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from bot.detect.media.files import text_decoding
from bot.detect.media.files.binary_strings import read_strings
from bot.detect.media.files.walk import Spent, Walk
from bot.errors import NotReadable

_STEP = 1 << 16
_RATIO_FROM = 8 << 20
_LOCAL, _LOCAL_SIZE = b"PK\x03\x04", 30
_DESCRIPTOR = 24
_END, _END_SIZE = b"PK\x05\x06", 22
_MOST_LOST = 500


class Package:
    """A ZIP file whose parts are read within the walk's bounds.

    A file whose list of contents is missing or damaged is gone through from its beginning
    (APPNOTE 4.3.7); what there is of its parts is read, and it is ``cut-off``.
    """

    def __init__(self, walk: Walk, data: bytes) -> None:
        self._walk = walk
        self._data = data
        self._lost: set[int] = set()
        self.around: tuple[bytes, ...] = ()
        self.comments: list[str] = []
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            listed = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
            listed = self._salvage([(0, len(data))], "cut-off")
            if not listed:
                raise NotReadable("broken") from None
        else:
            listed += self._unlisted(listed)
        self.all_names = [name_of(info) for info in listed]
        self.parts = [info for info in listed if not info.is_dir()]
        self.names = {_slashed(info): info for info in self.parts}
        # Two parts of one name: a viewer may show the one and a reader the other.
        self.twins = [i for i in self.parts if self.names[_slashed(i)] is not i]

    @property
    def is_encrypted(self) -> bool:
        """Return True if any part needs a password."""
        return any(info.flag_bits & 0x1 for info in self.parts)

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """Return a part's content; raise NotReadable or Spent."""
        if info.flag_bits & 0x1:
            raise NotReadable("encrypted")
        if info.header_offset in self._lost:
            return self._salvaged(info)
        try:
            with self._zip.open(info) as part:
                return bounded(self._walk, part, max(info.compress_size, 1))
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

    def _unlisted(self, listed: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        """Look at what the list of contents does not account for."""
        data, end = self._data, self._data.rfind(_END)
        length = int.from_bytes(data[end + 20 : end + 22], "little")
        texts = [self._zip.comment, *(info.comment for info in listed)]
        self.comments = [t for raw in texts if raw for t in text_decoding.decode_all(raw)]
        for info in listed:
            if len(info.extra) > _DESCRIPTOR:
                read_strings(self._walk, info.extra)
        gaps = list(_gaps(data, listed, self._zip.start_dir))
        first = gaps.pop(0) if gaps and gaps[0][0] == 0 else (0, 0)
        pieces = [data[: first[1]], data[end + _END_SIZE + length :]]
        self.around = tuple(piece for piece in pieces if piece.strip(b"\0\r\n "))
        return self._salvage(gaps, "broken")

    def _salvage(self, places: Sequence[tuple[int, int]], reason: str) -> list[zipfile.ZipInfo]:
        """Return the parts that begin within the places, without a list that names them."""
        found: list[zipfile.ZipInfo] = []
        for start, end in places:
            for info in _local_parts(self._data, start, end):
                if len(found) >= _MOST_LOST:
                    self._walk.gap("too-many-parts")
                    break
                self._lost.add(info.header_offset)
                found.append(info)
            if start or reason == "broken":
                read_strings(self._walk, self._data[start:end])
        if found or (places and reason == "broken"):
            self._walk.gap(reason)
        return found

    def _salvaged(self, info: zipfile.ZipInfo) -> bytes:
        """Unpack what there is of a part."""
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotReadable("unsupported-archive")
        start = _body(self._data, info.header_offset)
        packed = self._data[start : start + info.compress_size if info.compress_size else None]
        if info.compress_type == zipfile.ZIP_STORED:
            self._walk.take(len(packed))
            return packed
        return bounded(self._walk, Inflated(packed), max(len(packed), 1))


class Inflated:
    """Reads a deflated stream that may end anywhere; ``wbits`` as zlib has it."""

    def __init__(self, packed: bytes, wbits: int = -15) -> None:
        self._decoder, self._rest = zlib.decompressobj(wbits), packed

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes more, nothing at the end or where it is damaged."""
        try:
            out = self._decoder.decompress(self._rest, size)
        except zlib.error:
            return b""
        self._rest = self._decoder.unconsumed_tail
        return out


def _body(data: bytes, header: int) -> int:
    """Return where the content of the part with this local header begins."""
    name, extra = struct.unpack_from("<HH", data, header + 26)
    return int(header + _LOCAL_SIZE + name + extra)


def _gaps(
    data: bytes, listed: Sequence[zipfile.ZipInfo], start_dir: int
) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of what lies between the parts and holds something."""
    done = 0
    for info in sorted(listed, key=lambda i: i.header_offset):
        start = info.header_offset
        if start + _LOCAL_SIZE > len(data):
            continue
        if start > done and data[done:start].strip(b"\0"):
            yield done, start
        descriptor = _DESCRIPTOR if info.flag_bits & 0x8 else 0
        end = _body(data, start) + info.compress_size
        after = data.find(b"PK", end, end + descriptor + 2) if descriptor else end
        if descriptor and data[after : after + 4] == b"PK\x07\x08":
            after = data.find(b"PK", after + 4, end + descriptor + 2)
        done = max(done, end if after < 0 else after)
    if start_dir > done and data[done:start_dir].strip(b"\0"):
        yield done, start_dir


def _local_parts(data: bytes, start: int, end: int) -> Iterator[zipfile.ZipInfo]:
    """Yield the parts whose local headers lie in data[start:end]."""
    at = data.find(_LOCAL, start, end)
    while at >= 0 and at + _LOCAL_SIZE <= len(data):
        _, flags, method, _, _, _, packed, size, name_size, extra = struct.unpack_from(
            "<HHHHHIIIHH", data, at + 4
        )
        name = data[at + _LOCAL_SIZE : at + _LOCAL_SIZE + name_size]
        info = zipfile.ZipInfo(name.decode("utf-8" if flags & 0x800 else "cp437", "replace") or "x")
        info.flag_bits, info.compress_type, info.header_offset = flags, method, at
        info.compress_size, info.file_size = packed, size
        body = at + _LOCAL_SIZE + name_size + extra
        if flags & 0x8 and not packed and (following := data.find(_LOCAL, body)) >= 0:
            info.compress_size = following - body
        yield info
        at = data.find(_LOCAL, body + info.compress_size, end)


def bounded(walk: Walk, source: Any, packed: int) -> bytes:
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
    walk.add("\n".join(package.all_names))
    for info in package.parts:
        walk.open(package.try_read(info))


def _slashed(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/").lstrip("/")


def name_of(info: zipfile.ZipInfo) -> str:
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
