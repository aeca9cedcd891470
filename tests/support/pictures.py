"""Pictures with known text, made from fonts and a seed; every name and number is invented."""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_FONTS = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/noto-cjk"),
    Path("/usr/share/fonts/google-noto-cjk"),
)
_SIMPLIFIED = 2
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NAMES = ("王敏", "李强", "张丽华", "陈建国", "赵晓燕", "孙伟", "周婷婷", "吴志远")
_BODY = (
    "各区县规划分局，局机关各处室：",
    "为进一步做好今年的档案整理工作，现将有关事项通知如下。",
    "一、各单位应当于六月三十日前完成自查，并报送书面报告。",
    "二、检查的重点是涉密文件的登记、传递、使用和清退。",
    "三、联系人及联系电话见附件，逾期未报的将予以通报。",
)


@cache
def font(size: int, *, bold: bool = False, serif: bool = False) -> ImageFont.FreeTypeFont:
    """Return Noto CJK, simplified Chinese, at a size in pixels."""
    name = f"Noto{'Serif' if serif else 'Sans'}CJK-{'Bold' if bold else 'Regular'}.ttc"
    for folder in _FONTS:
        if (folder / name).is_file():
            return ImageFont.truetype(str(folder / name), size, index=_SIMPLIFIED)
    raise FileNotFoundError(f"{name}: install fonts-noto-cjk")


def resident_id(rng: random.Random) -> str:
    """Make a resident identity number with a valid check digit (GB 11643)."""
    day = f"{rng.randint(1960, 2004)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = f"{rng.choice(('110101', '310104', '440106', '510104'))}{day}{rng.randint(0, 999):03}"
    total = sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def official_page(mark: str = "机密★10年") -> Image.Image:
    """Draw the first page of an official document with a mark at its top left."""
    page = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(page)
    draw.text((120, 110), mark, font=font(42, bold=True), fill="black")
    draw.text(
        (150, 260), "滨海示例市规划局文件", font=font(92, bold=True, serif=True), fill="#d01818"
    )
    draw.text((430, 430), "滨规发〔2024〕17号", font=font(36, serif=True), fill="black")
    draw.rectangle((110, 500, 1130, 505), fill="#d01818")
    for i, line in enumerate(_BODY):
        draw.text((130, 600 + 70 * i), line, font=font(34, serif=True), fill="black")
    return page


def id_table(
    rng: random.Random, rows: int = 6, *, dark: bool = False
) -> tuple[Image.Image, list[str]]:
    """Draw a screenshot with a table of people; return it and the identity numbers."""
    paper, ink, rule = (
        ("#101418", "#e8e8e8", "#30363c") if dark else ("white", "#202020", "#c8c8c8")
    )
    picture = Image.new("RGB", (1080, 200 + 80 * rows), paper)
    draw = ImageDraw.Draw(picture)
    draw.text((40, 30), "人员信息登记表", font=font(40, bold=True), fill=ink)
    numbers = [resident_id(rng) for _ in range(rows)]
    for i, number in enumerate(numbers):
        top = 130 + 80 * i
        draw.line((30, top - 15, 1050, top - 15), fill=rule, width=2)
        cells = ((50, str(i + 1)), (150, _NAMES[i % len(_NAMES)]), (360, number), (820, "综合科"))
        for left, text in cells:
            draw.text((left, top), text, font=font(32), fill=ink)
    return picture, numbers


def note(*lines: str, size: int = 40, ink: str = "black", paper: str = "white") -> Image.Image:
    """Draw lines of text on a plain ground."""
    width = int(max(font(size).getlength(line) for line in lines)) + 2 * size
    picture = Image.new("RGB", (max(width, 320), int(size * (1.8 * len(lines) + 1.5))), paper)
    draw = ImageDraw.Draw(picture)
    for i, line in enumerate(lines):
        draw.text((size, size * (0.7 + 1.8 * i)), line, font=font(size), fill=ink)
    return picture


