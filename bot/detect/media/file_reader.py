"""Read and mask any file inside the child: bytes in, plain data out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bot.detect.media.files.file_kinds import is_plain
from bot.detect.media.files.picture_words import behind_the_end, picture_words
from bot.detect.media.ocr.layout import merge_lines, read_lines, to_fragment
from bot.detect.media.ocr.lines import Line, OcrEngine, Picture
from bot.detect.media.pictures import decoding
from bot.detect.media.pictures.codes import read_codes
from bot.detect.media.pictures.formats import sniff
from bot.detect.media.pictures.masking import mask_picture
from bot.detect.media.pictures.near_copies import (
    NearCopy,
    Recall,
    from_memory,
    likeness,
    to_memory,
    with_others,
)
from bot.detect.media.pictures.second_look import Doubts, SecondLook
from bot.errors import ConfigurationError
from bot.model import Box, Fragment, Source

_CODECS = (
    *("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "big5hkscs"),
    *("big5", "gbk", "gb2312", "hz", "cp437", "cp932", "cp949", "cp1252", "latin-1"),
)


class Reader:
    """Turns files into fragments with one engine."""

    def __init__(self, engine: OcrEngine, doubts: Doubts | None = None) -> None:
        self._engine = engine
        self._second_look = None if doubts is None else SecondLook(engine, doubts)
        self._near_copy = None if doubts is None else NearCopy(engine, doubts)

    @classmethod
    def with_engine(cls, name: str, doubts: Doubts | None = None) -> Reader:
        """Build a reader with the engine `rapid` or `tesseract`."""
        if name == "rapid":
            from bot.detect.media.ocr.rapid import RapidEngine

            return cls(RapidEngine(), doubts)
        if name == "tesseract":
            from bot.detect.media.ocr.tesseract import TesseractEngine

            return cls(TesseractEngine(), doubts)
        raise ConfigurationError("there is no such engine", where="ocr_engine")

    def warm_up(self) -> None:
        """Read a small picture; load every decoder and codec that may be needed later."""
        Image.init()
        for encoding in _CODECS:
            "".encode(encoding)
        picture = Image.new("RGB", (320, 96), "white")
        ImageDraw.Draw(picture).text((20, 20), "2024", fill="black", font_size=40)
        mask_picture(self._engine, np.asarray(picture), [(0, 0, 60, 96)])

    def warm_up_documents(self) -> None:
        """Load what reads documents; a child does so when it has said that it is ready."""
        for data in (
            b"{\\rtf1 x}",
            b"To: x\nCc: x\n\nx",
            b"<?xml version='1.0'?><x/>",
            b"%PDF-1.7",
            b"7z\xbc\xaf\x27\x1c",
        ):
            self._read_document(data, None)

    def read(
        self,
        data: bytes,
        mime_type: str | None,
        *,
        hand_over: bool = False,
        recall: Recall | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Return fragments, size and what was not inspected, as plain data.

        With ``hand_over``, documents of old come behind it as they are, for another to convert;
        ``wanted`` lists them as (target, size). With ``recall``, ``keep`` is the likeness of a
        picture and what to remember of it.
        """
        if sniff(data) is None:
            return self._read_document(data, mime_type, hand_over=hand_over)
        decoded = decoding.decode(data)
        keep = None
        if recall is not None and self._near_copy is not None and _is_plain(decoded):
            fragments, keep = self._remembering(decoded.frames[0].grounds[0], recall)
            fragments += _words(data, None)
        else:
            fragments = self._frames(decoded, data, None)
        behind, gap = self._read_behind(data)
        reason = decoded.not_inspected or gap
        found = _plain([*fragments, *behind], reason, decoded.frames[0].size)
        return found | ({"keep": keep} if keep is not None else {}), b""

    def _remembering(
        self, picture: Picture, recall: Recall
    ) -> tuple[list[Fragment], tuple[str, str] | None]:
        """Read one still with the help of one that looked the same; return what to remember."""
        assert self._near_copy is not None
        assert self._second_look is not None
        look = likeness(picture)
        first = read_lines(self._engine, picture)
        known = from_memory(recall(look), picture)
        found = self._near_copy.compare(picture, first, known)
        lines = self._second_look.improve((picture,), found.lines)
        layers = [lines, self._second_look.under(picture, lines)]
        if found.also:
            layers.append(with_others(lines, found.also))
        memory = None if found.helped else to_memory(picture, first, lines)
        texts = [to_fragment(layer) for layer in layers]
        fragments = [text for text in texts if text is not None]
        fragments += read_codes(picture)
        return fragments, None if memory is None else (look, memory)

    @staticmethod
    def is_document(data: bytes) -> bool:
        """Return True if a file is anything but a picture."""
        return sniff(data) is None

    def read_picture(
        self, data: bytes, page: int | None = None
    ) -> tuple[Sequence[Fragment], str | None, tuple[int, int]]:
        """Return an encoded picture's fragments, what was not inspected, and its size.

        A file behind its end is reported, not opened: there may be another one behind that.
        """
        decoded = decoding.decode(data)
        fragments, reason = self._frames(decoded, data, page), decoded.not_inspected
        rest = behind_the_end(data, sniff(data) or "").lstrip(b"\0")
        hides = reason is None and bool(rest) and not is_plain(rest)
        return fragments, "appended-data" if hides else reason, decoded.frames[0].size

    def _frames(
        self, decoded: decoding.DecodedPicture, data: bytes, page: int | None
    ) -> list[Fragment]:
        """Return the fragments of what a picture shows and of its metadata."""
        fragments: list[Fragment] = []
        for number, frame in enumerate(decoded.frames, start=1):
            place = number if page is None and len(decoded.frames) > 1 else page
            fragments += self._frame(frame, place)
        return fragments + _words(data, page)

    def _read_behind(self, data: bytes) -> tuple[Sequence[Fragment], str | None]:
        """Read what hangs behind a picture's end: another file, or words."""
        from bot.detect.media.files.openers import new_walk
        from bot.detect.media.files.walk import gravest

        rest = behind_the_end(data, sniff(data) or "").lstrip(b"\0")
        if not rest.strip():
            return (), None
        walk = new_walk(self)
        walk.run(rest)
        reason = gravest(walk.reasons)
        return walk.fragments, "appended-data" if reason == "unsupported-document" else reason

    def read_pixels(self, picture: Any, page: int | None) -> Sequence[Fragment]:
        """Return the fragments of an RGB array."""
        return self._frame(decoding.Frame((picture,)), page)

    def _frame(self, frame: decoding.Frame, page: int | None) -> list[Fragment]:
        """Read the text and the codes of one still."""
        texts = [to_fragment(lines, page) for lines in self._layers(frame)]
        codes = [code for ground in frame.grounds for code in read_codes(ground, page)]
        return [*(text for text in texts if text is not None), *dict.fromkeys(codes)]

    def _read_document(
        self, data: bytes, mime_type: str | None, *, hand_over: bool = False
    ) -> tuple[dict[str, Any], bytes]:
        from bot.detect.media.files.openers import new_walk
        from bot.detect.media.files.walk import gravest

        walk = new_walk(self)
        walk.hands_over = hand_over
        walk.run(data)
        reason = gravest(walk.reasons)
        if reason == "unsupported-document" and (mime_type or "").startswith("image/"):
            reason = "unsupported-picture"
        found = _plain(walk.fragments, reason, (0, 0))
        if walk.handed:
            found["wanted"] = [(target, len(document)) for target, document in walk.handed]
        return found, b"".join(document for _, document in walk.handed)

    def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        """Return the first still as a JPEG with the boxes masked; see `masking.mask_picture`."""
        return mask_picture(self._engine, decoding.decode(data).frames[0].grounds[0], boxes)

    def _layers(self, frame: decoding.Frame) -> tuple[list[Line], ...]:
        """Return a frame's lines, and apart from them those of a watermark under them."""
        lines: list[Line] = []
        for ground in frame.grounds:
            lines = merge_lines(lines, read_lines(self._engine, ground))
        if self._second_look is None:
            return (lines,)
        return (
            self._second_look.improve(frame.grounds, lines),
            self._second_look.under(frame.grounds[0], lines),
        )


def _is_plain(decoded: decoding.DecodedPicture) -> bool:
    """Return True if a picture is one opaque still."""
    return len(decoded.frames) == 1 and len(decoded.frames[0].grounds) == 1


def _words(data: bytes, page: int | None) -> list[Fragment]:
    """Return the words of a picture's metadata."""
    words = picture_words(data, sniff(data) or "")
    return [Fragment(source=Source.DOCUMENT, text=words, page=page)] if words else []


def _plain(
    fragments: Sequence[Fragment], not_inspected: str | None, size: tuple[int, int]
) -> dict[str, Any]:
    return {
        "fragments": [
            {"source": f.source.value, "text": f.text, "page": f.page, "boxes": f.boxes}
            for f in fragments
        ],
        "not_inspected": not_inspected,
        "size": size,
    }
