"""Bring text into one form, keeping where each character came from.

What NFKC does for single characters is taken from it; what it misses (negative circled digits,
look-alikes of other scripts, traditional forms) stands in tables. Zero and O stay different.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.detect.text.variants import LOOKALIKES, confusables, simplified

_RANGES = (
    (0x80, 0x3400),
    (0xA000, 0xAC00),
    (0xD800, 0xE000),
    (0xF900, 0x10000),
    (0x10100, 0x11000),
    (0x1D400, 0x1D800),
    (0x1E000, 0x1F300),
    (0x1F3FB, 0x1F400),
    (0x1FBF0, 0x1FC00),
    (0x2F800, 0x2FA20),
    (0xE0000, 0xE01F0),
)
_UNCHANGED = (*range(0x80), *range(0x3000, 0x3040), *range(0x4E00, 0xA000))
_LINE_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_CONTROLS = [
    chr(c) for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) not in _LINE_BREAKS + "\t\n\r"
]
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
_BLANKS = re.compile(r"[ \t]")
_HAN = "\u3007\u3400-\u9fff\U00020000-\U0003134f"
_NOISE = re.compile(rf"(?<=[{_HAN}])[\W_]+(?=[{_HAN}])")


@dataclass(frozen=True, slots=True)
class View:
    """A form of a text. ``starts[i]`` is the index in the parent of character ``i``."""

    text: str = field(repr=False)
    starts: Sequence[int] = field(repr=False)


@dataclass(frozen=True)
class Normalized:
    """A text in one form. Offsets of ``text`` and ``folded`` are the same.

    ``starts[i]`` is the index in the original of the character that gave ``text[i]``.
    """

    original: str = field(repr=False)
    text: str = field(repr=False)
    folded: str = field(repr=False)
    starts: Sequence[int] = field(repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty span of ``text`` to the original, with the marks that sit on its end."""
        return self.starts[start], with_marks(self.original, self.starts[end - 1] + 1)

    @functools.cached_property
    def matches(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """What patterns have matched so far, by pattern and view."""
        return {}

    @functools.cached_property
    def compact(self) -> View:
        """The folded text without blanks."""
        if _BLANKS.search(self.folded) is None:
            return View(self.folded, range(len(self.folded)))
        starts = [i for i, c in enumerate(self.folded) if c not in " \t"]
        return View("".join([self.folded[i] for i in starts]), starts)

    @functools.cached_property
    def dense_text(self) -> str:
        """The folded text without what stands between two Chinese characters and is no word."""
        return _NOISE.sub("", self.folded)

    @functools.cached_property
    def dense(self) -> View:
        """``dense_text`` with its offsets, which only a text with hits needs."""
        starts: list[int] = []
        done = 0
        for gap in _NOISE.finditer(self.folded):
            starts.extend(range(done, gap.start()))
            done = gap.end()
        starts.extend(range(done, len(self.folded)))
        return View(self.dense_text, starts)

    @functools.cached_property
    def _breaks(self) -> list[int]:
        return [i for i, c in enumerate(self.text) if c == "\n"]

    @property
    def line_count(self) -> int:
        """How many lines hold something."""
        return sum(1 for line in self.text.split("\n") if line.strip())

    def line(self, position: int) -> tuple[int, int]:
        """Return the bounds of the line that holds a position."""
        at = bisect_right(self._breaks, position - 1)
        start = self._breaks[at - 1] + 1 if at else 0
        end = self._breaks[at] if at < len(self._breaks) else len(self.text)
        return start, end


def with_marks(text: str, end: int) -> int:
    """Return the end of what ends at ``end`` with the combining marks that sit on it."""
    while end < len(text) and unicodedata.category(text[end]) in ("Mn", "Me"):
        end += 1
    return end


def dense(term: str) -> str:
    """Return a folded term without the noise between its Chinese characters."""
    return _NOISE.sub("", term)


class Normalizer:
    """Holds the tables; building them takes some tens of milliseconds."""

    def __init__(self) -> None:
        self._simplified = simplified()
        # What stays is named too: a character that a table lacks costs far more than one it has.
        self._single: dict[int, str] = {code: chr(code) for code in _UNCHANGED}
        self._several: dict[str, str] = {}
        self._single.update(confusables())
        for low, high in _RANGES:
            self._fill(range(low, high))
        self._single.update((ord(a), b) for a, b in LOOKALIKES.items())
        self._single.update(self._simplified)
        self._single.update(dict.fromkeys(map(ord, _LINE_BREAKS), "\n"))
        self._single[ord("\r")] = " "
        self._single.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))
        self._several.update(dict.fromkeys(_CONTROLS, ""))
        # One pass tells whether anything changes length: such characters become a null.
        self._quick: dict[int, str] = {
            **self._single,
            **dict.fromkeys(map(ord, self._several), "\0"),
        }

    def __call__(self, text: str) -> Normalized:
        """Normalise any text, lone surrogates included."""
        plain = text.translate(self._quick)
        if "\0" not in plain:
            return Normalized(text, plain, _fold(plain), range(len(text)))
        pieces: list[str] = []
        starts: list[int] = []
        for i, char in enumerate(text):
            piece = self._several.get(char)
            if piece is None:
                piece = self._single.get(ord(char), char)
            pieces.append(piece)
            starts.extend([i] * len(piece))
        plain = "".join(pieces)
        return Normalized(text, plain, _fold(plain), starts)

    def _fill(self, codes: Iterable[int]) -> None:
        for code in codes:
            char = chr(code)
            category = unicodedata.category(char)
            if category in ("Cf", "Mn", "Me") or char in _FILLERS:
                self._several[char] = ""
            elif category == "Zs":
                self._single[code] = " "
            elif category == "Nd":
                self._single[code] = str(unicodedata.digit(char))
            else:
                self._add(char, _plain(char))

    def _add(self, char: str, plain: str) -> None:
        if plain == char:
            return
        if len(plain) == 1:
            self._single[ord(char)] = self._simplified.get(ord(plain), plain)
        elif plain:
            self._several[char] = plain.translate(self._simplified)


def _plain(char: str) -> str:
    """NFKC of one character, without brackets, dots and accents around a single letter."""
    whole = unicodedata.normalize("NFKD", char)
    bare = "".join(c for c in whole if unicodedata.category(c) not in ("Mn", "Me"))
    if len(bare) > 1 and bare[0] == "(" and bare[-1] == ")":
        bare = bare[1:-1]
    if not bare or any(ord(c) > 0x7F and not "\u4e00" <= c <= "\u9fff" for c in bare):
        return unicodedata.normalize("NFC", char) if len(char) == 1 else char
    return bare


def _fold(text: str) -> str:
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
