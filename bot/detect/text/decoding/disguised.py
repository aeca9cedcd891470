"""Undo the disguises of marks and of listed terms: sounds, look-alikes, parts, order, letters.

Findings made this way are likely: a supervisor sees them, and no message is deleted for them.

A worked example::

    text       材料已标 jī mì ★10年
    word       "ji mi" is a known form of 机密          looked up among prepared forms
    derived    材料已标 机密 ★10年, label "pinyin"       with each character's source span
    detectors  find state-secret in the derived text    as in any text
    finding    likely, at "jī mì ★10年" of the original
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product

from bot.detect.text.decoding.character_sounds import (
    EMOJI,
    LOOKS,
    PIECES,
    ZHUYIN,
    by_sound,
    skeletons,
    syllable,
)
from bot.detect.text.decoding.derived_text import Derived, Part, around, derive
from bot.detect.text.decoding.encoded import DECODED
from bot.detect.text.matching.keyword_gates import Gates
from bot.detect.text.matching.multi_search import DaachorseIndex, IndexFactory
from bot.detect.text.normalization.normalized_text import Normalized, places_without
from bot.detect.text.normalization.normalizer import Normalizer, shared_normalizer

MARKS = ("绝密", "机密", "秘密", "内部")
PHRASES = (
    "内部资料", "内部文件", "内部事项", "注意保密", "此件不公开",
    "严禁外传", "不得外传", "请勿外传", "勿外传", "不要外传",
)  # fmt: skip
"""Phrases beside a mark; one of their characters at a time is looked for in disguise."""

INITIALS = (("jm", "机密"), ("mm", "秘密"), ("jm", "绝密"))
STARS = "★☆⭐"
ALIKE, PINYIN, SPLIT, REVERSED, SPACED = "alike", "pinyin", "split", "reversed", "spaced"
MAX_TERMS = 2_000
"""Above so many terms their disguises are not looked for: too many words would be near one."""

REACH, MAX_READ = 100, 1_200
"""Characters around a disguised word, and in all, that are read with the word in the clear."""

MAX_PARTS = 64
"""Disguised words that are looked at in any text, and one more for so many characters."""

_BARE = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[a-z]{3}")
_LATIN = re.compile(r"[^\W_]", re.ASCII)
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WITHIN = re.compile(r"(?<=[\u3400-\u9fff])(?:[\W_]+|[^\u3400-\u9fff\n]{1,3})(?=[\u3400-\u9fff])")
_ONE = rf"(?:[^\W_]|[{STARS}])"
_SPACED = re.compile(rf"{_ONE}(?:(?:(?![{STARS}\n])[\W_]){{1,3}}{_ONE}(?!{_ONE})){{2,40}}")
_UPRIGHT = re.compile(rf"(?:(?<=\n)|^)(?:{_ONE} ?\n){{3,40}}{_ONE}(?= ?\n| ?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Form:
    """The meaning of a disguised form; ``shown`` of its characters are the term's own."""

    plain: str
    label: str
    shown: int


