"""QR codes, Data Matrix, PDF417, Aztec and bar codes in pictures."""

from __future__ import annotations

import math
from typing import Any

import cv2
import zxingcpp

from bot.detect.media.documents import decode_all
from bot.detect.media.ocr import bounds
from bot.model import Box, Fragment, Source

_MARGIN = 0.02
_MOST = 50


def read_codes(picture: Any, page: int | None = None) -> list[Fragment]:
    """Return what each code in an RGB array says; every character's box is the whole code's."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    fragments = []
    seen = set()
    for code in zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.Plain)[:_MOST]:
        text = _text(code)
        box = _box(code.position, picture.shape[1], picture.shape[0])
        if text.strip() and (text, box) not in seen:
            seen.add((text, box))
            fragments.append(
                Fragment(source=Source.QR, text=text, page=page, boxes=(box,) * len(text))
            )
    return fragments


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
