"""A text in one form, with the way back to where each character came from.

A worked example (offsets in the original are what a mask covers)::

    original   机\\u200b密 ★10 Year   as posted, with an invisible character
    text       机密 ★10 Year         normalised, case kept; starts = 0, 2, 3, 4, …
    folded     机密 ★10 year         lower case, same offsets
    compact    机密★10year           no blanks: rules with view = "compact"
    dense      机密 ★10 year         no noise between two Chinese characters (机 密 -> 机密)
    bare       机密10year            letters and digits only: keywords and terms

Bare and folded are made for every message; dense and compact only for texts with hits.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

from bot.rules.rule import View

_HAN = "\u3007\u3400-\u9fff\U00020000-\U0003134f"
_NOISE = re.compile(rf"(?<=[{_HAN}])[\W_]+(?=[{_HAN}])")
_BLANKS, _BREAK = re.compile(r"[ \t]+"), re.compile("\n")
_BARE = re.compile(r"[\W_]+")
# Marks of ordinary Chinese that stand for none of ASCII.
STAYING_MARKS = "。、《》【】·"
USUAL_ASCII = "\t\n" + "".join(map(chr, range(0x20, 0x7F)))
_ASCII_NOISE = bytes(ord(c) for c in USUAL_ASCII if not c.isalnum())
_ASCII_LOWER = bytes(range(256)).lower()


@dataclass(frozen=True, slots=True)
class Placed:
    """A form of a text. ``starts[i]`` is the index in the parent of character ``i``."""

    text: str = field(repr=False)
    starts: Sequence[int] = field(repr=False)


class LinePlace(NamedTuple):
    """The text before and after a hit in its line, without blanks, and what they show."""

    before: str
    after: str
    begins: bool
    ends: bool
    in_brackets: bool


class SearchCache:
    """Answers about one text that several rules ask for. Each field has one writer."""

    __slots__ = (
        "accepted", "barred", "context_words", "matches", "places", "sentence_ends", "talk",
    )  # fmt: skip

    def __init__(self) -> None:
        self.matches: dict[tuple[str, View], Iterable[tuple[int, int]]] = {}
        """Spans by pattern and view (`patterns`)."""
        self.accepted: dict[tuple[object, str], bool] = {}
        """Validators' answers by rule pattern and value (`patterns`)."""
        self.sentence_ends: list[int] | None = None
        """Where sentences end (`positions`)."""
        self.places: dict[tuple[int, int], LinePlace] = {}
        """Places by the hit's span (`positions`)."""
        self.context_words: dict[tuple[str, ...], tuple[str, ...]] = {}
        """Those of a rule's context words that occur (`rule_detector`)."""
        self.barred: dict[tuple[object, str], bool] = {}
        """Answers by ``unless`` pattern and sentence (`rule_detector`)."""
        self.talk: dict[tuple[object, tuple[str, ...]], bool] = {}
        """Answers by question and the words around the hit (`chinese_talk`)."""


