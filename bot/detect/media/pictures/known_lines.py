"""Remember the lines read in pictures, sealed, to look for them in pictures that look alike."""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict
from typing import Protocol

from bot.errors import NotReadable

CAPACITY = 2_000
MAX_BYTES = 32 << 20
NEAR = 40
"""Bits, of 256, by which the likenesses of a picture and its copy may differ."""
_LIKENESS = re.compile("[0-9a-f]{64}")
_MOST_TEXT = 1 << 20


class Seal(Protocol):
    """Encrypts for one purpose and row, named by ``about``."""

    def seal(self, plain: bytes, about: str) -> bytes:
        """Encrypt."""

    def open(self, sealed: bytes, about: str) -> bytes:
        """Decrypt."""


class LineMemory:
    """Keeps a picture's lines by its likeness; the least recently used go first."""

    def __init__(self, cipher: Seal, *, capacity: int = CAPACITY) -> None:
        self._cipher = cipher
        self._capacity = capacity
        self._bytes = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def recall(self, likeness: object) -> str | None:
        """Return what is kept of the picture that looks most alike, if one is near enough.

        Raises NotReadable when that is no likeness: a child may be in other hands.
        """
        wanted = _number(likeness)
        near = min(self._kept, key=lambda kept: (kept ^ wanted).bit_count(), default=None)
        if near is None or (near ^ wanted).bit_count() > NEAR:
            return None
        self._kept.move_to_end(near)
        packed = self._cipher.open(self._kept[near], _about(near))
        return zlib.decompress(packed).decode("utf-8", "surrogatepass")

    def keep(self, told: object) -> None:
        """Keep a picture's likeness and lines, as its reader has put them; else NotReadable."""
        match told:
            case (likeness, str(lines)) if len(lines) <= _MOST_TEXT:
                key = _number(likeness)
            case _:
                raise NotReadable("reader-crashed")
        packed = zlib.compress(lines.encode("utf-8", "surrogatepass"), 1)
        self._bytes -= len(self._kept.pop(key, b""))
        self._kept[key] = self._cipher.seal(packed, _about(key))
        self._bytes += len(self._kept[key])
        while len(self._kept) > self._capacity or self._bytes > MAX_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _number(likeness: object) -> int:
    """Return a likeness as a number."""
    if isinstance(likeness, str) and _LIKENESS.fullmatch(likeness):
        return int(likeness, 16)
    raise NotReadable("reader-crashed")


def _about(likeness: int) -> str:
    return f"lines/{likeness:064x}"
