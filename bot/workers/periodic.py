"""Periodic tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


async def every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Call ``act`` every ``seconds`` until cancelled; an error is logged, without its text."""
    while True:
        try:
            await act()
        except Exception as error:
            log.warning("%s: %s", getattr(act, "__qualname__", "timer"), type(error).__name__)
        await asyncio.sleep(seconds)


def raise_if_cancelled() -> None:
    """Raise CancelledError if the task was cancelled and a library has swallowed that.

    Python 3.11's ``wait_for``, through which redis-py sends, swallows it when its awaitable ends
    in the same moment. The task would run for ever, and the program would not end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
