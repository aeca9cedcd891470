"""Values pulled apart or spelt out are found; only their own characters are covered."""

import pytest

from bot.detect.text.decoding.pulled_apart import closed_up, may_be_loose
from bot.detect.text.normalization.normalizer import Normalizer
from bot.judging.checking import Checker, load_checker
from bot.settings import Settings


@pytest.fixture(scope="module")
def checker() -> Checker:
    settings = Settings()
    return load_checker(settings.resource("packs"), settings.resource("policies.toml"))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("身份证 1.1.0.1.0.5.1.9.4.9.1.2.3.1.0.0.2.X 谢谢", "1.1.0.1.0.5.1.9.4.9.1.2.3.1.0.0.2.X"),
        ("证件号 1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X", "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X"),
        ("身份证一一零一零五一九四九一二三一零零二X", "一一零一零五一九四九一二三一零零二X"),
        ("联系电话 壹叁捌 零零壹叁 捌零零柒", "壹叁捌 零零壹叁 捌零零柒"),
        ("看 [b]机密[/b]★[i]10年[/i] 部署", "机密[/b]★[i]10年"),
        ("机\n密\n★\n五\n年\n战备物资", "机\n密\n★\n五\n年"),
        ("**机**_密_★5年", "机**_密_★5年"),
        ("拼起来 LTAI5tBRei3q9k\nBSZ3mnRQey", "LTAI5tBRei3q9k\nBSZ3mnRQey"),
    ],
)
def test_is_found_as_it_was_written(checker: Checker, text: str, match: str) -> None:
    findings = checker.check_text(text).verdict.effective
    assert [f.match for f in findings] == [match]
    assert "decoded" in findings[0].reasons or match.startswith("机**")


@pytest.mark.parametrize(
    "text",
    [
        "1. 2. 3. 4. 5. 6. 7. 8. 9. 10. 11. 12.",
        "二〇二六年十一月二十三日，一九四九年十月一日",
        "一二三四五，上山打老虎",
        "if a < b and c > d: print('[/b]')",
        "AKIA is how such keys begin",
        "1、2、3、4、5、6、7、8、9 号窗口",
    ],
)
def test_everyday_text_stays(checker: Checker, text: str) -> None:
    assert checker.check_text(text).verdict.effective == ()


def test_parts_keep_to_the_text() -> None:
    text = "a<b>密</b>1 2 3 4 5 6 7 8 9 0 1 壹二三四五六七八九零 ghp_ a1b2c3 d4e5f6"
    assert may_be_loose(Normalizer()(text))
    for part in closed_up(text):
        assert part.exact is not None
        assert len(part.exact) == len(part.text)
        assert all(part.start <= low < high <= part.end for low, high in part.exact)
