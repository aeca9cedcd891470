"""Find many terms in one pass over a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import ahocorasick
import daachorse


class KeywordIndex(Protocol):
    """Finds every occurrence of every term, overlapping ones too."""

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Return (start, end, index of the term) for a text without lone surrogates."""


_FEW = 100
Find = Callable[[str], list[tuple[int, int, int]]]


class DaachorseIndex:
    """The index on a character-wise double-array automaton. Terms must be distinct, none empty."""

    find: Find
    """Return (start, end, index of the term)."""

    def __init__(self, terms: Sequence[str]) -> None:
        if not terms:
            self.find = _find_nothing
            return
        # With very many terms hardly any character can be passed over; looking for one takes time.
        automaton = daachorse.CharwiseDoubleArrayAhoCorasick(
            list(terms), use_prefilter=len(terms) < _FEW
        )
        # The automaton's own method: one call less for each text.
        self.find = automaton.find_overlapping


def _find_nothing(_text: str) -> list[tuple[int, int, int]]:
    return []


class AhocorasickIndex:
    """The same index on pyahocorasick, a pointer automaton. Terms must be distinct, none empty."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for number, term in enumerate(terms):
            self._automaton.add_word(term, (len(term), number))
        if terms:
            self._automaton.make_automaton()
        self._empty = not terms

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Return (start, end, index of the term)."""
        if self._empty:
            return []
        found = self._automaton.iter(text)
        return [(last + 1 - length, last + 1, number) for last, (length, number) in found]


IndexFactory = Callable[[Sequence[str]], KeywordIndex]

MATCHERS: Mapping[str, IndexFactory] = MappingProxyType(
    {"daachorse": DaachorseIndex, "pyahocorasick": AhocorasickIndex}
)
"""By the setting ``matcher``."""
