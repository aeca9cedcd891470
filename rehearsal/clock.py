"""The server's clock, which tests may move."""

from __future__ import annotations

import time


class Clock:
    """Unix time plus an offset; limits use the monotonic clock and are not moved."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> int:
        """Return the time in whole Unix seconds."""
        return int(time.time() + self.offset)
