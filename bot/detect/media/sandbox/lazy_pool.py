"""A pool of readers that starts in the background, so that texts need not wait for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from bot.detect.media.files.office_conversion import OfficeConverter
from bot.detect.media.pictures.known_lines import LineMemory
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import NotReadable, ShoukouError
from bot.model import Box
from bot.ports import MediaReading

log = logging.getLogger(__name__)


class StartingMedia:
    """Reads by the engine asked for, else by the other; by none, everything is not inspected."""

    def __init__(
        self, *, engine: str = "rapid", workers: int = 1, memory: LineMemory | None = None
    ) -> None:
        others = [e for e in ("rapid", "tesseract") if e != engine]
        self._engines = [engine, *others]
        self._workers = workers
        self._memory = memory
        self._starting: asyncio.Task[MediaPool | None] | None = None

    def start(self) -> None:
        """Begin to start the children; returns at once. Without it, the first file does."""
        self._starting = self._starting or asyncio.create_task(self._start())

    async def _start(self) -> MediaPool | None:
        for engine in self._engines:
            office = OfficeConverter.find()
            pool = MediaPool(
                engine=engine, workers=self._workers, office=office, memory=self._memory
            )
            try:
                await pool.start()
            except ShoukouError as error:
                log.error("the OCR engine %s does not start: %s", engine, error)
                continue
            log.info("pictures are read by %s", engine)
            return pool
        return None

    async def pool(self) -> MediaPool | None:
        """Wait for the start; None when no engine could be started."""
        self.start()
        return await asyncio.shield(self._starting) if self._starting else None

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        """Turn a file into fragments."""
        pool = await self.pool()
        if pool is None:
            return MediaReading(not_inspected="no-reader")
        return await pool.read(data, name=name, mime_type=mime_type)

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        """Return the picture with the boxes masked; NotReadable without a reader."""
        pool = await self.pool()
        if pool is None:
            raise NotReadable("no-reader")
        return await pool.mask_picture(data, boxes)

    async def close(self) -> None:
        """End every child."""
        if self._starting is None:
            return
        if not self._starting.done():
            await asyncio.wait([self._starting], timeout=10)
        if self._starting.done() and (pool := self._starting.result()) is not None:
            await pool.close()
