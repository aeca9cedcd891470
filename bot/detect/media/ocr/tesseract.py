"""The engine `tesseract`: the installed program, through pytesseract."""

from __future__ import annotations

import shutil
from typing import Any

from PIL import Image

from bot.detect.media.ocr.lines import Line, Picture, Quad, character_boxes
from bot.errors import ConfigurationError

_LANGUAGES = "chi_sim+eng"
_MIN_CONFIDENCE = 20.0


class TesseractEngine:
    """Reads text with Tesseract's LSTM models for simplified Chinese and English."""

    name = "tesseract"

    def __init__(self) -> None:
        import pytesseract

        if shutil.which("tesseract") is None:
            raise ConfigurationError(
                "tesseract is not installed",
                where="ocr_engine",
                mend="install tesseract-ocr and tesseract-ocr-chi-sim",
            )
        self._program = pytesseract

    def read(self, picture: Picture) -> list[Line]:
        """Return the lines of an RGB picture; each of Tesseract's words keeps its own place."""
        table = self._program.image_to_data(
            Image.fromarray(picture), lang=_LANGUAGES, output_type=self._program.Output.DICT
        )
        rows: dict[tuple[int, int, int], list[int]] = {}
        for i, text in enumerate(table["text"]):
            if text.strip() and float(table["conf"][i]) >= _MIN_CONFIDENCE:
                key = (table["block_num"][i], table["par_num"][i], table["line_num"][i])
                rows.setdefault(key, []).append(i)
        return [_line(table, words) for words in rows.values()]

    def read_line(self, picture: Picture, quad: Quad) -> Line | None:
        """Return None: there is no larger model to ask."""
        return None

    def agrees(self, picture: Picture, text: str) -> bool:
        """Return False: Tesseract gives no other readings of a character."""
        return False


def _line(table: dict[str, Any], words: list[int]) -> Line:
    text, boxes, scores = "", [], []
    top = min(table["top"][i] for i in words)
    bottom = max(table["top"][i] + table["height"][i] for i in words)
    for i in words:
        quad = _quad(table["left"][i], top, table["left"][i] + table["width"][i], bottom)
        word = table["text"][i]
        if text and text[-1].isascii() and word[0].isascii():
            text += " "
            boxes.append((0, 0, 0, 0))
        text += word
        boxes += character_boxes(word, quad)
        scores.append(float(table["conf"][i]) / 100)
    right = max(table["left"][i] + table["width"][i] for i in words)
    return Line(
        text=text,
        quad=_quad(min(table["left"][i] for i in words), top, right, bottom),
        confidence=sum(scores) / len(scores),
        boxes=tuple(boxes),
    )


def _quad(left: float, top: float, right: float, bottom: float) -> Quad:
    return ((left, top), (right, top), (right, bottom), (left, bottom))
