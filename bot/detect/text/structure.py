"""Find what is known by its structure: weighted elements against a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

from bot.detect.text.normalize import Normalized
from bot.detect.text.reasons import sentence_of_elements
from bot.model import Finding, Fragment
from bot.regex import compile_regex
from bot.rules import Evidence, Language, Rule

HIGHEST = 0.99
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

    def __init__(self, rules: Sequence[Rule], language: Language) -> None:
        self._language: Language = language
        self._rules = tuple(_prepare(rule) for rule in rules)

    def detect(self, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        """Yield one finding for each rule whose threshold is reached."""
        if not self._rules or len(fragment.text) < 12:
            return
        dense = text.dense_text
        for prepared in self._rules:
            rule = prepared.rule
            if rule.sources and fragment.source not in rule.sources:
                continue
            if any(keyword in dense for keyword in rule.keywords):
                yield from self._weigh(prepared, fragment, text)

    def _weigh(
        self, prepared: _Prepared, fragment: Fragment, text: Normalized
    ) -> Iterator[Finding]:
        rule, view = prepared.rule, text.compact
        content = view.text
        if len(content) > 2 * MAX_READ:
            return
        if prepared.absent is not None and prepared.absent.search(content):
            return
        present = [(e, m) for e, p in prepared.elements if (m := p.search(content)) is not None]
        score = sum(e.weight for e, _ in present)
        if score < rule.threshold:
            return
        shown = [(e, m.span()) for e, m in present if e.weight > 0 and m.end() > m.start()]
        first = min(span[0] for _, span in shown)
        last = max(span[1] for _, span in shown)
        start, end = text.span(view.starts[first], view.starts[last - 1] + 1)
        beside = prepared.raised_beside
        raised = rule.raised if beside is not None and beside.search(content) else None
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
            explanation=sentence_of_elements(rule, [e for e, _ in shown], self._language),
        )


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
