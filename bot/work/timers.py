"""Things to be done from time to time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


async def every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Do something again and again, until cancelled; a failure is logged and tried again."""
    while True:
        try:
            await act()
        except Exception as error:
            log.warning("%s: %s", getattr(act, "__qualname__", "timer"), type(error).__name__)
        await asyncio.sleep(seconds)
