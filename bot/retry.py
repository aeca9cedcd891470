"""Repeat a call that fails, with pauses that double up to a limit.

first=0.5, longest=4:   try, 0.5 s, try, 1 s, try, 2 s, try, 4 s, try, 4 s, …
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

_Result = TypeVar("_Result")


def doubling_pauses(first: float, longest: float) -> Iterator[float]:
    """Yield seconds without end: ``first``, then twice as many each time, at most ``longest``."""
    pause = first
    while True:
        yield min(pause, longest)
        pause = min(pause * 2, longest)


async def retry_until_done(
    act: Callable[[], Awaitable[_Result]],
    *,
    on: type[Exception] | tuple[type[Exception], ...],
    never_on: type[Exception] | tuple[type[Exception], ...] = (),
    failed: Callable[[Exception], None],
    first: float,
    longest: float,
) -> _Result:
    """Return what ``act`` returns, and call it again while it raises one of ``on``.

    ``failed`` is called with each such error, before the pause, and writes the log: an error's text
    may hold content or a token, so nothing is logged here. Any other error, one of ``never_on``,
    and a cancellation pass through.
    """
    for pause in doubling_pauses(first, longest):
        try:
            return await act()
        except never_on:
            raise
        except on as error:
            failed(error)
        # Outside of the handler: the error and its traceback are not kept alive by the pause.
        await asyncio.sleep(pause)
    raise AssertionError("the pauses have no end")
