"""Take the text off a page, so that a large pale watermark across it can be read."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from bot.detect.media.ocr import Picture
from bot.model import Box

_SIDE = 960
_STROKE = 9
_LEAST_DEPTH, _MOST_DEPTH = 12, 140
_DARK = 110
_SHARE = (0.001, 0.2)
_EXTENT = 0.08


def underlay(picture: Picture, known: Sequence[Box] = ()) -> tuple[Picture, float] | None:
    """Return the pale layer of an RGB picture, black on white, and its scale; None without one.

    What stands in the ``known`` boxes, those of lines already read, is no sign of a layer.

    Closing removes strokes thinner than ``_STROKE`` pixels of a picture of 960: those of the text.
    What is left is stretched by its commonest depth below the paper.
    """
    scale = min(1.0, _SIDE / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = small.min(axis=2)
    if np.median(grey) < _DARK:
        grey = 255 - small.max(axis=2)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_STROKE, _STROKE))
    closed = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel)
    below = cv2.subtract(_paper(closed), closed)
    depth = _commonest(below)
    if depth is None:
        return None
    mask = below > depth * 0.6
    for x0, y0, x1, y1 in known:
        box = [max(0, round(v * scale)) for v in (x0, y0, x1, y1)]
        mask[box[1] : box[3], box[0] : box[2]] = False
    if not _looks_written(mask):
        return None
    strength = below.astype(np.float32) * (255 / depth)
    layer = cv2.medianBlur(255 - strength.clip(0, 255).astype(np.uint8), 5)
    return np.repeat(layer[:, :, None], 3, axis=2), scale


def _paper(closed: Picture) -> Picture:
    """Return the ground under everything, which may be shaded."""
    height, width = closed.shape
    tiny = cv2.resize(
        closed, (max(width // 8, 1), max(height // 8, 1)), interpolation=cv2.INTER_AREA
    )
    wide = cv2.dilate(tiny, np.ones((15, 15), np.uint8))
    wide = cv2.blur(wide, (9, 9))
    return cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)


def _commonest(below: Picture) -> int | None:
    counts = np.bincount(below.ravel(), minlength=256)[_LEAST_DEPTH:_MOST_DEPTH]
    smooth = np.convolve(counts, np.ones(7), "same")
    return int(smooth.argmax()) + _LEAST_DEPTH if smooth.any() else None


def _looks_written(mask: Picture) -> bool:
    """Say whether the layer is neither nearly empty nor a scene, and spans part of the page."""
    share = float(mask.mean())
    if not _SHARE[0] <= share <= _SHARE[1]:
        return False
    ys, xs = np.nonzero(mask)
    spread = max(np.ptp(np.percentile(xs, (5, 95))), np.ptp(np.percentile(ys, (5, 95))))
    return bool(spread >= _EXTENT * max(mask.shape))
