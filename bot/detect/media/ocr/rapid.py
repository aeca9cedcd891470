"""The engine `rapid`: RapidOCR on ONNX Runtime with the PP-OCRv6 tiny models.

The models are files of installed packages, always named explicitly: RapidOCR would otherwise
download what it misses.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bot.detect.media.ocr.lines import Line, Picture, Point, Quad, character_boxes
from bot.detect.media.ocr.models import close_look_files, model_files
from bot.detect.media.ocr.text_finder import TextFinder

_FLIP = 0.9
_SURE = 0.9
_SAMPLE, _HALF = 3, 180
_TALL = 1.5
_HEIGHT, _LEAST_WIDTH = 48, 160
_LEAST_SIDE = 32
_LEAST_CHANCE = 0.03


class RapidEngine:
    """Reads text with the tiny detector, the tiny recogniser and the direction classifier.

    The classifier is asked about a page's longest lines, and of the others about those that were
    not surely read as they stand; about all of them on a page that stands on its head.
    """

    name = "rapid"

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        logging.getLogger("RapidOCR").disabled = True
        from rapidocr import RapidOCR

        rapid: Any = RapidOCR
        self._ocr = rapid(params=_params(model_files()))
        self._finder = TextFinder(self._ocr._load_det_model())
        self._direction = self._ocr._load_cls_model()
        self._reader = LineReader(self._ocr._load_rec_model())
        larger = close_look_files()
        # RapidOCR loads a model at its first use: this one only when a line is in doubt.
        self._closely = rapid(params=_params(larger)) if larger else None

    def read(self, picture: Picture) -> list[Line]:
        """Return the lines of an RGB picture, in no promised order."""
        height, width = picture.shape[:2]
        scale = max(1.0, _LEAST_SIDE / min(height, width))
        if scale > 1:
            size = (math.ceil(width * scale), math.ceil(height * scale))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        image = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        boxes = sorted(self._finder.find(image), key=_length, reverse=True)
        lines = [self._line(image, box, scale, ask=True) for box in boxes[:_SAMPLE]]
        upside_down = any(line is not None and line.angle >= _HALF for line in lines)
        lines += [self._line(image, box, scale, ask=upside_down) for box in boxes[_SAMPLE:]]
        return [line for line in lines if line is not None]

    def read_line(self, picture: Picture, quad: Quad) -> Line | None:
        """Read one upright line with the larger recogniser; None where it is not installed."""
        if self._closely is None:
            return None
        reader = LineReader(self._closely._load_rec_model())
        return reader.read(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quad)

    def agrees(self, picture: Picture, text: str) -> bool:
        """Return True if the small recogniser reads one upright line as a text, or could."""
        return self._reader.agrees(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), text)

    def _line(self, image: Picture, box: Any, scale: float, *, ask: bool) -> Line | None:
        (cut,) = self._ocr.crop_text_regions(image, box[None].astype(np.float32))
        if ask and self._is_upside_down(cut):
            return self._turned(cut, box / scale)
        line = self._reader.read(cut, _reading_quad(box / scale, flipped=False))
        if ask or (line is not None and line.confidence >= _SURE):
            return line
        return (self._turned(cut, box / scale) if self._is_upside_down(cut) else None) or line

    def _turned(self, cut: Picture, box: Any) -> Line | None:
        turned = cv2.rotate(cut, cv2.ROTATE_180)
        return self._reader.read(turned, _reading_quad(box, flipped=True))

    def _is_upside_down(self, cut: Picture) -> bool:
        ((label, certainty),) = self._direction([cut]).cls_res
        return "180" in label and certainty > _FLIP


class LineReader:
    """Reads a cut out line with one of RapidOCR's recognisers."""

    def __init__(self, recogniser: Any) -> None:
        self._network = recogniser.session
        self._decode = recogniser.postprocess_op

    def read(self, line: Picture, quad: Quad) -> Line | None:
        """Return the text of an upright BGR line that stands at ``quad``; None without any."""
        chances, used, room = self._look(line)
        ((text, score),), (words,) = self._decode(
            chances, True, wh_ratio_list=(used,), max_wh_ratio=room
        )
        if not text.strip():
            return None
        boxes = character_boxes(text, quad, _centres(text, words))
        weakest = float(min(words.confs))
        return Line(text=text, quad=quad, confidence=float(score), boxes=boxes, weakest=weakest)

    def agrees(self, line: Picture, text: str) -> bool:
        """Return True if no part of an upright BGR line speaks against a text."""
        labels = [self._decode.dict.get(c, 0) for c in text]
        if not labels or 0 in labels:
            return False
        (chances,), _, _ = self._look(line)
        return least_chance(chances, labels) >= _LEAST_CHANCE

    def _look(self, line: Picture) -> tuple[Any, int, int]:
        """Return the chances of each character in each column, and the width used and in all."""
        height, width = line.shape[:2]
        used = max(1, math.ceil(_HEIGHT * width / height))
        # The recogniser wants -1 to 1, and some room after a very short line.
        values = cv2.dnn.blobFromImage(
            cv2.resize(line, (used, _HEIGHT)), 1 / 127.5, mean=(127.5, 127.5, 127.5)
        )
        room = max(_LEAST_WIDTH, used)
        if room > used:
            values = np.pad(values, ((0, 0), (0, 0), (0, 0), (0, room - used)))
        return self._network(values), used, room


