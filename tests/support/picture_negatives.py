"""Pictures in which nothing is to be found: without text, and with harmless text."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from tests.support.phone import as_sent, phone_photo
from tests.support.pictures import font, note, official_page, scenery

_DISHES = ("红烧茄子", "番茄炒蛋", "清蒸鲈鱼", "麻婆豆腐", "酸辣土豆丝", "冬瓜排骨汤")
_NOVEL = (
    "她把这个秘密藏在心里十年。",
    "绝密档案是一部老电影的名字。",
    "机密文件丢失后他们找了五年。",
    "保密工作做了三十年，从未出错。",
)


def texture(rng: random.Random) -> Image.Image:
    """Draw leaves or gravel: edges everywhere, no text."""
    noise = np.random.default_rng(rng.randint(0, 2**31)).integers(0, 255, (90, 120, 3))
    return Image.fromarray(noise.astype(np.uint8)).resize((1200, 900), Image.Resampling.BICUBIC)


def building(rng: random.Random) -> Image.Image:
    """Draw windows in rows, which look like characters."""
    picture = Image.new("RGB", (900, 1200), "#9aa7b0")
    draw = ImageDraw.Draw(picture)
    step = rng.randint(50, 90)
    for top in range(60, 1100, step):
        for left in range(60, 800, step):
            shade = rng.randint(40, 90)
            draw.rectangle((left, top, left + step // 2, top + step // 2), fill=(shade,) * 3)
    return picture


def menu(rng: random.Random) -> Image.Image:
    """Draw a canteen's menu."""
    lines = [f"{dish}  {rng.randint(8, 48)}元" for dish in rng.sample(_DISHES, 5)]
    return note("今日菜单", *lines)


def talk(rng: random.Random) -> Image.Image:
    """Draw sentences that speak about secrets and hold none."""
    return note(*rng.sample(_NOVEL, 3))


def receipt(rng: random.Random) -> Image.Image:
    """Draw a receipt with long numbers that prove nothing."""
    order = f"{rng.randint(90, 99)}{rng.randint(0, 10**14 - 1):014}"
    return note("购物小票", f"订单 {order}", f"合计 {rng.randint(10, 900)}.50 元", "谢谢惠顾")


def notice(rng: random.Random) -> Image.Image:
    """Draw an open notice of an office, as a photo now and then."""
    page = official_page("公开")
    ImageDraw.Draw(page).text((150, 1000), "（此件公开发布）", font=font(34), fill="black")
    return as_sent(phone_photo(page, rng), rng) if rng.random() < 0.3 else page


def stars(rng: random.Random) -> Image.Image:
    """Draw a rating with stars."""
    return note("电影《秘密花园》", "评分 " + "★" * rng.randint(3, 5), "已上映 5年", "推荐观看")


def blank(rng: random.Random) -> Image.Image:
    """Draw an even ground."""
    shade = rng.randint(0, 255)
    return Image.new("RGB", (1280, 960), (shade, shade, rng.randint(0, 255)))


def label(rng: random.Random) -> Image.Image:
    """Draw a shop's sign of a few letters."""
    picture = scenery(rng).resize((1200, 900))
    x, y = rng.randint(50, 600), rng.randint(50, 700)
    words = rng.choice(("OPEN 24H", "示例书店", "出口 EXIT", "停车场"))
    ImageDraw.Draw(picture).text((x, y), words, font=font(rng.randint(40, 90)), fill="white")
    return picture


KINDS: dict[str, Callable[[random.Random], Image.Image]] = {
    "scenery": scenery,
    "texture": texture,
    "menu": menu,
    "talk": talk,
    "receipt": receipt,
    "notice": notice,
    "stars": stars,
    "building": building,
    "label": label,
    "blank": blank,
}
TEXTLESS = frozenset(("scenery", "texture", "building", "blank"))
