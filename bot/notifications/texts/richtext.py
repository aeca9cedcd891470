"""Compose formatted texts from translated sentences, without any markup language.

A sentence has ``{fields}``; a field's value is a plain string, a styled piece or a whole
`RichText`. Names and masked content are values, so nothing in them can become formatting.
"""

from __future__ import annotations

import dataclasses
from string import Formatter

from bot.outgoing import RichText, Span, SpanKind


def plain(text: str) -> RichText:
    """Wrap a string without formatting."""
    return RichText(text=text)


def styled(text: str, kind: SpanKind, url: str | None = None) -> RichText:
    """Return a text that is formatted as a whole; an empty one has no span."""
    spans = (Span(kind=kind, start=0, end=len(text), url=url),) if text else ()
    return RichText(text=text, spans=spans)


def bold(text: str) -> RichText:
    """Return a bold text."""
    return styled(text, SpanKind.BOLD)


def quoted(text: str) -> RichText:
    """Return a text shown as a quotation block."""
    return styled(text, SpanKind.QUOTE)


def concat(*parts: RichText | str) -> RichText:
    """Join parts, moving their spans along."""
    text, spans = "", []
    for part in parts:
        piece = plain(part) if isinstance(part, str) else part
        for span in piece.spans:
            spans.append(
                dataclasses.replace(span, start=span.start + len(text), end=span.end + len(text))
            )
        text += piece.text
    return RichText(text=text, spans=tuple(spans))


def fill(sentence: str, **fields: RichText | str | int) -> RichText:
    """Fill a translated sentence's ``{fields}`` with plain or formatted values."""
    parts: list[RichText | str] = []
    # Not str.format: the values bring spans, which must move along with them.
    for literal, name, _, _ in Formatter().parse(sentence):
        parts.append(literal)
        if name:
            value = fields[name]
            parts.append(str(value) if isinstance(value, int) else value)
    return concat(*parts)


def lines(*rows: RichText | str | None) -> RichText:
    """Join rows with line feeds, leaving out those that are None."""
    present = [row for row in rows if row is not None]
    parts: list[RichText | str] = []
    for index, row in enumerate(present):
        if index:
            parts.append("\n")
        parts.append(row)
    return concat(*parts)
