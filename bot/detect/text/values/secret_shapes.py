"""Distinguish real secrets from words, samples and masks by their shape."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable

_DATES = re.compile(
    r"\d{1,5}|\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}:\d{2}(:\d{2})?|\d{1,3}(\.\d{1,3}){3}(:\d+)?"
)
_CODE = re.compile(r"[A-Za-z_][\w.]*(\(.*|\[.*)|[a-z]+(\.[a-z_]+)+|https?://.*|/[\w./-]+", re.ASCII)
_SAMPLES = re.compile(
    r"(?i)pass(word|wd)?[0-9!@#]{0,4}|user(name)?|secret|admin|test|foo|bar|letmein"
)
_WEAK = re.compile(r"(?i)12345\d*|(pass(word|wd)?|qwerty)1234?\d*")
_TELLING = re.compile(r"[\d!@#$%^&*+=?~]")
_COUNTED_BY_CHARACTER = 64
_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")


def entropy(value: str) -> float:
    """Return the Shannon entropy in bits for each character."""
    if not value:
        return 0.0
    length = len(value)
    if length > _COUNTED_BY_CHARACTER:
        counts: Iterable[int] = Counter(value).values()
    else:
        counts = map(value.count, set(value))
    return math.log2(length) - sum([n * math.log2(n) for n in counts]) / length


def json_web_token(value: str) -> bool:
    """Check that a token's header decodes to JSON that names an algorithm."""
    head = value.split(".", 1)[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header


def real_password(value: str) -> bool:
    """Return True if a value looks like a chosen password, not a word, mask or sample."""
    if len(set(value)) < 4 or not _TELLING.search(value):
        return False
    if _DATES.fullmatch(value) or _CODE.fullmatch(value) or _WEAK.fullmatch(value):
        return False
    return entropy(value) >= 2.0


def strong_password(value: str) -> bool:
    """Return True if a value is a real password of at least three kinds of characters."""
    kinds = sum(bool(re.search(kind, value)) for kind in _CLASSES)
    return kinds >= 3 and real_password(value)


def mixed(value: str) -> bool:
    """Return True if a value holds letters and digits, as generated keys do and words do not."""
    digits = sum(c.isdigit() for c in value)
    if digits >= 2 and re.search(r"[A-Za-z].*[A-Za-z]", value):
        return True
    return digits == 1 and bool(re.search(r"[a-z]", value) and re.search(r"[A-Z]", value))


def random_looking(value: str) -> bool:
    """Return True if a value looks generated: digits among letters, no joined words."""
    if not mixed(value) or _CODE.fullmatch(value):
        return False
    words = [w for w in re.split(r"[^A-Za-z0-9]+", value) if w]
    if len(words) > 1 and all(re.fullmatch(r"[A-Za-z]+\d{0,2}|\d+", w) for w in words):
        return False
    switches = sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(value))
    return switches >= max(3, len(value) // 8)


def basic_credentials(value: str) -> bool:
    """Check that base64 decodes to ``name:password``, and that the password is no sample."""
    try:
        name, colon, password = (
            base64.b64decode(value + "=" * (-len(value) % 4)).decode().partition(":")
        )
    except (binascii.Error, ValueError):
        return False
    if not (name and colon and len(password) >= 4 and (name + password).isprintable()):
        return False
    return _SAMPLES.fullmatch(password) is None
