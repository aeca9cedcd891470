"""The fast paths find the same as the slow ones."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.detect.engine import Engine
from bot.detect.text.decoding.disguised import Restorer
from bot.detect.text.decoding.encoded import _parts, may_hold_code
from bot.detect.text.matching.keyword_gates import Gates
from bot.detect.text.matching.patterns import RulePattern
from bot.detect.text.matching.run_prefilter import run_of
from bot.detect.text.normalization.normalized_text import Normalized, dense
from bot.detect.text.normalization.normalizer import Normalizer
from bot.detect.text.terms.keyword_list import MAX_NOISE, KeywordList, _gaps_allowed
from bot.model import Fragment, Source
from bot.rules.packs import load_packs
from bot.rules.regex import compile_regex

NORMALIZER = Normalizer()
PACKS = load_packs(Path(__file__).parents[3] / "config" / "packs")
RULES = PACKS.rules(sorted(PACKS.by_name))
WORDS = tuple(sorted({word for rule in RULES for word in rule.keywords}))
EXAMPLES = tuple(e.text for rule in RULES for e in (*rule.positives, *rule.negatives))
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
USUAL = st.text(
    "机密内部资料年 \n\t，。！？：；（）“”—、《》【】·abcXYZ019-_/.%&\\:★👍机蜜🐔", max_size=12
)
PIECES = st.one_of(ANY, USUAL, st.sampled_from(WORDS), st.sampled_from(EXAMPLES))
TEXTS = st.lists(PIECES, max_size=6).map("".join)
TERMS = ("天河计划", "内 部 代号", "secret plan", "a-b", "★★", "密", "C++", "（甲）方", "松-7")


def slow(text: str) -> Normalized:
    return NORMALIZER.by_tables(text)


@given(TEXTS)
def test_normal_form(text: str) -> None:
    fast, by_tables = NORMALIZER(text), slow(text)
    assert (fast.text, fast.folded, [*fast.starts]) == (
        by_tables.text,
        by_tables.folded,
        [*by_tables.starts],
    )
    assert fast.bare == re.sub(r"[\W_]+", "", fast.folded)
    assert fast.dense_text == by_tables.dense_text
    assert fast.compact == by_tables.compact
    assert len(fast.flat) == len(fast.text)
    assert fast.ascii == "".join(c for c in fast.text if c.isascii()).encode()


NAMED = [dense(NORMALIZER(word).folded) for word in WORDS]
RESTORER = Restorer(NORMALIZER)
FORMS = RESTORER._words
GATES = Gates([*zip(NAMED, itertools.count()), *((form, len(NAMED)) for form in RESTORER.words())])


@given(TEXTS)
def test_gates_open_for_every_word(text: str) -> None:
    form = NORMALIZER(text)
    opened = GATES.opened(form)
    for number, word in enumerate(NAMED):
        if word in form.dense_text:
            assert number in opened, word
    if any(word in form.dense_text for word in FORMS):
        assert len(NAMED) in opened


def test_gates_open_for_each_word_alone() -> None:
    for word in {*NAMED, *FORMS}:
        form = NORMALIZER(f"中{word}a{word}")
        if word in form.dense_text:
            number = NAMED.index(word) if word in NAMED else len(NAMED)
            assert number in GATES.opened(form), word


TERM_LIST = KeywordList(TERMS, NORMALIZER)


@given(st.lists(st.one_of(PIECES, st.sampled_from(TERMS)), max_size=6).map("".join))
def test_no_term_is_passed_over(text: str) -> None:
    form = NORMALIZER(text)
    raw = TERM_LIST._index.find(form.dense_text)
    assert TERM_LIST.find(form) == list(TERM_LIST._checked(form, raw))


GAPPED = st.text("天河计划a-7〇 \n·★", max_size=24)


def slow_gaps_allowed(form: Normalized, first: int, last: int, *, spans: bool) -> bool:
    inside = [at for at in form.dense.starts if first <= at < last]
    gaps = [form.folded[a + 1 : b] for a, b in itertools.pairwise(inside)]
    return all(
        len(gap) <= MAX_NOISE and ("\n" not in gap or spans) and gap.count("\n") <= 1
        for gap in gaps
    )


@given(GAPPED, st.booleans(), st.data())
def test_gaps_within_a_term(text: str, spans: bool, data: st.DataObject) -> None:
    form = NORMALIZER(text)
    assert [form.folded[at] for at in form.dense.starts] == list(form.dense.text)
    if places := list(form.dense.starts):
        first, last = sorted(data.draw(st.sampled_from(places)) for _ in range(2))
        fast = _gaps_allowed(form.folded, first, last + 1, spans=spans)
        assert fast == slow_gaps_allowed(form, first, last + 1, spans=spans)


CODE = re.compile(r"[%&\\]|[A-Za-z0-9+/_-]{12}|[0-9A-Fa-f]{2}[ :](?:[0-9A-Fa-f]{2}[ :]){4}")


LOOSE = st.text("aF09 :+/_-中一二〇○洞·<b>/[]ghp_sk", max_size=24)


@given(st.lists(st.one_of(PIECES, LOOSE), max_size=4).map("".join))
@example("机<b>密★10年")  # a tag that nothing closes
def test_may_hold_code_never_hides_a_code(text: str) -> None:
    form = NORMALIZER(text)
    if CODE.search(form.text) or list(_parts(form.text)):
        assert may_hold_code(form)


ENGINE = Engine(RULES, normalizer=NORMALIZER, restorer=RESTORER)
PATTERNS = [RulePattern(rule) for rule in RULES if rule.pattern]


@given(TEXTS)
def test_a_detector_finds_nothing_where_it_may_find_nothing(text: str) -> None:
    form = NORMALIZER(text)
    fragment = Fragment(source=Source.TEXT, text=text)
    for detector in ENGINE._with_terms(TERM_LIST):
        if not detector.may_find(form):
            assert list(detector.detect(fragment, slow(text))) == [], detector.name
    for deriver in ENGINE._derivers:
        if not deriver.may_derive(form):
            assert list(deriver.derive(slow(text))) == []


@given(TEXTS)
def test_a_pattern_that_cannot_match_does_not(text: str) -> None:
    form = NORMALIZER(text)
    for pattern in PATTERNS:
        if not pattern.may_match(form):
            assert not list(pattern._spans(slow(text))), pattern.rule.id


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("[a-z]{4}[0-9]{4}", "abcd1234"),
        ("(?i)[a-z]{4}K", "ABCDk"),
        (r"\d{6}年", "202612年"),
        (r"key.{0,20}\w{8}", "key: ab12cd34"),
        ("[^a]{6}bcde", "xxxxxxbcde"),
        (r"(?:ab){2,}|\x41{4}", "AAAA"),
        (r"密码\s{2}[a-z]{3}", "密码 \tabc"),
        (r"[[:alpha:]]{8}", "abcdefgh"),
        (r"\p{Han}{4}", "天河计划"),
        (r"\Qa.b.c\E", "a.b.c"),
        ("x{,5}abc", "x{,5}abc"),
        ("[a&&b]{4}", "a&&b"),
    ],
)
def test_a_run_never_hides_a_match(pattern: str, text: str) -> None:
    assert compile_regex(pattern, "test").search(text)
    run = run_of(pattern, "text")
    assert run is None or run.may_stand_in(NORMALIZER(text))


def test_a_run_excludes_texts_without_it() -> None:
    run = run_of("[A-Z]{2}[0-9]{2}[A-Z0-9 ]{8}", "text")
    assert run is not None
    assert not run.may_stand_in(NORMALIZER("今天开会 OK 2026 thanks"))
    assert run.may_stand_in(NORMALIZER("GB82 WEST 1234"))
