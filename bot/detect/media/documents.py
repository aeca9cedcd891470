"""Plain text in the encodings that people here use."""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from collections.abc import Iterator

from bot.errors import NotReadable
from bot.model import Fragment, Source

MAX_TEXT = 4_000_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = ("Cc", "Cn", "Co", "Cs")
_MAX_CONTROLS = 4
_BLANKS = frozenset("\t\n\r\f\v\x1a\ufeff")
_CLOSE = 0.8
_KNOWN = 0.2
# The letters that make up about half of Chinese text, in both scripts, with signs and digits.
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去"
    "把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但"
    "质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式"
    "這個國時來們為會發動過說產種後對進經電裡現實兩體當點從業還開應樣與關線數間質氣變條沒結問無係軍號請號碼"
    "請保密秘機机内部文件资資料料证證身份号码姓名电话單位通知不得外传傳規规划劃绝絕局处處室办辦"
    "，。、；：？！（）《》“”〔〕★0123456789abcdefghijklmnopqrstuvwxyz ,.:-/\n\r\t"
)


def read_text(data: bytes) -> Fragment:
    """Decode plain text, CSV or Markdown; raise NotReadable when it is something else.

    A result with NUL or many kinds of control characters is refused, and where the encoding was
    guessed, one with any control or unassigned character.
    """
    if not data:
        raise NotReadable("broken")
    if len(data) > MAX_TEXT:
        raise NotReadable("too-large")
    texts = decode_all(data)
    if not texts:
        raise NotReadable("unsupported-document")
    return Fragment(source=Source.DOCUMENT, text=texts[0])


def decode_all(data: bytes) -> list[str]:
    """Return the text, or the texts where several encodings fit about as well; none if none fits.

    UTF-8, UTF-16 and UTF-32 are told by their marks, UTF-8 by its form. GB18030, Big5 and UTF-16
    without a mark are told by how common the letters are that they give.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            text = _try(data, encoding, marked=True)
            return [text] if text else []
    text = _try(data, "utf-8")
    if text is not None:
        return [text] if text else []
    ranked = sorted(_guesses(data), key=lambda guess: -guess[0])
    return [text for score, text in ranked if score >= ranked[0][0] * _CLOSE and score > 0][:2]


def _guesses(data: bytes) -> Iterator[tuple[float, str]]:
    encodings = ["gb18030", "big5hkscs"] if b"\0" not in data[:4096] else []
    if len(data) % 2 == 0:
        encodings += ["utf-16-le", "utf-16-be"]
    for encoding in encodings:
        text = _try(data, encoding)
        if text:
            yield _commonness(text), text


def _commonness(text: str) -> float:
    """Return how much a text looks like one: the share of letters that people use most."""
    sample = text[:20_000]
    common = sum(1.0 for c in sample if c in _COMMON)
    known = sum(0.5 for c in sample if c.isascii() or "\u4e00" <= c <= "\u9fff")
    return (common + known * _KNOWN) / len(sample)


def _try(data: bytes, encoding: str, *, marked: bool = False) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    kinds = Counter(map(unicodedata.category, set(text) - _BLANKS))
    if encoding.startswith("utf-8") or marked:
        # Hardly anything else is valid UTF-8: a log with escape codes is still text.
        return None if "\0" in text or kinds["Cc"] > _MAX_CONTROLS else text
    return None if any(kinds[kind] for kind in _NOT_TEXT) else text
