"""Disguised marks and terms are doubts; what is only spaced out is found."""

import pytest

from bot.judging.checking import Checker, load_checker
from bot.model import Action
from bot.settings import Settings

TERMS = ("青松项目", "长风计划")


@pytest.fixture(scope="module")
def checker() -> Checker:
    settings = Settings()
    return load_checker(settings.resource("packs"), settings.resource("policies.toml"))


@pytest.mark.parametrize(
    ("kind", "text", "match"),
    [
        ("alike", "看：鸡蜜★10年", "鸡蜜★10年"),
        ("alike", "看：机泌★10年", "机泌★10年"),
        ("alike", "看：🐔🍯★10年", "🐔🍯★10年"),
        ("pinyin", "看：ㄐㄧㄇㄧˋ★10年", "ㄐㄧㄇㄧˋ★10年"),
        ("alike", "看：鸡.蜜★10年", "鸡.蜜★10年"),
        ("alike", "清松项目下周启动", "清松项目"),
        ("alike", "请送 向目下周启动", "请送 向目"),
        ("split", "看：木几宀必山★10年", "木几宀必山★10年"),
        ("pinyin", "看：ji-mi★10年", "ji-mi★10年"),
        ("pinyin", "看：mi-mi★5年", "mi-mi★5年"),
        ("pinyin", "看：Ji Mi★10nian", "Ji Mi★10nian"),
        ("pinyin", "qing song xiang mu 启动", "qing song xiang mu"),
        ("initials", "看：JM★10年", "JM★10年"),
        ("initials", "QSXM 启动", "QSXM"),
        ("reversed", "年01★密机", "年01★密机"),
        ("reversed", "启动目项松青", "目项松青"),
        ("spaced", "青a松1项x目启动", "青a松1项x目"),
    ],
)
def test_a_likely_finding_goes_to_a_supervisor_and_deletes_nothing(
    checker: Checker, kind: str, text: str, match: str
) -> None:
    result = checker.check_text(text, keywords=TERMS)
    assert [(f.rule_id, f.match) for f in result.verdict.findings] == [(f"disguise/{kind}", match)]
    assert Action.ESCALATE in result.verdict.actions
    assert not result.verdict.removes
    assert result.verdict.findings[0].confidence <= 0.4
    assert result.explanations[0]


@pytest.mark.parametrize("text", ["机.密.★.1.0.年", "机_密_★_1_0_年", "看 机😀密😀★😀1😀0😀年"])
def test_a_mark_that_is_spaced_out_is_found(checker: Checker, text: str) -> None:
    verdict = checker.check_text(text).verdict
    assert verdict.removes
    assert "cn-markings/state-secret" in {f.rule_id for f in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "几米的画册",
        "青松的项目",
        "qsxmb 启动",
        "我家密机★★★",
        "今天吃米饭🍚🐔",
        "长风",
        "1. 2. 3. 4. 5.",
    ],
)
def test_harmless(checker: Checker, text: str) -> None:
    assert checker.check_text(text, keywords=TERMS).verdict.findings == ()


def test_a_certain_finding_drops_likely_ones(checker: Checker) -> None:
    findings = checker.check_text("青松项目 机密★10年", keywords=TERMS).verdict.findings
    assert {f.rule_id.partition("/")[0] for f in findings} == {"keywords", "cn-markings"}
