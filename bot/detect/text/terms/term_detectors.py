"""The detectors of a group's own terms, as they stand and in disguise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.detect.text.matching.scoring import finding
from bot.detect.text.normalization.normalized_text import Normalized
from bot.detect.text.terms.keyword_list import KeywordHit, SearchableTerms
from bot.model import Certainty, Finding, Fragment
from bot.rules.rule import DISGUISED, GROUP_KEYWORD

MAX_PLACES = 60
"""With more hits than this, those that touch become one finding."""


class KeywordDetector:
    """Looks for a group's own terms. Overlapping hits become one finding."""

    name = "keywords"

    def __init__(self, keywords: SearchableTerms) -> None:
        self._keywords = keywords

    def may_find(self, text: Normalized) -> bool:
        """Return True if a term may occur."""
        return self._keywords.may_find(text)

    def detect(self, fragment: Fragment, text: Normalized) -> Sequence[Finding]:
        """Return a finding for each place."""
        hits = self._keywords.find(text)
        if not hits:
            return ()
        return [
            finding(GROUP_KEYWORD, fragment, text.span(*place))
            for place in _places(sorted(hits, key=lambda h: (h.start, -h.end)))
        ]


class DisguiseDetector:
    """Looks for a group's own terms in disguise, beside what `KeywordDetector` finds."""

    name = "disguises"

    def __init__(self, keywords: SearchableTerms) -> None:
        self._keywords = keywords

    def may_find(self, text: Normalized) -> bool:
        """Return True for a short list: no quick look can exclude all disguises."""
        return self._keywords.may_be_disguised

    def detect(self, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        """Yield a likely finding for each place."""
        hits = sorted(self._keywords.disguised(text), key=lambda h: (h[0], -h[1]))
        end = 0
        for start, last, kind in hits:
            if start >= end:
                yield likely_finding(kind, fragment, text.span(start, last))
                end = last


def likely_finding(kind: str, fragment: Fragment, span: tuple[int, int]) -> Finding:
    """Return a likely finding of a disguise of this kind."""
    found = finding(DISGUISED[kind], fragment, span)
    return found.evolve(certainty=Certainty.LIKELY)


def _places(hits: Sequence[KeywordHit]) -> list[tuple[int, int]]:
    """Drop hits inside others and join those that overlap or, when there are very many, touch."""
    slack = 0 if len(hits) > MAX_PLACES else -1
    places: list[tuple[int, int]] = []
    for hit in hits:
        if places and hit.start <= places[-1][1] + slack:
            places[-1] = (places[-1][0], max(places[-1][1], hit.end))
        else:
            places.append((hit.start, hit.end))
    return places
