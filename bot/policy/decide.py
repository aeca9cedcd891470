"""From findings to a verdict. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.model import Action, Category, Certainty, Finding, NotInspected, Severity, Verdict
from bot.policy.policies import Policy

BULK = 3
"""People from whom on identity findings are a list, not one person's slip."""


def decide(
    findings: Sequence[Finding], not_inspected: Sequence[NotInspected], policy: Policy
) -> Verdict:
    """Merge findings by the harsher severity and name the actions that follow.

    Suppressed findings stay in the verdict and count for nothing. ``BULK`` or more different
    identity values of one kind raise their findings to high. Deleting includes masking, so that
    both never stand together. A finding whose confidence is below the policy's threshold for its
    category is only likely. Likely findings ask for a supervisor and for nothing else.
    """
    graded = [_graded(f, policy) for f in findings]
    raised = _raise_bulk([f for f in graded if f.is_certain])
    likely = [f for f in graded if not f.is_certain]
    severities = {f.severity for f in raised if f.suppressed_by is None}
    actions: set[Action] = set()
    for severity in severities:
        actions |= policy.actions[severity]
    if any(f.suppressed_by is None for f in likely):
        actions.add(Action.ESCALATE)
        severities.add(Severity.LOW)  # whatever the rule: nothing is proven
    for gap in not_inspected:
        actions |= policy.unread(gap.reason)
    if Action.DELETE in actions:
        actions.discard(Action.MASK)
    return Verdict(
        severity=max(severities, default=Severity.NONE),
        actions=frozenset(actions),
        findings=(*raised, *likely),
        not_inspected=tuple(not_inspected),
        policy=policy.name,
        policy_version=policy.version,
    )


def _graded(finding: Finding, policy: Policy) -> Finding:
    """Return a finding as likely if it is not sure enough for its category.

    A detector may call a finding likely by itself; no threshold makes it certain.
    """
    if finding.is_certain and finding.confidence < policy.thresholds.get(finding.category, 0.0):
        return finding.evolve(certainty=Certainty.LIKELY)
    return finding


def _raise_bulk(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Raise identity findings where one kind of number occurs for several people.

    One person's card, phone and account are three kinds, not three people.
    """
    if max(Counter(kind for kind, _ in _identity_values(findings)).values(), default=0) < BULK:
        return findings
    return [
        f.evolve(severity=Severity.HIGH) if _counts(f) and f.severity < Severity.HIGH else f
        for f in findings
    ]


def _identity_values(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """Return the different values with their kinds: the first word of their rules' names."""
    return {
        (
            finding.rule_id.rpartition("/")[2].partition("-")[0],
            "".join(c for c in finding.match if c.isalnum()).upper(),
        )
        for finding in findings
        if _counts(finding)
    }


def _counts(finding: Finding) -> bool:
    """Return True if a finding is an identity value that stands for a person."""
    return (
        finding.category is Category.IDENTITY
        and finding.suppressed_by is None
        and finding.severity >= Severity.MEDIUM
    )
