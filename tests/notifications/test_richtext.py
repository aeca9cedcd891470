"""Composing texts: whatever a name holds, it never becomes formatting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.notifications.texts.richtext import bold, concat, fill, lines, plain, quoted
from bot.outgoing import RichText, SpanKind


@given(name=st.text(), content=st.text())
def test_values_are_inserted_literally_and_keep_their_spans(name: str, content: str) -> None:
    text = fill("A message from {name}: {content}!", name=bold(name), content=quoted(content))
    assert text.text == f"A message from {name}: {content}!"
    for span in text.spans:
        wanted = name if span.kind is SpanKind.BOLD else content
        assert text.text[span.start : span.end] == wanted


def test_an_empty_value_has_no_span() -> None:
    assert fill("{a}", a=bold("")).spans == ()


def test_lines_leave_out_absent_rows() -> None:
    assert lines("one", None, bold("two"), "").text == "one\ntwo\n"


def test_numbers_are_converted_to_text() -> None:
    assert fill("{count} more", count=3).text == "3 more"


def test_concat_moves_spans() -> None:
    joined = concat("ab", bold("cd"), plain("ef"), bold("g"))
    assert isinstance(joined, RichText)
    assert [(s.start, s.end) for s in joined.spans] == [(2, 4), (6, 7)]
