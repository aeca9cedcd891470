"""Find many terms in one pass, tolerating noise between Chinese characters."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from bot.detect.text.decoding.disguised import MAX_TERMS, DisguisedTerms
from bot.detect.text.matching.multi_search import DaachorseIndex, IndexFactory
from bot.detect.text.matching.word_collisions import Collisions
from bot.detect.text.normalization.normalized_text import Normalized, dense
from bot.detect.text.normalization.normalizer import Normalizer, shared_normalizer

MAX_NOISE = 3
_HAN = re.compile(r"[\u3007\u3400-\u9fff\U00020000-\U0003134f]")
# Gaps that a term may not pass over. The long one is searched first, so that the others are short.
_LONG_GAP = re.compile(rf"(?<={_HAN.pattern})[\W_]{{{MAX_NOISE + 1},}}(?={_HAN.pattern})")
_BREAK = re.compile(rf"(?<={_HAN.pattern})[\W_]*\n[\W_]*(?={_HAN.pattern})")
_TWO_BREAKS = re.compile(rf"(?<={_HAN.pattern})[\W_]*\n[\W_]*\n[\W_]*(?={_HAN.pattern})")
_NOISE = re.compile(r"[\W_]+")
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


_Term = tuple[str, str, str, str, bool]
"""As given, the folded core that is searched, the marks before and after it; may span lines.

Plain, so that the collector of garbage, which stops everything, leaves a hundred thousand alone.
"""


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A term at ``start`` to ``end`` of the normalised text."""

    start: int
    end: int
    term: int


class KeywordList:
    """A list of terms, ready to be searched. Built once, then shared and never changed.

    Latin letters and digits at a term's edge must be whole words. Between two Chinese characters
    up to ``MAX_NOISE`` spaces, marks or symbols are passed over; a Chinese character never is.
    """

    def __init__(
        self,
        terms: Iterable[str],
        normalizer: Normalizer | None = None,
        *,
        index: IndexFactory = DaachorseIndex,
    ) -> None:
        normalize = normalizer or shared_normalizer()
        prepared = dict.fromkeys(t for t in (_prepare(term, normalize) for term in terms) if t)
        self._terms = tuple(prepared)
        cores: dict[str, tuple[int, ...]] = {}
        for number, (_, core, *_) in enumerate(self._terms):
            cores[core] = (*cores.get(core, ()), number)
        self._by_core = tuple(cores.values())
        self._new_index = index
        self._index = index(tuple(cores))
        # Terms of the dense form, which takes long to make, stand in the bare one too.
        noisy = {bare for core in cores if (bare := _NOISE.sub("", core)) != core}
        self._noisy = index(tuple(noisy - {""})) if noisy else None
        # The bare form cannot show a term that consists of marks.
        self._is_open = "" in noisy
        self._collisions = Collisions()

    def __len__(self) -> int:
        return len(self._terms)

    def term(self, number: int) -> str:
        """Return a term as it was given."""
        return self._terms[number][0]

    def find(self, text: Normalized) -> list[KeywordHit]:
        """Return every hit, in the order of the text; overlapping ones too."""
        if not self.may_find(text):
            return []
        raw = self._index.find(text.dense_text)
        return list(self._checked(text, raw)) if raw else []

    def may_find(self, text: Normalized) -> bool:
        """Return True if a text may hold a term; takes microseconds."""
        if self._index.find(text.bare) or self._is_open:
            return True
        return self._noisy is not None and bool(self._noisy.find(text.bare))

    @property
    def may_be_disguised(self) -> bool:
        """Return True if disguises of the terms are looked for: only a short list's are."""
        return len(self._terms) <= MAX_TERMS

    @functools.cached_property
    def _disguised(self) -> DisguisedTerms:
        cores = dict.fromkeys(core for _, core, *_ in self._terms)
        return DisguisedTerms(cores, self._new_index)

    def disguised(self, text: Normalized) -> list[tuple[int, int, str]]:
        """Return (start, end, kind) of what may be a term of a short list in disguise."""
        return list(self._disguised.find(text)) if self.may_be_disguised else []

    def _checked(
        self, text: Normalized, raw: Iterable[tuple[int, int, int]]
    ) -> Iterator[KeywordHit]:
        dense_text, starts, folded = text.dense_text, text.dense.starts, text.folded
        is_derived = text.is_derived
        for start, end, core in raw:
            first, last = starts[start], starts[end - 1] + 1
            if is_derived and not text.is_changed(first, last):
                continue
            if self._collisions.is_accident(dense_text, start, end):
                continue
            is_apart = last - first > end - start
            for number in self._by_core[core]:
                _, term, head, tail, spans = self._terms[number]
                if is_apart and not _gaps_allowed(folded, first, last, spans=spans):
                    continue
                span: tuple[int, int] | None = first, last
                if head or tail or term[0].isascii() or term[-1].isascii():
                    span = _edges(folded, first, last, head, tail)
                if span is not None:
                    yield KeywordHit(*span, number)


