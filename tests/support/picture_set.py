"""A seeded set of pictures over many families, with the keys that must be found in each.

Every mark, name and number is invented.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.support import picture_negatives
from tests.support.phone import as_sent, phone_photo
from tests.support.pictures import (
    encode,
    font,
    id_table,
    note,
    official_page,
    resident_id,
)

MARKS = ("机密★10年", "秘密★5年", "绝密★30年", "秘密★长期", "机密★20年", "秘密★6个月")
TRADITIONAL = ("機密★10年", "絕密★30年", "絕密★長期", "機密★20年")
HARD = frozenset(
    ("stamp", "watermark", "traditional", "vertical", "faint", "tall", "collage", "corner")
)
_TEXT = "的工作进一步做好档案整理有关事项通知各单位应当于六月日前完成自查并报送书面告检查重点登记"
_TALK = ("收到，马上处理", "会议改到下午三点", "请大家准时参加", "好的，谢谢", "资料放在共享盘里了")

Drawn = tuple[Image.Image, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A picture file. ``keys`` are what must be read; ``negative`` says nothing may be found."""

    family: str
    data: bytes = field(repr=False)
    keys: tuple[str, ...] = ()
    marks: int = 0
    negative: bool = False

    @property
    def hard(self) -> bool:
        """True if it belongs to the hard families."""
        return self.family in HARD


def samples(each: int = 10, negatives: int = 100, seed: int = 1) -> Iterator[Sample]:
    """Yield every family ``each`` times, then pictures in which nothing is to be found."""
    for family, draw in FAMILIES.items():
        for number in range(each):
            rng = random.Random(f"{seed}/{family}/{number}")
            picture, keys = draw(rng)
            data = encode(picture.convert("RGB"), "JPEG", quality=rng.choice((75, 85, 92)))
            marks = sum("密" in key for key in keys)
            yield Sample(family=family, data=data, keys=keys, marks=marks)
    kinds = list(picture_negatives.KINDS.items())
    for number in range(negatives):
        family, draw_negative = kinds[number % len(kinds)]
        rng = random.Random(f"{seed}/{family}/{number}")
        data = encode(draw_negative(rng), "JPEG", quality=85)
        yield Sample(family=family, data=data, negative=True)


def _clean(rng: random.Random) -> Drawn:
    """A scan at 100 to 150 dots an inch."""
    mark = rng.choice(MARKS)
    page = _page(mark, rng)
    scale = rng.uniform(0.66, 1.0)
    size = (round(page.width * scale), round(page.height * scale))
    return page.resize(size, Image.Resampling.LANCZOS), (mark,)


def _photo(rng: random.Random) -> Drawn:
    mark = rng.choice(MARKS)
    return as_sent(phone_photo(_page(mark, rng), rng), rng), (mark,)


def _moire(rng: random.Random) -> Drawn:
    """A photo of a screen."""
    picture, keys = rng.choice((_chat, _table))(rng)
    return as_sent(phone_photo(picture, rng, of_screen=True), rng), keys


def _blurred(rng: random.Random) -> Drawn:
    mark = rng.choice(MARKS)
    photo = phone_photo(_page(mark, rng), rng)
    photo = photo.filter(ImageFilter.GaussianBlur(rng.uniform(0.8, 1.5)))
    return as_sent(photo, rng), (mark,)


def _register(rng: random.Random) -> Drawn:
    """A photo of a printed table of people."""
    picture, numbers = id_table(rng, rows=rng.randint(4, 9))
    return as_sent(phone_photo(picture, rng), rng), tuple(numbers)


def _page(mark: str, rng: random.Random) -> Image.Image:
    """Draw a whole page of an official document, with all of its text."""
    page = official_page(mark)
    draw = ImageDraw.Draw(page)
    for i in range(rng.randint(4, 10)):
        line = "".join(rng.choice(_TEXT) for _ in range(29))
        draw.text((130, 950 + 66 * i), line, font=font(34, serif=True), fill="black")
    return page


