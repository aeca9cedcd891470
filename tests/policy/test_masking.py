from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.judging.checking import load_checker
from bot.model import Box, Category, Extent, Finding, Fragment, Severity, Source
from bot.policy.masking.spans import BLOCK, boxes_to_mask, mask_text

CONFIG = Path(__file__).parents[2] / "config"
CHECKER = load_checker(CONFIG / "packs", CONFIG / "policies.toml")
PIECES = [
    "11010519491231002X",
    "机密★10年",
    "内部资料 注意保存",
    "密码：Qx7#mm29",
    "天 河 计划",
    "👨‍👩‍👧",
    "e\u0301",
    "\u200b",
    "\ud83d",
    "\n",
    "1️⃣",
    "手机 13812345678",
]
ANY = st.one_of(st.sampled_from(PIECES), st.text(st.characters(codec=None), max_size=6))


def finding(start: int, end: int, extent: Extent = Extent.SPAN, by: str | None = None) -> Finding:
    return Finding(
        rule_id="a/b",
        category=Category.IDENTITY,
        severity=Severity.MEDIUM,
        confidence=1.0,
        extent=extent,
        source=Source.TEXT,
        start=start,
        end=end,
        match="",
        suppressed_by=by,
    )


@pytest.mark.parametrize(
    ("name", "findings", "expected"),
    [
        ("none", [], "ab\ncdé\nf"),
        ("span", [finding(1, 2)], "a█\ncdé\nf"),
        ("span over lines", [finding(1, 4)], "a█\n█dé\nf"),
        ("overlapping", [finding(3, 5), finding(4, 6)], "ab\n███\nf"),
        ("line", [finding(4, 5, Extent.LINE)], "ab\n███\nf"),
        ("whole", [finding(0, 1, Extent.WHOLE)], "██\n███\n█"),
        ("suppressed", [finding(0, 9, Extent.WHOLE, "allow:1")], "ab\ncdé\nf"),
    ],
)
def test_a_mask_has_the_extent_of_its_finding(
    name: str, findings: list[Finding], expected: str
) -> None:
    assert mask_text("ab\ncdé\nf", findings) == expected, name


@settings(deadline=None)
@given(st.lists(ANY, max_size=12).map("".join))
def test_masks_hide_each_finding_and_nothing_else(text: str) -> None:
    result = CHECKER.check_text(text, keywords=("天河计划",))
    masked = result.masked
    assert masked is not None
    assert result.verdict.not_inspected == ()
    assert len(masked) == len(text)
    masked_at: set[int] = set()
    for hit in result.verdict.effective:
        assert 0 <= hit.start < hit.end <= len(text)
        assert text[hit.start : hit.end] == hit.match
        whole = hit.extent is Extent.WHOLE
        masked_at.update(range(len(text)) if whole else range(hit.start, hit.end))
    for at, (before, after) in enumerate(zip(text, masked, strict=True)):
        assert after == (BLOCK if at in masked_at and before != "\n" else before)


def test_every_one_of_many_values_is_masked() -> None:
    text = "张三 11010519491231002X\n" * 500
    masked = CHECKER.check_text(text).masked
    assert masked == "张三 ██████████████████\n" * 500


def test_the_boxes_of_a_line_are_joined() -> None:
    boxes: tuple[Box, ...] = (
        (0, 0, 10, 10),
        (10, 1, 20, 11),
        (0, 0, 0, 0),
        (0, 20, 10, 30),
        (10, 20, 20, 30),
    )
    fragment = Fragment(source=Source.IMAGE, text="ab\ncd", boxes=boxes)
    assert boxes_to_mask(fragment, [finding(1, 4)]) == [(10, 1, 20, 11), (0, 20, 10, 30)]
    assert boxes_to_mask(fragment, [finding(3, 4, Extent.LINE)]) == [(0, 20, 20, 30)]
    assert boxes_to_mask(fragment, [finding(0, 1, Extent.WHOLE)]) == []
    assert boxes_to_mask(fragment, [finding(0, 1, by="allow:1")]) == []
