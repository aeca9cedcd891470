"""A pool of warm child processes that read files: `MediaPool` is the `MediaReader`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from bot.detect.media.files.office_conversion import OfficeConverter, merged, wanted
from bot.detect.media.pictures.known_lines import LineMemory
from bot.detect.media.sandbox import pipe_frames
from bot.detect.media.sandbox.child_process import Child, ChildFailed
from bot.errors import NotReadable, ShoukouError
from bot.model import Box, Fragment, Source
from bot.ports import MediaReading
from bot.retry import retry_until_done

_PATIENCE = 20.0
_log = logging.getLogger(__name__)


class MediaPool:
    """Reads files in ``workers`` children; safe for any number of concurrent callers.

    A child that dies, hangs beyond ``seconds`` or has read ``recycle`` files is replaced while the
    others, and one spare, go on. ``office`` makes readable what the children cannot read;
    ``memory`` helps with pictures that look like others.
    """

    def __init__(
        self,
        *,
        engine: str = "rapid",
        workers: int = 1,
        seconds: float = 20.0,
        recycle: int = 200,
        spare: int = 0,
        office: OfficeConverter | None = None,
        memory: LineMemory | None = None,
    ) -> None:
        self._engine = engine
        self._seconds = seconds
        self._recycle = recycle
        self._count = workers + spare
        self._office = office
        self._memory = memory
        self._turns = asyncio.Semaphore(workers)
        self._idle: asyncio.Queue[Child] = asyncio.Queue()
        self._children: set[Child] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.isolation: tuple[str, ...] = ()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children that run."""
        return tuple(c.pid for c in self._children if c.alive and c.pid is not None)

    async def start(self) -> None:
        """Start the children; raise ConfigurationError or NotReadable when they cannot run."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._count):
                    group.create_task(self._add_child())
        except* ShoukouError as errors:
            await self.close()
            raise errors.exceptions[0] from None

    async def close(self) -> None:
        """End every child; readings under way become ``reader-crashed``."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for child in list(self._children):
            await self._drop(child)
        if self._office is not None:
            self._office.close()

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        """Turn a file into fragments; what fails is ``not_inspected``, never an exception.

        The name is not used: what a file is, its content says.
        """
        try:
            request = _request(mime_type, self._office is not None)
            header, body = await self._ask(request, data, self._memory)
            reading = to_reading(header)
            if self._office is None or "wanted" not in header:
                return reading
            others = [
                await self._read_converted(self._office, *document)
                for document in wanted(header, body)
            ]
            if None in others:
                # Without what cannot be made readable: its words, and that it was not read.
                header, _ = await self._ask(_request(mime_type, False), data)
                reading = to_reading(header)
            return merged(reading, [other for other in others if other is not None])
        except NotReadable as error:
            return MediaReading(not_inspected=error.reason)

    async def _read_converted(
        self, office: OfficeConverter, target: str, document: bytes
    ) -> MediaReading | None:
        """Read a document of old in its new form; None when it cannot be brought into one."""
        try:
            converted = await office.convert(document, target)
        except NotReadable:
            return None
        header, _ = await self._ask(_request(None, False), converted)
        return to_reading(header)

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        """Return the picture as a JPEG with the boxes masked, without metadata.

        The child reads the masked copy again; where a piece of what was masked still shows, it
        masks the whole lines, then the whole picture. Raises NotReadable.
        """
        listed = None if boxes is None else [list(box) for box in boxes]
        _, body = await self._ask({"op": "mask_picture", "boxes": listed}, data)
        if not body.startswith(b"\xff\xd8\xff"):
            raise NotReadable("reader-crashed")
        return body

    async def _ask(
        self, header: dict[str, Any], body: bytes, memory: LineMemory | None = None
    ) -> tuple[dict[str, Any], bytes]:
        if memory is not None:
            header = header | {"remembers": True}
        if len(body) > pipe_frames.MAX_BODY:
            raise NotReadable("too-large")
        async with self._turns:
            child = await self._take()
            healthy = False
            try:
                async with asyncio.timeout(self._seconds):
                    recall = None if memory is None else memory.recall
                    answer, data = await child.ask(header, body, recall)
                healthy = not answer.get("retire") and child.asked < self._recycle
            except TimeoutError:
                raise NotReadable("timed-out") from None
            except ChildFailed:
                raise NotReadable("reader-crashed") from None
            finally:
                if healthy:
                    self._idle.put_nowait(child)
                else:
                    self._replace(child)
        if not answer.get("ok"):
            raise NotReadable(str(answer.get("reason"))[:40])
        if memory is not None and "keep" in answer:
            memory.keep(answer["keep"])
        return answer, data

    async def _take(self) -> Child:
        """Wait for an idle child that is alive."""
        while True:
            try:
                # On a busy machine a new child may take longer to start than one picture may.
                child = await asyncio.wait_for(self._idle.get(), max(self._seconds, _PATIENCE))
            except TimeoutError:
                raise NotReadable("reader-unavailable") from None
            if child.alive:
                return child
            self._replace(child)

    def _replace(self, child: Child) -> None:
        child.kill()
        if self._closed:
            return
        task = asyncio.create_task(self._swap(child))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _swap(self, child: Child) -> None:
        await self._drop(child)
        await retry_until_done(
            self._add_child,
            on=ShoukouError,
            failed=lambda _: _log.warning("a media child did not start; it is tried again"),
            first=0.5,
            longest=30.0,
        )

    async def _drop(self, child: Child) -> None:
        await child.end()
        self._children.discard(child)

    async def _add_child(self) -> None:
        child = Child(self._engine, self._seconds)
        self._children.add(child)
        try:
            self.isolation = await child.start()
        except BaseException:
            await self._drop(child)
            raise
        self._idle.put_nowait(child)


def _request(mime_type: str | None, hand_over: bool) -> dict[str, Any]:
    return {"op": "read", "mime_type": mime_type, "hand_over": hand_over}


def to_reading(header: dict[str, Any]) -> MediaReading:
    """Build a reading from the child's answer; NotReadable when it is not what was agreed."""
    try:
        fragments = tuple(_fragment(item) for item in header["fragments"])
        width, height = (int(n) for n in header["size"])
        reason = header["not_inspected"]
    except (KeyError, TypeError, ValueError):
        raise NotReadable("reader-crashed") from None
    return MediaReading(
        fragments=fragments,
        not_inspected=None if reason is None else str(reason)[:40],
        width=width,
        height=height,
    )


def _fragment(item: dict[str, Any]) -> Fragment:
    boxes = tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in item["boxes"])
    text, page = str(item["text"]), item["page"]
    if boxes and len(boxes) != len(text):
        raise ValueError("one box for each character")
    source = Source(item["source"])
    return Fragment(source=source, text=text, boxes=boxes, page=None if page is None else int(page))
