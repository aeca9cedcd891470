"""Read the objects of a PDF beside its pages: every string, file, script and form.

Objects that nothing refers to are read with the others (ISO 32000-1, 7.3).
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pikepdf

from bot.detect.media.files import text_decoding
from bot.detect.media.files.walk import Spent, Walk
from bot.detect.media.files.zips import Inflated, bounded
from bot.detect.media.pictures.decoding import MAX_PIXELS
from bot.errors import NotReadable

_SECONDS = 1.0
_STRING = re.compile(rb"\(((?:[^\\()]|\\.)*+)\)|<((?:[0-9a-f]{2})++)>", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
# Values that are texts or files when they are streams.
_TELLING = re.compile(
    rb"/(?:JS|XFA|RC|RV|Metadata|UF|F|DOS|Mac|Unix|EF|V|DV)\b((?:(?!/).)*+)", re.S
)
_REFERENCE = re.compile(rb"(\d{1,9}) (\d{1,5}) R")
_FILES = re.compile(rb"/EF << ([^>]*+)>>")
_DULL = re.compile(rb"/Type /(?:Font|FontDescriptor|XRef|ObjStm)\b")
_DAMAGE = re.compile(r"damaged|reconstruct|nesting|unable to|unexpected EOF", re.I)
_HIDDEN = re.compile(rb"/OFF \[ \d|/BaseState /OFF")
_PICTURE = re.compile(rb"/Subtype /Image\b")
_SIZE = re.compile(rb"/(Width|Height|BitsPerComponent) (\d{1,9})\b")
_LEAST_PICTURE, _MOST_DRAWN = 24, 256 << 20
_LEAST_PRINTABLE = 0.7


def open_objects(data: bytes) -> Any:
    """Open a PDF's objects; NotReadable('encrypted') or NotReadable('broken')."""
    try:
        return pikepdf.open(io.BytesIO(data), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise NotReadable("encrypted") from None
    except (pikepdf.PdfError, ValueError, RuntimeError, OSError):
        raise NotReadable("broken") from None


def repaired(data: bytes) -> bytes:
    """Return a PDF put together anew of the objects that are left in a damaged one."""
    with open_objects(data) as file:
        out = io.BytesIO()
        try:
            file.save(out)
        except (pikepdf.PdfError, ValueError, RuntimeError):
            raise NotReadable("broken") from None
        return out.getvalue()


def read_objects(walk: Walk, data: bytes, *, pictures_outside: bool = False) -> None:
    """Read all strings that are not known from the pages, then scripts, forms, files, layers.

    Pictures that no drawn page shows are read as well: those that nothing refers to, and all of a
    file in which a layer is hidden or a picture lies outside of its page.
    """
    known = {line for fragment in walk.fragments for line in fragment.text.split("\n")}
    words: dict[str, None] = {}
    wanted: dict[tuple[int, int], None] = {}
    pictures: dict[tuple[int, int], None] = {}
    referred: set[tuple[int, int]] = set()
    end = time.process_time() + _SECONDS
    with open_objects(data) as file:
        try:
            for number, (place, code) in enumerate(_codes(file)):
                if number % 200 == 0 and time.process_time() > end:
                    raise NotReadable("time-budget")
                words.update(dict.fromkeys(_strings(code)))
                wanted.update(dict.fromkeys(_streams(code)))
                referred.update((int(m[1]), int(m[2])) for m in _REFERENCE.finditer(code))
                pictures_outside = pictures_outside or _HIDDEN.search(code) is not None
                if _PICTURE.search(code) is not None:
                    pictures[place] = None
                    _say_if_huge(walk, code)
        except (pikepdf.PdfError, ValueError, RuntimeError):
            walk.gap("broken")
        finally:
            walk.add("\n".join(word for word in words if word not in known))
        if any(_DAMAGE.search(str(warning)) for warning in file.get_warnings()):
            walk.gap("broken")
        for place in wanted:
            _read_stream(walk, file, place, _open)
        for place in pictures:
            if pictures_outside or place not in referred:
                _read_stream(walk, file, place, _look)


def _say_if_huge(walk: Walk, code: bytes) -> None:
    """Report a picture that is too large: a page is drawn without it."""
    numbers = {key: int(number) for key, number in _SIZE.findall(code)}
    bits = numbers.get(b"BitsPerComponent", 1) * (1 if b"/DeviceGray" in code else 3)
    if numbers.get(b"Width", 0) * numbers.get(b"Height", 0) * bits > 8 * _MOST_DRAWN:
        walk.gap("too-large")


def _codes(file: Any) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield each object, and each stream's dictionary, as (number, generation) and PDF code."""
    for item in file.objects:
        if isinstance(item, pikepdf.Stream):
            code = item.stream_dict.unparse()
            if b"/EmbeddedFile" in code or b"/Subtype /XML" in code:
                code += b"/EF << %d %d R >>" % item.objgen
            yield item.objgen, code
        elif isinstance(item, pikepdf.Object):
            yield item.objgen, item.unparse(resolved=True)
    yield (0, 0), file.trailer.unparse()


def _strings(code: bytes) -> Iterator[str]:
    """Yield the texts among the strings of an object's code."""
    if _DULL.search(code):
        return
    for match in _STRING.finditer(code):
        raw = (
            _ESCAPE.sub(_unescaped, match[1])
            if match[2] is None
            else bytes.fromhex(match[2].decode())
        )
        yield from text_of(raw)


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    if sign.isdigit():
        return bytes([int(sign, 8) & 255])
    return b"" if sign in (b"\n", b"\r", b"\r\n") else _ESCAPED.get(sign, sign)


def text_of(raw: bytes) -> list[str]:
    """Return a string's text: with a mark UTF-16 or UTF-8, else of any encoding that fits.

    Strings of bytes that are no text (identifiers, signatures) give nothing.
    """
    if len(raw) < 2:
        return []
    texts = [text.replace("\0", "").strip() for text in text_decoding.decode_all(raw)]
    if (
        not raw.isascii()
        and raw[:2] not in (b"\xfe\xff", b"\xff\xfe")
        and raw[:3] != b"\xef\xbb\xbf"
    ):
        try:
            texts.append(raw.decode("pdfdoc"))
        except UnicodeError:
            texts += []
    return [t for t in texts if t and sum(map(str.isprintable, t)) >= _LEAST_PRINTABLE * len(t)]


def _streams(code: bytes) -> Iterator[tuple[int, int]]:
    """Yield the numbers of objects that hold a text or a file, if they are streams."""
    for match in (*_TELLING.finditer(code), *_FILES.finditer(code)):
        for reference in _REFERENCE.finditer(match[1]):
            yield int(reference[1]), int(reference[2])


def _read_stream(
    walk: Walk, file: Any, place: tuple[int, int], read: Callable[[Walk, Any], None]
) -> None:
    try:
        stream = file.get_object(place)
        if isinstance(stream, pikepdf.Stream):
            read(walk, stream)
    except Spent:
        raise
    except NotReadable as error:
        walk.gap(error.reason)
    except (pikepdf.PdfError, ValueError, RuntimeError, NotImplementedError):
        walk.gap("broken")


def _open(walk: Walk, stream: Any) -> None:
    walk.open(_content(walk, stream))


def _look(walk: Walk, stream: Any) -> None:
    """Read a picture that no page shows."""
    width, height = int(stream.get("/Width", 0)), int(stream.get("/Height", 0))
    if min(width, height) < _LEAST_PICTURE:
        return
    if width * height > MAX_PIXELS:
        raise NotReadable("too-large")
    if stream.get("/Filter") == "/DCTDecode":
        walk.picture(bytes(stream.read_raw_bytes()))
        return
    if not walk.has_time_for_a_picture:
        raise NotReadable("time-budget")
    try:
        picture = pikepdf.PdfImage(stream).as_pil_image().convert("RGB")
    except (OSError, pikepdf.UnsupportedImageTypeError):
        raise NotReadable("unsupported-picture") from None
    walk.pixels(np.asarray(picture))


def _content(walk: Walk, stream: Any) -> bytes:
    """Unpack a stream within the walk's bounds."""
    filters = stream.stream_dict.get("/Filter")
    plain = bytes(stream.read_raw_bytes())
    if filters is None:
        walk.take(len(plain))
        return plain
    if filters == "/FlateDecode" and "/DecodeParms" not in stream.stream_dict:
        return bounded(walk, Inflated(plain, wbits=15), max(len(plain), 1))
    unpacked = bytes(stream.read_bytes())
    if len(unpacked) > walk.room:
        raise NotReadable("too-large")
    walk.take(len(unpacked))
    return unpacked
