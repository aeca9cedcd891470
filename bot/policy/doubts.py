"""Decide with doubts: what may be something in disguise goes to a supervisor and no further."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from bot.model import Action, Finding, NotInspected, Severity, Verdict
from bot.policy.decide import decide
from bot.policy.policies import Policy
from bot.rules import is_doubt


def decide_with_doubts(
    findings: Sequence[Finding], not_inspected: Sequence[NotInspected], policy: Policy
) -> Verdict:
    """Decide by what is certain; an unsuppressed doubt asks for a supervisor besides."""
    certain = [f for f in findings if not is_doubt(f.rule_id)]
    verdict = decide(certain, not_inspected, policy)
    doubts = tuple(f for f in findings if is_doubt(f.rule_id))
    if not doubts:
        return verdict
    live = any(f.suppressed_by is None for f in doubts)
    return dataclasses.replace(
        verdict,
        severity=max(verdict.severity, Severity.LOW) if live else verdict.severity,
        actions=verdict.actions | {Action.ESCALATE} if live else verdict.actions,
        findings=verdict.findings + doubts,
    )
