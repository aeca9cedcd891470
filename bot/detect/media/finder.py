"""Where text stands in a picture: a look from afar, then a closer one at small or faint text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from bot.detect.media.ocr import Picture
from bot.detect.media.pixels import shrink
from bot.model import Box

_GLANCE = (640, 1280)
_MOST_PIXELS = 1_000_000
_FAINT = 0.15
_SMALL = 15
_CELL = 32
_MOST_REGIONS = 6


class TextFinder:
    """Finds lines of text with RapidOCR's detector.

    The first look is at two fifths of the size, 640 to 1280 pixels long. Where it shows small
    lines, or something too faint to be one, a second look is taken at up to twice that size.
    """

    def __init__(self, detector: Any) -> None:
        self._network = detector.session
        self._outline = detector.postprocess_op

    def find(self, picture: Picture) -> list[Any]:
        """Return the corners of each line of a BGR picture, as arrays of shape (4, 2)."""
        height, width = picture.shape[:2]
        long = max(height, width)
        side = min(max(round(long / 2.5), _GLANCE[0]), _GLANCE[1], long)
        likely = self._look(picture, side / long)
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

    def _find_within(self, picture: Picture, region: Box, scale: float) -> Iterator[Any]:
        x0, y0, x1, y1 = region
        part = picture[y0:y1, x0:x1]
        area = part.shape[0] * part.shape[1]
        scale = min(scale, (_MOST_PIXELS / area) ** 0.5)
        for box in self._boxes(self._look(part, scale), part.shape[:2]):
            yield box + np.array((x0, y0), dtype=box.dtype)

    def _look(self, picture: Picture, scale: float) -> Any:
        """Return how likely each place is text, as an array of the size that was looked at."""
        height, width = (max(32, round(n * scale / 32) * 32) for n in picture.shape[:2])
        small = shrink(picture, scale, (width, height))
        # The detector wants -1 to 1.
        values = cv2.dnn.blobFromImage(small, 1 / 127.5, mean=(127.5, 127.5, 127.5))
        return self._network(values)

    def _boxes(self, likely: Any, size: tuple[int, int]) -> list[Any]:
        boxes, _ = self._outline(likely, size)
        return list(boxes)


def _closer(likely: Any, boxes: Sequence[Any], size: tuple[int, int], small: float) -> Any:
    """Return a coarse map of the places that deserve a closer look."""
    height, width = size
    chances = likely[0, 0]
    faint = (chances > _FAINT).astype(np.uint8)
    fx, fy = faint.shape[1] / width, faint.shape[0] / height
    for box in boxes:
        thickness = min(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[0] - box[1]))
        value = 1 if thickness < small else 0
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


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _within(box: Any, region: Box) -> bool:
    x, y = box.mean(axis=0)
    return bool(region[0] <= x < region[2] and region[1] <= y < region[3])
