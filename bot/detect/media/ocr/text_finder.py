"""Find where text stands in a picture: a look from afar, then a closer one at small or faint text.

A photo of 4000 by 3000 pixels, with a heading and a footnote in small print::

    1. shrink to 1280 by 960   the detector gives the heading's box, a thin box for the footnote,
                               and a faint place where it is unsure
    2. mark on a coarse map    the thin box and the faint place; not the heading
    3. join the marks          at most six regions, in pixels of the photo
    4. look at each region     at up to twice the first size; its boxes replace those of step 1

The detector's time grows with the number of pixels it sees, so a page of large letters costs one
small look, and only regions with small letters cost more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from bot.detect.media.ocr.lines import Picture
from bot.detect.media.pictures.pixels import darkest, shrink
from bot.model import Box

# The shortest and the longest side of the first look, in pixels.
_GLANCE = (640, 1280)
_MOST_PIXELS = 1_000_000
_FAINT = 0.15
_SMALL = 15
_CELL = 32
_MOST_REGIONS = 6
_LEVELS, _AFAR, _LARGE = 3, 1.4, 20
_STROKE, _SHADE = np.ones((5, 5), np.uint8), 8
_AROUND, _INK = (24, 24), 34
_NONE = cv2.BORDER_CONSTANT


class TextFinder:
    """Finds lines of text with RapidOCR's detector.

    The first look is at two fifths of the size, 640 to 1280 pixels long. Where it shows small
    lines, or something too faint to be one, a second look is taken at up to twice that size.
    A picture without any fine stroke is looked at from as far as there are strokes, or not at all.
    """

    def __init__(self, detector: Any) -> None:
        self._network = detector.session
        self._outline = detector.postprocess_op

    def find(self, picture: Picture) -> list[Any]:
        """Return the corners of each line of a BGR picture, as arrays of shape (4, 2)."""
        height, width = picture.shape[:2]
        long = max(height, width)
        side = min(max(round(long / 2.5), _GLANCE[0]), _GLANCE[1], long)
        small = _small(picture, side / long)
        level = coarseness(small)
        if level:
            return [] if level == _LEVELS else self._large(picture, side / long * _AFAR / 2**level)
        likely = self._look(small)
        boxes = self._boxes(likely, (height, width))
        scale = min(1.0, 2 * side / long)
        if scale < 1.2 * side / long:
            return boxes
        closer = _closer(likely, boxes, (height, width), _SMALL * long / side)
        regions = _regions(closer, picture.shape)
        kept = [box for box in boxes if not any(_within(box, region) for region in regions)]
        for region in regions:
            kept += self._find_within(picture, region, scale)
        return kept

    def _large(self, picture: Picture, scale: float) -> list[Any]:
        """Find what is large enough to have no strokes in a picture twice as large."""
        boxes = self._boxes(self._look(_small(picture, scale)), picture.shape[:2])
        return [box for box in boxes if _thickness(box) * scale >= _LARGE]

    def _find_within(self, picture: Picture, region: Box, scale: float) -> Iterator[Any]:
        x0, y0, x1, y1 = region
        part = picture[y0:y1, x0:x1]
        area = part.shape[0] * part.shape[1]
        scale = min(scale, (_MOST_PIXELS / area) ** 0.5)
        for box in self._boxes(self._look(_small(part, scale)), part.shape[:2]):
            yield box + np.array((x0, y0), dtype=box.dtype)

    def _look(self, small: Picture) -> Any:
        """Return how likely each place is text, as an array of the size that is looked at."""
        # The detector wants -1 to 1.
        values = cv2.dnn.blobFromImage(small, 1 / 127.5, mean=(127.5, 127.5, 127.5))
        return self._network(values)

    def _boxes(self, likely: Any, size: tuple[int, int]) -> list[Any]:
        boxes, _ = self._outline(likely, size)
        return list(boxes)


def _small(picture: Picture, scale: float) -> Picture:
    """Return a picture made smaller, its sides as the detector wants them."""
    height, width = (max(32, round(n * scale / 32) * 32) for n in picture.shape[:2])
    return shrink(picture, scale, (width, height))


def coarseness(picture: Picture) -> int:
    """Return how often a picture can be halved before it has strokes; the most where it never has.

    A stroke is thinner than five pixels and apart in shade from both sides; writing has many of
    them close together.
    """
    for level in range(_LEVELS):
        if level:
            picture = cv2.pyrDown(picture)
        closed = cv2.subtract(cv2.morphologyEx(picture, cv2.MORPH_CLOSE, _STROKE), picture)
        opened = cv2.subtract(picture, cv2.morphologyEx(picture, cv2.MORPH_OPEN, _STROKE))
        strokes = cv2.inRange(255 - darkest(255 - cv2.max(closed, opened)), _SHADE + 1, 255)
        around = cv2.boxFilter(strokes & 1, cv2.CV_16U, _AROUND, normalize=False, borderType=_NONE)
        if around.max() >= _INK:
            return level
    return _LEVELS


def _closer(likely: Any, boxes: Sequence[Any], size: tuple[int, int], small: float) -> Any:
    """Return a coarse map of the places that deserve a closer look."""
    height, width = size
    chances = likely[0, 0]
    faint = (chances > _FAINT).astype(np.uint8)
    fx, fy = faint.shape[1] / width, faint.shape[0] / height
    for box in boxes:
        value = 1 if _thickness(box) < small else 0
        cv2.fillPoly(faint, [np.round(box * (fx, fy)).astype(np.int32)], value)
    return faint


def _regions(wanted: Any, shape: Sequence[int]) -> list[Box]:
    """Return a few boxes, in pixels of the picture, that hold every wanted place and some air."""
    height, width = shape[:2]
    rows, columns = -(-wanted.shape[0] // _CELL), -(-wanted.shape[1] // _CELL)
    padded = np.zeros((rows * _CELL, columns * _CELL), np.uint8)
    padded[: wanted.shape[0], : wanted.shape[1]] = wanted
    cells = padded.reshape(rows, _CELL, columns, _CELL).max(axis=(1, 3))
    cells = cv2.dilate(cells, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(cells, connectivity=8)
    parts = [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:count]]
    parts = _joined(parts)
    sx, sy = width / wanted.shape[1] * _CELL, height / wanted.shape[0] * _CELL
    return [
        (int(x0 * sx), int(y0 * sy), min(width, int(x1 * sx)), min(height, int(y1 * sy)))
        for x0, y0, x1, y1 in parts
    ]


def _joined(parts: list[Box]) -> list[Box]:
    """Join boxes that meet, and the rest as long as there are too many or it costs little."""
    while True:
        best = None
        for i, a in enumerate(parts):
            for j in range(i + 1, len(parts)):
                b = parts[j]
                both = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                more = _area(both) - _area(a) - _area(b)
                if best is None or more < best[0]:
                    best = (more, i, j, both)
        if best is None or (best[0] > 8 and len(parts) <= _MOST_REGIONS):
            return parts
        _, i, j, both = best
        parts = [part for k, part in enumerate(parts) if k not in (i, j)] + [both]


def _thickness(box: Any) -> float:
    return float(min(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[0] - box[1])))


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _within(box: Any, region: Box) -> bool:
    x, y = box.mean(axis=0)
    return bool(region[0] <= x < region[2] and region[1] <= y < region[3])
