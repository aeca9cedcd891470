"""Generated pictures."""

from __future__ import annotations

import io

from PIL import Image

ORIENTATION = 0x0112


def picture(width: int = 64, height: int = 48, *, kind: str = "PNG", turned: bool = False) -> bytes:
    """Return a picture; ``turned`` says in its EXIF data that it is to be shown on its side."""
    image = Image.new("RGB", (width, height), (200, 210, 220))
    exif = Image.Exif()
    if turned:
        exif[ORIENTATION] = 6
    target = io.BytesIO()
    image.save(target, kind, exif=exif)
    return target.getvalue()
