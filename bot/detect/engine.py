"""From fragments to findings. Pure: the same input always gives the same findings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol

from bot.detect.text.decoding.derived_text import Derived
from bot.detect.text.decoding.disguised import Restorer
from bot.detect.text.decoding.encoded import DECODED, decoded, may_hold_code
from bot.detect.text.matching.evidence_detector import StructureDetector
from bot.detect.text.matching.keyword_gates import Gates
from bot.detect.text.matching.multi_search import DaachorseIndex, IndexFactory
from bot.detect.text.matching.rule_detector import RuleDetector, rule_gates
from bot.detect.text.normalization.normalized_text import Normalized, with_marks
from bot.detect.text.normalization.normalizer import Normalizer, shared_normalizer
from bot.detect.text.terms.keyword_list import KeywordList, SearchableTerms
from bot.detect.text.terms.term_detectors import DisguiseDetector, KeywordDetector, doubt
from bot.model import Box, Extent, Finding, Fragment, NotInspected
from bot.rules.rule import Rule


class Detector(Protocol):
    """Looks for one kind of material in a fragment. Never acts, never changes its input."""

    name: str

    def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
        """Return findings with offsets of ``fragment.text``; ``text`` is its normalised form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found, and what could not be looked at."""

    findings: tuple[Finding, ...] = ()
    not_inspected: tuple[NotInspected, ...] = ()


_NOTHING = Inspection()


@dataclass(frozen=True, slots=True)
class Reading:
    """A fragment as it reads once something in it is undone."""

    fragment: Fragment
    text: Normalized
    derived: Derived

    def findings(self, detector: Detector) -> Iterator[Finding]:
        """Yield a detector's findings, with offsets of the fragment's own text.

        Only those count that touch what was undone; where that was a disguise, they are doubts.
        """
        own = self.fragment.text
        for finding in detector.detect(replace(self.fragment, text=self.derived.text), self.text):
            label = self.derived.label(finding.start, finding.end)
            # What was undone beside a number may have been all that hid it.
            if not label and self.derived.label(finding.start - 1, finding.end + 1) == DECODED:
                label = DECODED
            if label:
                low, high = self.derived.span(finding.start, finding.end)
                high = with_marks(own, high)
                if label == DECODED:
                    yield finding.evolve(
                        start=low,
                        end=high,
                        match=own[low:high],
                        reasons=(*finding.reasons, "decoded"),
                    )
                else:
                    yield doubt(label, self.fragment, (low, high))


class Engine:
    """Runs every detector over every fragment; with a restorer, over disguised text too."""

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        detectors: Iterable[Detector] = (),
        normalizer: Normalizer | None = None,
        index: IndexFactory = DaachorseIndex,
        restorer: Restorer | None = None,
    ) -> None:
        self._normalize = normalizer or shared_normalizer()
        every = tuple(rules)
        by_pattern = tuple(rule for rule in every if not rule.evidence)
        by_structure = tuple(rule for rule in every if rule.evidence)
        self._index = index
        self._restore = restorer
        disguises = restorer.words() if restorer else ()
        # Words open rules by their place, then what may be a mark in disguise.
        self._others_from, self._disguises = len(by_pattern), len(every)
        words = rule_gates((*by_pattern, *by_structure), self._normalize)
        disguised = ((word, self._disguises) for word in disguises)
        self._gates = Gates((*words, *disguised), index=index)
        self._rules = RuleDetector(by_pattern, self._normalize, self._gates)
        self._structure: tuple[Detector, ...] = ()
        if by_structure:
            self._structure = (StructureDetector(by_structure, self._gates, self._others_from),)
        self._others = tuple(detectors)

    def keyword_list(self, terms: Iterable[str]) -> KeywordList:
        """Prepare a group's own terms; build once for each change of the list."""
        return KeywordList(terms, self._normalize, index=self._index)

    def inspect(
        self, fragments: Sequence[Fragment], keywords: SearchableTerms | None = None
    ) -> Inspection:
        """Look at every fragment, with a group's own terms if there are any.

        A detector that raises becomes a ``not_inspected`` named after it; the others go on.
        """
        findings: list[Finding] = []
        failures: dict[NotInspected, None] = {}
        terms = keywords if keywords is not None and len(keywords) else None
        for index, fragment in enumerate(fragments):
            text = self._normalize(fragment.text)
            if self._is_idle(text, terms):
                continue
            found = self._look(fragment, text, self._all(terms), failures)
            told = _without_repeats(_without_idle_doubts(found))
            findings.extend(_placed(f, fragment, index) for f in told)
        if not findings and not failures:
            return _NOTHING
        return Inspection(findings=tuple(findings), not_inspected=tuple(failures))

    def _is_idle(self, text: Normalized, terms: SearchableTerms | None) -> bool:
        """Say of most texts in a few microseconds that nothing can be found in them.

        Whatever goes wrong here is for `_look` to name.
        """
        try:
            opened = self._gates.opened(text)
            return not (
                self._others
                or (opened and max(opened) >= self._others_from)
                or self._rules.able(text, opened)
                or may_hold_code(text)
                or (terms is not None and terms.may_find(text))
            )
        except Exception:
            return False

    def _all(self, terms: SearchableTerms | None) -> Sequence[Detector]:
        """Return all detectors, those of a group's own terms too."""
        detectors: tuple[Detector, ...] = (self._rules, *self._structure, *self._others)
        if terms is None:
            return detectors
        detectors = (*detectors, KeywordDetector(terms))
        if self._restore is None or not terms.may_be_disguised:
            return detectors
        return (*detectors, DisguiseDetector(terms))

    def _look(
        self,
        fragment: Fragment,
        text: Normalized,
        detectors: Sequence[Detector],
        failures: dict[NotInspected, None],
    ) -> list[Finding]:
        """Run detectors over a fragment as it stands, then as its parts read when undone."""
        found: list[Finding] = []
        for detector in detectors:
            try:
                found += detector.detect(fragment, text)
            except Exception:
                failures[_failure(detector.name, fragment)] = None
        for reading in self._readings(fragment, text, found, failures):
            for detector in detectors:
                try:
                    found += reading.findings(detector)
                except Exception:
                    failures[_failure(detector.name, fragment)] = None
        return found

    def _readings(
        self,
        fragment: Fragment,
        text: Normalized,
        found: list[Finding],
        failures: dict[NotInspected, None],
    ) -> Iterator[Reading]:
        """Yield what the fragment's encoded and disguised parts say.

        Where something ``found`` so far withholds all of it, a doubt would add nothing.
        """
        try:
            if plain := decoded(text, self._normalize):
                yield _reading(fragment, *plain)
            if (
                self._restore
                and self._disguises in self._gates.opened(text)
                and not any(f.extent is Extent.WHOLE for f in found)
            ):
                for derived, form in self._restore(text):
                    yield _reading(fragment, derived, form)
        except Exception:
            failures[_failure("decoding", fragment)] = None


