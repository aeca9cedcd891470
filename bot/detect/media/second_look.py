"""The second look: only at what could still change the verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from bot.detect.media.ocr import Line, OcrEngine, Picture, Quad, bounds
from bot.detect.media.watermark import underlay
from bot.model import Box

_MOST = 6
_SURE = 0.6
_MIN_SIDE = 240
_STRAIGHT = 1.5


class Doubts(Protocol):
    """What the first reading leaves open. It is handed in: what matters, others know."""

    def doubtful(self, text: str) -> bool:
        """Say whether a line as read is nearly something that matters."""

    def telling(self, text: str) -> bool:
        """Say whether a line as read is something that matters."""


class SecondLook:
    """Reads doubtful lines again, more closely, and what lies pale under a page's text."""

    def __init__(self, engine: OcrEngine, doubts: Doubts) -> None:
        self._engine = engine
        self._doubts = doubts

    def improve(self, grounds: Sequence[Picture], lines: Sequence[Line]) -> list[Line]:
        """Return a picture's lines, with those that a closer look has settled.

        ``grounds`` are its RGB forms: one, or a transparent picture on white and on black.
        """
        budget = _MOST
        improved: list[Line] = []
        for line in lines:
            if budget and self._doubts.doubtful(line.text):
                budget -= 1
                line = self._closer(grounds, line)
            improved.append(line)
        return improved

    def under(self, picture: Picture, lines: Sequence[Line]) -> list[Line]:
        """Return what matters of a large watermark under an RGB picture's other lines."""
        if not lines or min(picture.shape[:2]) < _MIN_SIDE:
            return []
        clear = [bounds(line.quad) for line in lines if _is_plain(line)]
        found = underlay(picture, clear)
        return [] if found is None else list(self._read_layer(*found))

    def _closer(self, grounds: Sequence[Picture], line: Line) -> Line:
        for view in (view for ground in grounds for view in views(crop(ground, line.quad))):
            again = self._engine.read_line(view, line.quad)
            if again is not None and self._settles(again):
                return again
        return line

    def _settles(self, line: Line) -> bool:
        sure = line.confidence >= _SURE
        return sure and self._doubts.telling(line.text) and not self._doubts.doubtful(line.text)

    def _read_layer(self, layer: Picture, scale: float) -> Iterator[Line]:
        for line in self._engine.read(layer):
            placed = _scaled(line, 1 / scale)
            if self._doubts.doubtful(line.text):
                again = self._engine.read_line(crop(layer, line.quad), placed.quad)
                placed = again if again is not None else placed
            if self._settles(placed):
                yield placed


def _is_plain(line: Line) -> bool:
    """Say whether a line was surely read and runs straight: no part of a watermark."""
    x0, y0, x1, y1 = bounds(line.quad)
    thickness = math.dist(line.quad[0], line.quad[3])
    return line.confidence >= _SURE and min(x1 - x0, y1 - y0) < _STRAIGHT * thickness + 4


def crop(picture: Picture, quad: Quad) -> Picture:
    """Cut a line out along its quadrilateral, upright and with a little air around it."""
    source = np.array(quad, dtype=np.float32)
    width = float(np.linalg.norm(source[1] - source[0]))
    height = max(float(np.linalg.norm(source[3] - source[0])), 1.0)
    factor = 64 / height
    size = (max(16, min(2400, round(width * factor))), 64)
    x, y = size
    target = np.array([(0, 0), (x, 0), (x, y), (0, y)], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    return cv2.warpPerspective(
        picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def views(line: Picture) -> Iterator[Picture]:
    """Yield a cut out line as it is, without its red, with its red in black, and stretched."""
    yield line
    red, least = line[:, :, 0], line.min(axis=2)
    coloured = int(np.percentile(red.astype(np.int16) - least, 95)) > 40
    if coloured:
        yield _grey(_stretched(red))
        yield _grey(_stretched(least))
    yield _grey(_stretched(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)))


def _stretched(grey: Picture) -> Picture:
    low, high = (float(v) for v in np.percentile(grey, (2, 98)))
    scaled = (grey.astype(np.float32) - low) * (255 / max(high - low, 16.0))
    return scaled.clip(0, 255).astype(np.uint8)


def _grey(channel: Picture) -> Picture:
    return np.repeat(channel[:, :, None], 3, axis=2)


def _scaled(line: Line, factor: float) -> Line:
    a, b, c, d = ((x * factor, y * factor) for x, y in line.quad)
    quad: Quad = (a, b, c, d)
    return dataclasses.replace(
        line, quad=quad, boxes=tuple(_scaled_box(box, factor) for box in line.boxes)
    )


def _scaled_box(box: Box, factor: float) -> Box:
    x0, y0, x1, y1 = (round(v * factor) for v in box)
    return (x0, y0, x1, y1)
