"""Messages between the pool and a child: failures become codes, nonsense is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.detect.media.pictures.near_copies import Recall
from bot.detect.media.sandbox import pipe_frames
from bot.detect.media.sandbox.child import answer
from bot.detect.media.sandbox.pool import to_reading
from bot.errors import NotReadable
from bot.model import Box

GOOD = {
    "fragments": [{"source": "image", "text": "机密", "page": None, "boxes": [[0, 0, 9, 9]] * 2}],
    "not_inspected": None,
    "size": [30, 20],
}


class Failing:
    """Stands in for the reader."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(
        self, data: bytes, mime_type: str | None, *, hand_over: bool, recall: Recall | None
    ) -> tuple[dict[str, Any], bytes]:
        raise self._error

    def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason", "retires"),
    [
        (NotReadable("broken"), "broken", False),
        (MemoryError(), "out-of-memory", True),
        (RuntimeError("Failed to allocate memory for requested buffer"), "out-of-memory", True),
        (ValueError("机密 in a message"), "ocr-failed", True),
    ],
)
@pytest.mark.parametrize("operation", ["read", "mask_picture"])
def test_errors_leave_the_child_as_codes(
    operation: str, error: Exception, reason: str, retires: bool
) -> None:
    request = {"op": operation, "boxes": [], "remembers": True}
    header, body = answer(Failing(error), request, b"", lambda likeness: None)
    assert header.pop("retire", False) is retires
    assert (header, body) == ({"ok": False, "reason": reason}, b"")


def test_an_answer_becomes_a_reading() -> None:
    reading = to_reading(GOOD)
    assert reading.fragments[0].text == "机密"
    assert reading.fragments[0].boxes == ((0, 0, 9, 9), (0, 0, 9, 9))
    assert (reading.width, reading.height) == (30, 20)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"fragments": 5},
        {"fragments": [{"text": "x"}]},
        {"fragments": [{"source": "image", "text": "x", "page": None, "boxes": [[1, 2, 3]]}]},
        {"fragments": [{"source": "image", "text": "xy", "page": None, "boxes": [[0, 0, 1, 1]]}]},
        {"fragments": [{"source": "sound", "text": "x", "page": None, "boxes": []}]},
        {"size": [1]},
    ],
)
def test_an_answer_that_was_not_agreed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotReadable, match="reader-crashed"):
        to_reading({} if not wrong else GOOD | wrong)


def test_frames_have_bounds() -> None:
    frame = pipe_frames.encode({"op": "read"}, b"body")
    assert pipe_frames.lengths(frame[: pipe_frames.PREFIX.size]) == (14, 4)
    assert pipe_frames.decode_header(frame[pipe_frames.PREFIX.size :][:14]) == {"op": "read"}
    with pytest.raises(ValueError, match="too long"):
        pipe_frames.lengths(b"\xff" * 8)
    with pytest.raises(ValueError, match="no object"):
        pipe_frames.decode_header(b"[]")
