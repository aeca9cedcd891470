from pathlib import Path

import pytest

from bot.detect.engine import Engine
from bot.model import Fragment, Severity, Source
from bot.rules.packs import load_packs

PACKS = load_packs(Path(__file__).parents[3] / "config" / "packs")
LETTERS = Engine(PACKS.rules(["cn-documents"]))
LETTER = (
    "青山县财政局\n青财预〔2026〕44号\n关于下达专项资金的通知\n各乡镇：\n现将有关事项通知如下。"
)


def text(content: str) -> list[Fragment]:
    return [Fragment(source=Source.TEXT, text=content)]


def test_it_names_the_elements_that_it_saw() -> None:
    (finding,) = LETTERS.inspect(text(LETTER)).findings
    assert finding.reasons == tuple(
        f"element:{name}" for name in ("document-number", "title", "addressee", "wording")
    )
    assert finding.match == LETTER[finding.start : finding.end]
    assert finding.match.startswith("\n青财预")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("the number alone", "青财预〔2026〕44号"),
        ("a citation", "请按青财预〔2026〕44号执行"),
        ("a public one", LETTER + "\n（此件公开发布）"),
        ("an office notice", "关于放假的通知\n各科室：\n现将放假安排通知如下。\n2026年9月1日"),
    ],
)
def test_less_than_the_threshold_is_nothing(name: str, content: str) -> None:
    assert LETTERS.inspect(text(content)).findings == (), name


def test_more_elements_make_it_surer_and_a_copy_number_graver() -> None:
    (plain,) = LETTERS.inspect(text(LETTER)).findings
    (more,) = LETTERS.inspect(text(f"000012\n特急\n{LETTER}\n抄送：县审计局。")).findings
    assert more.confidence > plain.confidence
    assert (plain.severity, more.severity) == (Severity.MEDIUM, Severity.HIGH)


TOLD = Engine(PACKS.rules(["work-secrets"]))
SECRET = "公示前内部知道就行，别惊动企业：拟关停名单 鑫源、宏达"


def test_what_comes_together_in_a_short_text_counts() -> None:
    found = [finding.rule_id for finding in TOLD.inspect(text(SECRET)).findings]
    assert found == ["work-secrets/told-in-chat"]


def test_elements_far_apart_in_a_long_text_do_not() -> None:
    assert TOLD.inspect(text(SECRET + "今天天气不错，适合散步。" * 80)).findings == ()


@pytest.mark.parametrize(
    "harmless",
    [
        "大家注意，名单不要外传，这是纪律",
        "公示的拟关停名单 鑫源、宏达",
        "谁也别转，链接有问题",
        "通报：某局一干部把未公开的人选名单转发亲友群，被诫勉谈话",
    ],
)
def test_what_lacks_an_element_or_speaks_of_rules_is_left_alone(harmless: str) -> None:
    assert TOLD.inspect(text(harmless)).findings == ()
