"""Skip patterns whose longest required run of characters is absent from a text.

A worked example::

    pattern   GB[0-9]{2}[A-Z0-9 ]{14}
    parts     G  B  [0-9]{2}  [A-Z0-9 ]{14}       the whole needs 18 characters of [A-Z0-9 ]
    run       18 bytes of that set, one after another
    text      "OK, see you at 9"  ->  bytes of the set become 1, others 0: 1100000…
    answer    no b"\\x01" * 18 in it: the pattern is not run

One ``bytes.translate`` and one ``in`` take about a microsecond, an RE2 search several.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_letters, digits
from typing import Any

from bot.detect.text.normalization.normalized_text import Normalized
from bot.rules.regex import REMEMBERED
from bot.rules.rule import View

_OTHER = 0x3F
"""The byte of all characters that are not ASCII, in `Normalized.flat`."""


class Run:
    """At least so many characters of a set, one after another; a set holds bytes of ASCII."""

    def __init__(self, members: frozenset[int], length: int, view: View) -> None:
        lower = view != "text"
        kept = {m for m in range(256) if m in members or (lower and ord(chr(m).lower()) in members)}
        self._table = bytes(1 if m in kept else 0 for m in range(256))
        self.length = length
        self._run = b"\x01" * length
        self._left_out = b" \t" if view == "compact" else b""

    def may_stand_in(self, text: Normalized) -> bool:
        """Return True if a text holds such a run."""
        return self._run in text.flat.translate(self._table, self._left_out)


@functools.lru_cache(maxsize=REMEMBERED)
def run_of(pattern: str, view: View) -> Run | None:
    """Return a run that any match of an RE2 pattern holds; None where nothing can be said.

    Python's own parser reads the pattern; what it reads in another way than RE2 is not judged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = parser.parse(pattern)
    except (re.error, Warning, OverflowError, RecursionError):
        return None
    if "{," in pattern:
        return None  # For RE2 these are plain characters.
    ignore_case = bool(parsed.state.flags & re.IGNORECASE)
    runs = (
        _known(part, view, ignore_case)
        for part in (parsed, *(parsed[i : i + 1] for i in range(len(parsed))))
    )
    return max(filter(None, runs), key=lambda run: run.length, default=None)


def _known(part: Any, view: View, ignore_case: bool) -> Run | None:
    try:
        members = frozenset(_members(part, ignore_case=ignore_case))
    except _Unknown:
        return None
    least = int(part.getwidth()[0])
    return None if least < _LEAST or members >= _ALL else Run(members, least, view)


_LEAST = 4
_ALL = frozenset(range(0x20, 0x7F))


_CATEGORIES = {
    codes.CATEGORY_DIGIT: (*b"0123456789", _OTHER),
    codes.CATEGORY_WORD: (*(ascii_letters + digits + "_").encode(), _OTHER),
    codes.CATEGORY_SPACE: tuple(b" \t\n\r\f\v"),
}


class _Unknown(Exception):
    """Something whose characters are not known."""


def _members(nodes: Any, *, ignore_case: bool) -> Iterator[int]:
    for code, value in nodes:
        if code is codes.LITERAL:
            yield from _bytes(value, value, ignore_case=ignore_case)
        elif code is codes.IN:
            for kind, inside in value:
                if kind is codes.LITERAL:
                    yield from _bytes(inside, inside, ignore_case=ignore_case)
                elif kind is codes.RANGE:
                    yield from _bytes(*inside, ignore_case=ignore_case)
                elif kind is codes.CATEGORY and inside in _CATEGORIES:
                    yield from _CATEGORIES[inside]
                else:
                    raise _Unknown
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            yield from _members(value[2], ignore_case=ignore_case)
        elif code is codes.SUBPATTERN:
            ignored = ignore_case or bool(value[1] & re.IGNORECASE)
            yield from _members(value[3], ignore_case=ignored)
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield from _members(branch, ignore_case=ignore_case)
        elif code is not codes.AT:
            raise _Unknown


def _bytes(low: int, high: int, *, ignore_case: bool) -> Iterator[int]:
    for char in range(low, min(high, 0x7F) + 1):
        yield char
        if ignore_case:
            yield from (ord(chr(char).lower()), ord(chr(char).upper()))
    if high >= 0x80:
        yield _OTHER