def _reading(fragment: Fragment, derived: Derived, form: Normalized) -> Reading:
    form.changed = bytes(map(bool, derived.labels))
    return Reading(fragment, form, derived)


def _failure(name: str, fragment: Fragment) -> NotInspected:
    return NotInspected(
        reason=f"detector-failed-{name}",
        source=fragment.source,
        attachment=fragment.attachment,
        page=fragment.page,
    )


def _without_idle_doubts(findings: list[Finding]) -> list[Finding]:
    """Drop the doubts where something certain is found already."""
    certain = sorted((f.start, f.end) for f in findings if f.is_certain)
    if len(certain) in (0, len(findings)):
        return findings
    starts = [start for start, _ in certain]
    furthest = list(accumulate((end for _, end in certain), max))

    def touched(doubt: Finding) -> bool:
        """Say whether anything certain that begins before the doubt's end reaches into it."""
        before = bisect_left(starts, doubt.end)
        return before > 0 and furthest[before - 1] > doubt.start

    return [f for f in findings if f.is_certain or not touched(f)]


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """Order findings, and drop those that a finding at least as grave already says and covers."""
    kept: list[Finding] = []
    open_: list[Finding] = []
    order = sorted(findings, key=lambda f: (f.start, -f.end, -f.severity, -f.confidence, f.rule_id))
    for finding in order:
        open_ = [f for f in open_ if f.end > finding.start]
        if not any(_says(f, finding) for f in open_):
            kept.append(finding)
            open_.append(finding)
    return kept


def _says(one: Finding, other: Finding) -> bool:
    return (
        one.end >= other.end
        and one.category is other.category
        and one.severity >= other.severity
        and one.extent in (other.extent, Extent.WHOLE)
    )


def _placed(finding: Finding, fragment: Fragment, index: int) -> Finding:
    box = union(fragment.boxes[finding.start : finding.end]) if fragment.boxes else None
    if index == 0 and fragment.page is None and box is None:
        return finding
    return finding.evolve(fragment=index, page=fragment.page, box=box)


def union(boxes: Iterable[Box]) -> Box | None:
    """Return the smallest box around all that are not empty."""
    full = [b for b in boxes if b[2] > b[0] and b[3] > b[1]]
    if not full:
        return None
    return (
        min(b[0] for b in full),
        min(b[1] for b in full),
        max(b[2] for b in full),
        max(b[3] for b in full),
    )
