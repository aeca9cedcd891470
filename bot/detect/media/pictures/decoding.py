"""Decoding pictures: an allow-list of formats, checked sizes, one kind of result."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps

from bot.detect.media.pictures.formats import sniff as sniff
from bot.errors import NotReadable

MAX_PIXELS = 25_000_000
MAX_SIDE = 65_535
MAX_FRAMES = 3
# Each page of a fax or a scan is another text; the stills of an animation are much alike.
MAX_PAGES = 10
_SUB_PICTURES = 330

_LIGHT, _DARK, _SHARE = 170, 110, 0.02
_SAMPLE = 1_000_000
_DRAWN = 24


@dataclass(frozen=True, slots=True)
class Frame:
    """One still of a picture as it is displayed.

    ``grounds`` holds RGB arrays (height, width, 3): one, or two for a transparent picture whose
    text may be dark as well as light.
    """

    grounds: tuple[Any, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.grounds[0].shape[:2]
        return width, height


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture's stills; ``not_inspected`` says why it has more than these, or None."""

    frames: tuple[Frame, ...]
    not_inspected: str | None = None


def decode(data: bytes) -> DecodedPicture:
    """Decode a picture; raise NotReadable('broken', 'too-large' or 'unsupported-picture')."""
    kind = sniff(data)
    if kind is None:
        raise NotReadable("unsupported-picture")
    try:
        return _decode(data, kind)
    except NotReadable as error:
        if error.reason != "broken":
            raise
    # What there is of a file that was cut off can still be seen, so it is read, and reported.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return DecodedPicture(_decode(data, kind).frames, "broken")
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _decode(data: bytes, kind: str) -> DecodedPicture:
    try:
        return _stills(data, kind)
    except (NotReadable, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotReadable("too-large") from None
    except Exception:
        # Pillow raises whatever a broken file provokes: OSError, SyntaxError, struct.error…
        raise NotReadable("broken") from None


def _stills(data: bytes, kind: str) -> DecodedPicture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                raise NotReadable("too-large")
            count = int(getattr(image, "n_frames", 1))
            largest = MAX_PAGES if kind == "TIFF" else MAX_FRAMES
            most = max(1, min(largest, MAX_PIXELS // max(image.width * image.height, 1)))
            chosen = sorted({round(i * (count - 1) / max(most - 1, 1)) for i in range(most)})
            frames = []
            for number in chosen:
                image.seek(number)
                image.load()
                frames.append(_to_frame(image))
            # Camera files keep the photo itself there, and a small copy in the first place.
            hidden = kind == "TIFF" and _SUB_PICTURES in image.getexif()
    unread = count > len(chosen) or hidden
    more = _appended(data) or ("too-many-frames" if unread else None)
    return DecodedPicture(tuple(frames), more)


def _appended(data: bytes) -> str | None:
    """Name what hangs behind a picture's end and is not read: an archive hidden in a photo."""
    archive = b"PK\x05\x06" in data[-66_000:] and b"PK\x03\x04" in data
    document = b"%PDF-" in data[:1024]
    return "appended-data" if archive or document else None


def _to_frame(image: Image.Image) -> Frame:
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith(("I", "F")):
        return Frame((_from_deep(turned),))
    if turned.has_transparency_data:
        return Frame(_on_grounds(turned if turned.mode == "RGBA" else turned.convert("RGBA")))
    if turned.mode == "L":
        # Pillow would take twice the memory for this.
        return Frame((np.repeat(np.asarray(turned)[:, :, None], 3, axis=2),))
    return Frame((np.asarray(turned if turned.mode == "RGB" else turned.convert("RGB")),))


def _from_deep(image: Image.Image) -> Any:
    """Bring 16 or 32 bits a pixel to 8, stretched over what the picture really uses."""
    values = np.asarray(image, dtype=np.float32)
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    grey = ((values - low) * (255.0 / (high - low or 1.0))).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _on_grounds(image: Image.Image) -> tuple[Any, ...]:
    """Lay a transparent picture on white, on black where its visible parts are light, or both.

    Where something is drawn in what nobody sees, it is given without its transparency as well.
    """
    step = max(1, round((image.width * image.height / _SAMPLE) ** 0.5))
    small = np.asarray(image)[::step, ::step]
    visible, hidden = small[small[:, :, 3] > 64], small[small[:, :, 3] <= 64]
    grey = visible[:, :3].mean(axis=1)
    total = max(grey.size, 1)
    dark, light = (grey < _DARK).sum() / total, (grey > _LIGHT).sum() / total
    opaque = image.getchannel("A").getextrema() == (255, 255)
    colours = ["white"] if opaque or dark >= _SHARE or light < _SHARE else []
    colours += ["black"] if not opaque and light >= _SHARE else []
    grounds = tuple(_composite(image, colour) for colour in colours)
    return (*grounds, np.asarray(image.convert("RGB"))) if _is_drawn(hidden) else grounds


def _is_drawn(pixels: Any) -> bool:
    """Return True if pixels differ in shade, as a drawing's do and an even ground's do not."""
    if not len(pixels):
        return False
    return bool(np.ptp(pixels[:, :3], axis=0).max() > _DRAWN)


def _composite(image: Image.Image, colour: str) -> Any:
    ground = Image.new("RGB", image.size, colour)
    ground.paste(image, mask=image.getchannel("A"))
    return np.asarray(ground)
