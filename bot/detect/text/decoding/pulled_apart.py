"""Close up values that were pulled apart or spelt out: digits, numerals, keys in pieces, tags.

Examples, each with the part that replaces it::

    1.1.0.1.0.5.1.9.4.9…        110105194 9…    marks between single digits
    幺幺零幺零五…                 110105…         numerals, as read out over the phone
    ghp_ab12 cd34 ef56…         ghp_ab12cd34ef56…   a key in pieces
    机<b>密</b>★10年             机密★10年        tags inside a word

Each character keeps its own place in the text, so that a mask covers no separator too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.detect.text.decoding.derived_text import Part
from bot.detect.text.normalization.normalized_text import Normalized

DECODED = "decoded"

_NUMERALS = {
    **dict(zip("零〇○洞", "0000", strict=True)),
    **dict(zip("一壹幺", "111", strict=True)),
    **dict(zip("二贰两", "222", strict=True)),
    **dict(zip("三叁四肆五伍六陆七柒八捌九玖", "33445566778899", strict=True)),
    **dict(zip("拐勾", "79", strict=True)),
}
_SIGN = f"[0-9{''.join(_NUMERALS)}]"
_SPELT = re.compile(rf"{_SIGN}(?:[ -]{{0,2}}{_SIGN}){{9,24}}[Xx]?(?![0-9A-Za-z])")
_FEWEST_NUMERALS = 3
_APART = re.compile(
    r"(?<![0-9A-Za-z])[0-9](?:[ ./,·•_|*\\-]{1,2}[0-9]){9,24}(?:[ ./,·•_|*\\-]{1,2}[Xx])?"
    r"(?![0-9A-Za-z])"
)
_MAY_BE_APART = re.compile(r"(?:[0-9][ ./,·•_|*\\-]{1,2}){6}")
_KEY_HEADS = (
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "LTAI",
    "AKID",
    "AKIA",
    "ASIA",
    "sk-",
)
_KEY = re.compile(
    rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, _KEY_HEADS))})[A-Za-z0-9_-]{{0,18}}"
    r"(?:[ \n]{1,2}[A-Za-z0-9_-]{4,64}(?![A-Za-z0-9_-])){1,6}"
)
_PIECE = re.compile(r"[A-Za-z0-9_-]+")
_TAGS = re.compile(
    r"(?:<!--[^\n]{0,120}?-->|</?[A-Za-z][^<>\n]{0,60}>"
    r"|\[/?(?:b|i|u|s|color|size|url|quote|font|code|del|mark|spoiler)(?:=[^\]\n]{0,40})?\])+"
    r"(?P<next>[^\s<\[])"
)
_TAG_HEADS = frozenset(b"<[")
_HEADS = re.compile("|".join(map(re.escape, _KEY_HEADS)).encode())
_DIGITS = bytes(0x30 if chr(c) in "0123456789" else 0 for c in range(256))
_BETWEEN_DIGITS = b" ./,_|*\\-"
_SEVERAL = b"0" * 6
# The ring ○ counts as punctuation, so the bare form lacks it.
_RING = "○"
_FEWEST_SIGNS = 10
_MAY_BE_SPELT = re.compile(f"{_SIGN}{{{_FEWEST_SIGNS}}}")
_ONE_SIGN = re.compile(_SIGN)


def may_be_loose(text: Normalized) -> bool:
    """Return True if anything in a text may have been pulled apart or spelt out.

    ASCII's part of it, closed up, holds all that there is of ASCII and perhaps more.
    """
    data, plain = text.ascii, text.text
    if _HEADS.search(data) and any(head in plain for head in _KEY_HEADS):
        return True
    if not _TAG_HEADS.isdisjoint(data) and _TAGS.search(plain) is not None:
        return True
    digits = data.translate(_DIGITS, _BETWEEN_DIGITS)
    if _SEVERAL in digits and _MAY_BE_APART.search(plain) is not None:
        return True
    if _RING in plain:
        return True
    # A row of ten holds every tenth character of the text, wherever it begins.
    if _ONE_SIGN.search(text.bare[_FEWEST_SIGNS - 1 :: _FEWEST_SIGNS]) is None:
        return False
    return _MAY_BE_SPELT.search(text.bare) is not None


def closed_up(text: str) -> Iterator[Part]:
    """Yield in place of each such piece what it says, character by character."""
    for match in _TAGS.finditer(text):
        at = match.start("next")
        yield Part(match.start(), at + 1, text[at], DECODED, ((at, at + 1),))
    for match in _APART.finditer(text):
        yield _part(text, [at for at in range(*match.span()) if text[at].isalnum()])
    for match in _SPELT.finditer(text):
        if sum(char in _NUMERALS for char in match.group()) >= _FEWEST_NUMERALS:
            yield _part(text, [at for at in range(*match.span()) if text[at] not in " -"])
    for match in _KEY.finditer(text):
        pieces = list(_PIECE.finditer(text, *match.span()))
        kept = [at for piece in pieces if _belongs(piece) for at in range(*piece.span())]
        if kept and len(kept) > len(pieces[0].group()):
            yield _part(text, kept)


def _belongs(piece: re.Match[str]) -> bool:
    """Return True if a piece is one of a key and no word."""
    written = piece.group()
    return written.startswith(_KEY_HEADS) or (
        any(c.isdigit() for c in written) and any(c.isalpha() for c in written)
    )


def _part(text: str, kept: list[int]) -> Part:
    plain = "".join(_NUMERALS.get(text[at], text[at]) for at in kept)
    return Part(kept[0], kept[-1] + 1, plain, DECODED, tuple((at, at + 1) for at in kept))