def scenery(rng: random.Random) -> Image.Image:
    """Draw a picture without any text."""
    ground = np.linspace(90, 220, 600)[:, None, None] * np.ones((1, 800, 3))
    picture = Image.fromarray(ground.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, r = rng.randint(0, 800), rng.randint(0, 600), rng.randint(20, 120)
        colour = tuple(rng.randint(60, 230) for _ in range(3))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(6))


def photograph(page: Image.Image, rng: random.Random) -> Image.Image:
    """Make a page look as if photographed with a phone: perspective, shadow, blur, noise."""
    width, height = page.width + 240, page.height + 240
    corners = [(120, 120), (120 + page.width, 120), (120 + page.width, 120 + page.height)]
    corners.append((120, 120 + page.height))
    moved = [(x + rng.uniform(-60, 60), y + rng.uniform(-60, 60)) for x, y in corners]
    source = [(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)]
    sheet = page.convert("RGBA").transform(
        (width, height),
        Image.Transform.PERSPECTIVE,
        _perspective(moved, source),
        Image.Resampling.BICUBIC,
    )
    table = Image.new("RGBA", (width, height), "#6b5a48")
    table.alpha_composite(sheet)
    photo = table.convert("RGB").filter(ImageFilter.GaussianBlur(0.8))
    pixels = np.asarray(photo, dtype=np.float32)
    shade = np.linspace(1.0, rng.uniform(0.55, 0.75), width)[None, :, None]
    noise = np.random.default_rng(rng.randint(0, 2**31)).normal(0, 7, pixels.shape)
    return Image.fromarray((pixels * shade + noise).clip(0, 255).astype(np.uint8))


def _perspective(
    target: list[tuple[float, float]], source: list[tuple[float, float]]
) -> list[float]:
    """Solve for Pillow's eight coefficients, which map target to source."""
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        values += [u, v]
    return [float(n) for n in np.linalg.solve(np.array(rows), np.array(values))]


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture as the bytes of a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def with_orientation(picture: Image.Image, orientation: int) -> bytes:
    """Encode a JPEG as a phone held that way does: turned pixels, and EXIF to turn them back."""
    turns = {3: 180, 6: 90, 8: 270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture.rotate(turns[orientation], expand=True), "JPEG", quality=90, exif=exif)


def on_transparent(picture: Image.Image) -> Image.Image:
    """Keep a black or white drawing's ink, and make its paper transparent."""
    grey = np.asarray(picture.convert("L")).astype(np.int16)
    paper = int(grey[0, 0])
    pixels = np.dstack([np.asarray(picture.convert("RGB")), np.abs(grey - paper).astype(np.uint8)])
    pixels[:, :, :3] = 255 - paper
    return Image.fromarray(pixels.astype(np.uint8))


def unseen(picture: Image.Image) -> Image.Image:
    """Make a drawing transparent all over."""
    hidden = picture.convert("RGBA")
    hidden.putalpha(0)
    return hidden


def deep(picture: Image.Image) -> Image.Image:
    """Convert a picture to 16 bits of grey a pixel."""
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


def bomb(side: int = 13_300) -> bytes:
    """Make a small file of a very large picture."""
    return encode(Image.new("1", (side, side)), "PNG", optimize=True)


def code(kind: str, content: str, module: int) -> Image.Image:
    """Draw a code of a kind that zxing-cpp names, its smallest parts of some pixels."""
    import zxingcpp

    made = zxingcpp.create_barcode(content, getattr(zxingcpp.BarcodeFormat, kind))
    return Image.fromarray(np.asarray(made.to_image(scale=module)))


def with_code(kind: str, content: str, turned: float) -> Image.Image:
    """Draw a poster with a code of a kind that zxing-cpp names, turned by degrees."""
    drawn = code(kind, content, 4).rotate(
        turned, Image.Resampling.BICUBIC, expand=True, fillcolor=255
    )
    poster = note("下午三点半开会")
    page = Image.new("RGB", (max(poster.width, drawn.width + 80), 200 + drawn.height), "white")
    page.paste(poster, (0, 0))
    page.paste(drawn, (40, 160))
    return page
