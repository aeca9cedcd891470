"""Compile rules to RE2 and run them on one form of a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import re2

from bot.detect.text.matching.run_prefilter import run_of
from bot.detect.text.normalization.normalized_text import Normalized
from bot.detect.text.values.check_digits import VALIDATORS, entropy
from bot.errors import ConfigurationError
from bot.rules.regex import compile_regex
from bot.rules.rule import Boundary, Rule, View


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
        self._guard = compile_regex(rule.guard, rule.id) if rule.guard else None
        self._run = run_of(rule.pattern, rule.view)
        self._group: int = self._regexp.groupindex.get("value", 0)
        if rule.validator and rule.validator not in VALIDATORS:
            raise ConfigurationError(
                f"there is no validator {rule.validator!r}",
                where=rule.id,
                mend=f"one of: {', '.join(sorted(VALIDATORS))}",
            )
        self._validate = VALIDATORS[rule.validator] if rule.validator else None
        self._stop_words = tuple(word.lower() for word in rule.stop_words)

    def may_match(self, text: Normalized) -> bool:
        """Return True if a text holds characters enough of the right kind in a row."""
        if self._run is not None and not self._run.may_stand_in(text):
            return False
        if self._guard is None or self.rule.guard is None:
            return True
        return bool(_spans(self._guard, 0, (self.rule.guard, self.rule.view), text))

    def find(self, text: Normalized) -> Iterator[PatternHit]:
        """Yield the hits that pass the boundary, the validator and the stop words."""
        spans = self._spans(text)
        view = text.compact if spans and self.rule.view == "compact" else None
        for start, end in spans:
            if start >= end:
                continue
            if view:
                start, end = view.starts[start], view.starts[end - 1] + 1
            if not text.is_changed(start, end):
                continue  # It stands in the text that this one was read from.
            if at_boundary(text.text, start, end, self.rule.boundary):
                value = text.text[start:end]
                accepts = text.cache.accepted.get((self, value))
                if accepts is None:
                    accepts = text.cache.accepted[self, value] = self._accepts(value)
                if accepts:
                    yield PatternHit(start, end, value)

    def _spans(self, text: Normalized) -> Iterable[tuple[int, int]]:
        key = (self.rule.pattern, self.rule.view)
        return _spans(self._regexp, self._group, key, text)

    def _accepts(self, value: str) -> bool:
        if self._validate is not None and not self._validate(value):
            return False
        lower = value.lower()
        if any(word in lower for word in self._stop_words):
            return False
        return not self.rule.entropy or entropy(value) >= self.rule.entropy


class _Spans:
    """A pattern's matches, looked for only as far as they are asked for."""

    __slots__ = ("_found", "_more")

    def __init__(self, more: Iterator[tuple[int, int]]) -> None:
        self._found: list[tuple[int, int]] = []
        self._more = more

    def __iter__(self) -> Iterator[tuple[int, int]]:
        at = 0
        while True:
            if at == len(self._found):
                found = next(self._more, None)
                if found is None:
                    return
                self._found.append(found)
            yield self._found[at]
            at += 1

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None


def _spans(
    regexp: re2._Regexp, group: int, key: tuple[str, View], text: Normalized
) -> Iterable[tuple[int, int]]:
    """Return a pattern's matches; rules that share a pattern and a view share them."""
    known = text.cache.matches.get(key)
    if known is None:
        data = text.encoded(key[1])
        found = _places(regexp, group, data)
        if len(data) > len(text.shown(key[1])):
            found = in_characters(data, found)
        known = text.cache.matches[key] = _Spans(found)
    return known


def _places(regexp: re2._Regexp, group: int, data: bytes) -> Iterator[tuple[int, int]]:
    for match in regexp.finditer(data):
        yield match.span(group)


def in_characters(data: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans of UTF-8, in order and apart, as spans of the text; empty ones are left out."""
    byte = char = 0
    for low, high in spans:
        if low < high:
            start = char + len(data[byte:low].decode("utf-8", "replace"))
            char = start + len(data[low:high].decode("utf-8", "replace"))
            byte = high
            yield start, char


def at_boundary(text: str, start: int, end: int, boundary: Boundary) -> bool:
    """Return True if no character of the boundary's class touches the hit."""
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
