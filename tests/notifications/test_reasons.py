"""Every finding is explained in one sentence, in the reader's language."""

import re

import pytest

from bot.judging.checking import Checker, load_checker
from bot.notifications.reasons import explained
from bot.rules.rule import LANGUAGES, Language
from bot.settings import Settings

_CHINESE = re.compile("[\u4e00-\u9fff]")
_QUOTED = re.compile("“[^”]*”")


def checker(language: Language) -> Checker:
    settings = Settings()
    packs, policies = settings.resource("packs"), settings.resource("policies.toml")
    return load_checker(packs, policies, language=language)


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("机密★10年\n关于部署的报告", "单独成行", "a line to itself"),
        ("请查收机密★10年关于部署的报告", "不是讲解", "no lesson"),
        ("【禁止转发】下周暗访安排", "写在括号内", "in brackets"),
        ("请登记 11010519491231002X", "校验通过", "check digits fit"),
        ("联系电话：13812345678", "附近有“电话”", "stands near"),
        ("密码：Zhongxin@2026", "不是示例", "no sample"),
        ("&#26426;&#23494;★10年", "还原编码", "undone"),
        ("jimi★10年", "人工判断", "a person decides"),
    ],
)
def test_the_explanation_names_the_reason(text: str, chinese: str, english: str) -> None:
    for language, words in (("zh-CN", chinese), ("en", english)):
        result = checker(language).check_text(text)  # type: ignore[arg-type]
        assert words in result.explanations[0]


def test_a_letter_is_explained_by_its_elements() -> None:
    letter = (
        "青山县财政局\n青财预〔2026〕44号\n关于下达专项资金的通知\n各乡镇：\n现将有关事项通知如下。"
    )
    assert checker("zh-CN").check_text(letter).explanations == (
        "内容具有内部公文的格式（有发文字号、公文标题、主送机关、公文用语）",
    )
    assert (
        checker("en")
        .check_text(letter)
        .explanations[0]
        .endswith("(it has a document number, an official title, an addressee, official wording)")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_explanation_has_more_than_the_rules_description(language: Language) -> None:
    own = checker(language)
    for pack in own.packs.by_name.values():
        for rule in pack.rules:
            example = rule.positives[0]
            result = own.check_text(example.text, source=example.source)
            for finding, explanation in zip(
                result.verdict.findings, result.explanations, strict=True
            ):
                rule_found = own.packs.rule(finding.rule_id)
                described = rule_found.description[language] if rule_found else ""
                assert explanation != described or not finding.is_certain
                for left_out in range(len(finding.reasons)):
                    fewer = finding.reasons[:left_out] + finding.reasons[left_out + 1 :]
                    assert rule_found is not None
                    assert explained(rule_found, fewer, language) != explanation, finding.reasons
                if language == "en":
                    assert not _CHINESE.search(_QUOTED.sub("", explanation))
