"""The schemas of packs and policies in TOML, checked strictly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import ConfigurationError
from bot.rules.rule import Boundary, Discourse, Position, View

SeverityName = Literal["low", "medium", "high", "critical"]
CategoryName = Literal["marking", "document", "identity", "credential", "keyword", "fingerprint"]
ActionName = Literal["log", "warn", "mask", "delete", "escalate", "mute"]
SourceName = Literal[
    "text",
    "caption",
    "quote",
    "link",
    "filename",
    "poll",
    "contact",
    "image",
    "qr",
    "document",
    "via_bot",
]
MediaKind = Literal[
    "archive",
    "audio",
    "animation",
    "document",
    "legacy-office",
    "macros",
    "part",
    "picture",
    "program",
    "sticker",
    "tnef",
    "video",
    "video-note",
    "voice",
]
Model = TypeVar("Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourcedExample(_Strict):
    """An example from elsewhere than a message's text."""

    text: str
    source: SourceName


class EvidenceSchema(_Strict):
    """One element of a structure, with its weight."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: dict[str, str]
    weight: float = Field(ge=-1, le=1)
    pattern: str = Field(min_length=1)


class RuleSchema(_Strict):
    """A rule as it stands in a pack; see `bot.rules.rule.Rule`."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    category: CategoryName
    severity: SeverityName
    mask: Literal["span", "line", "whole"] | None = None
    confidence: float = Field(default=0.9, gt=0, le=1)
    description: dict[str, str]
    pattern: str = ""
    evidence: tuple[EvidenceSchema, ...] = ()
    threshold: float = Field(default=0.0, ge=0, le=5)
    longest: int = Field(default=0, ge=0)
    most: int = Field(default=0, ge=0)
    view: View = "text"
    guard: str | None = None
    keywords: tuple[str, ...] = ()
    digits: int = Field(default=0, ge=0)
    boundary: Boundary = "none"
    validator: str | None = None
    entropy: float = Field(default=0.0, ge=0, le=8)
    stop_words: tuple[str, ...] = ()
    sources: tuple[SourceName, ...] = ()
    context: tuple[str, ...] = ()
    context_required: bool = False
    window: int = Field(default=40, ge=1, le=400)
    positions: tuple[Position, ...] = ("any",)
    discourse: Discourse = "none"
    beside: str | None = None
    unless: str | None = None
    absent: str | None = None
    raised: SeverityName | None = None
    raised_beside: str | None = None
    positives: tuple[str | SourcedExample, ...] = ()
    negatives: tuple[str | SourcedExample, ...] = ()


class PackSchema(_Strict):
    """A pack as it is written."""

    title: dict[str, str]
    macros: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    defaults: dict[str, Any] = {}
    rules: tuple[RuleSchema, ...] = Field(min_length=1)


class ActionsSchema(_Strict):
    """The actions for each severity, and for parts that could not be read."""

    low: tuple[ActionName, ...]
    medium: tuple[ActionName, ...]
    high: tuple[ActionName, ...]
    critical: tuple[ActionName, ...]
    not_inspected: tuple[ActionName, ...] = ("escalate",)
    unsupported: tuple[ActionName, ...] = ("log",)


class PolicySchema(_Strict):
    """One policy as it is written.

    ``thresholds`` are confidences by category, below which a finding is only likely;
    ``unsupported`` are the consequences of single kinds of media that cannot be read.
    """

    packs: tuple[str, ...]
    evidence: Literal["masked", "sealed"] = "masked"
    thresholds: dict[CategoryName, Annotated[float, Field(ge=0, le=1)]] = {}
    actions: ActionsSchema
    unsupported: dict[MediaKind, Literal["log", "hold", "remove"]] = {}


class PoliciesSchema(_Strict):
    """The file of policies."""

    policies: dict[str, PolicySchema] = Field(min_length=1)


def validate(
    model: type[Model],
    raw: Mapping[str, Any],
    where: str,
    name: Callable[[Mapping[str, Any], tuple[object, ...]], str],
) -> Model:
    """Check raw TOML against a model; ConfigurationError names the file, the part and the fault."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        # Without input: an error must not quote a protected term.
        faults = error.errors(include_input=False, include_url=False)
        # A misspelt key shows up as a missing one too: report the cause, not the consequence.
        fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
        part = name(raw, fault["loc"])
        field = ".".join(str(p) for p in fault["loc"] if not isinstance(p, int))
        place = ": ".join(p for p in (where, part) if p)
        raise ConfigurationError(
            f"{field}: {fault['msg']}", where=place, mend=_remedy(fault["type"], field)
        ) from None


def _remedy(kind: str, field: str) -> str:
    if kind == "extra_forbidden":
        return "remove this key, or correct its spelling"
    if kind == "missing":
        return f"add {field.rsplit('.', 1)[-1]}"
    return "correct the value"


def first_fault(
    rule: RuleSchema, least_examples: int, languages: tuple[str, ...]
) -> tuple[str, str] | None:
    """Return a rule's first fault that its types do not show, with its remedy, or None."""
    for language in languages:
        if not rule.description.get(language, "").strip():
            return f"description.{language} is missing", "add one plain sentence for the sender"
    if len(rule.positives) < least_examples or len(rule.negatives) < least_examples:
        return (
            "too few examples",
            f"add at least {least_examples} positives and {least_examples} negatives",
        )
    if (rule.raised is None) != (rule.raised_beside is None):
        return "raised and raised_beside go together", "give both or neither"
    if bool(rule.pattern) == bool(rule.evidence):
        return "a rule has either a pattern or evidence", "give one of the two"
    if bool(rule.evidence) != (rule.threshold > 0):
        return "evidence and threshold go together", "give both or neither"
    if rule.context_required and not rule.context:
        return "context_required without context", "list the words in context"
    if not rule.keywords and not rule.digits:
        return "nothing gates the pattern", "add keywords, or digits = N"
    return None