def least_chance(chances: Any, labels: Sequence[int]) -> float:
    """Return the least chance of a column on the likeliest way to read these labels.

    ``chances`` has a row for each column of the line and an entry for each label, 0 for none
    (connectionist temporal classification): a label may last, and nothing may stand between two.
    """
    steps = np.zeros(2 * len(labels) + 1, np.intp)
    steps[1::2] = labels
    if len(chances) < len(labels):
        return 0.0
    logs = np.log(np.maximum(chances[:, steps], 1e-9))
    # From two steps back only past a gap, and only to another label.
    leap = np.zeros(len(steps), bool)
    leap[3::2] = steps[3::2] != steps[1:-2:2]
    best = np.full(len(steps), -np.inf)
    best[:2] = logs[0, :2]
    came = np.zeros(logs.shape, np.intp)
    for column in range(1, len(logs)):
        ways = np.full((3, len(steps)), -np.inf)
        ways[0] = best
        ways[1, 1:] = best[:-1]
        ways[2, 2:] = np.where(leap[2:], best[:-2], -np.inf)
        came[column] = ways.argmax(axis=0)
        best = ways.max(axis=0) + logs[column]
    at = len(steps) - 1 if best[-1] > best[-2] else len(steps) - 2
    least = np.inf
    for column in range(len(logs) - 1, -1, -1):
        least = min(least, logs[column, at])
        at -= came[column, at]
    return float(np.exp(least))


def _params(files: Mapping[str, Path]) -> dict[str, Any]:
    return {
        **{role: str(path) for role, path in files.items()},
        "Global.log_level": "critical",
        "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }


def _length(box: Any) -> float:
    return max(math.dist(box[0], box[1]), math.dist(box[0], box[3]))


def _reading_quad(box: Any, *, flipped: bool) -> Quad:
    """Turn the detector's box (top left first, clockwise) so that it runs along the reading.

    RapidOCR turns a crop that is at least 1.5 times as high as wide by a quarter to the left, and
    one that the classifier finds upside down is turned by a half.
    """
    points: list[Point] = [(float(x), float(y)) for x, y in box]
    width = int(max(math.dist(points[0], points[1]), math.dist(points[2], points[3])))
    height = int(max(math.dist(points[0], points[3]), math.dist(points[1], points[2])))
    start = (1 if width and height / width >= _TALL else 0) + (2 if flipped else 0)
    a, b, c, d = (points[(start + i) % 4] for i in range(4))
    return (a, b, c, d)


def _centres(text: str, words: Any) -> list[float | None]:
    """Return where each character's peak stands along the line; blanks have none."""
    if not words.line_txt_len:
        return [None] * len(text)
    columns = iter([column for word in words.word_cols for column in word])
    return [
        None if c.isspace() else min((next(columns) + 0.5) / words.line_txt_len, 1.0) for c in text
    ]