def _screen(rng: random.Random) -> Drawn:
    picture, keys = _chat(rng)
    return as_sent(picture, rng), keys


def _chat(rng: random.Random, *, dark: bool = False) -> Drawn:
    paper, bubble, ink = ("#111111", "#2c2c2c", "#e6e6e6") if dark else ("#ededed", "white", "#111")
    picture = Image.new("RGB", (1080, 1920), paper)
    draw = ImageDraw.Draw(picture)
    number = resident_id(rng)
    phone = f"1{rng.choice('3589')}{rng.randint(0, 999999999):09}"
    said = [*rng.sample(_TALK, 4), f"身份证 {number}", f"电话 {phone}"]
    rng.shuffle(said)
    for i, line in enumerate(said):
        top = 120 + 190 * i
        width = font(40).getlength(line) + 60
        left = 120 if i % 2 else 960 - width
        draw.rounded_rectangle((left, top, left + width, top + 90), 16, fill=bubble)
        draw.text((left + 30, top + 18), line, font=font(40), fill=ink)
    return picture, (number, phone)


def _dark(rng: random.Random) -> Drawn:
    if rng.random() < 0.5:
        picture, keys = _chat(rng, dark=True)
        return as_sent(picture, rng), keys
    picture, numbers = id_table(rng, dark=True)
    return as_sent(picture, rng), tuple(numbers)


def _small(rng: random.Random) -> Drawn:
    """A screenshot of a wide sheet in small print."""
    picture, numbers = id_table(rng, rows=rng.randint(12, 20))
    sheet = Image.new("RGB", (2160, picture.height), "white")
    sheet.paste(picture, (0, 0))
    others, more = id_table(rng, rows=len(numbers))
    sheet.paste(others, (1080, 0))
    return as_sent(sheet, rng), (*numbers, *more)


def _table(rng: random.Random) -> Drawn:
    picture, numbers = id_table(rng, rows=rng.randint(4, 9))
    return picture, tuple(numbers)


def _card(rng: random.Random) -> Drawn:
    number = resident_id(rng)
    card = Image.new("RGB", (1012, 638), "#dfe8ee")
    draw = ImageDraw.Draw(card)
    rows = (("姓名", "王示例"), ("性别", "男    民族  汉"), ("住址", "滨海示例市学府路一号"))
    for i, (name, value) in enumerate(rows):
        draw.text((60, 70 + 100 * i), name, font=font(30), fill="#3b6ea5")
        draw.text((180, 66 + 100 * i), value, font=font(36), fill="#202020")
    draw.text((60, 540), "公民身份号码", font=font(32), fill="#3b6ea5")
    draw.text((310, 534), number, font=font(42, bold=True), fill="#202020")
    draw.rectangle((720, 80, 940, 420), fill="#b8c4cc")
    return as_sent(phone_photo(card, rng), rng), (number,)


def _stamp(rng: random.Random) -> Drawn:
    """A round seal over the mark."""
    mark = rng.choice(MARKS)
    page = _page(mark, rng)
    seal = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(seal)
    x, y, r = rng.randint(180, 280), rng.randint(110, 190), rng.randint(110, 150)
    red = (rng.randint(200, 235), 50, 50)
    draw.ellipse((x - r, y - r, x + r, y + r), outline=red, width=9)
    draw.text((x, y), "★", font=font(90), fill=red, anchor="mm")
    draw.text((x, y + 75), "示例专用章", font=font(30), fill=red, anchor="mm")
    return as_sent(ImageChops.multiply(page, seal), rng), (mark,)


