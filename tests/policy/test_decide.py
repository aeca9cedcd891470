from pathlib import Path

import pytest

from bot.model import Action, Category, Extent, Finding, NotInspected, Severity, Source
from bot.policy.decide import decide
from bot.policy.policies import load_policies
from bot.rules.packs import load_packs

CONFIG = Path(__file__).parents[2] / "config"
POLICY = load_policies(CONFIG / "policies.toml", load_packs(CONFIG / "packs"))["standard"]


def finding(
    severity: Severity = Severity.MEDIUM,
    match: str = "x",
    suppressed_by: str | None = None,
    rule: str = "rule",
) -> Finding:
    return Finding(
        rule_id=f"pack/{rule}",
        category=Category.IDENTITY,
        severity=severity,
        confidence=0.9,
        extent=Extent.SPAN,
        source=Source.TEXT,
        start=0,
        end=1,
        match=match,
        suppressed_by=suppressed_by,
    )


def gap(reason: str) -> NotInspected:
    return NotInspected(reason=reason, source=Source.IMAGE)


@pytest.mark.parametrize(
    ("name", "findings", "gaps", "severity", "actions"),
    [
        ("nothing", [], [], "none", set()),
        ("low", [finding(Severity.LOW)], [], "low", {"log"}),
        ("medium", [finding()], [], "medium", {"mask", "warn"}),
        ("high", [finding(Severity.HIGH)], [], "high", {"mask", "warn", "escalate"}),
        (
            "deleting includes masking",
            [finding(), finding(Severity.CRITICAL)],
            [],
            "critical",
            {"delete", "warn", "escalate"},
        ),
        ("suppressed", [finding(suppressed_by="allow:1")], [], "none", set()),
        ("not inspected", [], [gap("ocr-failed")], "none", {"escalate"}),
        ("unsupported", [], [gap("unsupported-voice")], "none", {"log"}),
        ("unknown document", [], [gap("unsupported-document")], "none", {"escalate"}),
        ("held by its kind", [], [gap("unsupported-legacy-office")], "none", {"escalate"}),
        ("two people", [finding(match=m) for m in "ab"], [], "medium", {"mask", "warn"}),
        (
            "three people",
            [finding(match=m) for m in "abc"],
            [],
            "high",
            {"mask", "warn", "escalate"},
        ),
        (
            "one person's three kinds of numbers",
            [finding(match=m, rule=m) for m in ("mobile", "passport", "resident-id")],
            [],
            "medium",
            {"mask", "warn"},
        ),
        (
            "one person three times",
            [finding(match=m) for m in ("1-2", "12", "1 2")],
            [],
            "medium",
            {"mask", "warn"},
        ),
    ],
)
def test_decide(
    name: str,
    findings: list[Finding],
    gaps: list[NotInspected],
    severity: str,
    actions: set[str],
) -> None:
    verdict = decide(findings, gaps, POLICY)
    assert verdict.severity.label == severity, name
    assert verdict.actions == {Action(a) for a in actions}
    assert len(verdict.findings) == len(findings)
    assert verdict.policy_version == POLICY.version
