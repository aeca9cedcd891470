"""Find in one pass which words stand in a text, and so which rules can find anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from bot.detect.text.matching.multi_search import DaachorseIndex, IndexFactory
from bot.detect.text.normalization.normalized_text import STAYING_MARKS, Normalized

_CHINESE_PAIR = re.compile(r"[\u3007\u3400-\u9fff\U00020000-\U0003134f]{2}")
_NOISE = re.compile(r"[\W_]+")
_COMMON = " \n"
"""Marks that most texts hold."""

_COMMONNESS = "/_-.:,?!"
"""Marks of ordinary text; all others are rarer, and what comes first is rarer than the rest."""

_NONE: AbstractSet[int] = frozenset()


class Gates:
    """Words in dense form, each with the number of whatever it opens.

    A word that stands in a text's dense form always opens. Making that form takes longer than all
    else, so words are looked for in the bare form. Only between two Chinese characters is anything
    left out of the dense form, so that a word without such a pair stands in the folded one too:
    those with a mark are looked for there, and only where the text holds one of their marks.
    """

    def __init__(
        self, words: Iterable[tuple[str, int]], *, index: IndexFactory = DaachorseIndex
    ) -> None:
        bare: dict[str, list[int]] = {}
        blank: dict[str, dict[str, list[int]]] = {}
        marked: dict[str, list[int]] = {}
        marks: set[str] = set()
        for word, number in words:
            left = _NOISE.sub("", word)
            if left == word or _CHINESE_PAIR.search(word):
                bare.setdefault(left, []).append(number)
            elif rare := [c for c in "".join(_NOISE.findall(word)) if c not in _COMMON]:
                marks.add(min(rare, key=_COMMONNESS.find))
                marked.setdefault(word, []).append(number)
            else:
                blank.setdefault(left, {}).setdefault(word, []).append(number)
        terms = tuple(dict.fromkeys((*bare, *blank)))
        self._bare = index(terms)
        self._opens = tuple(tuple(bare.get(term, ())) for term in terms)
        self._asks = tuple(tuple(blank.get(term, {}).items()) for term in terms)
        self._marked, self._by_marked = index(tuple(marked)), tuple(marked.values())
        flat = "".join(marks).encode("ascii", "ignore")
        self._other = bytes(code for code in range(256) if code not in flat)
        self._staying = tuple(mark for mark in sorted(marks) if mark in STAYING_MARKS)
        self._unusual = tuple(mark for mark in sorted(marks) if not mark.isascii())

    def opened(self, text: Normalized) -> AbstractSet[int]:
        """Return the numbers of all words in a text, and perhaps a few more."""
        known = text.opened
        if known is not None and known[0] is self:
            return known[1]
        found = self._bare.find(text.bare)
        is_marked = text.ascii.translate(None, self._other) or self._is_marked(text)
        opened = self._look(text, found, bool(is_marked)) if found or is_marked else _NONE
        text.opened = (self, opened)
        return opened

    def _look(
        self, text: Normalized, found: Iterable[tuple[int, int, int]], is_marked: bool
    ) -> AbstractSet[int]:
        opened: set[int] = set()
        for number in {number for _, _, number in found}:
            opened.update(self._opens[number])
            for word, numbers in self._asks[number]:
                if word in text.folded:
                    opened.update(numbers)
        if is_marked:
            opened.update(*[self._by_marked[n] for _, _, n in self._marked.find(text.folded)])
        return opened

    def _is_marked(self, text: Normalized) -> bool:
        # The caller has looked for marks of ASCII already.
        marks = self._staying if text.is_usual else self._unusual
        return bool(marks) and any(mark in text.text for mark in marks)
