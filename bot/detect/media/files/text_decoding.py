"""Plain text in the encodings that people here use."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = ("Cc", "Cn", "Co", "Cs")
_MAX_CONTROLS = 4
_BLANKS = frozenset("\t\n\r\f\v\x1a\ufeff")
_CLOSE = 0.8
_KNOWN = 0.2
_CUT, _DAMAGED = "cut-off", "broken"
_LONGEST_CHARACTER = 4
# Bytes that fit to the last are believed before those that nearly do.
_CUT_SHARE, _REPAIRED_SHARE = 0.7, 0.65
# Text with a few wrong bytes is damaged text; with more it is something else.
_MOST_WRONG = 0.05
_LEAST_COMMON = 0.4
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
# The signs that Western word processors put in place of ASCII's.
_SMART = frozenset("\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\xa0€")
# In GB 18030 a quotation mark or dash of Windows-1252 takes the letter behind it for its second
# byte: "password" becomes one rare ideograph and "assword". Both readings are kept.
_WESTERN_SIGN = re.compile(
    rb"[\x81-\xfe][\x80-\xfe]|([\x85\x91-\x97])(?=[A-Za-z0-9]{3})|[\x81-\xfe][0-9][\x81-\xfe][0-9]"
    rb"|[\x81-\xfe][\x40-\x7e]|.",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text, or the texts where several encodings fit about as well.

    ``fault`` is ``cut-off`` when the last character is incomplete, ``broken`` when some bytes
    belong to no character (they became U+FFFD), None when every byte was understood.
    """

    texts: tuple[str, ...] = field(default=(), repr=False)
    fault: str | None = None


def decode_all(data: bytes) -> list[str]:
    """Return the texts of `decode`, whatever its fault; none if none fits."""
    return list(decode(data).texts)


def decode(data: bytes) -> DecodedText:
    """Decode plain text, CSV or Markdown; no text at all when it is something else.

    UTF-8, UTF-16 and UTF-32 are told by their marks, UTF-8 by its form. GB18030, Big5 and UTF-16
    without a mark are told by how common the letters are that they give. A result with NUL or many
    kinds of control characters is refused, and where the encoding was guessed, one with any control
    or unassigned character.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            return _known(rest, encoding) or _damaged(rest, [encoding])
    if (found := _known(data, "utf-8")) is not None:
        return found
    guesses = sorted([*_guesses(data), *_repairs(data)], key=lambda guess: -guess[0])
    if not guesses:
        return DecodedText()
    best, _, fault = guesses[0]
    close = [text for score, text, _ in guesses if score >= best * _CLOSE and score > 0]
    return DecodedText(tuple(dict.fromkeys(close[:2])), fault)


def _known(data: bytes, encoding: str) -> DecodedText | None:
    """Decode by an encoding that the form of the bytes tells; None when it does not fit."""
    decoded = _try(data, encoding)
    if decoded is None or not _is_text(decoded[0], guessed=False):
        return None
    text, fault = decoded
    if fault is not None and text.isascii():
        return None
    return DecodedText((text,), fault)


def _guesses(data: bytes) -> Iterator[tuple[float, str, str | None]]:
    encodings = ["gb18030", "big5hkscs", "cp1252"] if b"\0" not in data[:4096] else []
    encodings += ["utf-16-le", "utf-16-be"]
    for encoding in encodings:
        decoded = _try(data, encoding)
        if decoded is not None and decoded[0] and _is_text(decoded[0], guessed=True):
            text, fault = decoded
            yield _commonness(text) * (1.0 if fault is None else _CUT_SHARE), text, fault
    if b"\0" not in data[:4096]:
        parted = _WESTERN_SIGN.sub(lambda m: b"\n" if m[1] else m[0], data)
        if parted != data and (decoded := _try(parted, "gb18030")) is not None:
            yield _commonness(decoded[0]), decoded[0], decoded[1]


def _repairs(data: bytes) -> Iterator[tuple[float, str, str | None]]:
    """Yield what text with a few wrong bytes can be.

    It stands beside the other guesses: nearly any bytes of an even number are letters in UTF-16,
    so that one wrong byte in GB 18030 must not leave UTF-16 as the only encoding that fits.
    """
    if b"\0" in data[:4096]:
        return
    for encoding in ("utf-8", "gb18030", "big5hkscs"):
        found = _damaged(data, [encoding])
        for text in found.texts:
            yield _commonness(text) * _REPAIRED_SHARE, text, found.fault


def _damaged(data: bytes, encodings: list[str]) -> DecodedText:
    """Decode text with a few wrong bytes."""
    best, found = 0.0, DecodedText()
    for encoding in encodings:
        text = data.decode(encoding, "replace")
        if not text or "\0" in text or text.count("\ufffd") > max(4, len(text) * _MOST_WRONG):
            continue
        kinds = Counter(map(unicodedata.category, set(text) - _BLANKS))
        score = _commonness(text)
        if kinds["Cc"] <= _MAX_CONTROLS and score > max(best, _LEAST_COMMON):
            best, found = score, DecodedText((text,), _DAMAGED)
    return found


def _commonness(text: str) -> float:
    """Return how much a text looks like one: the share of letters that people use most."""
    sample = text[:20_000]
    common = sum(1.0 for c in sample if c in _COMMON or c in _SMART)
    known = sum(0.5 for c in sample if c.isascii() or "\u4e00" <= c <= "\u9fff")
    return (common + known * _KNOWN) / len(sample)


def _try(data: bytes, encoding: str) -> tuple[str, str | None] | None:
    """Decode all, or all but an incomplete last character (with the fault that it is one)."""
    try:
        return data.decode(encoding), None
    except UnicodeDecodeError as error:
        # What is wrong must be the very last, and wrong by what is missing.
        if error.end < len(data) or error.start < len(data) - _LONGEST_CHARACTER:
            return None
        whole = data[: error.start]
    except UnicodeError:
        return None
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(data)
    except UnicodeError:
        return None
    return whole.decode(encoding), _CUT


def _is_text(text: str, *, guessed: bool) -> bool:
    kinds = Counter(map(unicodedata.category, set(text) - _BLANKS))
    if guessed:
        return not any(kinds[kind] for kind in _NOT_TEXT)
    # Hardly anything else is valid UTF-8: a log with escape codes is still text.
    return "\0" not in text and kinds["Cc"] <= _MAX_CONTROLS
