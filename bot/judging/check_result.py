"""The result of checking one text or file, and its public JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.model import Action, Finding, Verdict

# The order is part of the public JSON: a removal first, a record last.
_ORDER = (Action.MASK, Action.DELETE, Action.WARN, Action.MUTE, Action.ESCALATE, Action.LOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The verdict on one text or file.

    ``explanations`` has a sentence for each of the verdict's findings. ``masked`` is None unless
    it was text; ``size`` is a picture's, in pixels; ``annotated`` is where its copy with boxes and
    rules was written.
    """

    verdict: Verdict
    explanations: tuple[str, ...] = field(default=(), repr=False)
    masked: str | None = field(default=None, repr=False)
    size: tuple[int, int] = (0, 0)
    annotated: Path | None = None

    def to_json(self, id: object) -> dict[str, Any]:
        """Return the public form; see ``check --batch`` in the documentation."""
        verdict = self.verdict
        reasons = list(dict.fromkeys(gap.reason for gap in verdict.not_inspected))
        return {
            "id": id,
            "severity": verdict.severity.label,
            "actions": [action.value for action in _ORDER if action in verdict.actions],
            "masked": self.masked,
            "not_inspected": ", ".join(reasons) or None,
            "findings": [
                _finding_json(finding, explanation)
                for finding, explanation in zip(verdict.findings, self.explanations, strict=True)
            ],
        }


def _finding_json(finding: Finding, explanation: str) -> dict[str, Any]:
    return {
        "rule": finding.rule_id,
        "category": finding.category.value,
        "severity": finding.severity.label,
        "confidence": finding.confidence,
        "certainty": finding.certainty.value,
        "mask": finding.extent.value,
        "source": finding.source.value,
        "start": finding.start,
        "end": finding.end,
        "match": finding.match,
        "page": finding.page,
        "box": list(finding.box) if finding.box else None,
        "explanation": explanation,
        "suppressed_by": finding.suppressed_by,
    }
