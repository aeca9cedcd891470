"""The second look reads watermarks, traditional characters, and seals over marks."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bot.detect.media.ocr import doubtful_lines
from bot.detect.media.ocr.lines import Line, Picture, Quad
from bot.detect.media.pictures.second_look import SecondLook
from bot.detect.media.pictures.watermarks import underlay
from bot.detect.media.sandbox.pool import MediaPool
from tests.support import pictures
from tests.support.picture_set import FAMILIES

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("family", ["watermark", "traditional", "stamp"])
async def test_hard_marks_are_read(pool: MediaPool, family: str, number: int) -> None:
    picture, keys = FAMILIES[family](random.Random(f"test/{family}/{number}"))
    data = pictures.encode(picture, "JPEG", quality=85)
    reading = await pool.read(data, name=None, mime_type=None)
    text = "".join("".join(f.text for f in reading.fragments).split())
    assert all(key in text for key in keys)


async def test_a_plain_photo_has_no_layer_under_its_text() -> None:
    table, _ = pictures.id_table(random.Random(1))
    assert underlay(np.asarray(table)) is None


class NeverAsked:
    """An engine whose larger recogniser must not be needed."""

    name = "never"

    def read(self, picture: Picture) -> list[Line]:
        raise AssertionError

    def read_line(self, picture: Picture, quad: Quad) -> Line | None:
        raise AssertionError


def as_read(text: str, weakest: float) -> Line:
    quad: Quad = ((0, 0), (90, 0), (90, 20), (0, 20))
    boxes = ((0, 0, 10, 20),) * len(text)
    return Line(text=text, quad=quad, confidence=0.99, boxes=boxes, weakest=weakest)


async def test_a_line_read_without_any_doubt_is_not_read_again() -> None:
    line = as_read("绝密档案是一部老电影的名字", 0.995)
    look = SecondLook(NeverAsked(), doubtful_lines)
    assert look.improve([np.zeros((20, 90, 3), np.uint8)], [line]) == [line]


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("机密女10年", "机密★10年"),
        ("秘密人长期", "秘密★长期"),
        ("絕密文30年", "絕密★30年"),
        ("绝密文件30年不变", "绝密文件30年不变"),
        ("机密人员10年", "机密人员10年"),
    ],
)
async def test_only_a_star_before_a_term_is_put_right(read: str, meant: str) -> None:
    assert doubtful_lines.restored(read) == meant


@pytest.mark.parametrize("turn", [-50, -20, 0, 35])
async def test_a_layer_is_turned_upright_and_its_places_are_the_pages(turn: float) -> None:
    page = Image.new("L", (1240, 1754), 255)
    stamp = Image.new("L", page.size, 255)
    where = (620, 877)
    ImageDraw.Draw(stamp).text(where, "机密★10年", font=pictures.font(140), fill=190, anchor="mm")
    page = stamp.rotate(turn, fillcolor=255)
    layer = underlay(np.asarray(page.convert("RGB")))
    assert layer is not None
    height, width = layer.picture.shape[:2]
    assert width > 2.5 * height
    x, y = layer.place((width / 2, height / 2))
    assert abs(x - where[0]) < 40
    assert abs(y - where[1]) < 40
