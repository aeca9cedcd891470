"""The second look: only at what could still change the verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from bot.detect.media.ocr.lines import Line, OcrEngine, Picture, Quad, bounds, mapped
from bot.detect.media.pictures.watermarks import Layer, underlay

_MOST = 6
_SURE = 0.6
_CERTAIN = 0.98
_MIN_SIDE = 240
_STRAIGHT = 1.5


class Doubts(Protocol):
    """Judges which lines deserve a second look; passed in, because detection knows the marks."""

    def doubtful(self, text: str) -> bool:
        """Return True if a line as read is nearly something that matters."""

    def clipped(self, text: str) -> bool:
        """Return True if a line as read ends in the middle of something that matters."""

    def restored(self, text: str) -> str:
        """Return a line as read with what can only be misread put right, as long as before."""

    def telling(self, text: str) -> bool:
        """Return True if a line as read is something that matters."""


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
        for line in map(self._restored, lines):
            if budget and self._deserves(line):
                budget -= 1
                line = self._closer(grounds, line)
            improved.append(line)
        return improved

    def under(self, picture: Picture, lines: Sequence[Line]) -> list[Line]:
        """Return what matters of a large watermark under an RGB picture's other lines."""
        if not lines or min(picture.shape[:2]) < _MIN_SIDE:
            return []
        clear = [bounds(line.quad) for line in lines if _is_plain(line)]
        layer = underlay(picture, clear)
        return [] if layer is None else list(self._read_layer(layer))

    def _closer(self, grounds: Sequence[Picture], line: Line) -> Line:
        quad = _longer(line.quad) if self._doubts.clipped(line.text) else line.quad
        for ground in grounds:
            for view in views(crop(ground, quad)):
                again = self._engine.read_line(view, quad)
                if again is not None and self._settles(again := self._restored(again)):
                    return again
        return line

    def _restored(self, line: Line) -> Line:
        return dataclasses.replace(line, text=self._doubts.restored(line.text))

    def _deserves(self, line: Line) -> bool:
        """Return True if another reading may differ; a line with certain characters would not."""
        if self._doubts.clipped(line.text):
            return True
        return line.weakest < _CERTAIN and self._doubts.doubtful(line.text)

    def _settles(self, line: Line) -> bool:
        sure = line.confidence >= _SURE
        return sure and self._doubts.telling(line.text) and not self._doubts.doubtful(line.text)

    def _read_layer(self, layer: Layer) -> Iterator[Line]:
        for line in map(self._restored, self._engine.read(layer.picture)):
            found = line
            if self._doubts.doubtful(line.text):
                found = self._engine.read_line(crop(layer.picture, line.quad), line.quad) or line
            if self._settles(found := self._restored(found)):
                yield mapped(found, layer.place)


def _is_plain(line: Line) -> bool:
    """Return True if a line was surely read and runs straight: no part of a watermark."""
    x0, y0, x1, y1 = bounds(line.quad)
    thickness = math.dist(line.quad[0], line.quad[3])
    return line.confidence >= _SURE and min(x1 - x0, y1 - y0) < _STRAIGHT * thickness + 4


def _longer(quad: Quad) -> Quad:
    """Return a line's place with room for three more characters at its end."""
    a, b, c, d = quad
    share = 3 * math.dist(a, d) / max(math.dist(a, b), 1.0)
    upper = (b[0] + (b[0] - a[0]) * share, b[1] + (b[1] - a[1]) * share)
    lower = (c[0] + (c[0] - d[0]) * share, c[1] + (c[1] - d[1]) * share)
    return (a, upper, lower, d)


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
