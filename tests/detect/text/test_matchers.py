"""The libraries that the setting ``matcher`` offers find the same."""

from pathlib import Path

import pytest

from bot.detect.engine import Engine, Inspection
from bot.detect.text.decoding.disguised import shared_restorer
from bot.detect.text.matching.multi_search import MATCHERS, AhocorasickIndex, IndexFactory
from bot.errors import ConfigurationError
from bot.judging.active_rules import load_active_rules
from bot.model import Fragment, Source
from bot.rules.packs import load_packs
from bot.settings import load_settings

PACKS = load_packs(Path(__file__).parents[3] / "config" / "packs")
RULES = PACKS.rules(sorted(PACKS.by_name))
EXAMPLES = tuple(e for rule in RULES for e in (*rule.positives, *rule.negatives))
TERMS = ("天河计划", "内 部 代号", "secret plan", "a-b", "★★", "密", "C++")
SENTENCES = (
    "天 河 计 划明天启动", "the Secret Plan is a-b", "天核计划", "jī mì ★10年", "机-密-★-10年",
    "%E6%9C%BA%E5%AF%86%E2%98%8510%E5%B9%B4", "C++ 课程", "普通的一句话",
)  # fmt: skip


def inspections(index: IndexFactory) -> list[Inspection]:
    engine = Engine(RULES, index=index, restorer=shared_restorer(index))
    terms = engine.keyword_list(TERMS)
    fragments = [
        *(Fragment(source=e.source, text=e.text) for e in EXAMPLES),
        *(Fragment(source=Source.TEXT, text=text) for text in SENTENCES),
    ]
    return [engine.inspect([fragment], terms) for fragment in fragments]


def test_matchers_find_the_same() -> None:
    one, other = (inspections(index) for index in MATCHERS.values())
    assert one == other
    assert any(inspection.findings for inspection in one)


def test_the_setting_selects_the_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def counting(terms: tuple[str, ...]) -> AhocorasickIndex:
        built.append(len(terms))
        return AhocorasickIndex(terms)

    monkeypatch.setattr(
        "bot.judging.active_rules.MATCHERS", {**MATCHERS, "pyahocorasick": counting}
    )
    monkeypatch.setenv("SHOUKOU_MATCHER", "pyahocorasick")
    settings = load_settings()
    engine = load_active_rules(settings).engine("standard")
    assert built
    (finding,) = engine.inspect([Fragment(source=Source.TEXT, text="机密★10年")]).findings
    assert finding.rule_id == "cn-markings/state-secret"


def test_an_unknown_matcher_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUKOU_MATCHER", "grep")
    with pytest.raises(ConfigurationError, match="SHOUKOU_MATCHER"):
        load_settings()
