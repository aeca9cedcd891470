"""Values read from files, read again when the files change, without a restart or a pause."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from bot.errors import ConfigurationError

log = logging.getLogger(__name__)

_Value = TypeVar("_Value")
_Stamp = tuple[int, int, int] | None


class WatchedFile(Generic[_Value]):
    """What a file holds, as of the last look at it.

    ``read`` runs in a thread of its own. A file with a mistake leaves what was read before in
    force; the mistake is logged once for each change.
    """

    def __init__(self, path: Path, read: Callable[[Path], _Value]) -> None:
        self._path = path
        self._read = read
        self._stamp = _stamp(path)
        self._looking = asyncio.Lock()
        self.value = read(path)

    async def look(self) -> bool:
        """Read the file again if it has changed; say whether its value is new."""
        async with self._looking:
            stamp = await asyncio.to_thread(_stamp, self._path)
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            try:
                self.value = await asyncio.to_thread(self._read, self._path)
            except ConfigurationError as error:
                log.error("%s; what was read before stays in force", error)
                return False
        log.info("%s: read again", self._path)
        return True


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