class Normalized:
    """A text in one form. Offsets of ``text`` and ``folded`` are the same.

    ``starts[i]`` is the index in the original of the character that gave ``text[i]``. ``bare`` is
    the folded text without anything that is no word: what stands in its dense form, which takes
    long to make, stands there too. ``ascii`` is what there is of ASCII, closed up.
    """

    # One is made for every message: a frozen dataclass takes four times as long to make, and a
    # cached property takes a lock. What only a text with hits needs is made when asked for.
    _folded: str | None = None
    _flat: bytes | None = None
    _dense_text: str | None = None
    _compact_text: str | None = None
    _compact: Placed | None = None
    _dense: Placed | None = None
    _line_breaks: list[int] | None = None
    _encoded: dict[View, bytes] | None = None
    _cache: SearchCache | None = None
    _changed: bytes | None = None
    opened: tuple[object, AbstractSet[int]] | None = None
    """Set by `Gates` alone: the gates, and the numbers that they opened in this text.

    It is no field of `SearchCache`, because every text needs it and few need the rest.
    """

    def __init__(
        self, original: str, text: str, starts: Sequence[int], others: Sequence[str] | None = None
    ) -> None:
        """``others`` are what it holds but ASCII, simplified Chinese and `STAYING_MARKS`.

        None stands for very many, or for what is not known.
        """
        self.original = original
        self.text = text
        self.starts = starts
        self.is_usual = others is not None and not others
        self.ascii = text.encode("ascii", "ignore")
        if others is None:
            self.bare = _BARE.sub("", self.folded)
            return
        bare = text.encode().translate(_ASCII_LOWER, _ASCII_NOISE).decode()
        for mark in STAYING_MARKS:
            if mark in bare:
                bare = bare.replace(mark, "")
        for other in others:
            if not other.isalnum():
                bare = bare.replace(other, "")
        self.bare = bare

    def with_changes(self, changed: bytes) -> Normalized:
        """Return this text as one read from another; ``changed`` has ones where it differs."""
        read = copy.copy(self)
        read._changed = changed
        return read

    @property
    def is_derived(self) -> bool:
        """True if it was read from another text, with something decoded or restored."""
        return self._changed is not None

    @property
    def cache(self) -> SearchCache:
        """Answers that several rules share; made for texts with hits only."""
        if self._cache is None:
            self._cache = SearchCache()
        return self._cache

    @property
    def folded(self) -> str:
        """``text`` in lower case."""
        if self._folded is None:
            self._folded = _fold(self.text)
        return self._folded

    @property
    def flat(self) -> bytes:
        """``text`` with a byte for each character: its own in ASCII, else a question mark."""
        if self._flat is None:
            self._flat = self.text.encode("ascii", "replace")
        return self._flat

    def encoded(self, view: View) -> bytes:
        """Return one view of the text in UTF-8: patterns run faster on it than on the text."""
        known = self._encoded.get(view) if self._encoded else None
        if known is None:
            known = self.shown(view).encode("utf-8", "replace")
            self._encoded = {**(self._encoded or {}), view: known}
        return known

    def shown(self, view: View) -> str:
        """Return one view of the text."""
        if view == "text":
            return self.text
        return self.folded if view == "folded" else self.compact_text

    @property
    def compact_text(self) -> str:
        """The folded text without blanks."""
        if self._compact_text is None:
            self._compact_text = self.folded.replace(" ", "").replace("\t", "")
        return self._compact_text

    @property
    def compact(self) -> Placed:
        """``compact_text`` with its offsets, which only a text with hits needs."""
        if self._compact is None:
            folded, text = self.folded, self.compact_text
            starts: Sequence[int] = range(len(folded))
            if len(text) < len(folded):
                starts = places_without(_BLANKS, folded)
            self._compact = Placed(text, starts)
        return self._compact

    @property
    def dense_text(self) -> str:
        """The folded text without what stands between two Chinese characters and is no word."""
        if self._dense_text is None:
            self._dense_text = _NOISE.sub("", self.folded)
        return self._dense_text

    @property
    def dense(self) -> Placed:
        """``dense_text`` with its offsets, which only a text with hits needs."""
        if self._dense is None:
            starts: Sequence[int] = range(len(self.folded))
            if len(self.dense_text) < len(starts):
                starts = places_without(_NOISE, self.folded)
            self._dense = Placed(self.dense_text, starts)
        return self._dense

    @property
    def _breaks(self) -> list[int]:
        if self._line_breaks is None:
            self._line_breaks = [m.start() for m in _BREAK.finditer(self.text)]
        return self._line_breaks

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty span of ``text`` to the original, with the marks that sit on its end."""
        return self.starts[start], with_marks(self.original, self.starts[end - 1] + 1)

    def is_changed(self, start: int, end: int) -> bool:
        """Return True if a non-empty span, or its neighbour, differs from what was written."""
        if self._changed is None:
            return True
        low, high = self.span(start, end)
        return self._changed.find(1, max(0, low - 1), high + 1) >= 0

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


def places_without(gaps: re.Pattern[str], text: str) -> list[int]:
    """Return the place of each character that is left when gaps are cut out."""
    left = bytearray(b"\1") * len(text)
    for gap in gaps.finditer(text):
        low, high = gap.span()
        # In the texts that cost most, each gap is a single character.
        if high == low + 1:
            left[low] = 0
        else:
            left[low:high] = bytes(high - low)
    return list(compress(range(len(text)), left))


def with_marks(text: str, end: int) -> int:
    """Return the end of what ends at ``end`` with the combining marks that sit on it."""
    while end < len(text) and unicodedata.category(text[end]) in ("Mn", "Me"):
        end += 1
    return end


def dense(term: str) -> str:
    """Return a folded term without the noise between its Chinese characters."""
    return _NOISE.sub("", term)


def _fold(text: str) -> str:
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
