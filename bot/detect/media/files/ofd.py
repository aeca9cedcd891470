"""Pages of OFD (GB/T 33190): pieces of text that stand on one line are put together again.

A page of three text objects, as programs write an identity number::

    <TextObject Boundary="20 30 24 5"><TextCode X="0" Y="4">身份证号：</TextCode></TextObject>
    <TextObject Boundary="44 30 30 5"><TextCode X="0" Y="4">330106199</TextCode></TextObject>
    <TextObject Boundary="74 30 30 5"><TextCode X="0" Y="4">111120429</TextCode></TextObject>

They become pieces (20, 34), (44, 34) and (74, 34) of one row, which touch: one line without spaces.
The white space of an indented file stands between elements, in no TextCode, and is no text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.detect.media.files.markup import TextHandler, parse_xml
from bot.detect.media.files.walk import Spent, Walk
from bot.detect.media.files.zips import Package
from bot.errors import NotReadable

_CONTENT = re.compile(r"(?:.*/)?(?:Pages|Tpls|Annots|Temps)/[^/]*?(\d{0,5})/[^/]+\.xml\Z", re.I)
_SAME_LINE = 0.5
_GAP, _TWICE = 0.6, 0.3
_LEAST_SIZE = 0.1
# Numbers of glyphs, of paths and of places: digits in a row that nobody sees.
_NUMBERS = frozenset(("Glyphs", "AbbreviatedData", "PhysicalBox", "ApplicationBox", "ContentBox"))
_PLACES = frozenset(
    ("Boundary", "DeltaX", "DeltaY", "CTM", "DashPattern", "Points", "PhysicalBox", "StartPoint")
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The text of one TextCode; places in millimetres of the page, ``y`` that of its base line."""

    x: float
    y: float
    end: float
    size: float
    text: str = field(repr=False)


@dataclass(slots=True)
class _TextObject:
    """Where the object at hand puts its text: its corner, its matrix and its font's size."""

    x: float
    y: float
    width: float
    size: float
    matrix: tuple[float, ...]

    def place(self, x: float, y: float, run: float) -> tuple[float, float, float]:
        """Return the start, base line and end of a run of text, in the page's own units."""
        a, b, c, d, e, f = self.matrix
        left = self.x + a * x + c * y + e
        return left, self.y + b * x + d * y + f, left + abs(a or 1.0) * run


class _Page(TextHandler):
    """Gathers a page's text, by place where objects state theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[_Piece] = []
        self._object: _TextObject | None = None
        self._code: list[str] | None = None
        self._at = (0.0, 0.0, 0.0)
        self._numbers = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 -- SAX's name
        local = self.local(name)
        if local == "TextObject":
            self._object = _text_object(attrs)
        elif local == "TextCode":
            self._code = []
            deltas = _deltas(attrs.get("DeltaX", ""))
            # A code without a place of its own goes on where the one before began.
            before = self._at
            x = _number(attrs.get("X"), before[0])
            self._at = (x, _number(attrs.get("Y"), before[1]), sum(deltas))
        elif local in _NUMBERS:
            self._numbers += 1
        kept = {key: value for key, value in attrs.items() if self.local(key) not in _PLACES}
        super().startElement(name, kept)

    def characters(self, content: str) -> None:
        if self._code is not None:
            self._code.append(content)
        elif not self._numbers and not content.isspace():
            super().characters(content)

    def ended(self, name: str, *, is_empty: bool) -> None:
        if name == "TextCode" and self._code is not None:
            self._add("".join(self._code))
            self._code = None
        elif name == "TextObject":
            self._object, self._at = None, (0.0, 0.0, 0.0)
        elif name in _NUMBERS:
            self._numbers -= 1
        super().ended(name, is_empty=is_empty)

    def _add(self, text: str) -> None:
        text = text.strip("\r\n\t")
        if not text:
            return
        if self._object is None:
            self.text.append(f"{text}\n")
            return
        x, y, run = self._at
        # The last character has no delta: it is as wide as the font, or half of that.
        last = self._object.size * (0.5 if text[-1].isascii() else 1.0)
        left, base, end = self._object.place(x, y, run + last if run else 0.0)
        if not run:
            end = max(end, self._object.x + self._object.width)
        self.pieces.append(_Piece(left, base, end, self._object.size, text))


def _text_object(attrs: Any) -> _TextObject | None:
    try:
        x, y, width, height = (float(n) for n in attrs.get("Boundary", "").split()[:4])
        matrix = tuple(float(n) for n in attrs.get("CTM", "1 0 0 1 0 0").split())
    except ValueError:
        return None
    if len(matrix) != 6:
        matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    size = _number(attrs.get("Size"), height) * max(abs(matrix[3]), abs(matrix[1]))
    return _TextObject(x, y, width, max(size, _LEAST_SIZE), matrix)


def _number(text: str | None, default: float) -> float:
    try:
        return default if text is None else float(text)
    except ValueError:
        return default


def _deltas(text: str) -> list[float]:
    """Return the widths in a list in which ``g 3 4`` stands for three times 4 (7.2.1)."""
    numbers: list[float] = []
    words = iter(text.split()[:4_000])
    for word in words:
        if word != "g":
            numbers.append(_number(word, 0.0))
            continue
        count, width = _number(next(words, None), 0.0), _number(next(words, None), 0.0)
        numbers += [width] * max(0, min(int(count), 4_000))
    return numbers


def _lines(pieces: Sequence[_Piece]) -> str:
    """Return pieces as lines from the top, each from the left, with spaces where there are gaps."""
    rows: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda p: p.y):
        size = max(piece.size, rows[-1][0].size) if rows else 0.0
        if rows and piece.y - rows[-1][0].y <= _SAME_LINE * size:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    lines = []
    for row in rows:
        row.sort(key=lambda p: p.x)
        line = [row[0].text]
        for before, piece in itertools.pairwise(row):
            size = max(piece.size, before.size)
            if piece.text == before.text and piece.x - before.x < _TWICE * size:
                # Printed twice, a little aside, to look bold.
                continue
            line += [piece.text] if piece.x - before.end < _GAP * size else [" ", piece.text]
        lines.append("".join(line))
    return "\n".join(lines)


def read_pages(walk: Walk, package: Package) -> frozenset[str]:
    """Read the pages, templates and annotations; return the parts that were read."""
    done = set()
    for name, info in sorted(package.names.items()):
        match = _CONTENT.match(name)
        if match is None and not name.endswith(".xml"):
            continue
        data = package.try_read(info)
        if match is None and b"TextCode" not in data and b"AbbreviatedData" not in data:
            continue
        done.add(info.filename)
        # Pages are counted from zero in their folders' names.
        number = int(match[1]) + 1 if match and match[1] and "/Pages/" in f"/{name}" else None
        _read_page(walk, data, number)
    return frozenset(done)


def _read_page(walk: Walk, data: bytes, number: int | None) -> None:
    page = _Page()
    try:
        parse_xml(walk, data, page)
    except Spent:
        raise
    except NotReadable as error:
        walk.gap(error.reason)
    finally:
        walk.add(_lines(page.pieces), number)
        in_order = "".join(piece.text for piece in page.pieces)
        if len(page.pieces) > 1 and in_order != _lines(page.pieces):
            # A column that runs downwards, or a place that misleads: the order of the file.
            walk.add(in_order, number)
        walk.add("".join(page.text).strip("\n"), number)
        walk.add("\n".join(dict.fromkeys(page.apart)), number)
