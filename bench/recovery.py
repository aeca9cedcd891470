"""How soon the next picture is read after a child was lost: python -m bench.recovery [TIMES]."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from bot.detect.media.sandbox.pool import MediaPool
from tests.support import hostile, pictures

NOTE = pictures.encode(pictures.note("内部资料请勿外传"))
PAGE = pictures.encode(pictures.official_page().resize((2480, 3508)))
BOMB = next(data for name, data in hostile.corpus() if name == "pdf stream of 120 MiB")


async def dies(pool: MediaPool) -> str | None:
    """Kill the child while it reads."""
    reading = asyncio.create_task(pool.read(PAGE, name=None, mime_type=None))
    await asyncio.sleep(0.05)
    os.kill(pool.pids[0], signal.SIGKILL)
    return (await reading).not_inspected


async def hangs(pool: MediaPool) -> str | None:
    """Stop the child; the pool gives it up in the end."""
    os.kill(pool.pids[0], signal.SIGSTOP)
    return (await pool.read(NOTE, name=None, mime_type=None)).not_inspected


async def overflows(pool: MediaPool) -> str | None:
    """Have it read what needs more memory than it may have."""
    return (await pool.read(BOMB, name=None, mime_type=None)).not_inspected


async def measure(
    lose: Callable[[MediaPool], Awaitable[str | None]], seconds: float, times: int
) -> None:
    """Print the time from the failed reading's end to the next one's."""
    took, reasons = [], set()
    for _ in range(times):
        pool = MediaPool(seconds=seconds)
        await pool.start()
        reasons.add(await lose(pool))
        start = time.monotonic()
        reading = await pool.read(NOTE, name=None, mime_type=None)
        took.append(time.monotonic() - start)
        assert reading.not_inspected is None
        await pool.close()
    print(
        f"{lose.__name__}: {', '.join(map(str, reasons))}; next picture after "
        f"{statistics.median(took):.2f} s, at most {max(took):.2f} s ({times} times)"
    )


async def main() -> None:
    """Measure each way of losing a child."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"load {os.getloadavg()[0]:.1f}")
    await measure(dies, 20.0, times)
    await measure(hangs, 6.0, times)
    await measure(overflows, 20.0, times)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
