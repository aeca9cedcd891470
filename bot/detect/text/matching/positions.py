"""Judge a hit by what stands around it: its place and the words near by."""

from __future__ import annotations

import re
from bisect import bisect_right

from bot.detect.text.normalization.normalized_text import LinePlace, Normalized
from bot.rules.rule import Position

_SENTENCE_END = re.compile(r"[。!?;\n]")
_DECORATION = re.compile(
    r"(?:[\W_]|\d{6}|(?<![^\W_])[0-9一二三四五六七八九十]{1,2}[.、)] ?(?=[(\[【])|"
    r"特\s*急|加\s*急|平\s*急|特\s*提|份\s*号|编\s*号|密\s*级|no|"
    r"(?:re|fwd?|fw|subject|转发|回复|主题)[ ]?:)*",
    re.IGNORECASE,
)
_OPEN, _CLOSE = tuple("([{【〔[<《「『〖"), tuple(")]}】〕]>》」』〗")
_ENDS = re.compile(r"[ .。,:]*(?:\.[a-z0-9]{2,5})?")
_CELL_BEFORE = frozenset(" \t\n|/\\·•~=_)]】》>*-×")
_CELL_AFTER = re.compile(
    r"[!.。]{0,3}(?:[ \t|/\\·•~=_(\[【《<*:-]|\.[a-z0-9]{2,5}$|$)", re.MULTILINE
)
_HEADER_LINES = 3
_REACH = 40
MAX_LINE = 400


def sentence(text: Normalized, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around a hit, at most 3 times the reach on each side."""
    ends = text.cache.sentence_ends
    if ends is None:
        ends = [stop.end() for stop in _SENTENCE_END.finditer(text.text)]
        text.cache.sentence_ends = ends
    low, high = max(0, start - 3 * _REACH), min(len(text.text), end + 3 * _REACH)
    before, after = bisect_right(ends, start), bisect_right(ends, end)
    if before:
        low = max(low, ends[before - 1])
    return low, min(high, ends[after]) if after < len(ends) else high


def nearest_word(
    text: str, span: tuple[int, int], words: tuple[str, ...], window: int
) -> str | None:
    """Return the first of the words that stands within ``window`` characters of the hit."""
    start, end = span
    before, after = text[max(0, start - window) : start], text[end : end + window]
    return next((word for word in words if word in before or word in after), None)


def stands(text: Normalized, start: int, end: int, positions: tuple[Position, ...]) -> bool:
    """Return True if the hit stands in one of the places."""
    return "any" in positions or any(_stands(text, start, end, where) for where in positions)


def _stands(text: Normalized, start: int, end: int, position: Position) -> bool:
    folded = text.folded
    if position == "phrase":
        while start and folded[start - 1] == " ":
            start -= 1
        return not start or not folded[start - 1].isalnum()
    if position == "clause":
        return not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum())
    if position == "cell":
        # Set off from its line, as in a heading; 内部资料不得外传, 这是纪律 is a sentence.
        if not start or folded[start - 1] in _CELL_BEFORE:
            return _CELL_AFTER.match(folded, end, near_line(text, start, end)[1]) is not None
        return False
    place = _place(text, start, end)
    if position in ("bracket", "edge"):
        return place.in_brackets and (
            position == "bracket"
            or not place.before[:-1].strip()
            or bool(_ENDS.fullmatch(place.after, 1))
        )
    if position == "start":
        return place.begins
    if position == "header" and folded.count("\n", 0, start) >= _HEADER_LINES:
        return False
    return place.begins and place.ends


def near_line(text: Normalized, start: int, end: int) -> tuple[int, int]:
    """Return the line's bounds, cut where it is so long that it can be no mark's own line."""
    low, high = text.line(start)
    return max(low, start - MAX_LINE), max(end, min(high, end + MAX_LINE))


def _place(text: Normalized, start: int, end: int) -> LinePlace:
    key = (start, end)
    known = text.cache.places.get(key)
    if known is None:
        low, high = near_line(text, start, end)
        before, after = text.folded[low:start].rstrip(" "), text.folded[end:high].lstrip(" ")
        known = text.cache.places[key] = LinePlace(
            before,
            after,
            begins=_DECORATION.fullmatch(before) is not None,
            ends=_DECORATION.fullmatch(after) is not None,
            in_brackets=before[-1:] in _OPEN and after[:1] in _CLOSE,
        )
    return known
