"""How sure a hit is and why, and the finding that is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.detect.text.matching.reasons import explained
from bot.model import Finding, Fragment, Severity
from bot.rules.rule import Language, Rule


@dataclass(frozen=True, slots=True)
class Judgement:
    """How sure a hit is, and the codes of the reasons; its severity if it is not the rule's own."""

    confidence: float
    reasons: tuple[str, ...] = ()
    severity: Severity | None = None


def finding(
    rule: Rule,
    fragment: Fragment,
    span: tuple[int, int],
    language: Language,
    judgement: Judgement | None = None,
) -> Finding:
    """Return the finding of a rule at a span of a fragment, with the sentence that says why."""
    judged = judgement or Judgement(rule.confidence)
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
        explanation=explained(rule, judged.reasons, language),
        reasons=judged.reasons,
    )
