"""Every finding says why in one sentence, in the reader's language."""

import re

import pytest

from bot.judging.checking import Checker, load_checker
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
def test_the_reason_is_told(text: str, chinese: str, english: str) -> None:
    for language, words in (("zh-CN", chinese), ("en", english)):
        finding = checker(language).check_text(text).verdict.findings[0]  # type: ignore[arg-type]
        assert words in finding.explanation


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_gives_more_than_its_description(language: Language) -> None:
    own = checker(language)
    for pack in own.packs.by_name.values():
        for rule in pack.rules:
            example = rule.positives[0]
            result = own.check_text(example.text, source=example.source)
            for finding in result.verdict.findings:
                told = own.packs.rule(finding.rule_id)
                described = told.description[language] if told else ""
                assert finding.explanation != described or finding.rule_id.startswith("disguise/")
                if language == "en":
                    assert not _CHINESE.search(_QUOTED.sub("", finding.explanation))
