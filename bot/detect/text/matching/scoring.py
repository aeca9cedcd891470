"""Make a finding of a hit: its confidence, and the codes of its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from bot.model import Category, Finding, Fragment, Severity
from bot.rules.rule import Rule

_DEFAULT_REASONS = MappingProxyType(
    {
        Category.MARKING: "no talk",
        Category.CREDENTIAL: "no sample",
        Category.IDENTITY: "form",
        Category.DOCUMENT: "listed",
    }
)


@dataclass(frozen=True, slots=True)
class Score:
    """How sure a hit is, and the codes of the reasons; its severity if it is not the rule's own."""

    confidence: float
    reasons: tuple[str, ...] = ()
    severity: Severity | None = None


def default_reason(category: Category) -> str | None:
    """Return the code of the reason for a finding that has no other."""
    return _DEFAULT_REASONS.get(category)


def finding(
    rule: Rule,
    fragment: Fragment,
    span: tuple[int, int],
    score: Score | None = None,
) -> Finding:
    """Return the finding of a rule at a span of a fragment, with the codes of its reasons."""
    judged = score or Score(rule.confidence)
    return Finding(
        rule_id=rule.id,
        category=rule.category,
        severity=judged.severity or rule.severity,
        confidence=round(judged.confidence, 2),
        extent=rule.extent,
        source=fragment.source,
        start=span[0],
        end=span[1],
        match=fragment.text[span[0] : span[1]],
        reasons=judged.reasons,
    )
