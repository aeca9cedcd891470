import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.detect.text.normalization.normalizer import Normalizer

normalize = Normalizer()
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("full width", "Ａｂ１２３：", "ab123:"),
        ("circled digits", "①②⓪❸➍⓼", "120348"),
        ("bracketed and enclosed", "⑴⑽㈠㊙", "110一秘"),
        ("mathematical letters", "𝐀𝟏𝒃", "a1b"),
        ("other scripts' digits", "١٢٣", "123"),
        ("accents", "é ü", "e u"),
        ("look-alike letters", "АВС", "abc"),
        ("traditional", "機密 絕密 祕密 內部資料", "机密 绝密 秘密 内部资料"),
        ("zero width", "机\u200b密\u2060\ufeff", "机密"),
        ("bidi marks", "\u202e机密\u202c", "机密"),
        ("variation selectors", "1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("combining marks", "机\u0336密\u0336", "机密"),
        ("blanks", "机\u3000密\u00a0a", "机 密 a"),
        ("lone surrogate", "a\ud800b", "a\ufffdb"),
        ("zero is not O", "0O", "0o"),
        ("Kangxi radical", "⽂件", "文件"),
    ],
)
def test_form(name: str, text: str, expected: str) -> None:
    assert normalize(text).folded == expected, name


def test_span_covers_the_invisible_inside_and_the_marks_on_the_end() -> None:
    text = "看1\u200b1\u20e3。"
    form = normalize(text)
    at = form.text.index("11")
    assert form.span(at, at + 2) == (1, 5)


@given(ANY_TEXT)
def test_offsets_lead_back_to_the_original(text: str) -> None:
    form = normalize(text)
    assert len(form.text) == len(form.folded) == len(form.starts)
    assert list(form.starts) == sorted(form.starts)
    for view in (form.compact, form.dense):
        assert len(view.text) == len(view.starts)
        assert all(form.folded[at] == c for at, c in zip(view.starts, view.text, strict=True))
    for at in range(len(form.text)):
        start, end = form.span(at, at + 1)
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize("position", range(8))
def test_line(position: int) -> None:
    form = normalize("ab\ncde\n\nf")
    start, end = form.line(position)
    assert "\n" not in form.text[start:end]
    assert start <= position <= end
