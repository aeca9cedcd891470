"""Mask parts of a picture, and read the copy again to see that nothing of them still shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bot.detect.media.ocr.layout import read_lines
from bot.detect.media.ocr.lines import Line, OcrEngine, bounds
from bot.model import Box

_MAX_SIDE = 2560
_QUALITY = 85
_FILL = (16, 16, 16)
_PIECE = 5


def mask_picture(engine: OcrEngine, picture: Any, boxes: Sequence[Box] | None) -> bytes:
    """Return a JPEG of an RGB picture with the boxes masked, without metadata.

    The masked copy is read again: when it still shows a piece of what was masked, the whole lines
    are masked, and at last the whole picture. No boxes mask nothing; None masks the whole picture,
    and so do boxes without any area, because they do not say what was meant.
    """
    if boxes is not None and not boxes:
        return _to_jpeg(picture)
    wanted = [box for box in boxes or () if box[2] > box[0] and box[3] > box[1]]
    if not wanted:
        return _to_jpeg(np.full_like(picture, _FILL[0]))
    before = read_lines(engine, picture)
    touched = [line for line in before if _touches(line, wanted)]
    secrets = [run for line in touched for run in _runs(line, wanted, inside=True)]
    open_text = " ".join(run for line in before for run in _runs(line, wanted, inside=False))
    for attempt in (wanted, [*wanted, *(bounds(line.quad) for line in touched)]):
        masked = _with_masks(picture, attempt)
        if not secrets or not _shows(read_lines(engine, masked), attempt, secrets, open_text):
            return _to_jpeg(masked)
    return _to_jpeg(np.full_like(picture, _FILL[0]))


def _with_masks(picture: Any, boxes: Sequence[Box]) -> Any:
    """Return a copy of an RGB picture with the boxes filled, and a margin around each."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for x0, y0, x1, y1 in boxes:
        # Strokes reach beyond a detector's boxes by a few hundredths of their height.
        margin = max(2, round((y1 - y0) * 0.06))
        draw.rectangle((x0 - margin, y0 - margin, x1 + margin, y1 + margin), fill=_FILL)
    return np.asarray(image)


def _to_jpeg(picture: Any) -> bytes:
    """Encode an RGB picture, its longest side at most 2560 pixels."""
    image = Image.fromarray(picture)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _touches(line: Line, boxes: Sequence[Box]) -> bool:
    return any(_meet(bounds(line.quad), box) for box in boxes)


def _runs(line: Line, boxes: Sequence[Box], *, inside: bool) -> list[str]:
    """Return the runs of a line's letters and digits whose middles are inside or outside boxes."""
    runs = [""]
    for character, box in zip(line.text, line.boxes, strict=True):
        if not character.isalnum():
            continue
        if _centred(box, boxes) == inside:
            runs[-1] += character
        elif runs[-1]:
            runs.append("")
    return [run for run in runs if len(run) > 1]


def _shows(
    lines: Sequence[Line], masks: Sequence[Box], secrets: Sequence[str], open_text: str
) -> bool:
    """Return True if a line at the masks still shows a piece of what was to be masked.

    A piece that was to stay in sight somewhere else, such as the first digits of a neighbour's
    number, counts only where a mask should be.
    """
    pieces = {secret[i : i + _PIECE] for secret in secrets for i in _starts(secret)}
    for line in lines:
        if not _touches(line, masks):
            continue
        shown = [(c, box) for c, box in zip(line.text, line.boxes, strict=True) if c.isalnum()]
        text = "".join(c for c, _ in shown)
        for piece in pieces:
            at = text.find(piece)
            places = [box for _, box in shown[at : at + len(piece)]]
            if at >= 0 and (piece not in open_text or any(_centred(b, masks) for b in places)):
                return True
    return False


def _starts(secret: str) -> range:
    return range(max(1, len(secret) - _PIECE + 1))


def _centred(box: Box, boxes: Sequence[Box]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(a <= x <= c and b <= y <= d for a, b, c, d in boxes)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
