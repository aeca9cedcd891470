import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.detect.engine import Engine
from bot.detect.text.decoding.disguised import Restorer
from bot.detect.text.matching.rule_detector import RuleDetector
from bot.detect.text.matching.scoring import finding
from bot.detect.text.normalization.normalized_text import Normalized
from bot.detect.text.normalization.normalizer import Normalizer
from bot.model import Finding, Fragment, NotInspected, Severity, Source
from bot.rules.packs import load_packs
from bot.rules.rule import GROUP_KEYWORD

ROOT = Path(__file__).parents[2]
PACKS = load_packs(ROOT / "config" / "packs")
ENGINE = Engine(PACKS.rules(sorted(PACKS.by_name)), restorer=Restorer(Normalizer()))


def lines(name: str) -> list[dict[str, Any]]:
    content = (ROOT / "tests" / "data" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in content.splitlines()]


def inspect(text: str, source: Source = Source.TEXT) -> tuple[Finding, ...]:
    inspection = ENGINE.inspect([Fragment(source=source, text=text)])
    assert inspection.not_inspected == ()
    return inspection.findings


@pytest.mark.parametrize("case", lines("tuned-harmless.jsonl"), ids=lambda c: c["text"][:20])
def test_harmless_text_passes(case: dict[str, Any]) -> None:
    assert [f.rule_id for f in inspect(case["text"])] == []


@pytest.mark.parametrize("case", lines("tuned-leaks.jsonl"), ids=lambda c: c["text"][:20])
def test_leaking_text_is_found(case: dict[str, Any]) -> None:
    found = [f.rule_id for f in inspect(case["text"])]
    assert any(rule.startswith(tuple(case["rules"])) for rule in found)


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("绝密★长期", "cn-markings/state-secret-top", Severity.CRITICAL),
        ("机密★10年", "cn-markings/state-secret", Severity.HIGH),
        ("秘密★启用前", "cn-markings/exam", Severity.LOW),
        ("000012\n特急\n秘密★启用前", "cn-markings/exam", Severity.HIGH),
        ("内部资料 注意保存", "work-secrets/internal-mark", Severity.MEDIUM),
        ("11010519491231002X", "identity-cn/resident-id", Severity.MEDIUM),
    ],
)
def test_severity(text: str, rule: str, severity: Severity) -> None:
    assert (rule, severity) in {(f.rule_id, f.severity) for f in inspect(text)}


def test_offsets_are_those_of_the_original() -> None:
    text = "👨‍👩‍👧号码 1101\u200b0519491231002X。"
    (finding,) = inspect(text)
    assert text[finding.start : finding.end] == finding.match == "1101\u200b0519491231002X"


def test_a_picture_finding_has_the_box_of_its_characters() -> None:
    text = "证\n11010519491231002X"
    boxes = tuple(
        (0, 0, 0, 0) if c == "\n" else (10 * i, 20, 10 * i + 10, 40) for i, c in enumerate(text)
    )
    clean = Fragment(source=Source.TEXT, text="你好")
    picture = Fragment(source=Source.IMAGE, text=text, boxes=boxes, page=2, attachment=0)
    (finding,) = ENGINE.inspect([clean, picture]).findings
    assert (finding.fragment, finding.page, finding.box) == (1, 2, (20, 20, 200, 40))


def test_a_groups_own_terms() -> None:
    keywords = ENGINE.keyword_list(["天河计划", "河计", "Falcon"])
    fragment = Fragment(source=Source.TEXT, text="天 河计划 与 FALCON，falcons 除外")
    found = ENGINE.inspect([fragment], keywords).findings
    assert [(f.rule_id, f.match) for f in found] == [
        ("keywords/group", "天 河计划"),
        ("keywords/group", "FALCON"),
    ]


def test_a_failed_detector_is_reported_and_the_others_go_on() -> None:
    class Broken:
        name = "broken"

        def may_find(self, text: Normalized) -> bool:
            return True

        def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
            raise RuntimeError

    class BrokenAtTheFirstLook(Broken):
        name = "broken-early"

        def may_find(self, text: Normalized) -> bool:
            raise RuntimeError

    engine = Engine(PACKS.rules(["identity-cn"]), detectors=[Broken(), BrokenAtTheFirstLook()])
    inspection = engine.inspect([Fragment(source=Source.CAPTION, text="11010519491231002X")])
    assert len(inspection.findings) == 1
    assert set(inspection.not_inspected) == {
        NotInspected(reason=f"detector-failed-{name}", source=Source.CAPTION)
        for name in ("broken", "broken-early")
    }


def test_an_added_detector_finds_and_leaves_the_fast_path_on() -> None:
    class Numbered:
        """Finds part numbers of a made-up form."""

        name = "part-numbers"
        calls = 0

        def may_find(self, text: Normalized) -> bool:
            return "零件号" in text.text

        def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
            self.calls += 1
            for hit in re.finditer("零件号[0-9]{4}", text.text):
                yield finding(GROUP_KEYWORD, fragment, text.span(*hit.span()))

    class Counted(RuleDetector):
        calls = 0

        def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
            Counted.calls += 1
            return super().detect(fragment, text)

    numbered = Numbered()
    counted = Counted(PACKS.rules(["identity-cn"]), Normalizer())
    engine = Engine([], detectors=[numbered, counted])
    for text in ("明天下午两点开会", "see you at lunch", "收到，谢谢！"):
        assert engine.inspect([Fragment(source=Source.TEXT, text=text)]).findings == ()
    assert (numbered.calls, counted.calls) == (0, 0)
    found = engine.inspect([Fragment(source=Source.TEXT, text="请找零件号0042")]).findings
    assert [f.match for f in found] == ["零件号0042"]
    assert (numbered.calls, counted.calls) == (1, 0)
    found = engine.inspect([Fragment(source=Source.TEXT, text="11010519491231002X")]).findings
    assert [f.rule_id for f in found] == ["identity-cn/resident-id"]
    assert (numbered.calls, counted.calls) == (1, 1)


def test_a_mark_among_decoys_is_found() -> None:
    decoys = "例如“机密★10年”表示保密期限。" * 200
    assert "cn-markings/state-secret" in {f.rule_id for f in inspect(decoys + "机密★10年")}
    assert inspect("例如“机密★10年”表示保密期限。" * 12) == ()
