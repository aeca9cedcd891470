from dataclasses import replace
from pathlib import Path

import pytest

from bot.model import Action, Category, Certainty, Extent, Finding, NotInspected, Severity, Source
from bot.policy.decide import decide
from bot.policy.policies import Policy, load_policies
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


def with_thresholds(**thresholds: float) -> Policy:
    return replace(POLICY, thresholds={Category(c): t for c, t in thresholds.items()})


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
def test_severity_and_actions_follow_from_the_findings(
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


@pytest.mark.parametrize(
    ("name", "thresholds", "certainty"),
    [
        ("none", {}, "certain"),
        ("of another category", {"marking": 1.0}, "certain"),
        ("below the confidence", {"identity": 0.8}, "certain"),
        ("the confidence itself", {"identity": 0.9}, "certain"),
        ("above the confidence", {"identity": 0.91}, "likely"),
    ],
)
def test_a_threshold_decides_certainty(
    name: str, thresholds: dict[str, float], certainty: str
) -> None:
    verdict = decide([finding()], [], with_thresholds(**thresholds))
    assert verdict.findings[0].certainty == certainty, name
    assert verdict.removes is (certainty == "certain")
    assert (verdict.actions == {Action.ESCALATE}) is (certainty == "likely")


def test_no_threshold_makes_a_likely_finding_certain() -> None:
    likely = finding().evolve(certainty=Certainty.LIKELY)
    verdict = decide([likely], [], with_thresholds(identity=0.1))
    assert verdict.findings == (likely,)


def test_likely_values_do_not_count_as_people() -> None:
    certain = [finding(match=m).evolve(confidence=0.99) for m in "ab"]
    verdict = decide([*certain, finding(match="c")], [], with_thresholds(identity=0.95))
    assert [f.severity for f in verdict.findings] == [Severity.MEDIUM] * 3
