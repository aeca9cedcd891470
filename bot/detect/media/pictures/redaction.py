"""Covering parts of a picture, and looking again whether anything still shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bot.detect.media.ocr.layout import read_lines
from bot.detect.media.ocr.lines import Line, OcrEngine, bounds
from bot.model import Box

MAX_SIDE = 2560
_QUALITY = 85
_COVER = (16, 16, 16)
_PIECE = 5


def redact(engine: OcrEngine, picture: Any, boxes: Sequence[Box]) -> bytes:
    """Return a JPEG of an RGB picture with the boxes painted over, without metadata.

    The covered copy is read again: when it still shows a piece of what was covered, the whole
    lines are covered, and at last the whole picture. Without any box that has an area, nobody
    knows what was meant to be covered: all of it is.
    """
    wanted = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
    if not wanted:
        return to_jpeg(np.full_like(picture, _COVER[0]))
    before = read_lines(engine, picture)
    touched = [line for line in before if _touches(line, wanted)]
    secrets = [run for line in touched for run in _runs(line, wanted, inside=True)]
    open_text = " ".join(run for line in before for run in _runs(line, wanted, inside=False))
    for attempt in (wanted, [*wanted, *(bounds(line.quad) for line in touched)]):
        covered = paint(picture, attempt)
        if not secrets or not _shows(read_lines(engine, covered), attempt, secrets, open_text):
            return to_jpeg(covered)
    return to_jpeg(np.full_like(picture, _COVER[0]))


def paint(picture: Any, boxes: Sequence[Box]) -> Any:
    """Return a copy of an RGB picture with the boxes covered, and a margin around each."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for x0, y0, x1, y1 in boxes:
        margin = max(2, round((y1 - y0) * 0.06))
        draw.rectangle((x0 - margin, y0 - margin, x1 + margin, y1 + margin), fill=_COVER)
    return np.asarray(image)


def to_jpeg(picture: Any) -> bytes:
    """Encode an RGB picture, its longest side at most 2560 pixels."""
    image = Image.fromarray(picture)
    image.thumbnail((MAX_SIDE, MAX_SIDE))
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
    lines: Sequence[Line], covers: Sequence[Box], secrets: Sequence[str], open_text: str
) -> bool:
    """Return True if a line at the covers still shows a piece of what was to be covered.

    A piece that was to stay in sight somewhere else, such as the first digits of a neighbour's
    number, counts only where a cover should be.
    """
    pieces = {secret[i : i + _PIECE] for secret in secrets for i in _starts(secret)}
    for line in lines:
        if not _touches(line, covers):
            continue
        shown = [(c, box) for c, box in zip(line.text, line.boxes, strict=True) if c.isalnum()]
        text = "".join(c for c, _ in shown)
        for piece in pieces:
            at = text.find(piece)
            places = [box for _, box in shown[at : at + len(piece)]]
            if at >= 0 and (piece not in open_text or any(_centred(b, covers) for b in places)):
                return True
    return False


def _starts(secret: str) -> range:
    return range(max(1, len(secret) - _PIECE + 1))


def _centred(box: Box, boxes: Sequence[Box]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(a <= x <= c and b <= y <= d for a, b, c, d in boxes)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
