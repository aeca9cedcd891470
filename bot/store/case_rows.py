"""The values that `bot.store.cases` stores and returns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.model import Category, Extent, Finding, NotInspected, SenderKind, Severity, Source
from bot.outgoing import CaseStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingNote:
    """A finding as a case keeps it: without the match."""

    rule_id: str
    category: Category
    severity: Severity
    confidence: float
    extent: Extent
    source: Source
    start: int
    end: int
    page: int | None = None
    suppressed_by: str | None = None
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, finding: Finding) -> FindingNote:
        """Drop the content of a finding."""
        return cls(**{name: getattr(finding, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """The findings of a case and the reason codes of gaps, without content.

    ``suppressed`` are the findings that the allow-list excluded: they stay visible on the card.
    """

    findings: tuple[FindingNote, ...] = ()
    not_inspected: tuple[str, ...] = ()
    suppressed: tuple[FindingNote, ...] = ()

    @classmethod
    def of(
        cls, findings: Iterable[Finding], not_inspected: Iterable[NotInspected] = ()
    ) -> CaseSummary:
        """Summarise a verdict's findings."""
        notes = [FindingNote.of(f) for f in findings]
        return cls(
            findings=tuple(n for n in notes if n.suppressed_by is None),
            not_inspected=tuple(n.reason for n in not_inspected),
            suppressed=tuple(n for n in notes if n.suppressed_by is not None),
        )

    @property
    def severity(self) -> Severity:
        """The gravest finding's severity."""
        return max((f.severity for f in self.findings), default=Severity.NONE)

    @property
    def category(self) -> Category | None:
        """The gravest finding's category."""
        gravest = max(self.findings, key=lambda f: f.severity, default=None)
        return None if gravest is None else gravest.category

    @property
    def rule_ids(self) -> list[str]:
        """The rules that hit, each once, in order."""
        return list(dict.fromkeys(f.rule_id for f in self.findings))

    def merge(self, other: CaseSummary) -> CaseSummary:
        """Return both together, each entry once."""
        return CaseSummary(
            findings=tuple(dict.fromkeys(self.findings + other.findings)),
            not_inspected=tuple(dict.fromkeys(self.not_inspected + other.not_inspected)),
            suppressed=tuple(dict.fromkeys(self.suppressed + other.suppressed)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON column."""
        return {
            "findings": [_to_json(f) for f in self.findings],
            "not_inspected": list(self.not_inspected),
            "suppressed": [_to_json(f) for f in self.suppressed],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> CaseSummary:
        """Read what `to_json` wrote."""
        return cls(
            findings=tuple(_finding_note(f) for f in value["findings"]),
            not_inspected=tuple(value["not_inspected"]),
            suppressed=tuple(_finding_note(f) for f in value.get("suppressed", ())),
        )


def _to_json(note: FindingNote) -> dict[str, Any]:
    return {name: getattr(note, name) for name in FindingNote.__slots__}


def _finding_note(value: dict[str, Any]) -> FindingNote:
    return FindingNote(
        **value
        | {
            "category": Category(value["category"]),
            "severity": Severity(value["severity"]),
            "extent": Extent(value["extent"]),
            "source": Source(value["source"]),
            "reasons": tuple(value.get("reasons", ())),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to be opened. ``content_digests`` are keyed digests of fragments with findings."""

    inbox_id: int | None
    chat_id: int
    message_id: int
    sender_id: int
    sender_kind: SenderKind
    severity: Severity
    category: Category | None
    summary: CaseSummary
    policy: str
    policy_version: str
    status: CaseStatus
    thread_id: int | None = None
    album_id: str | None = None
    masked_text: str | None = field(default=None, repr=False)
    has_picture: bool = False
    content_digests: tuple[str, ...] = ()
    message_sent_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it stands."""

    id: int
    number: int
    reference: str
    inbox_id: int | None
    chat_id: int
    message_id: int
    thread_id: int | None
    album_id: str | None
    sender_id: int
    sender_kind: SenderKind
    severity: Severity
    category: Category | None
    rule_ids: tuple[str, ...]
    summary: CaseSummary
    policy: str
    policy_version: str
    masked_text: str | None = field(repr=False)
    has_picture: bool
    content_digests: tuple[str, ...]
    status: CaseStatus
    opened_at: datetime
    message_sent_at: datetime | None
    removed_at: datetime | None
    assignee_id: int | None
    taken_at: datetime | None
    decided_at: datetime | None
    decided_by: int | None
    decision: CaseStatus | None
    appealed_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaim:
    """The result of an attempt to take or decide a case.

    ``won``, or the case as another person left it, with the reason.
    """

    won: bool
    case: Case
    reason: Literal["taken", "decided"] | None = None
