"""Load packs of rules from TOML, strictly: errors name the file, the rule and the remedy."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.errors import ConfigurationError
from bot.model import Category, Extent, Severity, Source
from bot.rules.regex import translated
from bot.rules.rule import BUILT_IN, LANGUAGES, Evidence, Example, Rule, Surroundings
from bot.rules.schema import (
    EvidenceSchema,
    PackSchema,
    RuleSchema,
    SourcedExample,
    first_fault,
    validate,
)

_DEFAULT_EXTENT = MappingProxyType(
    {
        Category.MARKING: Extent.WHOLE,
        Category.DOCUMENT: Extent.WHOLE,
        Category.FINGERPRINT: Extent.WHOLE,
        Category.IDENTITY: Extent.SPAN,
        Category.CREDENTIAL: Extent.SPAN,
        Category.KEYWORD: Extent.SPAN,
    }
)
MIN_EXAMPLES = 3
"""Positives, and negatives, that each rule needs: fewer prove too little about a pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A file of rules. ``digest`` is that of the file's content."""

    name: str
    title: Mapping[str, str]
    rules: tuple[Rule, ...] = field(repr=False)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Packs:
    """All packs of a folder."""

    by_name: Mapping[str, Pack]

    def rules(self, names: Iterable[str]) -> tuple[Rule, ...]:
        """Return the rules of some packs, in order; ConfigurationError for an unknown name."""
        rules: list[Rule] = []
        for name in names:
            if name not in self.by_name:
                raise ConfigurationError(
                    f"there is no pack {name!r}",
                    mend=f"known packs: {', '.join(sorted(self.by_name))}",
                )
            rules.extend(self.by_name[name].rules)
        return tuple(rules)

    def rule(self, rule_id: str) -> Rule | None:
        """Return a rule by its id, the built-in ones included, or None."""
        if rule_id in BUILT_IN:
            return BUILT_IN[rule_id]
        pack = self.by_name.get(rule_id.partition("/")[0])
        return next((r for r in pack.rules if r.id == rule_id), None) if pack else None


def load_packs(folder: Path) -> Packs:
    """Load every ``*.toml`` of a folder; raise ConfigurationError at the first mistake."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ConfigurationError("no packs (*.toml) in this folder", where=str(folder))
    packs = [load_pack(path) for path in files]
    return Packs(MappingProxyType({pack.name: pack for pack in packs}))


def load_pack(path: Path) -> Pack:
    """Load one pack; its name is the file's."""
    return _pack(path, path.read_bytes())


@functools.lru_cache(maxsize=64)
def _pack(path: Path, content: bytes) -> Pack:
    """Read a pack. Cached, because a change of one pack makes all of them be read again."""
    try:
        raw = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not valid TOML: {error}", where=str(path)) from None
    schema = validate(PackSchema, with_defaults(raw), str(path), _rule_name)
    words = _Words(schema.macros, schema.lists)
    rules = tuple(_rule(rule, path.stem, words, path) for rule in schema.rules)
    _require_unique(rules, path)
    return Pack(
        name=path.stem,
        title=MappingProxyType(dict(schema.title)),
        rules=rules,
        digest=hashlib.sha256(content).hexdigest()[:16],
    )


