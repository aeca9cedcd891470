"""Values read from files, read again when the files change, without a restart or a pause."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from bot.errors import ConfigurationError

log = logging.getLogger(__name__)

SETTLES = 0.2
"""Seconds for which a file must not change, so that none is read while it is being written."""

Refuse = Callable[[ConfigurationError, str], Awaitable[None]]
"""Reports a mistake; the second argument names the change, the same in all processes."""

_Value = TypeVar("_Value")
_Value_co = TypeVar("_Value_co", covariant=True)
_Stamp = tuple[tuple[str, int, int, int], ...]


class Current(Protocol[_Value_co]):
    """A value that may be replaced as a whole between two looks at it."""

    @property
    def value(self) -> _Value_co:
        """Return the value as of now."""


@dataclass(frozen=True, slots=True)
class Fixed(Generic[_Value]):
    """A value that stays, for commands that end before a change of their files would matter."""

    value: _Value


class WatchedFile(Generic[_Value]):
    """The value that was read from a file, or from files and folders beside it, at the last look.

    ``read`` gets the first of ``paths`` and runs in a thread of its own. After a
    mistake the former value stays in force; ``refuse`` is called once for each change.
    """

    refuse: Refuse | None = None

    def __init__(self, path: Path, read: Callable[[Path], _Value], *beside: Path) -> None:
        self._paths = (path, *beside)
        self._read = read
        self._stamp = _stamp(self._paths)
        self._looking = asyncio.Lock()
        self.value = read(path)

    async def look(self) -> bool:
        """Read the file again if it has changed; return True if there is a new value."""
        async with self._looking:  # two looks at once would report a mistake twice
            stamp = await asyncio.to_thread(_stamp, self._paths)
            if stamp == self._stamp:
                return False
            while (settled := await self._after_a_while()) != stamp:
                stamp = settled
            self._stamp = stamp
            try:
                self.value = await asyncio.to_thread(self._read, self._paths[0])
            except ConfigurationError as error:
                log.error("%s; the former value stays in force", error)
                if self.refuse is not None:
                    await self.refuse(error, f"{self._paths[0].name}/{_newest(stamp)}")
                return False
        log.info("%s: read again", self._paths[0])
        return True

    async def _after_a_while(self) -> _Stamp:
        await asyncio.sleep(SETTLES)
        return await asyncio.to_thread(_stamp, self._paths)


def _newest(stamp: _Stamp) -> int:
    """Return the time of the last change, in nanoseconds."""
    return max((changed for _, changed, _, _ in stamp), default=0)


def _stamp(paths: Iterable[Path]) -> _Stamp:
    """Return the times, sizes and inodes of files, and of the files in folders.

    The inode counts because editors and `publish` replace a file within its time's resolution.
    """
    stamps = []
    for path in paths:
        for file in (path, *sorted(path.glob("*.toml"))) if path.is_dir() else (path,):
            try:
                status = file.stat()
            except OSError:
                continue
            stamps.append((str(file), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(stamps)
