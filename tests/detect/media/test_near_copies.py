"""A picture that looks like one read before takes over what shows in it too, and nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw

from bot.detect.media.pictures.known_lines import LineMemory
from bot.detect.media.sandbox.pool import MediaPool
from bot.store.keys import Cipher
from tests.support.pictures import encode, font, id_table, note, official_page, with_code

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = "机密★10年"
NUMBER, CHANGED = "110101199003074530", "110101199003074930"


class Watched(LineMemory):
    """Says what was looked for, found and kept; what is asked for may be given in its place."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        super().__init__(Cipher(bytes(32)))
        self.kept: list[str] = []
        self.recalled: list[str | None] = []
        self.given: str | None = None

    def recall(self, likeness: object) -> str | None:
        """Return what is given, else what is kept."""
        found = super().recall(likeness) if self.given is None else self.given
        self.recalled.append(found)
        return found

    def keep(self, told: object) -> None:
        """Keep it, and its lines in clear."""
        super().keep(told)
        assert isinstance(told, list)
        self.kept.append(told[1])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def remembering() -> AsyncIterator[tuple[MediaPool, Watched]]:
    memory = Watched()
    pool = MediaPool(memory=memory)
    await pool.start()
    yield pool, memory
    await pool.close()


@pytest.fixture
def reader(remembering: tuple[MediaPool, Watched]) -> tuple[MediaPool, Watched]:
    """A pool that remembers nothing yet."""
    pool, memory = remembering
    memory.forget()
    return pool, memory


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    return encode(picture, "JPEG", quality=quality)


def resized(picture: Image.Image, scale: float) -> Image.Image:
    return picture.resize((round(picture.width * scale), round(picture.height * scale)))


def with_text(text: str, place: tuple[int, int], size: int) -> Image.Image:
    page = official_page("")
    ImageDraw.Draw(page).text(place, text, font=font(size), fill="black")
    return page


def form(number: str) -> Image.Image:
    return note("人员登记表", "姓名 王示例", f"身份证 {number}", "单位 综合科", size=34)


