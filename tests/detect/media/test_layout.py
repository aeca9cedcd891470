"""Pictures as people send them are read, and masked copies do not show what was masked."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from bot.detect.media.sandbox.pool import MediaPool
from bot.model import Box, Source
from bot.ports import MediaReading
from tests.support import pictures

pytestmark = pytest.mark.asyncio(loop_scope="session")

ID = "110101199003070011"
NOTE = ("身份证号：" + ID, "请勿外传")


async def read(pool: MediaPool, data: bytes) -> MediaReading:
    return await pool.read(data, name=None, mime_type=None)


def text_of(reading: MediaReading) -> str:
    return "\n".join(f.text for f in reading.fragments)


def compact(text: str) -> str:
    return "".join(text.split())


def boxes_of(reading: MediaReading, wanted: str) -> list[Box]:
    for fragment in reading.fragments:
        start = fragment.text.find(wanted)
        if start >= 0:
            return list(fragment.boxes[start : start + len(wanted)])
    raise AssertionError("the text was not read")


def _note() -> Image.Image:
    return pictures.note(*NOTE)


ENCODINGS: dict[str, Callable[[], bytes]] = {
    "png": lambda: pictures.encode(_note()),
    "jpeg": lambda: pictures.encode(_note(), "JPEG", quality=80),
    "webp": lambda: pictures.encode(_note(), "WEBP"),
    "bmp": lambda: pictures.encode(_note(), "BMP"),
    "palette gif": lambda: pictures.encode(_note().quantize(16), "GIF"),
    "black and white": lambda: pictures.encode(_note().convert("1")),
    "grey with alpha": lambda: pictures.encode(_note().convert("LA")),
    "cmyk jpeg": lambda: pictures.encode(_note().convert("CMYK"), "JPEG"),
    "16 bit png": lambda: pictures.encode(pictures.deep(_note())),
    "dark text on transparent": lambda: pictures.encode(pictures.on_transparent(_note())),
    "light text on transparent": lambda: pictures.encode(
        pictures.on_transparent(pictures.note(*NOTE, ink="white", paper="black"))
    ),
    "exif 6": lambda: pictures.with_orientation(_note(), 6),
    "exif 8": lambda: pictures.with_orientation(_note(), 8),
    "exif 3": lambda: pictures.with_orientation(_note(), 3),
    "lying on its left": lambda: pictures.encode(_note().rotate(90, expand=True)),
    "lying on its right": lambda: pictures.encode(_note().rotate(270, expand=True)),
    "upside down": lambda: pictures.encode(_note().rotate(180)),
}


@pytest.mark.parametrize("kind", ENCODINGS)
async def test_text_is_read_and_masked_in_every_encoding(pool: MediaPool, kind: str) -> None:
    data = ENCODINGS[kind]()
    reading = await read(pool, data)
    assert reading.not_inspected is None
    assert ID in compact(text_of(reading))
    assert compact(text_of(reading)).endswith("请勿外传")
    masked = await pool.mask_picture(data, boxes_of(reading, ID))
    again = text_of(await read(pool, masked))
    assert not any(ID[i : i + 4] in again for i in range(len(ID) - 3))
    assert "请勿外传" in again
    assert "身份证号" in again


async def test_text_that_transparency_hides_is_read_and_not_in_the_copy(pool: MediaPool) -> None:
    data = pictures.encode(pictures.unseen(_note()))
    reading = await read(pool, data)
    assert ID in compact(text_of(reading))
    masked = await pool.mask_picture(data, boxes_of(reading, ID))
    assert not (await read(pool, masked)).fragments


async def test_a_marked_page_is_read_in_order_with_a_box_for_each_character(
    pool: MediaPool,
) -> None:
    reading = await read(pool, pictures.encode(pictures.official_page()))
    (fragment,) = reading.fragments
    lines = fragment.text.split("\n")
    assert lines[0] == "机密★10年"
    assert lines[1] == "滨海示例市规划局文件"
    assert "2024" in lines[2]
    assert "17号" in lines[2]
    assert fragment.source is Source.IMAGE
    assert fragment.page is None
    assert (reading.width, reading.height) == (1240, 1754)
    assert len(fragment.boxes) == len(fragment.text)
    assert fragment.boxes[fragment.text.index("\n")] == (0, 0, 0, 0)


async def test_boxes_cover_the_ink_of_their_characters(pool: MediaPool) -> None:
    picture = pictures.note(NOTE[0])
    reading = await read(pool, pictures.encode(picture))
    left, font = 40.0, pictures.font(40)
    for character, box in zip(NOTE[0], boxes_of(reading, NOTE[0]), strict=True):
        ink = font.getbbox(character)
        assert box[0] <= left + ink[0] + 2
        assert box[2] >= left + ink[2] - 2
        left += font.getlength(character)


@pytest.mark.parametrize("seed", range(4))
async def test_a_photographed_page_gives_its_mark(pool: MediaPool, seed: int) -> None:
    photo = pictures.photograph(pictures.official_page(), random.Random(seed))
    text = compact(text_of(await read(pool, pictures.encode(photo, "JPEG", quality=75))))
    assert "机密★10年" in text
    assert "滨海示例市规划局文件" in text


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_each_number_of_a_table_can_be_masked_alone(pool: MediaPool, dark: bool) -> None:
    picture, numbers = pictures.id_table(random.Random(7), dark=dark)
    data = pictures.encode(picture)
    reading = await read(pool, data)
    assert [n for n in numbers if n in text_of(reading)] == numbers
    rows = text_of(reading).split("\n")
    assert [row.split()[0] for row in rows if any(n in row for n in numbers)] == list("123456")
    masked = await pool.mask_picture(data, boxes_of(reading, numbers[2]))
    again = text_of(await read(pool, masked))
    assert not any(numbers[2][i : i + 6] in again for i in (6, 9, 12))
    assert [n for n in numbers if n in again] == numbers[:2] + numbers[3:]


@pytest.mark.parametrize("degrees", [-8, 5])
async def test_a_slanted_number_is_masked_and_its_neighbours_stay(
    pool: MediaPool, degrees: int
) -> None:
    picture, numbers = pictures.id_table(random.Random(1))
    slanted = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    data = pictures.encode(slanted, "JPEG", quality=85)
    masked = await pool.mask_picture(data, boxes_of(await read(pool, data), numbers[1]))
    again = text_of(await read(pool, masked))
    assert not any(numbers[1][i : i + 6] in again for i in (6, 9, 12))
    assert [n for n in numbers if n in again] == [numbers[0], *numbers[2:]]


@pytest.mark.parametrize("seed", range(3))
async def test_the_rows_of_a_photographed_table_stay_together(pool: MediaPool, seed: int) -> None:
    rng = random.Random(seed)
    picture, numbers = pictures.id_table(rng)
    data = pictures.encode(pictures.photograph(picture, rng), "JPEG", quality=85)
    rows = [row for row in text_of(await read(pool, data)).split("\n") if "综合科" in row]
    assert [row.split()[2] for row in rows] == numbers


async def test_no_boxes_mask_nothing(pool: MediaPool) -> None:
    masked = await pool.mask_picture(pictures.encode(_note()), [])
    assert text_of(await read(pool, masked)) == text_of(await read(pool, pictures.encode(_note())))


async def test_without_a_usable_box_everything_is_masked(pool: MediaPool) -> None:
    for boxes in (None, [(0, 0, 0, 0)]):
        masked = await pool.mask_picture(pictures.encode(_note()), boxes)
        assert (await read(pool, masked)).fragments == ()


async def test_a_tall_screenshot_is_read_to_its_end_without_doubles(pool: MediaPool) -> None:
    lines = [f"第{i:03}条记录已经登记" for i in range(1, 61)]
    picture = pictures.note(*lines, size=36)
    tall = Image.new("RGB", (900, picture.height), "white")
    tall.paste(picture, (0, 0))
    read_lines = text_of(await read(pool, pictures.encode(tall))).split("\n")
    assert read_lines == lines


async def test_a_picture_without_text_is_inspected_and_gives_nothing(pool: MediaPool) -> None:
    reading = await read(pool, pictures.encode(pictures.scenery(random.Random(3))))
    assert reading.fragments == ()
    assert reading.not_inspected is None


async def test_the_masked_copy_is_small_enough_and_carries_no_metadata(pool: MediaPool) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    large = pictures.scenery(random.Random(5)).resize((4000, 3000))
    data = pictures.encode(large, "JPEG", exif=exif, comment=b"a comment")
    masked = await pool.mask_picture(data, [(100, 100, 900, 900)])
    with Image.open(io.BytesIO(masked)) as image:
        assert max(image.size) == 2560
        assert not image.getexif()
        assert "comment" not in image.info
        assert np.asarray(image)[100:500, 100:500].max() < 48


async def test_boxes_beyond_the_edge_are_masked_up_to_the_edge(pool: MediaPool) -> None:
    masked = await pool.mask_picture(pictures.encode(_note()), [(-50, -50, 5000, 5000)])
    assert (await read(pool, masked)).fragments == ()


async def test_stills_of_an_animation_are_pages(pool: MediaPool) -> None:
    frames = [pictures.note(f"第{word}页内容保密") for word in "一二三"]
    data = pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    reading = await read(pool, data)
    assert [f.page for f in reading.fragments] == [1, 2, 3]
    assert reading.not_inspected is None
    data = pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:] + frames)
    assert (await read(pool, data)).not_inspected == "too-many-frames"
