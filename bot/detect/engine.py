"""From fragments to findings. Pure: the same input always gives the same findings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from bot.detect.text.decoding.derived_text import Derived
from bot.detect.text.decoding.disguised import Restorer
from bot.detect.text.decoding.encoded import DECODED
from bot.detect.text.detector import Detector, TextDeriver
from bot.detect.text.matching.multi_search import DaachorseIndex, IndexFactory
from bot.detect.text.normalization.normalized_text import Normalized, with_marks
from bot.detect.text.normalization.normalizer import Normalizer, shared_normalizer
from bot.detect.text.standing_detectors import standing
from bot.detect.text.terms.keyword_list import KeywordList, SearchableTerms
from bot.detect.text.terms.term_detectors import DisguiseDetector, KeywordDetector, likely_finding
from bot.model import Box, Extent, Finding, Fragment, NotInspected
from bot.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The findings, and the parts that no detector could inspect."""

    findings: tuple[Finding, ...] = ()
    not_inspected: tuple[NotInspected, ...] = ()


_NOTHING = Inspection()


@dataclass(frozen=True, slots=True)
class Reading:
    """A fragment with the text that was derived from it."""

    fragment: Fragment
    text: Normalized
    derived: Derived

    def findings(
        self, detectors: Iterable[Detector], failures: dict[NotInspected, None]
    ) -> list[Finding]:
        """Return the detectors' findings that touch a change, with offsets of the original text.

        Findings in what was decoded are as certain as others; those in disguises are likely.
        """
        fragment = replace(self.fragment, text=self.derived.text)
        found = _found(detectors, fragment, self.text, failures)
        return [mapped for finding in found if (mapped := self._mapped(finding)) is not None]

    def _mapped(self, finding: Finding) -> Finding | None:
        own = self.fragment.text
        label = self.derived.label(finding.start, finding.end)
        # Something decoded right beside a number may have been all that hid it.
        if not label and self.derived.label(finding.start - 1, finding.end + 1) == DECODED:
            label = DECODED
        if not label:
            return None
        low, high = self.derived.span(finding.start, finding.end)
        high = with_marks(own, high)
        if label != DECODED:
            return likely_finding(label, self.fragment, (low, high))
        return finding.evolve(
            start=low, end=high, match=own[low:high], reasons=(*finding.reasons, "decoded")
        )


class Engine:
    """Runs every detector over every fragment, and over the texts that are derived from it.

    ::

        fragment ── normalise ── may any detector find, any deriver derive? ── no ── done
                                        │ yes
                                 detectors on the text itself
                                        │
                                 each derived text (decoded, restored) ── detectors on it
                                        │
                                 likely findings beside certain ones and repeats dropped
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        detectors: Iterable[Detector] = (),
        normalizer: Normalizer | None = None,
        index: IndexFactory = DaachorseIndex,
        restorer: Restorer | None = None,
    ) -> None:
        """Prepare the standing detectors; ``detectors`` run beside them."""
        self._normalize = normalizer or shared_normalizer()
        self._index = index
        own, self._derivers = standing(rules, self._normalize, index, restorer)
        self._detectors: tuple[Detector, ...] = (*own, *detectors)
        self._looks_for_disguises = restorer is not None

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
        detectors = self._with_terms(keywords)
        for index, fragment in enumerate(fragments):
            text = self._normalize(fragment.text)
            able = _able(detectors, fragment, text, failures)
            derivers = _able_derivers(self._derivers, fragment, text, failures)
            # Most texts end here, after some microseconds.
            if not able and not derivers:
                continue
            found = _found(able, fragment, text, failures)
            for reading in _readings(derivers, fragment, text, found, failures):
                again = _able(detectors, fragment, reading.text, failures)
                found += reading.findings(again, failures)
            kept = _without_repeats(_without_idle_likely(found))
            findings.extend(_placed(f, fragment, index) for f in kept)
        if not findings and not failures:
            return _NOTHING
        return Inspection(findings=tuple(findings), not_inspected=tuple(failures))

    def _with_terms(self, terms: SearchableTerms | None) -> tuple[Detector, ...]:
        """Return the standing detectors and those of a group's own terms."""
        if terms is None or not len(terms):
            return self._detectors
        if not self._looks_for_disguises or not terms.may_be_disguised:
            return (*self._detectors, KeywordDetector(terms))
        return (*self._detectors, KeywordDetector(terms), DisguiseDetector(terms))