class Restorer:
    """Puts the packs' marks in place of their disguises."""

    def __init__(self, normalize: Normalizer, index: IndexFactory = DaachorseIndex) -> None:
        self._normalize = normalize
        forms: dict[str, _Form] = {}
        for form, meant in _forms():
            forms.setdefault(normalize(form).folded, meant)
        self._words, self._forms = tuple(forms), tuple(forms.values())
        self._index = index(self._words)

    def words(self) -> tuple[str, ...]:
        """Return words of which a text that holds a disguise has one in its bare form."""
        known = set(self._words)
        return tuple(w for w in self._words if (bare := _BARE.sub("", w)) == w or bare not in known)

    def __call__(self, text: Normalized) -> Iterator[tuple[Derived, Normalized]]:
        """Yield the text with its disguised words in the clear, and with lines turned round.

        Where a mark is only spaced out by other marks, the reading is as certain as a decoded one.
        """
        parts = self._parts(text)
        if not parts:
            return
        runs = _closed_up(text) if any(part.label == SPACED for part in parts) else ()
        plain = [part for part in parts if part.label != SPACED]
        yield self._read(text, _with_years(text, _merged(runs, plain)))
        if any(part.label == REVERSED for part in parts):
            yield self._read(text, _turned(text, parts))

    def _read(self, text: Normalized, parts: Iterable[Part]) -> tuple[Derived, Normalized]:
        derived = around(derive(text, parts), REACH, MAX_READ)
        return derived, self._normalize(derived.text)

    def _parts(self, text: Normalized) -> list[Part]:
        """Return the disguised words, apart; of a very long list of them the first."""
        hits = self._index.find(text.dense_text)
        if not hits:
            return []
        found: list[Part] = []
        enough = MAX_PARTS + len(text.folded) // MAX_PARTS
        starts = text.dense.starts
        is_spaced = False
        shown = 0
        for start, end, number in hits:
            form = self._forms[number]
            if form.label == SPACED:
                shown = end
            elif form.label == REVERSED and start < shown:
                continue  # 机密机密 holds 密机 by accident.
            first, last = starts[start], starts[start + form.shown - 1] + 1
            if form.label == SPACED:
                if is_spaced or last - first == form.shown:
                    continue
                is_spaced = True
            if not _is_inside_word(text.folded, first, last):
                found.append(Part(first, last, form.plain, form.label))
                if len(found) >= enough:
                    break
        return _merged((), found)


class DisguiseDeriver:
    """Derives texts with marks in the clear, where the gates saw a word of a disguised mark."""

    only_likely = True

    def __init__(self, restore: Restorer, gates: Gates, number: int) -> None:
        """``gates`` open ``number`` for the restorer's words."""
        self._restore = restore
        self._gates = gates
        self._number = number

    def may_derive(self, text: Normalized) -> bool:
        """Return True if a text may hold a mark in disguise."""
        return self._number in self._gates.opened(text)

    def derive(self, text: Normalized) -> Iterator[tuple[Derived, Normalized]]:
        """Yield the texts with their disguised words in the clear."""
        return self._restore(text)


@functools.cache
def shared_restorer(index: IndexFactory = DaachorseIndex) -> Restorer:
    """Return the process's own: it never changes, and to prepare its words takes a while."""
    return Restorer(shared_normalizer(), index)


def _merged(runs: Iterable[Part], parts: Iterable[Part]) -> list[Part]:
    """Put parts in order; of those that overlap the first stays, a run before a word."""
    merged: list[Part] = []
    for part in sorted((*runs, *parts), key=lambda p: (p.start, p.label != DECODED, -p.end)):
        if not merged or part.start >= merged[-1].end:
            merged.append(part)
    return merged


def _closed_up(text: Normalized) -> Iterator[Part]:
    """Leave out the marks between single characters, and the line feeds between single lines."""
    for run in chain(_SPACED.finditer(text.text), _UPRIGHT.finditer(text.text)):
        whole = enumerate(run.group(), run.start())
        kept = [(at, char) for at, char in whole if char.isalnum() or char in STARS]
        plain = "".join([char for _, char in kept])
        yield Part(run.start(), run.end(), plain, DECODED, tuple([(at, at + 1) for at, _ in kept]))


def _with_years(text: Normalized, parts: Iterable[Part]) -> Iterator[Part]:
    """Add the word for years after a mark, where it is disguised too."""
    done = 0
    for part in parts:
        if part.start < done:
            continue
        yield part
        done = part.end
        if year := _years().match(text.folded, part.end):
            done = year.end()
            yield Part(year.start(1), done, "年", part.label)


@functools.cache
def _years() -> re.Pattern[str]:
    alike = "".join(c for c in by_sound()[syllable("年")] if c != "年")
    return re.compile(rf" ?[{STARS}*] ?[0-9]{{1,3}} ?(nian|n(?![a-z])|[{alike}])")


def _turned(text: Normalized, parts: Iterable[Part]) -> Iterator[Part]:
    """Turn round the lines that hold a mark written backwards."""
    lines = dict.fromkeys(text.line(p.start) for p in parts if p.label == REVERSED)
    for start, end in lines:
        places = tuple((at, at + 1) for at in range(end - 1, start - 1, -1))
        yield Part(start, end, text.text[start:end][::-1], REVERSED, places)


