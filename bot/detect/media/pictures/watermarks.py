"""Take the text off a page, so that a large pale watermark across it can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from bot.detect.media.ocr.lines import Picture, Point
from bot.detect.media.pictures.pixels import darkest, shrink
from bot.model import Box

_SIDE = 960
_DARK = 110
_TEXT_DEPTH = 95
_DEPTHS, _DEEPEST = (14, 90), 78
_LEAST_INK, _ALIKE = 1000, 0.4
_BROAD = 45
_SHARE = (0.0008, 0.12)
_MOST_PIECES = 250
_LEAST_PIECE, _LEAST_PIECES = 14, 3
_EXTENT = 0.12
_AIR = 40
_ANGLES = np.arange(-88, 91, 4)
_SKETCH = 200


@dataclass(frozen=True, slots=True)
class Layer:
    """A pale layer, black on white and turned upright; ``matrix`` led to it from the page."""

    picture: Picture
    matrix: Any

    def place(self, point: Point) -> Point:
        """Return where on the page a point of the layer is."""
        inverse = cv2.invertAffineTransform(self.matrix)
        x, y = inverse @ np.array((*point, 1.0))
        return (float(x), float(y))


def underlay(picture: Picture, known: Sequence[Box] = ()) -> Layer | None:
    """Return the pale layer of an RGB picture; None without one.

    Text is much darker than a layer: it is filled in from what is around it. What stands in the
    ``known`` boxes, those of lines already read, is no sign of a layer.
    """
    scale = min(1.0, _SIDE / max(picture.shape[:2]))
    small = shrink(picture, scale)
    grey = darkest(small)
    if np.median(grey[::4, ::4]) < _DARK:
        grey = darkest(255 - small)
    below = _strokes(_below(grey))
    depth = _commonest(below)
    if depth is None or depth > _DEEPEST:
        return None
    mask = cv2.inRange(below, depth * 0.5, depth * 1.9)
    apart = mask.copy()
    for x0, y0, x1, y1 in known:
        box = [max(0, round(v * scale)) for v in (x0, y0, x1, y1)]
        apart[box[1] : box[3], box[0] : box[2]] = 0
    pieces = None if _pieces(apart) is None else _pieces(mask)
    if pieces is None or not _is_even(below, pieces, depth):
        return None
    strength = below.astype(np.float32) * (255 / depth)
    layer = 255 - strength.clip(0, 255).astype(np.uint8)
    layer[(below > depth * 2.2) | (cv2.dilate(pieces, np.ones((9, 9), np.uint8)) == 0)] = 255
    return _upright(layer, pieces, scale)


def _below(grey: Picture) -> Picture:
    """Return how much darker than the paper each place is, without the text."""
    paper = _paper(grey)
    text = (cv2.subtract(paper, grey) > _TEXT_DEPTH).astype(np.uint8)
    free = 1 - cv2.dilate(text, np.ones((3, 3), np.uint8)).astype(np.float32)
    around = cv2.blur(free, (7, 7))
    filled = cv2.blur(grey * free, (7, 7)) / np.maximum(around, 0.02)
    filled = np.where(free > 0, grey, np.where(around > 0.02, filled, paper))
    return cv2.medianBlur(cv2.subtract(paper, filled.clip(0, 255).astype(np.uint8)), 5)


def _strokes(below: Picture) -> Picture:
    """Take away what is too broad for a stroke: a table, a frame, a picture on the page."""
    shade = cv2.inRange(below, _DEPTHS[0] // 2, 255)
    broad = cv2.morphologyEx(shade, cv2.MORPH_OPEN, np.ones((_BROAD, _BROAD), np.uint8))
    below[cv2.dilate(broad, np.ones((15, 15), np.uint8)) > 0] = 0
    return below


def _paper(grey: Picture) -> Picture:
    """Return the ground under everything, which may be shaded."""
    height, width = grey.shape
    size = (max(width // 8, 1), max(height // 8, 1))
    bright = cv2.dilate(grey, np.ones((5, 5), np.uint8))
    tiny = cv2.resize(bright, size, interpolation=cv2.INTER_AREA)
    wide = cv2.blur(cv2.dilate(tiny, np.ones((15, 15), np.uint8)), (9, 9))
    return cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)


def _commonest(below: Picture) -> int | None:
    """Return the depth that most of the inner parts of strokes have, deeper ones before paler."""
    inner = cv2.erode(below, np.ones((5, 5), np.uint8))
    depths = np.arange(*_DEPTHS)
    counts = np.bincount(inner.ravel(), minlength=256)[depths]
    smooth = np.convolve(counts * depths**2, np.ones(7), "same")
    return int(smooth.argmax()) + _DEPTHS[0] if smooth.any() else None


def _is_even(below: Picture, pieces: Picture, depth: int) -> bool:
    """Return True if the strokes are of one shade, as print is, and wood or a shadow is not."""
    inner = cv2.erode(below, np.ones((5, 5), np.uint8))
    shades = inner[(pieces > 0) & (inner >= depth * 0.5)]
    alike = np.count_nonzero((shades > depth * 0.8) & (shades < depth * 1.2))
    return bool(shades.size >= _LEAST_INK and alike >= _ALIKE * shades.size)


def _pieces(mask: Picture) -> Picture | None:
    """Return the strokes among the places, when they look like large writing across the page."""
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not _SHARE[0] <= mask.mean() / 255 <= _SHARE[1]:
        return None
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= _LEAST_PIECE
    large &= stats[:, cv2.CC_STAT_AREA] >= 2 * _LEAST_PIECE
    large[0] = False
    if large.sum() < _LEAST_PIECES or len(stats) > _MOST_PIECES:
        return None
    kept = large[labels].astype(np.uint8)
    ys, xs = np.nonzero(kept)
    spread = max(np.ptp(np.percentile(xs, (5, 95))), np.ptp(np.percentile(ys, (5, 95))))
    return kept if spread >= _EXTENT * max(mask.shape) else None


def _upright(layer: Picture, pieces: Picture, scale: float) -> Layer:
    """Turn a layer by the angle at which its lines stand out best, and cut it out."""
    height, width = layer.shape
    ys, xs = np.nonzero(pieces)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), _angle(pieces), 1.0)
    placed = np.column_stack([xs, ys, np.ones_like(xs)])[::7] @ matrix.T
    low, high = placed.min(axis=0) - _AIR, placed.max(axis=0) + _AIR
    matrix[:, 2] -= low
    size = tuple(int(n) for n in high - low)
    turned = cv2.warpAffine(layer, matrix, size, borderValue=255)
    matrix[:, :2] = matrix[:, :2] * scale
    return Layer(np.repeat(turned[:, :, None], 3, axis=2), matrix)


def _angle(pieces: Picture) -> float:
    """Return the angle, in degrees, after turning by which the rows differ most."""
    scale = _SKETCH / max(pieces.shape)
    sketch = cv2.resize(pieces * 255, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = sketch.shape
    side = int(np.hypot(height, width)) + 1
    best, angle = -1.0, 0.0
    for turn in (float(a) for a in _ANGLES):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
        matrix[:, 2] += (side - width) / 2, (side - height) / 2
        rows = cv2.warpAffine(sketch, matrix, (side, side)).sum(axis=1, dtype=np.float64)
        if (contrast := float((rows**2).sum())) > best:
            best, angle = contrast, turn
    return angle
