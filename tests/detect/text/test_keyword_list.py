import random as random_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.detect.text.matching.multi_search import AhocorasickIndex, DaachorseIndex
from bot.detect.text.normalization.normalizer import Normalizer
from bot.detect.text.terms.keyword_list import KeywordList

normalize = Normalizer()


def found(terms: list[str], text: str) -> list[str]:
    form = normalize(text)
    return [form.text[h.start : h.end] for h in KeywordList(terms, normalize).find(form)]


@pytest.mark.parametrize(
    ("name", "term", "text", "hit"),
    [
        ("plain", "天河计划", "请看天河计划的安排", "天河计划"),
        ("blanks", "天河计划", "天 河 计 划", "天 河 计 划"),
        ("marks", "天河计划", "天.河-计★划", "天.河-计★划"),
        ("three marks", "天河", "天...河", "天...河"),
        ("case", "Project-X", "the PROJECT-x plan", "PROJECT-x"),
        ("beside Chinese", "VPN", "用VPN连接", "VPN"),
        ("traditional text", "发电厂", "發電廠", "发电厂"),
        ("traditional term", "發電廠", "发电厂", "发电厂"),
        ("a line break in a long term", "天河计划", "天河\n计划", "天河\n计划"),
        ("mixed", "A3计划", "启动A3计划书", "A3计划"),
        ("marks of its own", "《蓝皮书》", "看《蓝皮书》吧", "《蓝皮书》"),
    ],
)
def test_hit(name: str, term: str, text: str, hit: str) -> None:
    assert found([term], text) == [hit]


@pytest.mark.parametrize(
    ("name", "term", "text"),
    [
        ("a Chinese character between", "中国", "中间国"),
        ("four marks", "天河", "天....河"),
        ("part of a Latin word", "art", "party start"),
        ("part of a number", "123", "41235"),
        ("a line break in a short term", "天河", "今天\n河边"),
        ("another word", "机密", "手机密码"),
        ("another word", "机密", "飞机密集"),
        ("another word", "机密", "计算机密码学"),
        ("another word", "内部", "国内部分地区"),
        ("another word", "绝密", "杜绝密闭空间"),
        ("another word", "涉密", "交涉密谈"),
        ("without its marks", "《蓝皮书》", "看蓝皮书吧"),
    ],
)
def test_no_hit(name: str, term: str, text: str) -> None:
    assert found([term], text) == [], name


@given(
    st.lists(st.text("机密码内部ab", min_size=1, max_size=4), unique=True, min_size=1, max_size=9),
    st.text("机密码内部ab", max_size=60),
)
def test_index_finds_what_a_naive_search_finds(terms: list[str], text: str) -> None:
    naive = {
        (at, at + len(term), number)
        for number, term in enumerate(terms)
        for at in range(len(text))
        if text.startswith(term, at)
    }
    for index in (DaachorseIndex(terms), AhocorasickIndex(terms)):
        assert sorted(index.find(text)) == sorted(naive)


ANY = st.characters(exclude_categories=("Cs",))


@given(
    st.lists(st.text(ANY, min_size=1, max_size=5), unique=True, max_size=12),
    st.lists(st.text(ANY, max_size=4), max_size=6),
    st.randoms(use_true_random=False),
)
def test_both_engines_agree_on_any_text(
    terms: list[str], pieces: list[str], random: random_module.Random
) -> None:
    mixed = [*pieces, *terms, *terms]
    random.shuffle(mixed)
    text = "".join(mixed)
    assert sorted(AhocorasickIndex(terms).find(text)) == sorted(DaachorseIndex(terms).find(text))
    lists = [KeywordList(terms, normalize, index=i) for i in (AhocorasickIndex, DaachorseIndex)]
    one, other = (sorted((h.start, h.end, h.term) for h in k.find(normalize(text))) for k in lists)
    assert one == other


def test_empty_list_and_blank_terms() -> None:
    assert found([], "机密") == []
    assert found(["", "  "], "机 密") == []
