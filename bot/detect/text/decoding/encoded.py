"""Read percent, quoted-printable, entity, escape, base64 and hexadecimal encodings in a text."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from string import ascii_letters, digits, hexdigits

from bot.detect.text.decoding.derived_text import Derived, Part, around, derive
from bot.detect.text.decoding.pulled_apart import DECODED as DECODED
from bot.detect.text.decoding.pulled_apart import closed_up, may_be_loose
from bot.detect.text.normalization.normalized_text import Normalized
from bot.detect.text.normalization.normalizer import Normalizer

LEVELS = 2
"""How deep encodings within encodings are followed."""

MAX_TOKEN = 1 << 20
"""Characters of one base64 or hexadecimal token; a longer one is no message."""

REACH, MAX_READ = 200, 2_048
"""Characters around what was decoded, and of a message in all, that are read once more."""

_IN_RUN = bytes(b"-x"[chr(c) in ascii_letters + digits + "+/_-"] for c in range(256))
_RUN = b"x" * 12
_PERCENT, _AMPERSAND, _BACKSLASH, _EQUALS = b"%&\\="
_IN_SPACED = bytes(
    b"-"[0] if c not in b" :" + hexdigits.encode() else b"x "[c in b" :"] for c in range(256)
)
_SPACED = b"xx " * 5
# Two patterns: one that looks for everything at every character takes several times as long.
_MARKED = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<quoted>(?:=[0-9A-F]{2}){3,})"  # RFC 2045, section 6.7
    r"|(?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    r"|(?P<unicode>(?:\\u[0-9A-Fa-f]{4})+)"
    r"|(?P<bytes>(?:\\x[0-9A-Fa-f]{2})+)"
)
_BEFORE_DIGITS = re.compile(r"%|=|\\x")
_QUOTED = re.compile(rb"(?:=[0-9A-F]{2}){3}")
_WORD = re.compile(r"[0-9A-Za-z+/_-]+")
_TOKEN = re.compile(
    r"(?P<hex>(?:0[xX])?(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Za-z+/=_-])"
    r"|(?:[0-9A-Fa-f]{2}[ :]){5,}[0-9A-Fa-f]{2}(?![0-9A-Za-z]))"
    r"|(?P<base64>(?:[A-Za-z0-9+/]{60,76}\n)*[A-Za-z0-9+/_-]{12,}={0,2}(?![0-9A-Za-z=]))"
)
_PAIR, _SHORTEST = 2, 12
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]|^0[xX]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


class EncodingDeriver:
    """Derives what a text says once its encodings are read."""

    only_likely = False

    def __init__(self, normalize: Normalizer) -> None:
        self._normalize = normalize

    def may_derive(self, text: Normalized) -> bool:
        """Return True if anything in a text may be an encoding."""
        return may_hold_code(text)

    def derive(self, text: Normalized) -> Iterator[tuple[Derived, Normalized]]:
        """Yield the decoded text, if anything in it was encoded."""
        if plain := decoded(text, self._normalize):
            yield plain


def decoded(text: Normalized, normalize: Normalizer) -> tuple[Derived, Normalized] | None:
    """Return what a text says once its encodings are read, those within them too; or None.

    What is decoded is never longer than its source, so the work is bounded by the text's length.
    """
    before: Derived | None = None
    for _ in range(LEVELS):
        if not may_hold_code(text):
            break
        parts = list(_parts(text.text))
        if not parts:
            break
        before = derive(text, parts, before)
        text = normalize(before.text)
    if before is None:
        return None
    near = around(before, REACH, max(MAX_READ, len(before.text) // 2))
    return near, text if near is before else normalize(near.text)


def _parts(text: str) -> Iterator[Part]:
    """Yield what is encoded or pulled apart, in order; of what overlaps, the first."""
    codes = [part for match in _codes(text) if (part := _part(match))]
    done = 0
    for part in sorted((*codes, *closed_up(text)), key=lambda part: part.start):
        if part.start >= done:
            yield part
            done = part.end


def _codes(text: str) -> Iterator[re.Match[str]]:
    yield from _MARKED.finditer(text)
    done = 0
    for word in _WORD.finditer(text):
        start, end = word.span()
        if start >= done and (end - start >= _SHORTEST or end - start == _PAIR):
            token = _TOKEN.match(text, start)
            if token:
                yield token
                done = token.end()


def may_hold_code(text: Normalized) -> bool:
    """Return True if anything in a text may be an encoding; takes microseconds."""
    data = text.ascii
    if _PERCENT in data or _AMPERSAND in data or _BACKSLASH in data:
        return True
    if may_be_loose(text) or (_EQUALS in data and _QUOTED.search(data)):
        return True
    # What stands apart in the text stands closer here, so that a run has to be looked for twice.
    if _RUN in data.translate(_IN_RUN) and _RUN in text.flat.translate(_IN_RUN):
        return True
    return _SPACED in data.translate(_IN_SPACED) and _SPACED in text.flat.translate(_IN_SPACED)


def _part(match: re.Match[str]) -> Part | None:
    kind, token, start = match.lastgroup, match.group(), match.start()
    if kind == "entity":
        plain = html.unescape(token)
        return None if plain == token else Part(start, match.end(), plain, DECODED)
    if kind == "unicode":
        data = bytes.fromhex(token.replace("\\u", ""))
        return _exact(start, data.decode("utf-16-be", "replace"), "utf-16-be", 3)
    if kind in ("percent", "quoted", "bytes"):
        width = 4 if kind == "bytes" else 3
        data = bytes.fromhex(_BEFORE_DIGITS.sub("", token))
        for encoding in ("utf-8", "gb18030"):
            try:
                return _exact(start, data.decode(encoding), encoding, width)
            except UnicodeDecodeError:
                continue
        return None
    if len(token) > MAX_TOKEN:
        return None
    plain = _text(_hex(token) if kind == "hex" else _base64(token))
    if not plain and kind == "hex" and len(token) % 4 != 1:
        plain = _text(_base64(token))
    return Part(start, match.end(), plain, DECODED) if plain else None


def _exact(start: int, plain: str, encoding: str, width: int) -> Part:
    """Give each character the codes that made it; ``width`` characters stand for each byte."""
    spans: list[tuple[int, int]] = []
    at = start
    for char in plain:
        end = at + width * len(char.encode(encoding, "replace"))
        spans.append((at, end))
        at = end
    return Part(start, at, plain, DECODED, tuple(spans))


def _hex(token: str) -> bytes:
    digits = _NOT_HEX.sub("", token)
    return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""


def _base64(token: str) -> bytes:
    compact = token.replace("\n", "").rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except binascii.Error:
        return b""


def _text(data: bytes) -> str:
    """Return the text that bytes hold, or nothing where they hold none."""
    for encoding in ("utf-8", "gb2312", "utf-16"):
        if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            plain = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(c.isprintable() or c in "\t\r\n\ufeff" for c in plain) and (
            encoding == "utf-8" or _CHINESE.search(plain)
        ):
            return plain
    return ""
