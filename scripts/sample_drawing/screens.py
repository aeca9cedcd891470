"""Screenshots: a spreadsheet, a terminal, a chat; and plain posters such as a menu."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from .paper import font, wrap

GRID = (212, 216, 222)
TEXT = (36, 40, 46)


def spreadsheet(
    title: str, columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]
) -> Image.Image:
    """Draw an office spreadsheet with a title bar, column letters and rows of cells."""
    gutter, line = 46, 40
    width = gutter + sum(size for _, size in columns) + 40
    height = 158 + line * (len(rows) + 5)
    page = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, width, 50), fill=(33, 115, 70))
    pen.text((width / 2, 25), title, font=font("SansCJK-Regular", 20), fill="white", anchor="mm")
    for n in range(3):
        x = width - 40 - n * 44
        pen.ellipse((x, 19, x + 12, 31), outline="white", width=2)
    pen.rectangle((0, 50, width, 104), fill=(243, 245, 247))
    pen.rectangle((14, 62, 110, 92), fill="white", outline=GRID)
    pen.text((24, 77), "C4", font=font("SansCJK-Regular", 18), fill=TEXT, anchor="lm")
    pen.rectangle((124, 62, width - 14, 92), fill="white", outline=GRID)
    pen.text((136, 77), rows[1][2], font=font("SansCJK-Regular", 18), fill=TEXT, anchor="lm")
    _cells(pen, (gutter, 104, line), columns, rows, width)
    return page


def _cells(
    pen: ImageDraw.ImageDraw,
    origin: tuple[int, int, int],
    columns: Sequence[tuple[str, int]],
    rows: Sequence[Sequence[str]],
    width: int,
) -> None:
    gutter, top, line = origin
    plain, bold = font("SansCJK-Regular", 21), font("SansCJK-Bold", 21)
    small = font("SansCJK-Regular", 17)
    pen.rectangle((0, top, width, top + 32), fill=(234, 237, 240))
    table = [[name for name, _ in columns], *rows, *([[""] * len(columns)] * 3)]
    for r, row in enumerate(table):
        y = top + 32 + r * line
        pen.rectangle((0, y, gutter, y + line), fill=(234, 237, 240), outline=GRID)
        pen.text(
            (gutter / 2, y + line / 2), str(r + 1), font=small, fill=(110, 116, 124), anchor="mm"
        )
        x = gutter
        for (_, size), cell in zip(columns, row, strict=True):
            fill = (226, 240, 231) if r == 0 else "white"
            pen.rectangle((x, y, x + size, y + line), fill=fill, outline=GRID)
            face = bold if r == 0 else plain
            pen.text((x + 10, y + line / 2), cell, font=face, fill=TEXT, anchor="lm")
            x += size
    x = gutter
    for n, (_, size) in enumerate(columns):
        pen.text(
            (x + size / 2, top + 16), "ABCDEFG"[n], font=small, fill=(110, 116, 124), anchor="mm"
        )
        x += size
    x = gutter + columns[0][1] + columns[1][1]
    y = top + 32 + 2 * line
    pen.rectangle((x, y, x + columns[2][1], y + line), outline=(33, 115, 70), width=3)


def terminal(title: str, lines: Sequence[tuple[str, str]]) -> Image.Image:
    """Draw a terminal window; each line is (colour, text)."""
    face = font("SansCJK-Regular", 23, mono=True)
    line = 33
    width, height = 1080, 70 + line * len(lines) + 34
    page = Image.new("RGB", (width, height), (30, 32, 40))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, width, 44), fill=(52, 55, 66))
    for n, colour in enumerate(((255, 95, 86), (255, 189, 46), (39, 201, 63))):
        pen.ellipse((18 + n * 26, 15, 32 + n * 26, 29), fill=colour)
    small = font("SansCJK-Regular", 18)
    pen.text((width / 2, 22), title, font=small, fill=(190, 194, 204), anchor="mm")
    for n, (colour, text) in enumerate(lines):
        pen.text((22, 74 + n * line), text, font=face, fill=colour, anchor="lm")
    return page


def chat(title: str, bubbles: Sequence[tuple[str, str, bool]]) -> Image.Image:
    """Draw a telephone's chat; a bubble is (name, text, from the owner of the telephone)."""
    width, height = 780, 1180
    page = Image.new("RGB", (width, height), (237, 237, 237))
    pen = ImageDraw.Draw(page)
    small, name_face = font("SansCJK-Regular", 24), font("SansCJK-Regular", 20)
    pen.text((34, 30), "14:06", font=font("SansCJK-Bold", 24), fill=TEXT, anchor="lm")
    pen.rounded_rectangle((width - 84, 20, width - 36, 40), 5, outline=TEXT, width=2)
    pen.rectangle((width - 80, 24, width - 52, 36), fill=TEXT)
    pen.text((width / 2, 86), title, font=font("SansCJK-Bold", 30), fill=TEXT, anchor="mm")
    pen.text((36, 86), "<", font=font("SansCJK-Bold", 34), fill=TEXT, anchor="lm")
    pen.line((0, 124, width, 124), fill=(214, 214, 214), width=2)
    y, face = 160, font("SansCJK-Regular", 29)
    for name, text, own in bubbles:
        lines = wrap(text, face, 470)
        wide = max(face.getlength(part) for part in lines) + 44
        tall = 28 + 42 * len(lines)
        left = width - 110 - wide if own else 110
        top = y if own else y + 30
        if not own:
            pen.text((112, y + 10), name, font=name_face, fill=(130, 130, 130), anchor="lm")
        fill = (149, 236, 105) if own else "white"
        pen.rounded_rectangle((left, top, left + wide, top + tall), 12, fill=fill)
        face_x = width - 90 if own else 24
        tint = (106, 150, 214) if own else (214, 152, 96)
        pen.rounded_rectangle((face_x, top, face_x + 66, top + 66), 10, fill=tint)
        pen.text((face_x + 33, top + 33), name[0], font=small, fill="white", anchor="mm")
        for n, part in enumerate(lines):
            pen.text((left + 22, top + 34 + n * 42), part, font=face, fill=TEXT, anchor="lm")
        y = top + tall + 34
    pen.rectangle((0, height - 96, width, height), fill=(246, 246, 246))
    pen.rounded_rectangle((80, height - 76, width - 150, height - 20), 8, fill="white")
    return page


