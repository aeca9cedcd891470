"""Look again for the lines of a picture that looked the same; lines are only ever added.

A scan was read with its mark; a forwarded copy, compressed once more, reads the mark wrongly::

    first picture   likeness 9f3c…   remembered: mark "机密★10年" (read at first as "机密*10年")
    this picture    likeness 9f3d…   read: "机密女10年" at the same place
    compare         the recogniser holds this picture's pixels against "机密*10年": it agrees,
                    so the line becomes the mark
    a clean copy    nothing at that place agrees, so the remembered line is not used

A remembered line is used only where this picture's own pixels agree: a forged look-alike cannot
plant words in another picture, and a clean first copy does not clear a marked second one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from bot.detect.media.ocr.layout import same_place
from bot.detect.media.ocr.lines import Line, OcrEngine, Picture, Quad, mapped
from bot.detect.media.pictures.pixels import shrink
from bot.detect.media.pictures.second_look import Doubts, crop

Recall = Callable[[str], str | None]
"""Gives what was remembered of a picture of about this likeness."""

_ROUGH, _SKETCH, _WAVES = 256, 64, 16
_SHAPE = 0.02
_MOST = 24
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Known:
    """A line of an earlier picture, at its place in this one: as read at first, and in the end."""

    first: str = field(repr=False)
    line: Line


@dataclass(frozen=True, slots=True)
class Found:
    """A picture's lines; ``also`` holds, by their number, what else some can be read as."""

    lines: Sequence[Line]
    also: Mapping[int, Line]
    helped: bool


def likeness(picture: Picture) -> str:
    """Return 256 bits, in hexadecimal, that compression and resizing hardly change.

    They are the signs, against their median, of the 16 by 16 broadest waves (a cosine transform).
    """
    grey = cv2.cvtColor(shrink(picture, min(1.0, _ROUGH / max(picture.shape))), cv2.COLOR_RGB2GRAY)
    sketch = cv2.resize(grey, (_SKETCH, _SKETCH), interpolation=cv2.INTER_AREA)
    waves = cv2.dct(sketch.astype(np.float32))[:_WAVES, :_WAVES]
    return np.packbits(waves > np.median(waves)).tobytes().hex()


def to_memory(picture: Picture, first: Sequence[Line], last: Sequence[Line]) -> str | None:
    """Return a picture's lines, as read at first and in the end, as text; None without any."""
    if not first or len(first) > _MOST_LINES:
        return None
    lines = [
        {"first": a.text, "text": b.text, "quad": _flat(a.quad), "boxes": b.boxes}
        for a, b in zip(first, last, strict=True)
    ]
    height, width = picture.shape[:2]
    return json.dumps({"size": (width, height), "lines": lines}, ensure_ascii=False)


def from_memory(memory: str | None, picture: Picture) -> list[Known]:
    """Return remembered lines at their places in a picture; none when it has another shape."""
    if memory is None:
        return []
    stored = json.loads(memory)
    height, width = picture.shape[:2]
    sx, sy = width / stored["size"][0], height / stored["size"][1]
    if abs(sx / sy - 1) > _SHAPE:
        return []
    return [_known(item, sx, sy) for item in stored["lines"]]


def _known(item: dict[str, Any], sx: float, sy: float) -> Known:
    a, b, c, d, e, f, g, h = item["quad"]
    boxes = tuple((int(p), int(q), int(r), int(s)) for p, q, r, s in item["boxes"])
    quad: Quad = ((a, b), (c, d), (e, f), (g, h))
    line = Line(text=item["text"], quad=quad, confidence=1.0, weakest=1.0, boxes=boxes)
    return Known(item["first"], mapped(line, lambda p: (p[0] * sx, p[1] * sy)))


def _flat(quad: Quad) -> list[int]:
    return [round(value) for point in quad for value in point]


class NearCopy:
    """Holds what is known of a picture that looked the same against what this one shows."""

    def __init__(self, engine: OcrEngine, doubts: Doubts) -> None:
        self._engine = engine
        self._doubts = doubts

    def compare(self, picture: Picture, lines: Sequence[Line], known: Sequence[Known]) -> Found:
        """Return a picture's lines with what is known of them, where it shows here as well.

        A line that is nothing here, and was something, becomes that. Any other keeps what was
        read here, and what was read there stands beside it.
        """
        if not known:
            return Found(lines, {}, helped=False)
        found, also = list(lines), dict[int, Line]()
        budget, helped = _MOST, False
        missing = []
        for one in known:
            twins = [i for i, line in enumerate(lines) if same_place(line, one.line)]
            if any(found[i].text == one.line.text for i in twins):
                continue
            if len(twins) != 1:
                missing.append(one)
                continue
            budget -= 1
            (i,) = twins
            if budget < 0 or not self._shows(picture, lines[i], one):
                continue
            helped = True
            if self._matters(one.line) and not self._matters(lines[i]):
                found[i] = one.line
            else:
                also[i] = one.line
        for one in missing:
            if self._is_read(one, found) or budget <= 0:
                continue
            budget -= 1
            if self._engine.agrees(crop(picture, one.line.quad), one.first):
                helped = True
                found.append(one.line)
        return Found(found, also, helped)

    def _shows(self, picture: Picture, line: Line, one: Known) -> bool:
        """Return True if a line was read as the other was at first, or could have been."""
        if line.text == one.first:
            return True
        return self._engine.agrees(crop(picture, line.quad), one.first)

    def _is_read(self, one: Known, found: Sequence[Line]) -> bool:
        """Return True if a line is there already, in pieces: only what matters is worth twice."""
        pieces = [line for line in found if same_place(line, one.line)]
        return bool(pieces) and (
            not self._matters(one.line) or any(self._matters(piece) for piece in pieces)
        )

    def _matters(self, line: Line) -> bool:
        return self._doubts.telling(line.text) and not self._doubts.doubtful(line.text)


def with_others(lines: Sequence[Line], also: Mapping[int, Line]) -> list[Line]:
    """Return a picture's lines with what else some can be read as in their places."""
    return [also.get(i, line) for i, line in enumerate(lines)]