def _is_inside_word(folded: str, start: int, end: int) -> bool:
    before, after = folded[start - 1 : start], folded[end : end + 1]
    return (_is_latin(before) and _is_latin(folded[start])) or (
        _is_latin(after) and _is_latin(folded[end - 1])
    )


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _forms() -> Iterator[tuple[str, _Form]]:
    for word in MARKS:
        yield word, _Form(word, SPACED, len(word))
        yield word[::-1], _Form(word, REVERSED, len(word))
        for chosen in product(*map(_characters, word)):
            labels = [label for _, label in chosen if label]
            # 密密麻麻 is a word, and whoever writes 秘秘 means no mark.
            repeated = len({written for written, _ in chosen}) == 1
            if labels and not (repeated and _HAN.match(chosen[0][0])):
                for gap in ("", " ", "-", "_", ".") if PINYIN in labels else ("",):
                    form = gap.join(written for written, _ in chosen)
                    yield form, _Form(word, max(labels), len(form))
    for phrase in PHRASES:
        spelt = [syllable(char) for char in phrase]
        yield from (
            (gap.join(spelt), _Form(phrase, PINYIN, len(gap.join(spelt)))) for gap in ("", " ")
        )
        yield phrase[::-1], _Form(phrase, REVERSED, len(phrase))
        for at, char in enumerate(phrase):
            for written, label in _characters(char):
                form = phrase[:at] + written + phrase[at + 1 :]
                if label:
                    yield form, _Form(phrase, label, len(form))
    for char, pieces in PIECES.items():
        for piece in pieces:
            yield piece, _Form(char, SPLIT, len(piece))
    for (letters, word), star, gap in product(INITIALS, STARS, ("", " ")):
        yield letters + gap + star, _Form(word, "initials", len(letters))


def _characters(char: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to write a character, each with the label of its disguise."""
    yield char, ""
    sound = syllable(char)
    alike = [*by_sound()[sound], *LOOKS.get(char, ""), *EMOJI.get(sound, "")]
    yield from ((other, ALIKE) for other in alike if other != char)
    yield sound, PINYIN
    yield from ((signs, PINYIN) for signs in ZHUYIN.get(char, ()))
    yield from ((piece, SPLIT) for piece in PIECES.get(char, ()))


class DisguisedTerms:
    """Finds the disguises of a list's terms of three and more Chinese characters."""

    def __init__(self, cores: Iterable[str], index: IndexFactory = DaachorseIndex) -> None:
        terms = [core for core in cores if len(core) >= 3 and _HAN.fullmatch(core)]
        self._plain = frozenset(terms)
        sounds: dict[str, str] = {}
        letters: dict[str, str] = {}
        for term in terms:
            sounds[term[::-1].translate(skeletons())] = REVERSED
            spelt = [syllable(char) for char in term]
            letters["".join(spelt)] = PINYIN
            if len(term) >= 4:
                letters.setdefault("".join(s[:1] for s in spelt), "initials")
        for term in terms:
            sounds[term.translate(skeletons())] = ALIKE
        letters.pop("", None)
        self._sounds = index(tuple(sounds))
        self._letters = index(tuple(letters))
        self._sound_labels, self._letter_labels = tuple(sounds.values()), tuple(letters.values())

    def find(self, text: Normalized) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, kind of disguise) of the normalised text."""
        if not self._plain:
            return
        chinese = _WITHIN.sub("", text.folded)
        hits = self._sounds.find(chinese.translate(skeletons()))
        starts: Sequence[int] = places_without(_WITHIN, text.folded) if hits else ()
        for start, end, number in hits:
            label = self._sound_labels[number]
            written = chinese[start:end]
            first, last = starts[start], starts[end - 1] + 1
            if written in self._plain and label == ALIKE:
                label = SPACED
                if _LATIN.search(text.folded, first, last) is None:
                    continue
            if label != REVERSED or written[::-1] in self._plain:
                yield first, last, label
        if _LETTERS.search(text.folded) is None:
            return
        spelt = self._letters.find(text.folded.replace(" ", "").replace("\t", ""))
        if not spelt:
            return
        starts = text.compact.starts
        for start, end, number in spelt:
            first, last = starts[start], starts[end - 1] + 1
            if not _is_inside_word(text.folded, first, last):
                yield first, last, self._letter_labels[number]
