"""The engine `rapid`: RapidOCR on ONNX Runtime with the PP-OCRv6 tiny models.

The models are files of installed packages, always named explicitly: RapidOCR would otherwise
download what it misses.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bot.detect.media.models import close_look_files, model_files
from bot.detect.media.ocr import Line, Picture, Point, Quad, character_boxes

_FLIP = 0.9
_GLANCE, _LIKELY = 480, 0.3
_TALL = 1.5


class RapidEngine:
    """Reads text with the tiny detector, the direction classifier and the tiny recogniser."""

    name = "rapid"

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        logging.getLogger("RapidOCR").disabled = True
        from rapidocr import RapidOCR

        self._ocr = RapidOCR(params=_params(model_files()))
        larger = close_look_files()
        # RapidOCR loads a model at its first use: this one only when a line is in doubt.
        self._closely = RapidOCR(params=_params({**model_files(), **larger})) if larger else None

    def read(self, picture: Picture) -> list[Line]:
        """Return the lines of an RGB picture, in no promised order."""
        height, width = picture.shape[:2]
        scale = max(1.0, 32 / min(height, width))
        if scale > 1:
            size = (math.ceil(width * scale), math.ceil(height * scale))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        record: dict[str, Any] = {"preprocess": {"ratio_h": 1.0, "ratio_w": 1.0}}
        image = np.ascontiguousarray(picture[:, :, ::-1])
        if not self._has_text(image):
            return []
        found, turned, texts, _ = self._ocr.run_ocr_steps(image, record)
        if found.boxes is None or texts.txts is None or turned.cls_res is None:
            return []
        padding = record["padding_1"]
        boxes = (found.boxes - [padding["left"], padding["top"]]) / scale
        return list(_lines(boxes, turned.cls_res, texts))

    def read_line(self, picture: Picture, quad: Quad) -> Line | None:
        """Read one upright line with the larger recogniser; None where it is not installed."""
        if self._closely is None:
            return None
        found = self._closely.recognize_txt([np.ascontiguousarray(picture[:, :, ::-1])])
        text = found.txts[0] if found.txts else ""
        if not text.strip():
            return None
        boxes = character_boxes(text, quad, _centres(text, found.word_results[0]))
        return Line(text=text, quad=quad, confidence=float(found.scores[0]), boxes=boxes)

    def _has_text(self, image: Any) -> bool:
        """Look for text on a small copy, which takes a fourth of the time."""
        height, width = image.shape[:2]
        if max(height, width) < 2 * _GLANCE // 1.5:
            return True
        ocr: Any = self._ocr
        detector = ocr._load_det_model()
        glance = detector.get_preprocess()
        glance.limit_side_len = _GLANCE
        likely = detector.session(glance(image))
        return bool(likely.max() >= _LIKELY)


def _params(files: Mapping[str, Path]) -> dict[str, Any]:
    return {
        **{role: str(path) for role, path in files.items()},
        "Global.log_level": "critical",
        "Global.use_preprocess_img": False,
        "Global.return_word_box": True,
        "Det.limit_type": "max",
        "Det.limit_side_len": 960,
        "Rec.rec_batch_num": 1,
        "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }


def _lines(boxes: Any, turned: Any, texts: Any) -> Iterator[Line]:
    rows = zip(boxes, turned, texts.txts, texts.scores, texts.word_results, strict=True)
    for box, (label, certainty), text, score, words in rows:
        if not text.strip():
            continue
        quad = _reading_quad(box, flipped="180" in label and certainty > _FLIP)
        boxes_of = character_boxes(text, quad, _centres(text, words))
        yield Line(text=text, quad=quad, confidence=float(score), boxes=boxes_of)


def _reading_quad(box: Any, *, flipped: bool) -> Quad:
    """Turn the detector's box (top left first, clockwise) so that it runs along the reading.

    RapidOCR turns a crop that is at least 1.5 times as high as wide by a quarter to the left, and
    one that the classifier finds upside down by a half.
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