def menu(title: str, subtitle: str, sections: Sequence[tuple[str, Sequence[str]]]) -> Image.Image:
    """Draw a poster: a title on a coloured band, then headed lists in two columns."""
    width, height = 1240, 1754
    page = Image.new("RGB", (width, height), (255, 251, 240))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, width, 330), fill=(46, 125, 92))
    wave = [(x, 330 + 16 * np.sin(x / 60)) for x in range(0, width + 1, 6)]
    pen.polygon([(0, 300), *wave, (width, 300)], fill=(46, 125, 92))
    pen.text((width / 2, 140), title, font=font("SansCJK-Bold", 96), fill="white", anchor="mm")
    pen.text(
        (width / 2, 246), subtitle, font=font("SansCJK-Regular", 42), fill="white", anchor="mm"
    )
    head, face = font("SansCJK-Bold", 52), font("SansCJK-Regular", 44)
    for n, (name, dishes) in enumerate(sections):
        x, y = 120 + (n % 2) * 560, 430 + (n // 2) * 430
        pen.text((x, y), name, font=head, fill=(190, 96, 36))
        pen.line((x, y + 76, x + 430, y + 76), fill=(230, 196, 150), width=4)
        for m, dish in enumerate(dishes):
            pen.text((x, y + 98 + m * 70), dish, font=face, fill=TEXT)
    return page
