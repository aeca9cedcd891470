"""QR codes, Data Matrix, PDF417, Aztec and bar codes in pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp
from zxingcpp import BarcodeFormat as Kind

from bot.detect.media.files.text_decoding import decode_all
from bot.detect.media.ocr.lines import Point, bounds
from bot.detect.media.pictures.pixels import shrink
from bot.model import Box, Fragment, Source

_FINE: Any = (Kind.QRCode, Kind.MicroQRCode, Kind.RMQRCode, Kind.AllLinear)
_OTHERS: Any = (Kind.DataMatrix, Kind.PDF417, Kind.MicroPDF417, Kind.Aztec, Kind.MaxiCode)
_GRAIN = 1
_EDGE, _SQUARE = 24, 13
_SIDE, _LEAST_SCALE = 640, 0.33
_MARGIN = 0.02
_MOST, _MOST_PIXELS = 50, 6_000_000


def read_codes(picture: Any, page: int | None = None) -> list[Fragment]:
    """Return what each code in an RGB array says; every character's box is the whole code's.

    In a very large picture codes are looked for at a smaller size, and at full size where there
    are edges enough for one, if that is not too much of it.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    held = _may_hold_code(grey)
    if held is None:
        return []
    where, enough = held
    scale = min(1.0, enough, (_MOST_PIXELS / grey.size) ** 0.5)
    found = [*_at(_codes(shrink(grey, scale) if scale < 1 else grey), scale, (0, 0), grey.shape)]
    x0, y0, x1, y1 = where
    if scale < min(1.0, enough) and (x1 - x0) * (y1 - y0) <= _MOST_PIXELS:
        found += _at(_codes(grey[y0:y1, x0:x1]), 1.0, (x0, y0), grey.shape)
    fragments: list[Fragment] = []
    for text, box in found[:_MOST]:
        twins = (f.boxes[0] for f in fragments if f.text == text)
        if text.strip() and not any(_meet(box, twin) for twin in twins):
            fragments.append(
                Fragment(source=Source.QR, text=text, page=page, boxes=(box,) * len(text))
            )
    return fragments


def _at(
    codes: Iterator[Any], scale: float, corner: tuple[int, int], shape: tuple[int, int]
) -> Iterator[tuple[str, Box]]:
    """Yield texts and boxes of codes that were found in a part of a picture, or a smaller one."""
    height, width = shape
    for code in codes:
        p = code.position
        places = [
            (q.x / scale + corner[0], q.y / scale + corner[1])
            for q in (p.top_left, p.top_right, p.bottom_right, p.bottom_left)
        ]
        yield _text(code), _box(places, width, height)


def _codes(grey: Any) -> Iterator[Any]:
    """Yield what zxing-cpp finds.

    In a grainy photo every speck could begin a code, which took five times as long: there the
    grain is smoothed for the kinds whose search suffers from it, and no others.
    """
    plain = zxingcpp.TextMode.Plain
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    part = np.s_[::3, ::3]
    grain = np.median(cv2.absdiff(grey[part], smooth[part]))
    if grain < _GRAIN:
        yield from zxingcpp.read_barcodes(grey, formats=_FINE + _OTHERS, text_mode=plain)
        return
    yield from zxingcpp.read_barcodes(grey, formats=_FINE, text_mode=plain)
    yield from zxingcpp.read_barcodes(smooth, formats=_OTHERS, text_mode=plain)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _may_hold_code(grey: Any) -> tuple[Box, float] | None:
    """Return a box around the squares that are full of edges, as any part of a code is.

    A code of large modules is so at a smaller size: the scale at which to look comes with it.
    """
    scale = min(1.0, max(_SIDE / max(grey.shape), _LEAST_SCALE))
    small = shrink(grey, scale)
    height, width = grey.shape
    found: list[Box] = []
    enough, level = 1.0, 0
    while min(small.shape) >= 2 * _SQUARE:
        x, y, across, down = cv2.boundingRect(_full_of_edges(small))
        if across:
            if not found and level:
                # What is too large for this at twice the size is large enough there.
                enough = 2 * scale / 2**level
            air, sx, sy = 3 * _SQUARE, width / small.shape[1], height / small.shape[0]
            far = (round((x + across + air) * sx), round((y + down + air) * sy))
            found.append((round((x - air) * sx), round((y - air) * sy), *far))
        small, level = cv2.pyrDown(small), level + 1
    if not found:
        return None
    lefts, tops, rights, bottoms = zip(*found, strict=True)
    box = (
        max(0, min(lefts)),
        max(0, min(tops)),
        min(width, max(rights)),
        min(height, max(bottoms)),
    )
    return box, enough


def _full_of_edges(small: Any) -> Any:
    around, square = np.ones((5, 5), np.uint8), np.ones((_SQUARE, _SQUARE), np.uint8)
    edges = cv2.subtract(cv2.dilate(small, around), cv2.erode(small, around))
    return cv2.inRange(cv2.erode(edges, square), _EDGE + 1, 255)


def _text(code: Any) -> str:
    """Return a code's text; where its encoding had to be guessed, every guess that fits."""
    texts = [str(code.text)]
    raw = bytes(code.bytes)
    if not raw.isascii():
        texts += decode_all(raw)
    return "\n".join(dict.fromkeys(texts))


def _box(corners: list[Point], width: int, height: int) -> Box:
    """Return the upright box around a code with its quiet edge, within the picture.

    The corners of a bar code lie on one line: its height is not known, so that a generous part of
    its length is taken.
    """
    x0, y0, x1, y1 = bounds(corners)
    margin = math.ceil(max(x1 - x0, y1 - y0) * _MARGIN) + 2
    flat, tall = y1 - y0 < (x1 - x0) / 8, x1 - x0 < (y1 - y0) / 8
    across = margin + ((x1 - x0) // 3 if flat else 0)
    along = margin + ((y1 - y0) // 3 if tall else 0)
    return (
        max(0, x0 - along),
        max(0, y0 - across),
        min(width, x1 + along),
        min(height, y1 + across),
    )
