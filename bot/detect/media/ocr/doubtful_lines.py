"""Which lines of a picture deserve a second look: those that could still change the verdict."""

from __future__ import annotations

import re
import unicodedata

from bot.detect.text.values.check_digits import bank_card, credit_code, resident_id

_STARS = "★☆⭐*✩✭✰⋆"
_LEVELS = "绝絕绝机機秘祕"
_TERM = "(?:[0-9]{1,3}|[一二三四五六七八九十]{1,3})(?:年|个月|個月)|长期|長期|永久"
# Characters that engines make of 密, and of the characters before it.
_READ_FOR_MI = "密蜜宓宻窑蜜家審窓"
_LONGEST_MARK = 24
_MARK = re.compile(f"[{_LEVELS}]密[{_STARS}](?:{_TERM})")
_CLIPPED = re.compile(f"[{_LEVELS}]密(?:[{_STARS}][0-9]{{0,3}}[个個长長]?)$")
_LIKE_MARK = re.compile(
    f"[{_LEVELS}絶杋朳]\\W?[{_READ_FOR_MI}]|[{_READ_FOR_MI}]\\W?[{_STARS}]|[{_STARS}](?:{_TERM})"
    f"|(?:^|\\W)[{_LEVELS}絶]?密\\w?(?:{_TERM})"
)
# What engines make of the star of a mark; followed by a term it can be nothing else.
_READ_FOR_STAR = re.compile(
    f"(?<=[{_LEVELS}]密)[女文大太人火木K>k+](?=[0-9]{{1,3}}(?:年|个月)|长期|長期)"
)
_NUMBER = re.compile(r"[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){13,20}")
_DIGITS_NEEDED = 12
_LENGTHS = range(15, 20)


def doubtful(text: str) -> bool:
    """Return True if a line as read looks like a mark or a checked number, but is not quite one."""
    flat = unicodedata.normalize("NFKC", text)
    if len(flat) <= _LONGEST_MARK and not _MARK.search(flat) and _LIKE_MARK.search(flat):
        return True
    return any(_fails(match.group()) for match in _NUMBER.finditer(flat))


def clipped(text: str) -> bool:
    """Return True if a line as read ends within a mark: the rest may be under a seal."""
    flat = unicodedata.normalize("NFKC", text)
    return len(flat) <= _LONGEST_MARK and bool(_CLIPPED.search(flat))


def restored(text: str) -> str:
    """Return a line as read with the stars of marks put right; no character moves."""
    return _READ_FOR_STAR.sub("★", text)


def telling(text: str) -> bool:
    """Return True if a line bears a mark or a number whose check passes."""
    flat = unicodedata.normalize("NFKC", text)
    if _MARK.search(flat):
        return True
    return any(_passes(_joined(match.group())) for match in _NUMBER.finditer(flat))


def _fails(run: str) -> bool:
    number = _joined(run)
    digits = sum(c.isdigit() for c in number)
    return len(number) in _LENGTHS and digits >= _DIGITS_NEEDED and not _passes(number)


def _passes(number: str) -> bool:
    return resident_id(number) or bank_card(number) or credit_code(number)


def _joined(run: str) -> str:
    return re.sub("[ -]", "", run).upper()