def _watermark(rng: random.Random) -> Drawn:
    """A large pale mark across a page of text."""
    mark = rng.choice(MARKS)
    page = _page("", rng)
    sheet = Image.new("L", page.size, 0)
    size = rng.randint(100, 180)
    ImageDraw.Draw(sheet).text(
        (page.width // 2, page.height // 2), mark, font=font(size, bold=True), fill=255, anchor="mm"
    )
    angle = rng.choice((1, -1)) * rng.uniform(30, 50)
    mask = sheet.rotate(angle, resample=Image.Resampling.BICUBIC)
    strength = rng.uniform(0.2, 0.4)
    mask = mask.point(lambda v: int(v * strength))
    page.paste(Image.new("RGB", page.size, rng.choice(("#707070", "#d05050"))), mask=mask)
    return as_sent(page, rng), (mark,)


def _traditional(rng: random.Random) -> Drawn:
    mark = rng.choice(TRADITIONAL)
    lines = (mark, "關於進一步做好檔案整理工作的通知", "各單位應於六月三十日前完成自查")
    return note(*lines, size=rng.randint(30, 52)), (mark,)


def _vertical(rng: random.Random) -> Drawn:
    mark = rng.choice(MARKS)
    picture = Image.new("RGB", (700, 1000), "white")
    draw = ImageDraw.Draw(picture)
    columns = (mark, "关于档案整理工作的通知", "各单位应当完成自查")
    for i, column in enumerate(columns):
        for k, char in enumerate(column):
            draw.text((580 - 150 * i, 60 + 62 * k), char, font=font(52), fill="black")
    return picture, (mark,)


def _faint(rng: random.Random) -> Drawn:
    mark = rng.choice(MARKS)
    ink = "#" + 3 * f"{rng.randint(205, 222):02x}"
    return note(
        mark,
        "关于档案整理工作的通知",
        size=rng.randint(30, 44),
        ink=ink,
    ), (mark,)


def _tall(rng: random.Random) -> Drawn:
    picture = Image.new("RGB", (720, rng.randint(6000, 9000)), "#f4f4f4")
    draw = ImageDraw.Draw(picture)
    number = resident_id(rng)
    tops = list(range(60, picture.height - 100, 150))
    where = rng.choice(tops)
    for top in tops:
        text = f"证件号 {number}" if top == where else rng.choice(_TALK)
        draw.text((60, top), text, font=font(32), fill="#202020")
    return picture, (number,)


def _collage(rng: random.Random) -> Drawn:
    parts = [rng.choice((_clean, _table, _chat))(rng) for _ in range(4)]
    picture = Image.new("RGB", (1600, 1800), "#808080")
    for i, (part, _) in enumerate(parts):
        small = part.copy()
        small.thumbnail((780, 880))
        picture.paste(small, (10 + 800 * (i % 2), 10 + 900 * (i // 2)))
    return as_sent(picture, rng), tuple(dict.fromkeys(key for _, keys in parts for key in keys))


def _corner(rng: random.Random) -> Drawn:
    """A small mark in a corner of a large photo."""
    mark = rng.choice(MARKS)
    ground = picture_negatives.scenery(rng).resize((2400, 1800))
    size = rng.randint(30, 38)
    width = int(font(size).getlength(mark)) + 2 * size
    label = Image.new("RGB", (width, 2 * size), "white")
    ImageDraw.Draw(label).text((size, size // 3), mark, font=font(size), fill="black")
    x = rng.choice((40, ground.width - width - 40))
    ground.paste(label, (x, rng.choice((40, ground.height - 2 * size - 40))))
    return ground, (mark,)


FAMILIES: dict[str, Callable[[random.Random], Drawn]] = {
    "clean": _clean,
    "photo": _photo,
    "moire": _moire,
    "blurred": _blurred,
    "screen": _screen,
    "dark": _dark,
    "table": _table,
    "small": _small,
    "register": _register,
    "card": _card,
    "stamp": _stamp,
    "watermark": _watermark,
    "traditional": _traditional,
    "vertical": _vertical,
    "faint": _faint,
    "tall": _tall,
    "collage": _collage,
    "corner": _corner,
}
PHOTOS = frozenset(("photo", "moire", "blurred", "card", "register"))
