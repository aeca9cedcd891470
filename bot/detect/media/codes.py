"""QR codes, Data Matrix, PDF417, Aztec and bar codes in pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp
from zxingcpp import BarcodeFormat as Kind

from bot.detect.media.documents import decode_all
from bot.detect.media.ocr import bounds
from bot.detect.media.pixels import shrink
from bot.model import Box, Fragment, Source

_FINE: Any = (Kind.QRCode, Kind.MicroQRCode, Kind.RMQRCode, Kind.AllLinear)
_OTHERS: Any = (Kind.DataMatrix, Kind.PDF417, Kind.MicroPDF417, Kind.Aztec, Kind.MaxiCode)
_GRAIN = 1
_EDGE, _SQUARE = 24, 13
_SIDE, _LEAST_SCALE = 640, 0.33
_MARGIN = 0.02
_MOST = 50


def read_codes(picture: Any, page: int | None = None) -> list[Fragment]:
    """Return what each code in an RGB array says; every character's box is the whole code's."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    fragments = []
    seen = set()
    for code in [*_codes(grey)][:_MOST]:
        text = _text(code)
        box = _box(code.position, picture.shape[1], picture.shape[0])
        if text.strip() and (text, box) not in seen:
            seen.add((text, box))
            fragments.append(
                Fragment(source=Source.QR, text=text, page=page, boxes=(box,) * len(text))
            )
    return fragments


def _codes(grey: Any) -> Iterator[Any]:
    """Yield what zxing-cpp finds.

    In a grainy photo every speck could begin a code, which took five times as long: there the
    grain is smoothed for the kinds whose search suffers from it, and no others.
    """
    plain = zxingcpp.TextMode.Plain
    if not _may_hold_code(grey):
        return
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    part = np.s_[::3, ::3]
    grain = np.median(cv2.absdiff(grey[part], smooth[part]))
    if grain < _GRAIN:
        yield from zxingcpp.read_barcodes(grey, formats=_FINE + _OTHERS, text_mode=plain)
        return
    yield from zxingcpp.read_barcodes(grey, formats=_FINE, text_mode=plain)
    yield from zxingcpp.read_barcodes(smooth, formats=_OTHERS, text_mode=plain)


def _may_hold_code(grey: Any) -> bool:
    """Say whether some small square is full of edges, as any part of a code is."""
    small = shrink(grey, min(1.0, max(_SIDE / max(grey.shape), _LEAST_SCALE)))
    around, square = np.ones((5, 5), np.uint8), np.ones((_SQUARE, _SQUARE), np.uint8)
    edges = cv2.subtract(cv2.dilate(small, around), cv2.erode(small, around))
    return bool(cv2.erode(edges, square).max() > _EDGE)


def _text(code: Any) -> str:
    """Return a code's text; where its encoding had to be guessed, every guess that fits."""
    texts = [str(code.text)]
    raw = bytes(code.bytes)
    if not raw.isascii():
        texts += decode_all(raw)
    return "\n".join(dict.fromkeys(texts))


def _box(position: Any, width: int, height: int) -> Box:
    """Return the upright box around a code with its quiet edge, within the picture.

    The corners of a bar code lie on one line: its height is not known, so that a generous part of
    its length is taken.
    """
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    x0, y0, x1, y1 = bounds([(float(p.x), float(p.y)) for p in corners])
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
