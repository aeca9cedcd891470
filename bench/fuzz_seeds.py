"""Seeds and mutations for fuzzing 7z archives and Windows metafiles."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_START = 32
_WORDS = "滨海示例 budget 2024 "


def archives() -> Iterator[tuple[str, bytes]]:
    """Yield a 7z archive for each way of packing; half have a header that is not packed itself."""
    import py7zr as p

    lzma: dict[str, Any] = {"id": p.FILTER_LZMA2, "preset": 1}
    ways: dict[str, list[dict[str, Any]]] = {
        "lzma": [{"id": p.FILTER_LZMA, "preset": 1}],
        "delta": [{"id": p.FILTER_DELTA, "dist": 2}, lzma],
        "x86": [{"id": p.FILTER_X86}, lzma],
        "arm": [{"id": p.FILTER_ARM}, lzma],
        "ppmd": [{"id": p.FILTER_PPMD, "order": 6, "mem": 16}],
        **{
            name: [{"id": kind}]
            for name, kind in (
                ("copy", p.FILTER_COPY),
                ("bzip2", p.FILTER_BZIP2),
                ("deflate", p.FILTER_DEFLATE),
                ("zstd", p.FILTER_ZSTD),
                ("brotli", p.FILTER_BROTLI),
            )
        },
    }
    for number, (name, filters) in enumerate(ways.items()):
        yield f"7z-{name}", _archive(filters, packed_header=bool(number % 2))
        yield f"7z-{name}-open", _archive(filters, packed_header=False)
    locked = [{"id": p.FILTER_CRYPTO_AES256_SHA256}]
    yield "7z-locked", _archive([lzma, *locked], packed_header=True, password="pw")


def _archive(
    filters: list[dict[str, Any]], *, packed_header: bool, password: str | None = None
) -> bytes:
    import py7zr

    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=filters, password=password) as archive:
        archive.set_encoded_header_mode(packed_header)
        archive.writestr((_WORDS * 20).encode("gb18030"), "a/通知.txt")
        archive.writestr(b"", "empty")
        archive.writestr(_WORDS.encode("utf-16-le"), "b.dat")
    return out.getvalue()


def drawings() -> Iterator[tuple[str, bytes]]:
    """Yield an enhanced and a placeable Windows metafile with a few words."""
    wide, narrow = _WORDS.encode("utf-16-le"), _WORDS.encode("gb18030")
    head = struct.pack("<II32s4s", 1, 108, b"", b" EMF").ljust(108, b"\0")
    text = struct.pack("<II", 84, 76 + len(wide)) + bytes(68) + wide
    yield "emf", head + text + struct.pack("<III", 14, 20, 0) + bytes(8)
    place = b"\xd7\xcd\xc6\x9a" + bytes(18)
    record = struct.pack("<IHH", 5 + len(narrow) // 2, 0x521, len(narrow)) + narrow
    yield "wmf", place + struct.pack("<HHHIHIH", 1, 9, 0x300, 40, 1, 20, 0) + record + bytes(6)


def with_right_sums(data: bytes) -> bytes:
    """Return a changed 7z file whose checksums fit: else everything would end at the first."""
    whole = bytearray(data.ljust(_START, b"\0"))
    whole[:6] = _MAGIC
    place, size = struct.unpack_from("<QQ", whole, 12)
    place, size = place % len(whole), size % len(whole)
    header = whole[_START + place : _START + place + size]
    struct.pack_into("<QQI", whole, 12, place, len(header), zlib.crc32(header))
    struct.pack_into("<I", whole, 8, zlib.crc32(whole[12:_START]))
    return bytes(whole)


def change_archive(data: bytes, most: int, seed: int) -> bytes:
    """Return a changed 7z file: mostly its header alone is changed, and the sums fit after."""
    whole = with_right_sums(data)
    rng = random.Random(seed)
    if rng.random() < 0.2:
        return with_right_sums(_changed(whole, rng))[:most]
    place, size = struct.unpack_from("<QQ", whole, 12)
    start = _START + place
    header = _changed(whole[start : start + size], rng)
    body = whole[_START:start] + header + whole[start + size :]
    sizes = struct.pack("<QQ", place, len(header))
    return with_right_sums(whole[:12] + sizes + whole[28:_START] + body)[:most]


def _changed(data: bytes, rng: random.Random) -> bytes:
    """Change a few places: set, drop or repeat a byte or a run."""
    changed = bytearray(data or b"\1")
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(changed) + 1)
        end = at + rng.choice((1, 1, 2, 8))
        # Numbers decide most of what happens: those at an edge first.
        edge = rng.choice((0, 1, 2, 6, 127, 128, 255, rng.randrange(256)))
        changed[at:end] = rng.choice((bytes((edge,)), b"", bytes(changed[at:end]) * 2))
    return bytes(changed)
