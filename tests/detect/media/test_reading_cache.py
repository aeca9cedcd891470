"""The same file is read once; what is remembered cannot be read by others."""

from __future__ import annotations

import asyncio
import hashlib
import pickle
from collections.abc import Sequence

import pytest

from bot.detect.media.pictures.reading_cache import ReadOnce
from bot.model import Box, Fragment, Source
from bot.ports import MediaReading
from bot.store.keys import Cipher

TEXT = "机密★10年"
READING = MediaReading(
    fragments=(Fragment(source=Source.IMAGE, text=TEXT, boxes=((1, 2, 3, 4),) * len(TEXT)),),
    width=10,
    height=20,
)


class CountingMedia:
    def __init__(self, *readings: MediaReading) -> None:
        self._readings = list(readings)
        self.read_count = 0

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        self.read_count += 1
        await asyncio.sleep(0)
        return self._readings[min(self.read_count, len(self._readings)) - 1]

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        return b"masked"


def digest(data: bytes, purpose: str) -> str:
    return hashlib.sha256(purpose.encode() + b"/" + data).hexdigest()


def once(media: CountingMedia, capacity: int = 10) -> ReadOnce:
    return ReadOnce(media, digest=digest, cipher=Cipher(bytes(32)), capacity=capacity)


async def read(reader: ReadOnce, data: bytes) -> MediaReading:
    return await reader.read(data, name=None, mime_type=None)


async def test_the_same_file_again_gives_the_same_reading_without_reading() -> None:
    media = CountingMedia(READING)
    reader = once(media)
    assert [await read(reader, b"a") for _ in range(3)] == [READING] * 3
    assert media.read_count == 1


async def test_forty_at_the_same_time_are_read_once() -> None:
    media = CountingMedia(READING)
    reader = once(media)
    assert await asyncio.gather(*(read(reader, b"a") for _ in range(40))) == [READING] * 40
    assert media.read_count == 1


async def test_another_file_is_read() -> None:
    media = CountingMedia(READING)
    reader = once(media)
    await read(reader, b"a")
    await read(reader, b"b")
    assert media.read_count == 2


@pytest.mark.parametrize("reason", ["timed-out", "reader-crashed", "no-reader"])
async def test_a_passing_failure_is_not_remembered(reason: str) -> None:
    media = CountingMedia(MediaReading(not_inspected=reason), READING)
    reader = once(media)
    assert (await read(reader, b"a")).not_inspected == reason
    assert await read(reader, b"a") == READING


async def test_the_oldest_goes_first() -> None:
    media = CountingMedia(READING)
    reader = once(media, capacity=2)
    for data in (b"a", b"b", b"a", b"c", b"a", b"b"):
        await read(reader, data)
    assert media.read_count == 4


async def test_no_text_is_kept_in_clear() -> None:
    reader = once(CountingMedia(READING))
    await read(reader, b"a")
    kept = pickle.dumps(reader._kept)
    assert TEXT.encode() not in kept
    assert len(reader._kept) == 1


async def test_a_picture_is_the_same_under_every_name_and_kind() -> None:
    media = CountingMedia(READING)
    reader = once(media)
    for name, kind in ((None, None), ("a.jpg", "image/jpeg"), ("b.doc", "application/msword")):
        assert await reader.read(b"\xff\xd8\xff picture", name=name, mime_type=kind) == READING
    assert media.read_count == 1
