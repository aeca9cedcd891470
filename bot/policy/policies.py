"""Load policies: their packs, thresholds, and the actions that follow from each severity."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bot.errors import ConfigurationError
from bot.model import Action, AttachmentKind, Category, Severity
from bot.rules.packs import Packs
from bot.rules.schema import PoliciesSchema, PolicySchema, validate

_UNSUPPORTED = "unsupported-"
_READABLE = (AttachmentKind.PHOTO, AttachmentKind.DOCUMENT)
_BY_NATURE = frozenset(k.value.replace("_", "-") for k in AttachmentKind if k not in _READABLE)
"""Kinds that no reader reads; a document or picture of an unknown kind is not one of them."""

_CHOICES = {
    "log": frozenset((Action.LOG,)),
    "hold": frozenset((Action.ESCALATE,)),
    "remove": frozenset((Action.DELETE, Action.WARN)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy. ``version`` is a digest of its content and of its packs' content.

    ``thresholds`` are confidences below which a finding of a category is only likely.
    ``unsupported`` follows from kinds of media that cannot be read by nature (``unsupported-voice``
    and the like), unless ``by_kind`` names the kind; ``not_inspected`` follows from everything else
    that could not be read, documents of an unknown kind among it.
    """

    name: str
    packs: tuple[str, ...]
    actions: Mapping[Severity, frozenset[Action]]
    not_inspected: frozenset[Action]
    unsupported: frozenset[Action]
    version: str
    thresholds: Mapping[Category, float] = field(default_factory=dict)
    by_kind: Mapping[str, frozenset[Action]] = field(default_factory=dict)

    def unread(self, reason: str) -> frozenset[Action]:
        """Return the actions that follow from a part that was not read, by its reason."""
        kind = reason.removeprefix(_UNSUPPORTED)
        if kind == reason:
            return self.not_inspected
        by_nature = self.unsupported if kind in _BY_NATURE else self.not_inspected
        return self.by_kind.get(kind, by_nature)


def load_policies(path: Path, packs: Packs) -> Mapping[str, Policy]:
    """Load the file of policies; raise ConfigurationError at the first mistake."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError("the file does not exist", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not valid TOML: {error}", where=str(path)) from None
    schema = validate(PoliciesSchema, raw, str(path), _policy_name)
    return MappingProxyType(
        {name: _policy(name, policy, packs, path) for name, policy in schema.policies.items()}
    )


def _policy_name(_raw: Mapping[str, object], place: tuple[object, ...]) -> str:
    return f"policy {place[1]!r}" if len(place) > 1 and place[0] == "policies" else ""


def _policy(name: str, schema: PolicySchema, packs: Packs, path: Path) -> Policy:
    for pack in schema.packs:
        if pack not in packs.by_name:
            raise ConfigurationError(
                f"there is no pack {pack!r}",
                where=f"{path}: policy {name!r}",
                mend=f"known packs: {', '.join(sorted(packs.by_name))}",
            )
    if schema.evidence == "sealed":
        # Refused rather than ignored: an operator would rely on evidence that nobody keeps.
        raise ConfigurationError(
            "evidence = “sealed” is not available yet",
            where=f"{path}: policy {name!r}",
            mend="write evidence = “masked”",
        )
    # The version goes into every case: it names the rules by which a message was judged.
    content = json.dumps(
        [schema.model_dump(mode="json"), [packs.by_name[p].digest for p in schema.packs]],
        sort_keys=True,
    )
    actions = schema.actions
    return Policy(
        name=name,
        packs=schema.packs,
        actions=MappingProxyType(
            {
                Severity.NONE: frozenset(),
                Severity.LOW: frozenset(map(Action, actions.low)),
                Severity.MEDIUM: frozenset(map(Action, actions.medium)),
                Severity.HIGH: frozenset(map(Action, actions.high)),
                Severity.CRITICAL: frozenset(map(Action, actions.critical)),
            }
        ),
        not_inspected=frozenset(map(Action, actions.not_inspected)),
        unsupported=frozenset(map(Action, actions.unsupported)),
        by_kind=MappingProxyType({k: _CHOICES[c] for k, c in schema.unsupported.items()}),
        thresholds=MappingProxyType({Category(c): t for c, t in schema.thresholds.items()}),
        version=hashlib.sha256(content.encode()).hexdigest()[:12],
    )
