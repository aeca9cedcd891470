"""Fictitious official documents on A4 paper, laid out after the elements of GB/T 9704-2012."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = Path("/usr/share/fonts/opentype/noto")
SIMPLIFIED = 2  # index of the Simplified Chinese face in the collection
SIMPLIFIED_MONO = 7
WIDTH, HEIGHT = 1240, 1754  # A4 at 150 dpi
MARGIN = 158
INK = (38, 38, 42)
RED = (204, 30, 34)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The words of one official document; empty parts are left out."""

    heading: str
    number: str
    title: Sequence[str]
    addressee: str
    body: Sequence[str]
    signature: str
    date: str
    mark: str = ""
    copy_number: str = ""
    urgency: str = ""


def font(name: str, size: int, *, mono: bool = False) -> ImageFont.FreeTypeFont:
    """Return a face of Noto CJK, for example ``SerifCJK-Bold``."""
    index = SIMPLIFIED_MONO if mono else SIMPLIFIED
    return ImageFont.truetype(str(FONTS / f"Noto{name}.ttc"), size, index=index)


def wrap(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break a text into lines of at most ``width`` pixels, at spaces in Latin text."""
    lines, line = [], ""
    words = text.split(" ") if " " in text else list(text)
    glue = " " if " " in text else ""
    for word in words:
        longer = line + glue + word if line else word
        # A closing mark never begins a line.
        if face.getlength(longer) <= width or word in "，。、；：）》」":
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line else lines


def draw(document: Document, seed: int) -> Image.Image:
    """Draw the page, A4 at 150 dpi, with its red seal."""
    page = Image.new("RGB", (WIDTH, HEIGHT), (252, 251, 247))
    pen = ImageDraw.Draw(page)
    _version_head(pen, document)
    y = _red_head(pen, document)
    y = _body(pen, document, y)
    _signature(page, pen, document, y, seed)
    return page


def _version_head(pen: ImageDraw.ImageDraw, document: Document) -> None:
    face = font("SansCJK-Bold", 38)
    y = 128
    for part in (document.copy_number, document.mark, document.urgency):
        if part:
            pen.text((MARGIN, y), part, font=face, fill=INK)
            y += 58


def _red_head(pen: ImageDraw.ImageDraw, document: Document) -> int:
    room = WIDTH - 2 * MARGIN + 60
    size = 96
    while font("SerifCJK-Bold", size).getlength(document.heading) > room:
        size -= 2
    face = font("SerifCJK-Bold", size)
    pen.text((WIDTH / 2, 370), document.heading, font=face, fill=RED, anchor="mm")
    face = font("SerifCJK-Regular", 33)
    pen.text((WIDTH / 2, 490), document.number, font=face, fill=INK, anchor="mm")
    pen.line((MARGIN, 532, WIDTH - MARGIN, 532), fill=RED, width=5)
    return 610


def _body(pen: ImageDraw.ImageDraw, document: Document, y: int) -> int:
    face = font("SerifCJK-Bold", 46)
    for line in document.title:
        pen.text((WIDTH / 2, y), line, font=face, fill=INK, anchor="mm")
        y += 68
    y += 30
    face = font("SerifCJK-Regular", 34)
    pen.text((MARGIN, y), document.addressee, font=face, fill=INK, anchor="lm")
    y += 58
    for paragraph in document.body:
        for line in wrap("　　" + paragraph, face, WIDTH - 2 * MARGIN):
            pen.text((MARGIN, y), line, font=face, fill=INK, anchor="lm")
            y += 58
    return y


def _signature(
    page: Image.Image, pen: ImageDraw.ImageDraw, document: Document, y: int, seed: int
) -> None:
    face = font("SerifCJK-Regular", 34)
    centre = WIDTH - MARGIN - 230
    y = min(y + 110, HEIGHT - 220)
    pen.text((centre, y), document.signature, font=face, fill=INK, anchor="mm")
    pen.text((centre, y + 58), document.date, font=face, fill=INK, anchor="mm")
    stamp = seal(document.signature, seed)
    page.paste(stamp, (centre - stamp.width // 2, y + 20 - stamp.height // 2), stamp)
    foot = font("SerifCJK-Regular", 28)
    pen.text((WIDTH - MARGIN, HEIGHT - 110), "— 1 —", font=foot, fill=INK, anchor="rm")


def seal(owner: str, seed: int, size: int = 270) -> Image.Image:
    """Draw a round seal with its owner's name on the arc, unevenly inked."""
    scale = 2
    side = size * scale
    stamp = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(stamp)
    pen.ellipse((8, 8, side - 9, side - 9), outline=255, width=9)
    middle = side / 2
    angles = np.linspace(-np.pi / 2, 1.5 * np.pi, 11)[:-1]
    radii = [side * (0.15 if n % 2 == 0 else 0.058) for n in range(10)]
    points = zip(radii, angles, strict=True)
    pen.polygon(
        [(middle + r * np.cos(a), middle + r * np.sin(a)) for r, a in points],
        fill=255,
    )
    face = font("SerifCJK-Bold", int(side * 0.115))
    spread = np.linspace(-120, 120, len(owner))
    for character, angle in zip(owner, spread, strict=True):
        layer = Image.new("L", (side, side), 0)
        ImageDraw.Draw(layer).text(
            (middle, side * 0.135), character, font=face, fill=255, anchor="mm"
        )
        stamp.paste(255, mask=layer.rotate(-angle, resample=Image.Resampling.BICUBIC))
    noise = np.random.default_rng(seed).normal(0.72, 0.22, (side // 6, side // 6))
    grain = Image.fromarray((np.clip(noise, 0.25, 0.9) * 255).astype(np.uint8))
    grain = grain.resize((side, side), Image.Resampling.BICUBIC)
    grain = grain.filter(ImageFilter.GaussianBlur(3))
    alpha = Image.fromarray((np.asarray(stamp, float) * np.asarray(grain) / 255).astype(np.uint8))
    red = Image.new("RGBA", (side, side), (*RED, 0))
    red.putalpha(alpha)
    return red.resize((size, size), Image.Resampling.LANCZOS).rotate(
        4, resample=Image.Resampling.BICUBIC
    )
