"""From a picture to a fragment: tall pictures in tiles, turned ones upright, lines in order.

A page that was photographed lying on its side, turned by 90 degrees::

    read_lines    tiles      one, unless a side is more than twice the other
                  engine     lines with boxes, each with the angle at which it runs
                  votes      long, sure lines decide: 90
                  again      the picture is turned upright, read, and mapped back; the reading
                             with more and surer letters stays
    to_fragment   rows       lines side by side in the frame of the main angle become one row,
                             joined by spaces; each character keeps its box in the picture as given
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from bot.detect.media.ocr.lines import Line, OcrEngine, Picture, Point, bounds, mapped, width_units
from bot.detect.media.pictures.pixels import contrast
from bot.errors import NotReadable
from bot.model import Box, Fragment, Source

_ASPECT = 2.0
_MIN_TILE = 960
_OVERLAP = 0.1
_MAX_TILES = 40
_CONTRAST = 8
_SENSIBLE, _PLAIN = 0.6, 0.9
_FAINT, _CERTAIN, _SHORT = 0.3, 0.8, 3
_NOWHERE: Box = (0, 0, 0, 0)


def read_lines(engine: OcrEngine, picture: Picture) -> list[Line]:
    """Read a picture however it lies; places are those of the picture as given.

    Raises NotReadable('too-large') for a strip that is longer than it could be read in time.
    """
    lines = _read_tiles(engine, picture)
    angle = _main_angle(lines)
    if angle and any(line.confidence < _PLAIN for line in lines):
        # Short lines of a turned page are cut out the wrong way; long ones are right already.
        lines = _better(lines, _read_turned(engine, picture, angle))
    elif sum(len(line.text) for line in lines) > _SHORT and _is_nonsense(lines):
        for angle in (90, 270):
            lines = _better(lines, _read_turned(engine, picture, angle))
    return lines


def to_fragment(lines: Sequence[Line], page: int | None = None) -> Fragment | None:
    """Join lines in reading order into one fragment, or None when there is no text."""
    text: list[str] = []
    boxes: list[Box] = []
    for number, row in enumerate(_rows(lines)):
        if number:
            text.append("\n")
            boxes.append(_NOWHERE)
        for place, line in enumerate(row):
            if place:
                text.append(" ")
                boxes.append(_NOWHERE)
            text.append(line.text)
            boxes += line.boxes
    if not text:
        return None
    return Fragment(source=Source.IMAGE, text="".join(text), boxes=tuple(boxes), page=page)


def merge_lines(first: Sequence[Line], second: Iterable[Line]) -> list[Line]:
    """Add the lines of a second reading that stand where the first has none."""
    merged = list(first)
    for line in second:
        twins = [i for i, other in enumerate(merged) if same_place(line, other)]
        if not twins:
            merged.append(line)
        elif len(twins) == 1 and _weight(line) > _weight(merged[twins[0]]):
            merged[twins[0]] = line
    return merged


def _read_tiles(engine: OcrEngine, picture: Picture) -> list[Line]:
    lines: list[Line] = []
    parts = list(tiles(picture.shape[1], picture.shape[0]))
    if len(parts) > _MAX_TILES:
        raise NotReadable("too-large")
    for left, top, right, bottom in parts:
        part = picture[top:bottom, left:right]
        if contrast(part) < _CONTRAST:
            continue
        found = filter(_is_text, engine.read(part))
        lines = merge_lines(lines, (_moved(line, left, top) for line in found))
    return lines


def _is_nonsense(lines: Sequence[Line]) -> bool:
    return statistics.fmean(line.confidence for line in lines) < _SENSIBLE


def _is_text(line: Line) -> bool:
    """Drop what an engine makes of round shapes and edges: faint, or a doubtful letter or two."""
    ideographs = any(width_units(c) == 2 and c.isalpha() for c in line.text)
    short = len(line.text) <= _SHORT and not ideographs
    return line.confidence >= (_CERTAIN if short else _FAINT)


def tiles(width: int, height: int) -> Iterator[Box]:
    """Cut a very tall or very wide picture into overlapping parts, others not at all."""
    long, short = max(width, height), min(width, height)
    part = max(int(short * 1.5), _MIN_TILE)
    if long <= short * _ASPECT or long <= part:
        yield (0, 0, width, height)
        return
    overlap = max(int(part * _OVERLAP), 64)
    count = -(-(long - overlap) // (part - overlap))
    for i in range(count):
        start = round(i * (long - part) / (count - 1)) if count > 1 else 0
        end = min(start + part, long)
        yield (0, start, width, end) if height >= width else (start, 0, end, height)


def _read_turned(engine: OcrEngine, picture: Picture, angle: int) -> list[Line]:
    """Read a picture whose text runs at an angle after turning it upright."""
    height, width = picture.shape[:2]
    upright = np.ascontiguousarray(np.rot90(picture, angle // 90))
    return [_turned_back(line, angle, width, height) for line in _read_tiles(engine, upright)]


def _turned_back(line: Line, angle: int, width: int, height: int) -> Line:
    """Map a line of the upright picture to the picture of ``width`` × ``height`` as given."""

    def back(point: Point) -> Point:
        x, y = point
        if angle == 90:
            return (width - y, x)
        if angle == 180:
            return (width - x, height - y)
        return (y, height - x)

    return mapped(line, back)


def _moved(line: Line, left: int, top: int) -> Line:
    if not left and not top:
        return line
    return mapped(line, lambda p: (p[0] + left, p[1] + top))


def _main_angle(lines: Sequence[Line]) -> int:
    """Return the direction in which most of the text runs."""
    votes = dict.fromkeys((0, 90, 180, 270), 0.0)
    for line in lines:
        # One or two characters may be turned by mistake: a square crop has no clear direction.
        counts = len(line.text) > 2 and line.confidence >= _SENSIBLE
        votes[line.angle] += _weight(line) if counts else 0.0
    return max(votes, key=lambda angle: votes[angle])


def _better(first: list[Line], second: list[Line]) -> list[Line]:
    better = sum(map(_weight, second)) >= 0.9 * sum(map(_weight, first))
    return second if better else first


def _weight(line: Line) -> float:
    return len(line.text) * line.confidence


def same_place(a: Line, b: Line) -> bool:
    """Return True if two lines cover the same text: one lies mostly inside the other."""
    ax0, ay0, ax1, ay1 = bounds(a.quad)
    bx0, by0, bx1, by1 = bounds(b.quad)
    common = max(0, min(ax1, bx1) - max(ax0, bx0)) * max(0, min(ay1, by1) - max(ay0, by0))
    smaller = min((ax1 - ax0) * (ay1 - ay0), (bx1 - bx0) * (by1 - by0))
    return common > 0.5 * smaller


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Group lines that stand side by side, from the top; each row from its start."""
    tilt = _tilt(lines)
    rows: list[list[tuple[Box, Line]]] = []
    placed = [(_upright(line, tilt), line) for line in lines]
    for box, line in sorted(placed, key=lambda item: item[0][1] + item[0][3]):
        middle = (box[1] + box[3]) / 2
        if rows and rows[-1][-1][0][1] < middle < rows[-1][-1][0][3]:
            rows[-1].append((box, line))
        else:
            rows.append([(box, line)])
    return [[line for _, line in sorted(row, key=lambda item: item[0][0])] for row in rows]


def _tilt(lines: Sequence[Line]) -> float:
    """Return the angle, in radians clockwise, at which the page's lines run."""
    angle = _main_angle(lines)
    tilts = []
    for line in lines:
        if line.angle == angle and len(line.text) > _SHORT:
            (x0, y0), (x1, y1) = line.quad[0], line.quad[1]
            apart = math.atan2(y1 - y0, x1 - x0) - math.radians(angle)
            tilts.append(math.remainder(apart, math.tau))
    return math.radians(angle) + (statistics.median(tilts) if tilts else 0.0)


def _upright(line: Line, tilt: float) -> Box:
    """Return a line's box in a frame in which text that runs at ``tilt`` runs to the right."""
    cos, sin = math.cos(tilt), math.sin(tilt)
    return bounds([(x * cos + y * sin, y * cos - x * sin) for x, y in line.quad])
