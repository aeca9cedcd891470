"""Read the same file once: a `MediaReader` that remembers readings, sealed, in memory."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence

from bot.detect.media.pictures.formats import sniff
from bot.detect.media.pictures.known_lines import Seal
from bot.detect.media.sandbox.pool import to_reading
from bot.model import Box
from bot.ports import MediaReader, MediaReading

CAPACITY = 2_000
MAX_BYTES = 64 << 20
_PASSING = frozenset(
    ("timed-out", "reader-crashed", "reader-unavailable", "no-reader", "out-of-memory")
).union(("ocr-failed",))


class ReadOnce:
    """Keeps what was read by a keyed digest of the file; verdicts are made anew each time.

    ``digest`` takes the file and a purpose. What failed for a passing reason is not kept. Equal
    files that come together are read together. The least recently used readings go first, beyond
    ``capacity`` of them or ``MAX_BYTES`` in all.
    """

    def __init__(
        self,
        media: MediaReader,
        *,
        digest: Callable[[bytes, str], str],
        cipher: Seal,
        capacity: int = CAPACITY,
    ) -> None:
        self._media = media
        self._digest = digest
        self._cipher = cipher
        self._capacity = capacity
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[MediaReading]] = {}

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        """Turn a file into fragments."""
        # A picture is what its bytes say; elsewhere the kind names what could not be read.
        kind = sniff(data) or mime_type
        key = self._digest(data, f"reading/{kind}")
        sealed = self._kept.get(key)
        if sealed is not None:
            self._kept.move_to_end(key)
            return _unpacked(self._cipher.open(sealed, key))
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key, data, name, mime_type))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # One caller that is cancelled does not take the reading from the others.
        return await asyncio.shield(task)

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        """Return the picture as a JPEG with the boxes masked; nothing is remembered."""
        return await self._media.mask_picture(data, boxes)

    async def _read(
        self, key: str, data: bytes, name: str | None, mime_type: str | None
    ) -> MediaReading:
        reading = await self._media.read(data, name=name, mime_type=mime_type)
        if reading.not_inspected not in _PASSING:
            self._keep(key, self._cipher.seal(_packed(reading), key))
        return reading

    def _keep(self, key: str, sealed: bytes) -> None:
        self._kept[key] = sealed
        self._bytes += len(sealed)
        while len(self._kept) > self._capacity or self._bytes > MAX_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _packed(reading: MediaReading) -> bytes:
    fragments = [
        {"source": f.source.value, "text": f.text, "page": f.page, "boxes": f.boxes}
        for f in reading.fragments
    ]
    size = (reading.width, reading.height)
    plain = {"fragments": fragments, "not_inspected": reading.not_inspected, "size": size}
    return json.dumps(plain, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _unpacked(plain: bytes) -> MediaReading:
    return to_reading(json.loads(plain.decode("utf-8", "surrogatepass")))