def with_defaults(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a pack with its ``defaults`` as the values of keys that a rule does not set itself."""
    defaults, rules = raw.get("defaults"), raw.get("rules")
    if not isinstance(defaults, dict) or not isinstance(rules, list):
        return raw
    filled = [{**defaults, **rule} if isinstance(rule, dict) else rule for rule in rules]
    return {**raw, "rules": filled}


@dataclass(frozen=True, slots=True)
class _Words:
    """The values of ``@NAME@`` in a pack: pieces of patterns, and lists of plain words."""

    macros: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def pattern(self, pattern: str, where: str) -> str:
        """Expand macros and lists; a macro may use the macros before it."""
        # Backwards, so that a macro inside a later one is expanded after it.
        for name, text in reversed(list(self.macros.items())):
            pattern = pattern.replace(f"@{name}@", f"(?:{text})")
        for name, words in self.lists.items():
            if f"@{name}@" not in pattern:
                continue
            plain = "|".join(re.escape(word.lower()) for word in words)
            pattern = pattern.replace(f"@{name}@", f"(?:{plain})")
        translated(pattern, where)  # Raises where RE2 cannot be given Unicode meaning.
        return pattern

    def keywords(self, keywords: tuple[str, ...]) -> tuple[str, ...]:
        """Replace the name of a list by its words."""
        named = {f"@{name}@": words for name, words in self.lists.items()}
        return tuple(word for keyword in keywords for word in named.get(keyword, (keyword,)))


def _rule_name(raw: Mapping[str, Any], place: tuple[object, ...]) -> str:
    """Name the rule that a fault's place lies in."""
    if len(place) < 2 or place[0] != "rules" or not isinstance(place[1], int):
        return ""
    name = raw["rules"][place[1]].get("name")
    return f"rule {name!r}" if name else f"rule number {place[1] + 1}"


def _require_unique(rules: tuple[Rule, ...], path: Path) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ConfigurationError(
                "two rules have this name", where=f"{path}: {rule.id}", mend="rename one of them"
            )
        seen.add(rule.id)


def _rule(schema: RuleSchema, pack: str, words: _Words, path: Path) -> Rule:
    where = f"{path}: rule {schema.name!r}"
    category = Category(schema.category)
    fault = first_fault(schema, MIN_EXAMPLES, LANGUAGES)
    if fault:
        raise ConfigurationError(fault[0], where=where, mend=fault[1])

    def expand(pattern: str | None) -> str | None:
        return None if pattern is None else words.pattern(pattern, where)

    return Rule(
        id=f"{pack}/{schema.name}",
        pack=pack,
        category=category,
        severity=Severity[schema.severity.upper()],
        extent=Extent(schema.mask) if schema.mask else _DEFAULT_EXTENT[category],
        confidence=schema.confidence,
        description=MappingProxyType(dict(schema.description)),
        pattern=words.pattern(schema.pattern, where),
        view=schema.view,
        guard=expand(schema.guard),
        keywords=words.keywords(schema.keywords),
        digits=schema.digits,
        boundary=schema.boundary,
        validator=schema.validator,
        entropy=schema.entropy,
        stop_words=schema.stop_words,
        sources=frozenset(Source(s) for s in schema.sources),
        surroundings=_surroundings(schema, expand),
        raised=Severity[schema.raised.upper()] if schema.raised else None,
        raised_beside=expand(schema.raised_beside),
        evidence=tuple(_evidence(e, words, where) for e in schema.evidence),
        threshold=schema.threshold,
        longest=schema.longest,
        most=schema.most,
        positives=tuple(_example(e) for e in schema.positives),
        negatives=tuple(_example(e) for e in schema.negatives),
    )


def _surroundings(schema: RuleSchema, expand: Callable[[str | None], str | None]) -> Surroundings:
    return Surroundings(
        context=schema.context,
        context_required=schema.context_required,
        window=schema.window,
        positions=schema.positions,
        discourse=schema.discourse,
        beside=expand(schema.beside),
        unless=expand(schema.unless),
        absent=expand(schema.absent),
    )


def _evidence(schema: EvidenceSchema, words: _Words, where: str) -> Evidence:
    return Evidence(
        name=schema.name,
        title=MappingProxyType(dict(schema.title)),
        weight=schema.weight,
        pattern=words.pattern(schema.pattern, f"{where}: evidence {schema.name!r}"),
    )


def _example(raw: str | SourcedExample) -> Example:
    if isinstance(raw, str):
        return Example(text=raw)
    return Example(text=raw.text, source=Source(raw.source))
