"""Tables of characters that stand for others."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from opencc import OpenCC

from bot.detect.text.normalization.confusable_letters import CONFUSABLE_LETTERS


def _pairs(text: str) -> dict[str, str]:
    return {pair[0]: pair[1] for pair in text.split()}


@functools.cache
def simplified() -> Mapping[int, str]:
    """Return traditional, regional and Japanese forms with their simplified character.

    The tables are OpenCC's. Characters that simplified writing uses itself (those of GB 2312) stay,
    but for `_UNAMBIGUOUS`: 芸 and 沪 are words of their own, 後 is only ever 后.
    """
    chars = "".join(map(chr, (*range(0x3400, 0xA000), *range(0x20000, 0x323B0))))
    chinese = OpenCC("t2s").convert(chars)
    regional = OpenCC("t2s").convert(OpenCC("hk2t").convert(OpenCC("jp2t").convert(chars)))
    table = dict(_RARE)
    for char, first, second in zip(chars, chinese, regional, strict=True):
        if _is_plain(char) and char not in _UNAMBIGUOUS:
            continue
        if first != char:
            table[ord(char)] = first
        elif second != char and _is_plain(second):
            table[ord(char)] = second
    return MappingProxyType({char: table.get(ord(form), form) for char, form in table.items()})


_UNAMBIGUOUS = frozenset("後於徵菸夥")
_RARE = MappingProxyType({ord(a): b for a, b in _pairs("宻密 髙高 戸户").items()})


@functools.cache
def confusables() -> Mapping[int, str]:
    """Return the letters of other scripts that Unicode's confusables.txt draws like ASCII's."""
    return MappingProxyType(
        {
            int(code, 16): letter
            for letter, codes in CONFUSABLE_LETTERS.items()
            for code in codes.split()
        }
    )


def _is_plain(char: str) -> bool:
    try:
        return bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False


# Letters of other scripts, and symbols, that look like ASCII or like a plain digit.
_CYRILLIC = (
    "аa вB еe кk мM нH оo рp сc тT уy хx ѕs іi јj һh ԁd ԛq ԝw АA ВB ЕE КK МM НH ОO РP СC "
    "ТT УY ХX ЅS ІI ЈJ ԌG"
)
_GREEK = "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX οo νv ρp αa"
_LATIN = (
    "ıi ɡg ɑa ℓl ƖI ꓐB ꓑP ꓒd ꓓD ꓔT ꓖG ꓗK ꓘK ꓙJ ꓚC ꓜZ ꓝF ꓟM ꓠN ꓡL ꓢS ꓣR ꓦV ꓧH ꓪW ꓫX ꓬY ꓮA "
    "ꓰE ꓲI ꓳO ꓴU"
)
_NEGATIVE = (
    "⓿0 ❶1 ❷2 ❸3 ❹4 ❺5 ❻6 ❼7 ❽8 ❾9 ➀1 ➁2 ➂3 ➃4 ➄5 ➅6 ➆7 ➇8 ➈9 ➊1 ➋2 ➌3 ➍4 ➎5 ➏6 ➐7 ➑8 ➒9 "
    "⓵1 ⓶2 ⓷3 ⓸4 ⓹5 ⓺6 ⓻7 ⓼8 ⓽9"
)
_BRACKETS = "〖【 〗】 〘【 〙】"
_MARKS = '×X 丨| ‐- ‑- ‒- –- —- −- ﹣- ⁃- “" ”" „" ″" ‘\' ’\' ′\' ∶: ꞉: ˸: ⁎* ∗* ✱* ✲* ／/ ∕/ ⁄/'

LOOKALIKES = MappingProxyType(
    {
        **_pairs(" ".join((_CYRILLIC, _GREEK, _LATIN, _NEGATIVE, _BRACKETS, _MARKS))),
        **{chr(0x1F1E6 + i): chr(65 + i) for i in range(26)},
        **{chr(0x1F130 + i): chr(65 + i) for i in range(26)},
        **{chr(0x1F150 + i): chr(65 + i) for i in range(26)},
        **{chr(0x1F170 + i): chr(65 + i) for i in range(26)},
    }
)
