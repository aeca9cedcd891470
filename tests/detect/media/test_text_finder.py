"""Where text is found: small in a large picture, faint, and where it was looked at twice."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from bot.detect.media.ocr.layout import read_lines
from bot.detect.media.ocr.lines import bounds
from bot.detect.media.ocr.rapid import RapidEngine
from bot.detect.media.ocr.text_finder import coarseness
from tests.support.pictures import font, note, scenery

MARK = "机密★10年"


@pytest.fixture(scope="module")
def engine() -> RapidEngine:
    return RapidEngine()


def marked(size: int, place: tuple[int, int], ink: str, side: int) -> Image.Image:
    picture = scenery(random.Random(3)).resize((side, side * 3 // 4))
    label = (place[0] - 8, place[1] - 4, place[0] + 6 * size, place[1] + size * 3 // 2)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(label, fill="white")
    draw.text(place, MARK, font=font(size), fill=ink)
    return picture


@pytest.mark.parametrize(
    ("size", "place", "ink", "side"),
    [
        (16, (20, 15), "black", 1280),
        (18, (2250, 1740), "#d01818", 2400),
        (22, (30, 1700), "black", 2400),
        (30, (3700, 20), "black", 4000),
    ],
)
def test_a_tiny_mark_in_a_corner_is_read(
    engine: RapidEngine, size: int, place: tuple[int, int], ink: str, side: int
) -> None:
    lines = read_lines(engine, np.asarray(marked(size, place, ink, side)))
    (line,) = [line for line in lines if "密" in line.text]
    assert line.text.replace("☆", "★") == MARK
    x0, y0, x1, y1 = bounds(line.quad)
    assert x0 <= place[0] + size // 2
    assert x1 >= place[0] + size * 4
    assert y0 <= place[1] + size // 2 < y1


def test_small_print_beside_large_is_read(engine: RapidEngine) -> None:
    page = Image.new("RGB", (1280, 1280), "white")
    draw = ImageDraw.Draw(page)
    draw.text((60, 60), "关于召开会议的通知", font=font(110, bold=True), fill="black")
    draw.text((60, 1200), f"附注：本件{MARK}，不得外传", font=font(13), fill="#404040")
    text = "".join(line.text for line in read_lines(engine, np.asarray(page)))
    assert "会议的通知" in text
    assert MARK in text.replace("☆", "★")


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_read_however_it_lies(engine: RapidEngine, turn: int) -> None:
    page = note("内部资料请勿外传", "联系电话另行通知", "编号一二三").rotate(turn, expand=True)
    lines = read_lines(engine, np.asarray(page))
    assert sorted(line.text for line in lines) == sorted(
        ["内部资料请勿外传", "联系电话另行通知", "编号一二三"]
    )
    assert {line.angle for line in lines} == {-turn % 360}


@pytest.mark.parametrize(("size", "blur"), [(90, 6), (140, 8), (200, 10), (320, 0)])
def test_large_words_without_fine_strokes_are_read(
    engine: RapidEngine, size: int, blur: int
) -> None:
    picture = scenery(random.Random(4)).resize((1280, 960))
    layer = Image.new("L", picture.size, 0)
    ImageDraw.Draw(layer).text((640, 480), "机密", font=font(size), fill=255, anchor="mm")
    picture.paste("black", mask=layer.filter(ImageFilter.GaussianBlur(blur)))
    assert "机密" in [line.text for line in read_lines(engine, np.asarray(picture))]


@pytest.mark.parametrize(("size", "ink"), [(12, "#303030"), (16, "#b0b0b0"), (30, "#d0d0d0")])
def test_a_small_or_faint_line_is_a_reason_to_look_closely(size: int, ink: str) -> None:
    picture = Image.new("RGB", (1280, 960), "#f0f0f0")
    ImageDraw.Draw(picture).text((900, 900), MARK, font=font(size), fill=ink)
    small = picture.resize((640, 480), Image.Resampling.BILINEAR)
    assert coarseness(np.asarray(small)) == 0


def test_what_has_no_strokes_is_looked_at_from_afar_or_not_at_all() -> None:
    picture = scenery(random.Random(5)).resize((640, 480))
    slope = np.repeat(np.linspace(0, 255, 640)[None, :, None], 480, axis=0).repeat(3, axis=2)
    assert 0 < coarseness(np.asarray(picture)) < coarseness(slope.astype(np.uint8)) == 3


def test_an_even_ground_has_no_lines(engine: RapidEngine) -> None:
    assert read_lines(engine, np.full((900, 1200, 3), 120, np.uint8)) == []
