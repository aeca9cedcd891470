"""Measure how much of a disguised text is seen, technique by technique: docs/evasion.md.

Every technique is applied to invented marks, terms and numbers within harmless sentences; the same
engine then reads harmless texts, so that what the doubts cost is known too.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from opencc import OpenCC

from bench import text as generated
from bench import texts as office
from bot.detect.text.decoding.character_sounds import EMOJI, LOOKS, PIECES, by_sound, syllable
from bot.judging.checking import load_checker
from bot.judging.split_posts import RecentPosts
from bot.model import Action, Message, Sender, SenderKind
from bot.rules.rule import DISGUISED

SEED = 20260502
ROUNDS = 40
CONFIG = Path(__file__).parents[1] / "config"
HARMLESS = Path(__file__).parents[1] / "tests/data/tuned-harmless.jsonl"
TERMS = ("青松项目", "长风计划", "碧波工程", "赤霞课题", "苍岭方案", "银河标准", "松江研究")
WORDS = ("Falcon Report", "Evergreen", "Project Orion")
MANY = (*TERMS, *WORDS, *office.keywords(500))
LEVELS = ("绝密", "机密", "秘密")
SENTENCES = ("请查收附件 {} 谢谢", "{}\n关于近期工作的安排", "各位同事：\n{}", "材料在这里 {}")
SEEN, DOUBT, MISSED = "taken down", "supervisor", "missed"
Change = Callable[[str, random.Random], str]


def between(*marks: str) -> Change:
    """Put one of some marks between all characters."""

    def change(text: str, random_: random.Random) -> str:
        return "".join(c + random_.choice(marks) for c in text[:-1]) + text[-1]

    return change


def after(mark: str) -> Change:
    """Put a mark after every character."""
    return lambda text, _: "".join(c + mark for c in text)


def shifted(table: dict[str, str]) -> Change:
    """Replace characters."""
    return lambda text, _: text.translate(str.maketrans(table))


def digits(zero: int, one: int | None = None) -> Change:
    """Write digits with those that begin at ``zero``; 1 to 9 begin at ``one``."""
    first = zero + 1 if one is None else one
    return shifted({"0": chr(zero), **{str(i): chr(first + i - 1) for i in range(1, 10)}})


def each(ways: Callable[[str], list[str]], share: float = 1.0) -> Change:
    """Write characters in other ways, where there are any; at least one is changed."""

    def change(text: str, random_: random.Random) -> str:
        places = [i for i, c in enumerate(text) if ways(c)]
        some = {i for i in places if random_.random() < share} or set(places[:1])
        return "".join(random_.choice(ways(c)) if i in some else c for i, c in enumerate(text))

    return change


def spelt(gap: str, share: float = 1.0) -> Change:
    """Spell Chinese characters with letters."""

    def change(text: str, random_: random.Random) -> str:
        out: list[str] = []
        some = [is_han(c) and random_.random() < share for c in text]
        if not any(some):
            some[0] = True
        for i, char in enumerate(text):
            if some[i] and out and i and some[i - 1]:
                out.append(gap)
            out.append(syllable(char) if some[i] and is_han(char) else char)
        return "".join(out)

    return change


def is_han(char: str) -> bool:
    """Return True if a character is Chinese."""
    return "\u3400" <= char <= "\u9fff"


def sounds_like(char: str) -> list[str]:
    """Return other characters of the same sound."""
    return [c for c in by_sound().get(syllable(char), ()) if c != char] if is_han(char) else []


def initials(text: str, _: random.Random) -> str:
    """Write Chinese characters with the first letters of their sounds."""
    return "".join(syllable(c)[:1] if is_han(c) else c for c in text)


def swapped(text: str, random_: random.Random) -> str:
    """Exchange two characters that stand side by side."""
    return text[1] + text[0] + text[2:]


def reversed_word(text: str, _: random.Random) -> str:
    """Turn the Chinese word at the start round."""
    end = next((i for i, c in enumerate(text) if not is_han(c)), len(text))
    return text[:end][::-1] + text[end:]


def b64(text: str, encoding: str = "utf-8") -> str:
    """Encode in base64."""
    return base64.b64encode(text.encode(encoding)).decode()


FULL = {chr(i): chr(i + 0xFEE0) for i in range(0x21, 0x7F)}
CYRILLIC = dict(zip("aceopxyABEKMHOPCTX", "асеорхуАВЕКМНОРСТХ", strict=True))
CAPITALS = dict(zip("cosvwz", "ᴄᴏꜱᴠᴡᴢ", strict=True))
BOLD = {chr(65 + i): chr(0x1D400 + i) for i in range(26)} | {
    chr(97 + i): chr(0x1D41A + i) for i in range(26)
}
SQUARED = {c: chr(0x1F130 + i % 26) for i, c in enumerate(
    [*map(chr, range(65, 91)), *map(chr, range(97, 123))])}  # fmt: skip
FLAGS = {c: chr(ord(v) - 0x1F130 + 0x1F1E6) for c, v in SQUARED.items()}
STARS = "☆⭐*✦✩＊※"
SPELT = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
FORMAL = dict(zip("0123456789", "〇壹贰叁肆伍陆柒捌玖", strict=True))
NUMERALS = dict(zip("135", "一三五", strict=True))
MARK, TERM, WORD, NUMBER = "marks", "terms", "words", "numbers"
HAN = (MARK, TERM)
ALL = (MARK, TERM, NUMBER)

TECHNIQUES: tuple[tuple[str, tuple[str, ...], Change], ...] = (
    ("nothing (for comparison)", (*ALL, WORD), lambda t, _: t),
    ("full-width characters", (MARK, NUMBER, WORD), shifted(FULL)),
    ("upper case", (WORD,), lambda t, _: t.upper()),
    ("mixed case", (WORD,), lambda t, r: "".join(r.choice((c.upper(), c.lower())) for c in t)),
    ("traditional characters", HAN, lambda t, _: OpenCC("s2t").convert(t)),
    ("Taiwan's forms", HAN, lambda t, _: OpenCC("s2tw").convert(t)),
    ("Hong Kong's forms", HAN, lambda t, _: OpenCC("s2hk").convert(t)),
    ("variant characters (祕 宻)", (MARK,), shifted({"秘": "祕", "密": "宻"})),
    ("zero-width spaces", ALL, between("\u200b", "\u200c", "\u200d")),
    ("word joiners and byte-order marks", ALL, between("\u2060", "\ufeff")),
    ("soft hyphens", ALL, between("\u00ad")),
    ("bidi marks and overrides", ALL, between("\u202a", "\u202c", "\u202e", "\u2066", "\u200f")),
    ("tag characters", ALL, between("\U000e0041", "\U000e0020")),
    ("Hangul fillers", ALL, between("\u3164", "\u115f")),
    ("variation selectors", ALL, after("\ufe0f")),
    ("strike-through by combining marks", ALL, after("\u0336")),
    ("stacked combining marks", ALL, after("\u0301\u0489\u0327")),
    ("keycaps", (NUMBER,), after("\ufe0f\u20e3")),
    ("blanks", HAN, between(" ")),
    ("wide and thin blanks", HAN, between("\u3000", "\u2009", "\u00a0")),
    ("dots", HAN, between(".", "。", "·")),
    ("hyphens and underscores", HAN, between("-", "_", "—")),
    ("three marks", HAN, between("...", "-~-", "。。。")),
    ("emoji", HAN, between("😀", "🔥", "👍🏽")),
    ("line feeds", (TERM,), between("\n")),
    ("blanks in numbers", (NUMBER,), lambda t, _: f"{t[:6]} {t[6:14]} {t[14:]}"),
    ("dots and strokes in numbers", (NUMBER,), between(".", "/", "-")),
    ("a blank after every digit", (NUMBER,), between(" ")),
    ("numerals for digits", (NUMBER,), shifted(SPELT)),
    ("formal numerals for digits", (NUMBER,), shifted(FORMAL)),
    ("one character a line", (MARK,), lambda t, _: "\n" + "\n".join(t) + "\n"),
    ("tags of HTML", HAN, lambda t, _: f"<b>{t[0]}</b>{t[1]}<i>{t[2:]}</i>"),
    ("tags of forums", HAN, lambda t, _: f"[b]{t[0]}[/b]{t[1]}[i]{t[2:]}[/i]"),
    ("Markdown", HAN, lambda t, _: f"**{t[0]}**_{t[1]}_{t[2:]}"),
    ("circled digits", (MARK, NUMBER), digits(0x24EA, 0x2460)),
    ("negative circled digits", (MARK, NUMBER), digits(0x24FF, 0x2776)),
    ("mathematical digits", (MARK, NUMBER), digits(0x1D7CE)),
    ("Arabic and other digits", (MARK, NUMBER), digits(0x0660)),
    ("Chinese numerals", (MARK,), shifted({**NUMERALS, "0": "〇"})),
    ("other stars", (MARK,), lambda t, r: t.replace("★", r.choice(STARS))),
    ("enclosed ㊙", (MARK,), shifted({"秘": "㊙"})),
    ("Cyrillic look-alikes", (WORD,), shifted(CYRILLIC)),
    ("small capitals", (WORD,), shifted(CAPITALS)),
    ("mathematical letters", (WORD,), shifted(BOLD)),
    ("squared letters", (WORD,), shifted(SQUARED)),
    ("flag letters", (WORD,), shifted(FLAGS)),
    ("accents", (WORD,), after("\u0301")),
    ("percent code", ALL, lambda t, _: "".join(f"%{b:02X}" for b in t.encode())),
    ("quoted-printable", ALL, lambda t, _: "".join(f"={b:02X}" for b in t.encode())),
    ("percent code of GBK", HAN, lambda t, _: quote(t.encode("gb18030"), safe="")),
    ("HTML entities", ALL, lambda t, _: "".join(f"&#{ord(c)};" for c in t)),
    ("HTML entities, hexadecimal", ALL, lambda t, _: "".join(f"&#x{ord(c):x};" for c in t)),
    ("escapes (\\u673a)", ALL, lambda t, _: "".join(f"\\u{ord(c):04x}" for c in t)),
    ("base64", ALL, lambda t, _: b64(t)),
    ("base64 of a whole sentence in GBK", HAN, lambda t, _: b64(f"请看：{t}，谢谢", "gb18030")),
    ("hexadecimal", ALL, lambda t, _: t.encode().hex()),
    ("hexadecimal with blanks", ALL, lambda t, _: t.encode().hex(" ")),
    ("base64 of percent code", ALL, lambda t, _: b64(quote(t))),
    ("base64 of base64", ALL, lambda t, _: b64(b64(t))),
    ("entities of base64", ALL, lambda t, _: "".join(f"&#{ord(c)};" for c in b64(t))),
    ("three encodings in each other", ALL, lambda t, _: b64(b64(b64(t)))),
    ("split over two posts", ALL, lambda t, _: t[: len(t) // 2] + "\0" + t[len(t) // 2 :]),
    ("split over three posts", ALL, lambda t, _: f"{t[:1]}\0{t[1:3]}\0{t[3:]}"),
    ("one character by its sound", HAN, each(sounds_like, 0.0)),
    ("all characters by their sound", HAN, each(sounds_like)),
    ("look-alike characters", (MARK,), each(lambda c: list(LOOKS.get(c, "")), 0.5)),
    ("emoji by their sound", (MARK,), each(lambda c: list(EMOJI.get(syllable(c), "")))),
    ("characters taken apart", HAN, each(lambda c: list(PIECES.get(c, ())))),
    ("pinyin", HAN, spelt("")),
    ("pinyin with blanks", HAN, spelt(" ")),
    ("pinyin and characters mixed", (MARK,), spelt("", 0.5)),
    ("initials", HAN, initials),
    ("the line turned round", HAN, lambda t, _: t[::-1]),
    ("the word turned round", HAN, reversed_word),
    ("two characters exchanged", HAN, swapped),
    ("letters between characters", HAN, between("x", "a")),
    ("Chinese characters between", HAN, between("的")),
)  # fmt: skip


def secrets(kind: str, random_: random.Random) -> str:
    """Invent a mark, a term or a number."""
    if kind == MARK:
        return f"{random_.choice(LEVELS)}★{random_.choice(('1', '3', '5', '10', '30'))}年"
    if kind == NUMBER:
        return resident_id(random_)
    return random_.choice(TERMS if kind == TERM else WORDS)


def resident_id(random_: random.Random) -> str:
    """Invent a resident identity number with a good check character."""
    born = datetime(1950, 1, 1) + timedelta(days=random_.randrange(18000))
    head = (
        f"{random_.choice(('110105', '440524', '320102'))}{born:%Y%m%d}{random_.randrange(1000):03}"
    )
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(d) for w, d in zip(weights, head, strict=True))
    return head + "10X98765432"[total % 11]


DISGUISES = tuple(rule.id for rule in DISGUISED.values())


class Bench:
    """The product's checker with a group's own list."""

    def __init__(self) -> None:
        self._checker = load_checker(CONFIG / "packs", CONFIG / "policies.toml")

    def judge(self, text: str, terms: tuple[str, ...] = TERMS + WORDS) -> tuple[str, set[str]]:
        """Return the outcome of a text, and the rules behind it."""
        verdict = self._checker.check_text(text, keywords=terms).verdict
        rules = {f.rule_id for f in verdict.effective}
        if verdict.removes:
            return SEEN, rules
        return (DOUBT if Action.ESCALATE in verdict.actions else MISSED), rules

    def posts(self, parts: list[str]) -> str:
        """Return the outcome of posts that follow each other."""
        recent = RecentPosts()
        outcome = MISSED
        for number, part in enumerate(parts):
            message = Message(
                platform="bench",
                chat_id=-1,
                message_id=number,
                sender=Sender(id=1, kind=SenderKind.MEMBER),
                sent_at=datetime.now(UTC),
                text=part,
            )
            if self.judge(part)[0] == SEEN:
                return SEEN
            if any(self.judge(j.text)[0] == SEEN for j in recent.joins(message)):
                return SEEN
        return outcome


def measure(bench: Bench) -> list[tuple[str, str, int, Counter[str]]]:
    """Return for each technique and material how many were tried, and what became of them."""
    rows = []
    for name, kinds, change in TECHNIQUES:
        for kind in kinds:
            random_ = random.Random(f"{SEED}{name}{kind}")
            outcomes: Counter[str] = Counter()
            for _ in range(ROUNDS):
                plain = secrets(kind, random_)
                disguised = change(plain, random_)
                if disguised == plain and not name.startswith("nothing"):
                    continue
                if "\0" in disguised:
                    outcomes[bench.posts(disguised.split("\0"))] += 1
                else:
                    sentence = random_.choice(SENTENCES)
                    outcomes[bench.judge(sentence.format(disguised))[0]] += 1
            rows.append((name, kind, sum(outcomes.values()), outcomes))
    return rows


def costs(bench: Bench) -> tuple[int, Counter[str]]:
    """Return how many harmless texts were read, and in how many each doubt was raised."""
    random_ = random.Random(SEED)
    texts = [office.clean(random_) for _ in range(5000)]
    texts += [generated.message(random_, 60) for _ in range(5000)]
    texts += [json.loads(line)["text"] for line in HARMLESS.read_text("utf-8").splitlines()]
    phrases = _phrases()
    texts += ["，".join(random_.choices(phrases, k=12)) for _ in range(5000)]
    counted: Counter[str] = Counter()
    for text in texts:
        outcome, rules = bench.judge(text, MANY)
        counted.update(r for r in rules if r in DISGUISES)
        counted[outcome] += 1
    return len(texts), counted


def _phrases() -> list[str]:
    """Return tens of thousands of Chinese words and idioms: pypinyin's own."""
    spec = find_spec("pypinyin")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).with_name("phrases_dict.json")
    return sorted(json.loads(file.read_text("utf-8")))


def main() -> None:
    """Print the table as it stands in docs/evasion.md."""
    bench = Bench()
    print("| technique | material | tried | taken down | to a supervisor | missed |")
    print("|---|---|---:|---:|---:|---:|")
    for name, kind, tried, outcomes in measure(bench):
        shares = " | ".join(
            f"{100 * outcomes[o] / tried:.0f} %" if tried else "-" for o in (SEEN, DOUBT, MISSED)
        )
        print(f"| {name} | {kind} | {tried} | {shares} |")
    total, counted = costs(bench)
    print(f"\nOf {total:,} harmless texts, with {len(MANY)} terms:\n")
    print("| raised by | texts | share |\n|---|---:|---:|")
    for what in (SEEN, *DISGUISES):
        print(f"| {what} | {counted[what]} | {100 * counted[what] / total:.2f} % |")


if __name__ == "__main__":
    sys.exit(main())
