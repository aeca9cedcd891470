from pathlib import Path

import pytest

from bot.detect.engine import Engine
from bot.model import Fragment, Severity, Source
from bot.policy.packs import load_packs

PACKS = load_packs(Path(__file__).parents[3] / "config" / "packs")
CHINESE = Engine(PACKS.rules(["cn-documents"]))
ENGLISH = Engine(PACKS.rules(["cn-documents"]), language="en")
LETTER = (
    "青山县财政局\n青财预〔2026〕44号\n关于下达专项资金的通知\n各乡镇：\n现将有关事项通知如下。"
)


def text(content: str) -> list[Fragment]:
    return [Fragment(source=Source.TEXT, text=content)]


def test_it_names_the_elements_that_it_saw() -> None:
    (finding,) = CHINESE.inspect(text(LETTER)).findings
    assert finding.explanation == (
        "内容具有内部公文的格式（有发文字号、公文标题、主送机关、公文用语）"
    )
    (finding,) = ENGLISH.inspect(text(LETTER)).findings
    assert finding.explanation.endswith(
        "(it has a document number, an official title, an addressee, official wording)"
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
    assert CHINESE.inspect(text(content)).findings == (), name


def test_more_elements_make_it_surer_and_a_copy_number_graver() -> None:
    (plain,) = CHINESE.inspect(text(LETTER)).findings
    (more,) = CHINESE.inspect(text(f"000012\n特急\n{LETTER}\n抄送：县审计局。")).findings
    assert more.confidence > plain.confidence
    assert (plain.severity, more.severity) == (Severity.MEDIUM, Severity.HIGH)
