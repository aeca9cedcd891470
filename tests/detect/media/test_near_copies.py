"""A picture that looks like one read before inherits nothing from it."""

from __future__ import annotations

import hashlib
import random

import pytest
from PIL import Image, ImageDraw

from bot.detect.media.cache import ReadOnce
from bot.detect.media.pool import MediaPool
from bot.store.keys import Cipher
from tests.support.pictures import encode, font, id_table, official_page

pytestmark = pytest.mark.asyncio(loop_scope="session")


def digest(data: bytes, purpose: str) -> str:
    return hashlib.sha256(purpose.encode() + b"/" + data).hexdigest()


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    return encode(picture, "JPEG", quality=quality)


def with_text(text: str, place: tuple[int, int], size: int) -> Image.Image:
    page = official_page("")
    ImageDraw.Draw(page).text(place, text, font=font(size), fill="black")
    return page


async def text_of(reader: ReadOnce, data: bytes) -> str:
    reading = await reader.read(data, name="scan.jpg", mime_type="image/jpeg")
    return "".join("".join(f.text for f in reading.fragments).split()).replace("☆", "★")


@pytest.mark.parametrize(
    ("added", "place", "size"),
    [("机密★10年", (120, 110), 42), ("秘密★5年", (1080, 1710), 20), ("机密★10年", (130, 955), 34)],
)
async def test_a_mark_on_the_same_page_is_seen(
    pool: MediaPool, added: str, place: tuple[int, int], size: int
) -> None:
    reader = ReadOnce(pool, digest=digest, cipher=Cipher(bytes(32)))
    assert added not in await text_of(reader, jpeg(official_page("")))
    assert added in await text_of(reader, jpeg(with_text(added, place, size)))


async def test_the_same_form_with_another_number_is_another_picture(pool: MediaPool) -> None:
    reader = ReadOnce(pool, digest=digest, cipher=Cipher(bytes(32)))
    for seed in (1, 2):
        form, (number,) = id_table(random.Random(seed), rows=1)
        assert number in await text_of(reader, jpeg(form))


async def test_a_copy_compressed_again_is_read_as_well(pool: MediaPool) -> None:
    reader = ReadOnce(pool, digest=digest, cipher=Cipher(bytes(32)))
    page = official_page("机密★10年")
    smaller = page.resize((page.width * 3 // 4, page.height * 3 // 4))
    for data in (jpeg(page), jpeg(page, 60), jpeg(smaller, 75)):
        assert "机密★10年" in await text_of(reader, data)