class SearchableTerms(Protocol):
    """Terms that can be searched for."""

    def __len__(self) -> int:
        """How many there are."""

    def find(self, text: Normalized) -> list[KeywordHit]:
        """Return every hit."""

    def may_find(self, text: Normalized) -> bool:
        """Return True if a text may hold a term; takes microseconds."""

    @property
    def may_be_disguised(self) -> bool:
        """Return True if disguises of the terms are looked for."""

    def disguised(self, text: Normalized) -> list[tuple[int, int, str]]:
        """Return (start, end, kind) of what may be a term in disguise."""


class KeywordLists:
    """Several lists, searched as one; the number of a hit's term is that in its own list."""

    def __init__(self, lists: Iterable[SearchableTerms]) -> None:
        self._lists = tuple(lists)

    def __len__(self) -> int:
        return sum(map(len, self._lists))

    def find(self, text: Normalized) -> list[KeywordHit]:
        """Return every hit of every list."""
        return [hit for terms in self._lists for hit in terms.find(text)]

    def may_find(self, text: Normalized) -> bool:
        """Return True if a text may hold a term of any list; takes microseconds."""
        return any(terms.may_find(text) for terms in self._lists)

    @property
    def may_be_disguised(self) -> bool:
        """Return True if disguises of any list's terms are looked for."""
        return any(terms.may_be_disguised for terms in self._lists)

    def disguised(self, text: Normalized) -> list[tuple[int, int, str]]:
        """Return what may be a term of any list in disguise."""
        return [hit for terms in self._lists for hit in terms.disguised(text)]


def _prepare(term: str, normalize: Normalizer) -> _Term | None:
    folded = " ".join(normalize(term).folded.split())
    bare = _EDGE.sub("", folded)
    if not bare:
        return (term, folded, "", "", False) if folded else None
    at = folded.index(bare)
    spans_lines = len(_HAN.findall(bare)) >= 3
    return term, dense(bare), folded[:at], folded[at + len(bare) :], spans_lines


def _is_latin(char: str) -> bool:
    return char.isalnum() and char.isascii()


def _gaps_allowed(folded: str, first: int, last: int, *, spans: bool) -> bool:
    """Return True if a term may pass over all that stands between its Chinese characters."""
    if _LONG_GAP.search(folded, first, last):
        return False
    if folded.find("\n", first, last) < 0:
        return True
    return not (_TWO_BREAKS if spans else _BREAK).search(folded, first, last)


def _edges(folded: str, first: int, last: int, head: str, tail: str) -> tuple[int, int] | None:
    """Widen a core's span to the term's own marks, and hold Latin edges to whole words."""
    if head or tail:
        first, last = first - len(head), last + len(tail)
        if first < 0 or last > len(folded):
            return None
        if not (folded.startswith(head, first) and folded.endswith(tail, 0, last)):
            return None
    if first and _is_latin(folded[first]) and _is_latin(folded[first - 1]):
        return None
    if last < len(folded) and _is_latin(folded[last - 1]) and _is_latin(folded[last]):
        return None
    return first, last