def pale(text: str) -> Image.Image:
    """A page with a large pale mark across it."""
    page = official_page("")
    layer = Image.new("L", page.size, 0)
    place = (page.width // 2, page.height // 2)
    ImageDraw.Draw(layer).text(place, text, font=font(150, bold=True), fill=255, anchor="mm")
    mask = layer.rotate(40).point(lambda v: v // 3)
    page.paste(Image.new("RGB", page.size, "#707070"), mask=mask)
    return page


async def text_of(pool: MediaPool, data: bytes) -> str:
    reading = await pool.read(data, name="scan.jpg", mime_type="image/jpeg")
    assert reading.not_inspected is None
    return "".join("".join(f.text for f in reading.fragments).split()).replace("☆", "★")


@pytest.mark.parametrize(
    ("added", "place", "size"),
    [(MARK, (120, 110), 42), ("秘密★5年", (1080, 1710), 20), (MARK, (130, 955), 34)],
)
async def test_a_mark_added_to_a_page_is_seen(
    reader: tuple[MediaPool, Watched], added: str, place: tuple[int, int], size: int
) -> None:
    pool, memory = reader
    assert added not in await text_of(pool, jpeg(official_page("")))
    assert added in await text_of(pool, jpeg(with_text(added, place, size)))
    assert memory.recalled[1] is not None


CHANGES: dict[str, tuple[Callable[[], Image.Image], str, Callable[[], Image.Image], str]] = {
    "another number": (lambda: form(NUMBER), NUMBER, lambda: form("310104198807121234"), "198807"),
    "one digit changed": (lambda: form(NUMBER), NUMBER, lambda: form(CHANGED), CHANGED),
    "one digit put right": (lambda: form(CHANGED), CHANGED, lambda: form(NUMBER), NUMBER),
    "another term": (lambda: official_page(MARK), MARK, lambda: official_page("机密★20年"), "20年"),
    "another level": (
        lambda: official_page(MARK),
        MARK,
        lambda: official_page("秘密★10年"),
        "秘密★",
    ),
    "the mark is gone": (lambda: official_page(MARK), MARK, lambda: official_page(""), "17号"),
    "a pale layer": (lambda: official_page("公开"), "公开", lambda: pale(MARK), MARK),
    "another code": (
        lambda: with_code("QRCode", "https://one.example", 0),
        "one.example",
        lambda: with_code("QRCode", "https://two.example", 0),
        "two.example",
    ),
}


@pytest.mark.parametrize("quality", [90, 45])
@pytest.mark.parametrize("name", CHANGES)
async def test_what_was_changed_is_read_and_what_is_gone_is_not(
    reader: tuple[MediaPool, Watched], name: str, quality: int
) -> None:
    pool, memory = reader
    before, gone, after, there = CHANGES[name]
    assert gone in await text_of(pool, jpeg(before()))
    text = await text_of(pool, jpeg(after(), quality))
    assert there in text
    assert gone not in text
    assert len(memory.recalled) == 2


async def test_the_same_form_with_other_people_is_another_picture(
    reader: tuple[MediaPool, Watched],
) -> None:
    pool, _ = reader
    before: list[str] = []
    for seed in range(4):
        table, numbers = id_table(random.Random(seed), rows=3)
        text = await text_of(pool, jpeg(table, 70))
        assert all(number in text for number in numbers)
        assert not any(number in text for number in before)
        before += numbers


@pytest.mark.parametrize("quality", [40, 60, 90])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
async def test_a_copy_is_recognised_and_read(
    reader: tuple[MediaPool, Watched], quality: int, scale: float
) -> None:
    pool, memory = reader
    await text_of(pool, jpeg(official_page(MARK)))
    assert MARK in await text_of(pool, jpeg(resized(official_page(MARK), scale), quality))
    assert memory.recalled[1] is not None


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_a_copy_in_another_format_is_recognised_and_read(
    reader: tuple[MediaPool, Watched], kind: str
) -> None:
    pool, memory = reader
    await text_of(pool, jpeg(official_page(MARK)))
    assert MARK in await text_of(pool, encode(official_page(MARK), kind))
    assert memory.recalled[1] is not None


@pytest.mark.parametrize("change", [lambda p: p.crop((0, 60, 1240, 1300)), lambda p: p.rotate(180)])
async def test_a_cropped_or_turned_copy_is_read(
    reader: tuple[MediaPool, Watched], change: Callable[[Image.Image], Image.Image]
) -> None:
    pool, _ = reader
    await text_of(pool, jpeg(official_page(MARK)))
    assert MARK in await text_of(pool, jpeg(change(official_page(MARK))))


async def test_a_better_reading_is_taken_over_where_it_could_be_read_here(
    reader: tuple[MediaPool, Watched],
) -> None:
    pool, memory = reader
    await text_of(pool, jpeg(note("机密女10年", "关于档案整理工作的通知", size=48)))
    (kept,) = memory.kept
    lines = json.loads(kept)
    (mark,) = [line for line in lines["lines"] if "10年" in line["first"]]
    # As if another look had settled then what the first reading had not.
    memory.given = json.dumps(
        lines | {"lines": [mark | {"text": "机密★10年内部", "boxes": [[0, 0, 9, 9]] * 8}]}
    )
    text = await text_of(pool, jpeg(note("机密女10年", "关于档案整理工作的通知", size=48), 60))
    assert "机密★10年内部" in text
    assert len(memory.kept) == 1


@pytest.mark.parametrize(
    "first", ["绝密★30年", "机密★20年", "机密", "机密★10年12", "机密★１0年", ""]
)
async def test_what_does_not_show_here_is_not_taken_over(
    reader: tuple[MediaPool, Watched], first: str
) -> None:
    pool, memory = reader
    picture = note("会议改到下午", "关于档案整理工作的通知", size=48)
    await text_of(pool, jpeg(picture))
    lines = json.loads(memory.kept[0])
    planted = [line | {"first": first, "text": "绝密★30年"} for line in lines["lines"]]
    memory.given = json.dumps(lines | {"lines": [p | {"boxes": []} for p in planted]})
    text = await text_of(pool, jpeg(picture, 60))
    assert "会议改到下午" in text
    assert "绝密" not in text


async def test_nothing_is_kept_in_clear(reader: tuple[MediaPool, Watched]) -> None:
    pool, memory = reader
    await text_of(pool, jpeg(official_page(MARK)))
    sealed = b"".join(memory._kept.values())
    assert len(memory._kept) == 1
    assert "规划局".encode() not in sealed
    assert b"quad" not in sealed
