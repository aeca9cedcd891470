"""How Chinese characters sound, are drawn and are taken apart."""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

_PRIVATE_USE = 0xE000


@functools.cache
def _readings() -> Mapping[str, str]:
    """Return pypinyin's table of readings; the package itself takes half a second to import."""
    spec = find_spec("pypinyin")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pypinyin")
    return {
        chr(int(code)): readings
        for code, readings in json.loads(
            Path(spec.origin).with_name("pinyin_dict.json").read_text("utf-8")
        ).items()
    }


@functools.cache
def syllable(char: str) -> str:
    """Return a character's commonest sound without its tone (``v`` for ü), or nothing."""
    readings = _readings().get(char, "")
    plain = unicodedata.normalize("NFD", readings.partition(",")[0]).replace("u\u0308", "v")
    return "".join(c for c in plain if c.isascii() and c.isalpha())


@functools.cache
def by_sound() -> Mapping[str, tuple[str, ...]]:
    """Return the characters of GB 2312 by their sound."""
    found: dict[str, list[str]] = {}
    for char in _readings():
        if _is_common(char):
            found.setdefault(syllable(char), []).append(char)
    return MappingProxyType({sound: tuple(chars) for sound, chars in found.items()})


@functools.cache
def skeletons() -> dict[int, int]:
    """Return a table that gives all characters of one sound, and their look-alikes, one form.

    What has no form of its own is named too, because translating a missing character is slow.
    """
    table = {code: code for code in (*range(0x80), *range(0x3000, 0x3040), *range(0x4E00, 0xA000))}
    for number, chars in enumerate(by_sound().values()):
        table.update((ord(char), _PRIVATE_USE + number) for char in chars)
    for char, looks in LOOKS.items():
        table.update((ord(look), table[ord(char)]) for look in looks)
    return table


def _is_common(char: str) -> bool:
    try:
        return bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False


# Characters drawn like another.
LOOKS = MappingProxyType(
    {
        "机": "杋杌朷玑肌饥矶讥叽朹",
        "密": "宻宓蜜嘧谧泌",
        "秘": "沕泌柲祕袐必铋宓",
        "绝": "绔艳绉纶",
        "内": "肉丙冈囚冂",
        "外": "夘夕",
        "传": "专砖",
        "不": "卜吥丕",
        "要": "崾",
        "勿": "匆",
        "部": "陪剖郜倍培蔀䏍",
    }
)
EMOJI = MappingProxyType({"ji": "🐔🐓🐤🐥🐣", "mi": "🍚🍯🐝🌾"})

# Taiwanese phonetic signs, as people write them with and without the tone.
ZHUYIN = MappingProxyType(
    {
        "机": ("ㄐㄧ",),
        "密": ("ㄇㄧˋ", "ㄇㄧ"),
        "秘": ("ㄇㄧˋ", "ㄇㄧ"),
        "绝": ("ㄐㄩㄝˊ", "ㄐㄩㄝ"),
        "内": ("ㄋㄟˋ", "ㄋㄟ"),
        "部": ("ㄅㄨˋ", "ㄅㄨ"),
    }
)

# Characters written as their parts, as people type them.
PIECES = MappingProxyType(
    {
        "机": ("木几", "木儿"),
        "密": ("宀必山", "宓山", "宀必屮", "它山", "宀必", "宀心山"),
        "秘": ("禾必", "礻必", "示必", "木必"),
        "绝": ("纟色", "丝色", "糸色", "糹色", "纟巴"),
        "内": ("冂人",),
        "部": ("立口阝", "咅阝", "音阝", "音卩", "立口卩"),
        "资": ("次贝",),
        "料": ("米斗",),
        "松": ("木公",),
        "河": ("氵可", "水可"),
        "计": ("讠十", "言十"),
        "划": ("戈刂", "戈刀"),
        "项": ("工页",),
        "程": ("禾呈",),
        "课": ("讠果", "言果"),
        "题": ("是页",),
        "案": ("安木",),
        "江": ("氵工",),
        "明": ("日月",),
        "林": ("木木",),
        "海": ("氵每",),
        "银": ("钅艮", "金艮"),
        "波": ("氵皮",),
        "岭": ("山令",),
        "峰": ("山夆",),
        "城": ("土成",),
        "湖": ("氵胡",),
        "统": ("纟充", "丝充"),
        "研": ("石开",),
        "究": ("穴九",),
        "码": ("石马",),
        "验": ("马佥",),
        "标": ("木示",),
        "构": ("木勾",),
        "桥": ("木乔",),
        "鹰": ("广亻隹鸟",),
        "虹": ("虫工",),
        "炬": ("火巨",),
        "防": ("阝方",),
        "锋": ("钅夆", "金夆"),
    }
)
