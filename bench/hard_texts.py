"""Texts of 4,096 characters that are made to cost much, by class."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from bot.rules.packs import load_packs
from bot.rules.rule import Rule

LENGTH = 4096
RULES = load_packs(Path(__file__).parents[1] / "config" / "packs").by_name


def _pieces(text: str) -> list[str]:
    return text.split(" ")


TEACHING = _pieces(
    "例如 标志为 什么是 培训 通报 案例 不得 严禁 请勿 应当标 保密法 字样 怎么 ？ 下列 选择题 (√)"
)
SCRIPTS = _pieces(
    "机密 機密 ｊｉ 𝐣𝐢 機 秘 Ⅸ ① ⓵ ﷽ ǅ ΐ İ 한글 кириллица ελ 👨‍👩‍👧 é ａ１ \ud83d 〇 ㈠ ٣"
)
LABELS = _pieces(
    "密码: 口令： password= token: 身份证号： 卡号: 签发人： 发文机关： secret_key= 电话："
)
NEAR = _pieces(
    "机密★ 密★10年 机蜜★10年 机 密 ☆ 杋密★1年 秘密★启用 11010519491231002 1101051949123100211 GB8"
)
NOISE = " \t\u3000\u200b\u0301\ufe0f★☆.,，。-_|/·•~＊()（）【】[]{}<>\"'`^%&\\:;=+"
DIGITS = "11010519491231002X 110105194912310021 6222021234567890128 13812345678 86 0 12 1949"
Make = Callable[[random.Random], str]


def filled(pieces: Sequence[str], random_: random.Random, gaps: Sequence[str] = ("",)) -> str:
    """Repeat a random choice of pieces up to the full length."""
    few = [random_.choice(pieces) for _ in range(random_.randint(1, 8))]
    gap = random_.choice(gaps)
    unit = gap.join(few) + gap or " "
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


def distinct(random_: random.Random) -> str:
    """Make labelled secrets of which no two are alike."""
    letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!@#$"
    made = (
        f"{random_.choice(LABELS)}{''.join(random_.choices(letters, k=random_.randint(6, 14)))} "
        for _ in itertools.count()
    )
    return _joined(made)


def _joined(pieces: object) -> str:
    text = ""
    for piece in pieces:  # type: ignore[attr-defined]
        text += piece
        if len(text) >= LENGTH:
            break
    return text[:LENGTH]


def nested(random_: random.Random, inner: Sequence[str]) -> str:
    """Encode what holds something, once or twice, in one piece or in many."""
    encoders: list[Callable[[str], str]] = [
        lambda s: base64.b64encode(s.encode("utf-8", "replace")).decode(),
        lambda s: quote(s.encode("utf-8", "replace")),
        lambda s: s.encode("utf-8", "replace").hex(),
        lambda s: "".join(f"&#{ord(c)};" for c in s),
        lambda s: "".join(f"\\u{ord(c):04x}" for c in s if ord(c) < 0x10000),
    ]

    def one(size: int) -> str:
        text = filled(inner, random_)[:size]
        for _ in range(random_.randint(1, 3)):
            text = random_.choice(encoders)(text)
        return text

    size = random_.choice((4, 12, 60, 1200))
    return _joined(one(size) + random_.choice((" ", "", "，", "\n")) for _ in itertools.count())


def _hits(rules: Sequence[Rule]) -> list[str]:
    return [e.text for rule in rules for e in rule.positives]


def _words(rules: Sequence[Rule]) -> list[str]:
    return [word for rule in rules for word in rule.keywords] or ["a"]


def classes() -> Mapping[str, Make]:
    """Return the makers of texts by the name of their class."""
    everything = [rule for pack in RULES.values() for rule in pack.rules]
    hits = _hits(everything)
    gaps = ("", " ", "\n", "，", ",")
    made: dict[str, Make] = {
        "all hits": lambda r: filled(hits, r, gaps),
        "all noise": lambda r: filled(list(NOISE), r),
        "noise between": lambda r: r.choice(NOISE).join(filled(hits, r))[:LENGTH],
        "alternating noise": lambda r: "".join(
            c + r.choice(NOISE) for c in filled(["机密★10年", "内部资料", "天河计划"], r)
        )[:LENGTH],
        "near-marks": lambda r: filled(NEAR, r, gaps),
        "digit runs": lambda r: filled(DIGITS.split(), r, ("", " ", "-", ",", "\n")),
        "labels without values": lambda r: filled(LABELS, r, gaps),
        "labels with distinct values": distinct,
        "teaching words": lambda r: filled([*TEACHING, "机密★10年", "内部资料"], r, gaps),
        "brackets": lambda r: filled([*"()（）【】[]〔〕《》「」\"'", "内部", "机密"], r),
        "mixed scripts": lambda r: filled(SCRIPTS, r, gaps),
        "nested encodings": lambda r: nested(r, hits),
        "everything": lambda r: filled(
            [*hits, *NEAR, *LABELS, *TEACHING, *NOISE, *SCRIPTS, *_words(everything)], r, gaps
        ),
    }
    for name, pack in RULES.items():
        made[f"hits of {name}"] = lambda r, p=pack: filled(_hits(p.rules), r, gaps)
        made[f"gate words of {name}"] = lambda r, p=pack: filled(_words(p.rules), r, gaps)
    return made
