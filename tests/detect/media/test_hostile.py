"""Broken, oversized and disguised files: said to be not inspected, or read for what they are."""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.detect.media.files import text_decoding
from bot.detect.media.pictures import decoding
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import NotReadable
from bot.model import Source
from tests.support import hostile, pictures

NOTE = pictures.note("内部资料请勿外传")
JPEG = pictures.encode(NOTE, "JPEG")
PNG = pictures.encode(NOTE)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inner.txt", "机密")
    return out.getvalue()


def _png_of(width: int, height: int) -> bytes:
    """Make a PNG whose header promises far more than the file holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def _film(count: int) -> bytes:
    stills = [Image.new("RGB", (10, 10), (i * 4, 0, 0)) for i in range(count)]
    return pictures.encode(stills[0], "GIF", save_all=True, append_images=stills[1:])


HOSTILE = {
    "nothing": (b"", None, "broken"),
    "a bomb of 13,300 x 13,300": (pictures.bomb(), None, "too-large"),
    "26 megapixels": (pictures.bomb(5_100), None, "too-large"),
    "a header that lies": (_png_of(2**31 - 1, 2**31 - 1), None, "too-large"),
    "only a signature": (PNG[:8], None, "broken"),
    "half a header": (JPEG[:40], None, "broken"),
    "random bytes": (random.Random(1).randbytes(4_000), None, "unsupported-document"),
    "random bytes called a picture": (
        random.Random(2).randbytes(4_000),
        "image/jpeg",
        "unsupported-picture",
    ),
    "a PDF": (b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", "application/pdf", "broken"),
    "a PSD": (b"8BPS" + b"\0" * 99, "image/vnd.adobe.photoshop", "unsupported-picture"),
    "a picture with an archive behind it": (JPEG + _zip(), "image/jpeg", "appended-data"),
    "a picture with two behind it": (JPEG * 3, "image/jpeg", "appended-data"),
    "a PDF with a picture that is not drawn": (
        next(d for n, d in hostile.corpus() if n.startswith("pdf with a picture of 50000")),
        None,
        "too-large",
    ),
    "a film of 60 stills": (_film(60), "image/gif", "too-many-frames"),
}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("kind", HOSTILE)
async def test_what_cannot_be_read_is_never_clean(pool: MediaPool, kind: str) -> None:
    data, mime_type, reason = HOSTILE[kind]
    before = pool.pids
    reading = await pool.read(data, name="photo.jpg", mime_type=mime_type)
    assert reading.not_inspected == reason
    assert pool.pids == before


@pytest.mark.asyncio(loop_scope="session")
async def test_a_picture_that_was_cut_off_is_read_as_far_as_it_goes(pool: MediaPool) -> None:
    page = pictures.encode(pictures.official_page(), "JPEG")
    reading = await pool.read(page[: len(page) // 2], name=None, mime_type="image/jpeg")
    assert reading.not_inspected == "broken"
    assert "机密★10年" in reading.fragments[0].text


@pytest.mark.asyncio(loop_scope="session")
async def test_a_picture_with_an_archive_is_still_read(pool: MediaPool) -> None:
    reading = await pool.read(JPEG + _zip(), name=None, mime_type="image/jpeg")
    assert "请勿外传" in reading.fragments[0].text


TEXT = "编号,姓名\n1,王敏\n机密★10年\n"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("mime_type", ["text/plain", "image/jpeg", None])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
async def test_text_is_known_by_its_content(
    pool: MediaPool, encoding: str, mime_type: str | None
) -> None:
    reading = await pool.read(TEXT.encode(encoding), name="photo.jpg", mime_type=mime_type)
    (fragment,) = reading.fragments
    assert fragment.text == TEXT
    assert fragment.source is Source.DOCUMENT
    assert fragment.boxes == ()
    assert reading.not_inspected is None


def test_a_log_with_colours_and_a_new_emoji_is_text() -> None:
    text = "\x1b[31m机密★10年\x1b[0m \U0001fae9\r\n"
    assert text_decoding.decode(text.encode()).texts == (text,)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=st.sampled_from((JPEG, PNG, pictures.encode(NOTE, "GIF"), pictures.encode(NOTE, "WEBP"))),
    changes=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 255)), max_size=8),
    length=st.integers(0, 20_000),
)
def test_damaged_pictures_raise_only_not_readable(
    start: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(start[:length])
    for place, value in changes:
        if place < len(data):
            data[place] = value
    try:
        decoded = decoding.decode(bytes(data))
    except NotReadable:
        return
    assert decoded.frames
    assert all(ground.shape[2] == 3 for frame in decoded.frames for ground in frame.grounds)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_nothing(data: bytes) -> None:
    decoded = text_decoding.decode(data)
    assert decoded.fault in (None, "cut-off", "broken")
    assert len(decoded.texts) <= 2


# Text that was cut off between two characters is shorter text: nothing shows that there was more.
_SHORTENED = ("eml", "big5", "utf-16")


@pytest.mark.asyncio(loop_scope="session")
async def test_the_pool_outlives_a_hostile_corpus(pool: MediaPool) -> None:
    """Every seventh file, and all that were cut off; the rest is for `bench/hostile.py`."""
    names, silent = set(), []
    for number, (name, data) in enumerate(hostile.corpus()):
        names.add(name)
        is_cut = " cut at " in name and not name.startswith(_SHORTENED)
        if not is_cut and number % 7:
            continue
        started = time.monotonic()
        reading = await pool.read(data, name="photo.jpg", mime_type=None)
        # Five seconds on a machine of its own; the tests share theirs.
        assert time.monotonic() - started < 15, name
        assert reading.not_inspected != "reader-unavailable", name
        text = "".join(f.text for f in reading.fragments).replace(" ", "")
        if is_cut and reading.not_inspected is None and "110101199003070011" not in text:
            silent.append(name)
    assert silent == []
    assert len(names) >= 300
    reading = await pool.read(PNG, name=None, mime_type=None)
    assert "请勿外传" in reading.fragments[0].text
