from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from bot.outgoing import Button, RichText, Span, SpanKind
from bot.platforms.telegram import text_entities

FAMILY = "👨‍👩‍👧‍👦"
EMOJI = ["😀", "👍🏽", FAMILY, "🇨🇳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "é", "字", "\r\n"]
CLUSTER = re.compile("|".join(map(re.escape, EMOJI)))
kinds = st.sampled_from(list(SpanKind))
texts = st.lists(
    st.one_of(
        st.sampled_from([*EMOJI, " ", "\n", "█" * 20, "机密", "word"]),
        st.text(st.characters(codec="utf-8"), max_size=8),
    ),
    max_size=60,
).map("".join)


@st.composite
def rich_texts(draw: st.DrawFn, content: st.SearchStrategy[str] = texts) -> RichText:
    text = draw(content)
    spans = []
    for _ in range(draw(st.integers(0, 5))):
        a, b = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        kind = draw(kinds)
        url = "https://example.org/" if kind is SpanKind.LINK else None
        spans.append(Span(kind=kind, start=a, end=b, url=url))
    return RichText(text=text, spans=tuple(spans))


NAMES = {
    SpanKind.BOLD: "bold",
    SpanKind.ITALIC: "italic",
    SpanKind.CODE: "code",
    SpanKind.QUOTE: "blockquote",
    SpanKind.LINK: "text_link",
}


@given(rich_texts())
def test_entities_cover_the_spans_characters(rich: RichText) -> None:
    text, entities = text_entities.to_entities(rich)
    kept = tuple(span for span in rich.spans if span.start < span.end)
    assert text == rich.text
    for entity, span in zip(entities, kept, strict=True):
        assert (entity.type, entity.url) == (NAMES[span.kind], span.url)
        units = text.encode("utf-16-le")[2 * entity.offset : 2 * (entity.offset + entity.length)]
        assert units.decode("utf-16-le") == rich.text[span.start : span.end]


@given(rich_texts(), st.integers(1, 120))
def test_shortened_text_fits_and_its_spans_are_inside(rich: RichText, limit: int) -> None:
    short = text_entities.shorten(rich, limit)
    assert text_entities.utf16_length(short.text) <= limit
    short.text.encode()
    assert all(0 <= span.start < span.end <= len(short.text) for span in short.spans) or (
        short == rich
    )
    if text_entities.utf16_length(rich.text) <= limit:
        assert short == rich


@given(st.lists(st.sampled_from(EMOJI), max_size=60).map("".join), st.integers(1, 60))
def test_visible_characters_are_never_cut_in_two(text: str, limit: int) -> None:
    kept = text_entities.shorten(RichText(text=text), limit).text.removesuffix("…")
    assert CLUSTER.sub("", kept) == ""


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("█" * 4200 + " 请登记", 4096, "██████…(4200) 请登记"),
        ("前" + "█" * 312 + "后", 100, "前██████…(312)后"),
        ("█" * 15, 10, "█" * 9 + "…"),
        ("one two three four", 16, "one two three…"),
        ("first line\nsecond", 14, "first line…"),
        ("第一句。第二句太长", 7, "第一句。第二…"),
        (FAMILY * 3, 12, FAMILY + "…"),
        (FAMILY, 5, "…"),
        ("😀😀", 3, "😀…"),
        ("anything", 0, ""),
    ],
)
def test_text_is_shortened_to_utf16_units_after_a_word(
    text: str, limit: int, expected: str
) -> None:
    assert text_entities.shorten(RichText(text=text), limit).text == expected


def test_spans_follow_a_compressed_run() -> None:
    text = "a" + "█" * 100 + "bc" + "█" * 100 + "d"
    spans = (
        Span(kind=SpanKind.BOLD, start=0, end=1),
        Span(kind=SpanKind.CODE, start=50, end=102),
        Span(kind=SpanKind.ITALIC, start=101, end=103),
        Span(kind=SpanKind.QUOTE, start=203, end=204),
    )
    short = text_entities.shorten(RichText(text=text, spans=spans), 60)
    shown = [(span.kind.value, short.text[span.start : span.end]) for span in short.spans]
    assert short.text == "a██████…(100)bc██████…(100)d"
    assert shown == [("bold", "a"), ("code", "██████…(100)b"), ("italic", "bc"), ("quote", "d")]


def test_at_most_a_hundred_entities_and_links_are_worth_most() -> None:
    bold = [Span(kind=SpanKind.BOLD, start=i, end=i + 1) for i in range(150)]
    link = Span(kind=SpanKind.LINK, start=150, end=151, url="https://example.org/")
    short = text_entities.shorten(RichText(text="x" * 151, spans=(*bold, link)), 4096)
    assert len(short.spans) == 100
    assert link in short.spans


def test_names_full_of_markup_stay_text() -> None:
    name = "<b>*[x](y)_`"
    assert text_entities.to_entities(RichText(text=name)) == (name, [])


def test_unsendable_spans_and_characters_are_dropped_or_replaced() -> None:
    spans = (
        Span(kind=SpanKind.BOLD, start=1, end=99),
        Span(kind=SpanKind.LINK, start=0, end=1),
        Span(kind=SpanKind.CODE, start=2, end=2),
    )
    text, entities = text_entities.to_entities(RichText(text="a\ud83db", spans=spans))
    assert text == "a\ufffdb"
    assert entities == [MessageEntity("bold", 1, 2)]


def test_empty_rows_of_buttons_are_dropped() -> None:
    rows = ((Button(label="为什么？", data="k1"),), (), (Button(label="page", url="https://a.b/"),))
    markup = text_entities.keyboard(rows)
    assert markup is not None
    assert [[(b.text, b.callback_data, b.url) for b in row] for row in markup.inline_keyboard] == [
        [("为什么？", "k1", None)],
        [("page", None, "https://a.b/")],
    ]
    assert text_entities.keyboard(()) is None


def test_shortening_cuts_the_quotation_first() -> None:
    text = "Of Ann:\n" + "one two three. " * 20 + "\nWhy: a number"
    quote = Span(kind=SpanKind.QUOTE, start=8, end=len(text) - 14)
    name = Span(kind=SpanKind.BOLD, start=3, end=6)
    reason = Span(kind=SpanKind.ITALIC, start=len(text) - 8, end=len(text))
    short = text_entities.shorten(RichText(text=text, spans=(name, quote, reason)), 100)
    assert len(short.text) <= 100 and short.text.endswith("…\nWhy: a number")
    shown = [short.text[s.start : s.end] for s in short.spans]
    assert shown[0] == "Ann" and shown[2] == "a number"
    assert shown[1].startswith("one two three.") and shown[1].endswith("…")
