"""Find what is known by its structure: weighted elements against a threshold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import re2

from bot.detect.text.matching.keyword_gates import Gates
from bot.detect.text.normalization.normalized_text import Normalized
from bot.model import Finding, Fragment
from bot.rules.regex import compile_regex
from bot.rules.rule import ELEMENT, Evidence, Rule

HIGHEST = 0.99
SHORTEST = 12
_PLACES = 4
"""Of the sums of weights, so that 0.4 + 0.3 + 0.1 is 0.8."""

MAX_READ = 20_000
"""Characters of a fragment that are looked at: the first and the last so many."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    rule: Rule
    elements: tuple[tuple[Evidence, re2._Regexp], ...]
    absent: re2._Regexp | None
    raised_beside: re2._Regexp | None


class StructureDetector:
    """Adds up the weights of the elements that a fragment shows."""

    name = "structure"

    def __init__(self, rules: Sequence[Rule], gates: Gates, first: int) -> None:
        """Prepare rules; ``gates`` open the first of them by the number ``first``."""
        self._rules = {first + place: _prepare(rule) for place, rule in enumerate(rules)}
        self._numbers = frozenset(self._rules)
        self._gates = gates

    def may_find(self, text: Normalized) -> bool:
        """Return True if a keyword of any rule occurs."""
        opened = self._gates.opened(text)
        return bool(opened) and not self._numbers.isdisjoint(opened)

    def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
        """Return one finding for each rule whose threshold is reached."""
        opened = self._gates.opened(text)
        if not opened or len(fragment.text) < SHORTEST:
            return ()
        return [
            finding
            for number, prepared in self._rules.items()
            if number in opened
            and (not prepared.rule.sources or fragment.source in prepared.rule.sources)
            for finding in self._weigh(prepared, fragment, text)
        ]

    def _weigh(
        self, prepared: _Prepared, fragment: Fragment, text: Normalized
    ) -> Iterator[Finding]:
        rule, content = prepared.rule, text.compact_text
        if len(content) > (rule.longest or 2 * MAX_READ):
            return
        present = _present(prepared, content)
        score = round(sum(e.weight for e, _ in present), _PLACES)
        if score < rule.threshold:
            return
        if prepared.absent is not None and prepared.absent.search(content):
            return
        shown = [(e, m.span()) for e, m in present if e.weight > 0 and m.end() > m.start()]
        first = min(span[0] for _, span in shown)
        last = max(span[1] for _, span in shown)
        starts = text.compact.starts
        start, end = text.span(starts[first], starts[last - 1] + 1)
        beside = prepared.raised_beside
        raised = rule.raised if beside is not None and beside.search(content) else None
        reasons = tuple(f"{ELEMENT}:{e.name}" for e, _ in shown)
        yield Finding(
            rule_id=rule.id,
            category=rule.category,
            severity=raised or rule.severity,
            confidence=round(min(HIGHEST, rule.confidence * score / rule.threshold), 2),
            extent=rule.extent,
            source=fragment.source,
            start=start,
            end=end,
            match=fragment.text[start:end],
            reasons=reasons,
        )


def _present(prepared: _Prepared, content: str) -> list[tuple[Evidence, re2._Match]]:
    """Return the elements that a text shows; fewer once it cannot reach the threshold."""
    present: list[tuple[Evidence, re2._Match]] = []
    reachable = sum(max(0.0, e.weight) for e, _ in prepared.elements)
    for element, pattern in prepared.elements:
        found = pattern.search(content)
        if found is not None:
            present.append((element, found))
            reachable += min(0.0, element.weight)
        else:
            reachable -= max(0.0, element.weight)
        if round(reachable, _PLACES) < prepared.rule.threshold:
            break
    return present


def _prepare(rule: Rule) -> _Prepared:
    absent, beside = rule.surroundings.absent, rule.raised_beside
    return _Prepared(
        rule=rule,
        elements=tuple(
            (e, compile_regex(e.pattern, f"{rule.id}: {e.name}")) for e in rule.evidence
        ),
        absent=compile_regex(absent, rule.id) if absent else None,
        raised_beside=compile_regex(beside, rule.id) if beside else None,
    )