def _able(
    detectors: Iterable[Detector],
    fragment: Fragment,
    text: Normalized,
    failures: dict[NotInspected, None],
) -> list[Detector]:
    """Return the detectors that may find something in a text."""
    able: list[Detector] = []
    for detector in detectors:
        try:
            if detector.may_find(text):
                able.append(detector)
        except Exception:
            failures[_failure(detector.name, fragment)] = None
    return able


def _able_derivers(
    derivers: Iterable[TextDeriver],
    fragment: Fragment,
    text: Normalized,
    failures: dict[NotInspected, None],
) -> list[TextDeriver]:
    """Return the derivers that may derive something from a text."""
    able: list[TextDeriver] = []
    for deriver in derivers:
        try:
            if deriver.may_derive(text):
                able.append(deriver)
        except Exception:
            failures[_failure("decoding", fragment)] = None
    return able


def _found(
    detectors: Iterable[Detector],
    fragment: Fragment,
    text: Normalized,
    failures: dict[NotInspected, None],
) -> list[Finding]:
    found: list[Finding] = []
    for detector in detectors:
        # A detector may yield: what it found before it raised counts.
        try:
            found += detector.detect(fragment, text)
        except Exception:
            failures[_failure(detector.name, fragment)] = None
    return found


def _readings(
    derivers: Iterable[TextDeriver],
    fragment: Fragment,
    text: Normalized,
    found: Sequence[Finding],
    failures: dict[NotInspected, None],
) -> Iterator[Reading]:
    """Yield the derived texts; ``found`` grows meanwhile, so it is looked at late."""
    for deriver in derivers:
        # Beside a finding that withholds the whole fragment a likely one adds nothing.
        if deriver.only_likely and any(f.extent is Extent.WHOLE for f in found):
            continue
        try:
            for derived, form in deriver.derive(text):
                changed = bytes(map(bool, derived.labels))
                yield Reading(fragment, form.with_changes(changed), derived)
        except Exception:
            failures[_failure("decoding", fragment)] = None


def _failure(name: str, fragment: Fragment) -> NotInspected:
    return NotInspected(
        reason=f"detector-failed-{name}",
        source=fragment.source,
        attachment=fragment.attachment,
        page=fragment.page,
    )


def _without_idle_likely(findings: list[Finding]) -> list[Finding]:
    """Drop likely findings that touch a certain one."""
    certain = sorted((f.start, f.end) for f in findings if f.is_certain)
    if len(certain) in (0, len(findings)):
        return findings
    starts = [start for start, _ in certain]
    furthest = list(accumulate((end for _, end in certain), max))

    def touched(likely: Finding) -> bool:
        """Return True if a certain finding overlaps a likely one."""
        before = bisect_left(starts, likely.end)
        return before > 0 and furthest[before - 1] > likely.start

    return [f for f in findings if f.is_certain or not touched(f)]


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """Order findings; drop those that one of the same category, as grave or graver, covers."""
    kept: list[Finding] = []
    open_: list[Finding] = []
    order = sorted(findings, key=lambda f: (f.start, -f.end, -f.severity, -f.confidence, f.rule_id))
    for finding in order:
        open_ = [f for f in open_ if f.end > finding.start]
        if not any(_covers(f, finding) for f in open_):
            kept.append(finding)
            open_.append(finding)
    return kept


def _covers(one: Finding, other: Finding) -> bool:
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
