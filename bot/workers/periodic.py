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


def raise_if_cancelled() -> None:
    """Raise CancelledError when the task was cancelled and somebody has swallowed that.

    Python 3.11's ``wait_for``, which redis-py sends through, does so when what it waits for ends
    at the same moment. The task would go on for ever, and its program with it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
