"""Convert formatted texts to Telegram's entities, within Telegram's limits.

Telegram counts offsets in UTF-16 units, the rest of the program in code points. Text is sent with
entities and never with a parse mode, so a name that looks like markup stays a name.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot.outgoing import Button, RichText, Span, SpanKind

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
ENTITY_LIMIT: Final = 100
ELLIPSIS: Final = "…"

_KINDS: Final[dict[SpanKind, str]] = {
    SpanKind.BOLD: MessageEntity.BOLD,
    SpanKind.ITALIC: MessageEntity.ITALIC,
    SpanKind.CODE: MessageEntity.CODE,
    SpanKind.QUOTE: MessageEntity.BLOCKQUOTE,
    SpanKind.LINK: MessageEntity.TEXT_LINK,
}
_WORTH: Final = (SpanKind.LINK, SpanKind.QUOTE, SpanKind.CODE, SpanKind.BOLD, SpanKind.ITALIC)
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LONG_MASK: Final = re.compile("█{16,}")
_REGIONAL: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_BREAKS: Final = frozenset(" \t\n\u3000，。；：！？、,.;:!?")


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def sendable(text: str) -> str:
    """Return the text with lone surrogates, which UTF-8 cannot encode, replaced by U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def to_entities(rich: RichText) -> tuple[str, list[MessageEntity]]:
    """Return the text to be sent and its entities, with offsets in UTF-16 units.

    Empty spans, and links without an address, are left out.
    """
    text = sendable(rich.text)
    units = list(itertools.accumulate((1 + (c > "\uffff") for c in text), initial=0))
    entities = []
    for span in rich.spans:
        start, end = max(span.start, 0), min(span.end, len(text))
        if start >= end or (span.kind is SpanKind.LINK and not span.url):
            continue
        url = span.url if span.kind is SpanKind.LINK else None
        offset = units[start]
        entities.append(MessageEntity(_KINDS[span.kind], offset, units[end] - offset, url=url))
    return text, entities


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """Return the buttons as Telegram's inline keyboard, or None without any."""
    if not any(rows):
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(sendable(b.label), url=b.url, callback_data=b.data) for b in row]
            for row in rows
            if row
        ]
    )


def shorten(rich: RichText, limit: int) -> RichText:
    """Return a text of at most ``limit`` UTF-16 units and 100 spans.

    First, long runs of █ are replaced by their beginning and length. Then the longest quotation is
    cut, so that the text around it stays; and at last the whole text. A cut comes after a line or
    a word, and an ellipsis marks it. One visible character (an emoji of several code points, a
    letter with its marks) is never cut in two.
    """
    if utf16_length(rich.text) > limit:
        rich = _compress(rich)
    if utf16_length(rich.text) > limit:
        rich = _cut_quotation(rich, limit)
    if utf16_length(rich.text) > limit:
        rich = _cut(rich, limit)
    return _fewer_spans(rich)


def _compress(rich: RichText) -> RichText:
    parts: list[str] = []
    starts: list[int] = []  # where a span that started at each old offset starts now,
    ends: list[int] = []  # and where one that ended there ends now
    old = new = 0

    def keep(stop: int) -> None:
        nonlocal old, new
        parts.append(rich.text[old:stop])
        starts.extend(range(new, new + stop - old))
        ends.extend(range(new, new + stop - old))
        old, new = stop, new + stop - old

    for run in _LONG_MASK.finditer(rich.text):
        keep(run.start())
        length = run.end() - old
        parts.append(f"██████{ELLIPSIS}({length})")
        after = new + len(parts[-1])
        starts.extend([new] * length)
        ends.extend([new, *[after] * (length - 1)])
        old, new = run.end(), after
    keep(len(rich.text))
    return _moved(rich, "".join(parts), [*starts, new], [*ends, new])


def _cut(rich: RichText, limit: int) -> RichText:
    mark = ELLIPSIS if limit > 0 else ""
    end = _whole(rich.text, _fitting(rich.text, limit - len(mark)))
    end = _after_word(rich.text, end)
    stop = len(rich.text[:end].rstrip())
    offsets = [min(i, stop) for i in range(len(rich.text) + 1)]
    return _moved(rich, rich.text[:stop] + mark, offsets, offsets)


def _cut_quotation(rich: RichText, limit: int) -> RichText:
    quotes = [s for s in rich.spans if s.kind is SpanKind.QUOTE]
    if not quotes:
        return rich
    quote = max(quotes, key=lambda s: s.end - s.start)
    inner = rich.text[quote.start : quote.end]
    room = limit - utf16_length(rich.text) + utf16_length(inner)
    if room < 1:
        return rich
    short = _cut(RichText(text=inner), room).text
    end = quote.start + len(short)
    offsets = [
        min(i, end) if i < quote.end else i - quote.end + end for i in range(len(rich.text) + 1)
    ]
    text = rich.text[: quote.start] + short + rich.text[quote.end :]
    return _moved(rich, text, offsets, offsets)


def _fitting(text: str, units: int) -> int:
    """Return the number of code points that fit into a number of UTF-16 units."""
    used = 0
    for i, char in enumerate(text):
        used += 1 + (char > "\uffff")
        if used > units:
            return i
    return len(text)


def _whole(text: str, end: int) -> int:
    """Return the last position up to ``end`` that is not inside a visible character."""
    while 0 < end < len(text) and _joined(text, end):
        end -= 1
    return end


def _joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if "\U0001f1e6" <= after <= "\U0001f1ff":  # flags are pairs of these
        flags = len(text[:at]) - len(text[:at].rstrip(_REGIONAL))
        return flags % 2 == 1
    return (
        "\u200d" in (before, after)  # zero-width joiner
        or unicodedata.category(after) in ("Mn", "Mc", "Me")  # marks, variation selectors
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # tags of a sub-region's flag
        or (before == "\r" and after == "\n")
    )


def _after_word(text: str, end: int) -> int:
    """Return a position after a line or word in the last quarter before ``end``, else ``end``."""
    if end == len(text) or text[end].isspace():
        return end
    earliest = end - end // 4
    line = text.rfind("\n", earliest, end)
    if line >= 0:
        return line + 1
    for i in range(end, earliest, -1):
        if text[i - 1] in _BREAKS and not _joined(text, i):
            return i
    return end


def _moved(rich: RichText, text: str, starts: Sequence[int], ends: Sequence[int]) -> RichText:
    last = len(rich.text)
    spans = []
    for span in rich.spans:
        start = starts[min(max(span.start, 0), last)]
        end = ends[min(max(span.end, 0), last)]
        if start < end:
            spans.append(Span(kind=span.kind, start=start, end=end, url=span.url))
    return RichText(text=text, spans=tuple(spans))


def _fewer_spans(rich: RichText) -> RichText:
    if len(rich.spans) <= ENTITY_LIMIT:
        return rich
    worth = sorted(rich.spans, key=lambda s: (_WORTH.index(s.kind), s.start))[:ENTITY_LIMIT]
    return RichText(text=rich.text, spans=tuple(s for s in rich.spans if s in worth)[:ENTITY_LIMIT])
