"""Bring text into one form, keeping where each character came from.

What NFKC does for single characters is taken from it; what it misses (negative circled digits,
look-alikes of other scripts, traditional forms) stands in tables. Zero and O stay different.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

from bot.detect.text.normalization.character_variants import LOOKALIKES, confusables, simplified
from bot.detect.text.normalization.normalized_text import STAYING_MARKS, USUAL_ASCII, Normalized

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
_NULL = re.compile("\0")
_SYMBOLS = [chr(c) for r in ((0x2600, 0x2700), (0x1F300, 0x1FA00)) for c in range(*r)]
"""Stars and emoji, most of which stay as they are."""

_FEW = 8
# Marks of ordinary Chinese that stand for one of ASCII.
_WIDE = tuple(zip("，！？：；（）“”—", ',!?:;()""-', strict=True))


class Normalizer:
    """Holds the tables; building them takes some tens of milliseconds."""

    def __init__(self) -> None:
        self._simplified = simplified()
        # Unchanged characters are listed too: str.translate raises and catches a LookupError for
        # each one that its table lacks, which takes far longer than a hit.
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
        # Characters that change the length become a null, so that one pass over a text shows them.
        self._quick: dict[int, str] = {
            **self._single,
            **dict.fromkeys(map(ord, self._several), "\0"),
        }

        self._keep = frozenset(_SYMBOLS).difference(map(chr, self._quick))
        self._unusual = re.compile(f"[^{re.escape(self._usual())}]")

    def _usual(self) -> str:
        """Return the characters that stay as they are, and the marks that are handled apart."""
        chinese = (chr(c) for c in range(0x4E00, 0xA000) if self._quick[c] == chr(c))
        marks = (mark for mark, _ in _WIDE)
        return "".join((*USUAL_ASCII, *chinese, *marks, *STAYING_MARKS))

    def __call__(self, text: str) -> Normalized:
        """Normalise any text, lone surrogates included."""
        others = self._unusual.findall(text)
        plain = text
        if others:
            others = list(set(others))
            if len(others) > _FEW or not self._keep.issuperset(others):
                return self.by_tables(text)
        for mark, stands_for in _WIDE:
            if mark in plain:
                plain = plain.replace(mark, stands_for)
        return Normalized(text, plain, range(len(text)), others)

    def by_tables(self, text: str) -> Normalized:
        """Normalise any text, looking up every character."""
        plain = text.translate(self._quick)
        if "\0" not in plain:
            return Normalized(text, plain, range(len(text)))
        pieces: list[str] = []
        starts: list[int] = []
        done = 0
        for gap in _NULL.finditer(plain):
            at = gap.start()
            piece = self._several.get(text[at], "\0")
            pieces += (plain[done:at], piece)
            starts.extend(range(done, at))
            if piece:
                starts.extend([at] * len(piece))
            done = at + 1
        pieces.append(plain[done:])
        starts.extend(range(done, len(plain)))
        return Normalized(text, "".join(pieces), starts)

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


@functools.cache
def shared_normalizer() -> Normalizer:
    """Return the process's own: it never changes."""
    return Normalizer()


def _plain(char: str) -> str:
    """NFKC of one character, without brackets, dots and accents around a single letter."""
    whole = unicodedata.normalize("NFKD", char)
    bare = "".join(c for c in whole if unicodedata.category(c) not in ("Mn", "Me"))
    if len(bare) > 1 and bare[0] == "(" and bare[-1] == ")":
        bare = bare[1:-1]
    if not bare or any(ord(c) > 0x7F and not "\u4e00" <= c <= "\u9fff" for c in bare):
        return unicodedata.normalize("NFC", char) if len(char) == 1 else char
    return bare
