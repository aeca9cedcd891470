"""Which lines of a picture are looked at again."""

from __future__ import annotations

import pytest

from bot.detect.media.ocr.doubtful_lines import doubtful, telling

ID = "110101199003070011"


@pytest.mark.parametrize(
    "text",
    ["机蜜★10年", "絶密★30年", "密★5年", "秘密女5年", "机密 5年", f"身份证 {ID[:-1]}2"],
)
def test_what_could_still_change_the_verdict_is_doubtful(text: str) -> None:
    assert doubtful(text)


@pytest.mark.parametrize(
    "text",
    [
        "机密★10年",
        "絕密★長期",
        f"身份证号：{ID}",
        "关于档案整理工作的通知",
        "二、检查的重点是涉密文件的登记、传递、使用和清退。",
        "手机13800000000",
        "2024年",
    ],
)
def test_what_is_plain_is_not_doubtful(text: str) -> None:
    assert not doubtful(text)


@pytest.mark.parametrize("text", ["机密★10年", "絕密★長期", f"身份证号：{ID}"])
def test_what_settles_a_doubt(text: str) -> None:
    assert telling(text)


@pytest.mark.parametrize("text", ["机蜜★10年", "110101199003070012", "通知"])
def test_what_settles_nothing(text: str) -> None:
    assert not telling(text)
