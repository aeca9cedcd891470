"""The result of an OCR engine: lines of text with a place for every character."""

from __future__ import annotations

import dataclasses
import itertools
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.model import Box

Picture = Any
"""An array of shape (height, width, 3), uint8, RGB."""

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]

_SLACK = 0.12
"""Share of the line's height by which each character is widened on both sides: the recogniser
knows a character's place to about one column, a sixth of the line's height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text.

    ``quad`` runs along the reading: start of the upper edge, its end, end of the lower edge, its
    start. ``boxes`` holds one box for each character of ``text``. ``confidence`` is 0 to 1, on the
    average of the characters, and ``weakest`` that of the least sure one.
    """

    text: str = field(repr=False)
    quad: Quad
    confidence: float
    boxes: tuple[Box, ...] = field(repr=False)
    weakest: float = 0.0

    @property
    def angle(self) -> int:
        """The reading direction, clockwise, as 0, 90, 180 or 270 degrees."""
        (x0, y0), (x1, y1) = self.quad[0], self.quad[1]
        return round(math.degrees(math.atan2(y1 - y0, x1 - x0)) / 90) * 90 % 360


class OcrEngine(Protocol):
    """Reads the text of a picture. Engines are not safe for use by several threads."""

    name: str

    def read(self, picture: Picture) -> list[Line]:
        """Return the lines of an RGB picture, in no promised order."""

    def read_line(self, picture: Picture, quad: Quad) -> Line | None:
        """Read one upright line closely; ``quad`` is its place. None where nothing is better."""

    def agrees(self, picture: Picture, text: str) -> bool:
        """Return True if one upright line is a text that `read` has once read, or could be."""


def bounds(points: Sequence[Point]) -> Box:
    """Return the smallest upright box around points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (
        math.floor(min(xs)),
        math.floor(min(ys)),
        math.ceil(max(xs)),
        math.ceil(max(ys)),
    )


def mapped(line: Line, way: Callable[[Point], Point]) -> Line:
    """Return a line at other places: ``way`` gives a point's new one."""
    a, b, c, d = (way(p) for p in line.quad)
    boxes = tuple(
        bounds([way(p) for p in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))])
        for x0, y0, x1, y1 in line.boxes
    )
    return dataclasses.replace(line, quad=(a, b, c, d), boxes=boxes)


def width_units(character: str) -> int:
    """Return 2 for a full-width character and 1 for any other."""
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def character_boxes(
    text: str, quad: Quad, centres: Sequence[float | None] | None = None
) -> tuple[Box, ...]:
    """Split a line's quadrilateral into one box for each character.

    ``centres`` are places along the line from 0 to 1, where known. Borders stand between
    neighbours in proportion to their widths; each box is widened a little, so that a mask never
    covers less than the character.
    """
    if not text:
        return ()
    units = [width_units(c) for c in text]
    known = _fill(units, centres)
    borders = [0.0]
    for i in range(len(text) - 1):
        share = units[i] / (units[i] + units[i + 1])
        borders.append(known[i] + (known[i + 1] - known[i]) * share)
    borders.append(1.0)
    length = max(math.dist(quad[0], quad[1]), 1.0)
    slack = _SLACK * math.dist(quad[0], quad[3]) / length
    return tuple(_slice(quad, borders[i] - slack, borders[i + 1] + slack) for i in range(len(text)))


def _fill(units: Sequence[int], centres: Sequence[float | None] | None) -> list[float]:
    """Return rising centres; those not known are set in proportion to the widths."""
    total, done, even = sum(units), 0.0, []
    for unit in units:
        even.append((done + unit / 2) / total)
        done += unit
    if centres is None:
        return even
    known = [(i, c) for i, c in enumerate(centres) if c is not None]
    if not known:
        return even
    anchors = [(-1, 0.0), *known, (len(units), 1.0)]
    filled: list[float] = []
    for (i, a), (j, b) in itertools.pairwise(anchors):
        filled += [a + (b - a) * (k - i) / (j - i) for k in range(i + 1, j)]
        if j < len(units):
            filled.append(max(b, filled[-1] if filled else 0.0))
    return filled


def _slice(quad: Quad, start: float, end: float) -> Box:
    """Return the upright box around the part of a quadrilateral between two shares."""
    upper = [_between(quad[0], quad[1], t) for t in (start, end)]
    lower = [_between(quad[3], quad[2], t) for t in (start, end)]
    return bounds(upper + lower)


def _between(a: Point, b: Point, share: float) -> Point:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
