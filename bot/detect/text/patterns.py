"""Compile rules to RE2 and run them on one form of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.detect.text.checksums import VALIDATORS, entropy
from bot.detect.text.normalize import Normalized
from bot.errors import ConfigurationError
from bot.regex import compile_regex
from bot.rules import Boundary, Rule


@dataclass(frozen=True, slots=True)
class PatternHit:
    """A hit at ``start`` to ``end`` of the normalised text."""

    start: int
    end: int
    value: str


class RulePattern:
    """One rule's pattern, compiled."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._regexp = compile_regex(rule.pattern, rule.id)
        self._group: int = self._regexp.groupindex.get("value", 0)
        if rule.validator and rule.validator not in VALIDATORS:
            raise ConfigurationError(
                f"there is no validator {rule.validator!r}",
                where=rule.id,
                mend=f"one of: {', '.join(sorted(VALIDATORS))}",
            )
        self._validate = VALIDATORS[rule.validator] if rule.validator else None
        self._stop_words = tuple(word.lower() for word in rule.stop_words)

    def find(self, text: Normalized) -> Iterator[PatternHit]:
        """Yield the hits that pass the boundary, the validator and the stop words."""
        view = text.compact if self.rule.view == "compact" else None
        content = view.text if view else text.folded if self.rule.view == "folded" else text.text
        for start, end in self._spans(text, content):
            if start >= end:
                continue
            if view:
                start, end = view.starts[start], view.starts[end - 1] + 1
            value = text.text[start:end]
            if at_boundary(text.text, start, end, self.rule.boundary) and self._accepts(value):
                yield PatternHit(start, end, value)

    def _spans(self, text: Normalized, content: str) -> list[tuple[int, int]]:
        """Return the pattern's matches; rules that share a pattern share them."""
        key = (self.rule.pattern, self.rule.view)
        if key not in text.matches:
            found = self._regexp.finditer(content)
            text.matches[key] = [match.span(self._group) for match in found]
        return text.matches[key]

    def _accepts(self, value: str) -> bool:
        if self._validate is not None and not self._validate(value):
            return False
        lower = value.lower()
        if any(word in lower for word in self._stop_words):
            return False
        return not self.rule.entropy or entropy(value) >= self.rule.entropy


def at_boundary(text: str, start: int, end: int, boundary: Boundary) -> bool:
    """Say whether no character of the boundary's class touches the hit."""
    if boundary == "none":
        return True
    return not (
        (start > 0 and _belongs(text[start - 1], boundary))
        or (end < len(text) and _belongs(text[end], boundary))
    )


def _belongs(char: str, boundary: Boundary) -> bool:
    if not char.isascii():
        return False
    if boundary == "digit":
        return char.isdigit()
    return char.isalnum() or (boundary == "token" and char in "_-")
