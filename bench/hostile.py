"""Give the hostile corpus to a pool of one child: outcomes, time and memory of each file."""

from __future__ import annotations

import asyncio
import collections
import os
import sys
import time
from pathlib import Path

from bot.detect.media.files.office_conversion import OfficeConverter
from bot.detect.media.sandbox.pool import MediaPool
from tests.support import hostile

SECONDS, MEBIBYTES = 5.0, 512


def peak(pid: int) -> int:
    """Return the largest resident memory since the last reset, in MiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(s.split()[1]) >> 10 for s in status.split("\n") if s.startswith("VmHWM")), 0)


def reset(pid: int) -> None:
    """Begin to count the peak anew."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return


async def main() -> int:
    """Print a line for each file that is beyond a bound, and the sums."""
    pool = MediaPool(recycle=10**9, office=OfficeConverter.find())
    await pool.start()
    print(f"load {os.getloadavg()[0]:.1f}; child at rest {peak(pool.pids[0])} MiB")
    outcomes: collections.Counter[str] = collections.Counter()
    slow = large = lost = 0
    times, sizes, clean = [], [], list[str]()
    wanted = sys.argv[1:]
    for name, data in hostile.corpus():
        if wanted and not any(word in name for word in wanted):
            continue
        while not pool.pids:
            await asyncio.sleep(0.05)
        (pid,) = pool.pids
        reset(pid)
        start, before = time.monotonic(), cpu(pid)
        watch = asyncio.create_task(highest(pid))
        reading = await pool.read(data, name=None, mime_type=None)
        took, used = time.monotonic() - start, cpu(pid) - before
        watch.cancel()
        memory = max(peak(pid), watched.get(pid, 0))
        survived = pid in pool.pids
        kind = "found" if reading.fragments else "clean"
        kind = reading.not_inspected or kind
        outcomes[kind] += 1
        clean += [name] * (kind == "clean")
        lost += not survived
        times.append(took)
        sizes.append(memory)
        slow += took > SECONDS
        large += memory > MEBIBYTES
        if took > 2 or memory > MEBIBYTES or not survived or wanted:
            end = "" if survived else "; child lost"
            print(
                f"{name}: {kind}; {took:.2f} s (processor {used:.2f}); {memory} MiB{end}",
                flush=True,
            )
    await pool.close()
    times.sort()
    sizes.sort()
    print(f"{len(times)} files; load {os.getloadavg()[0]:.1f}")
    print(f"median {times[len(times) // 2]:.2f} s, longest {times[-1]:.2f} s, over 5 s: {slow}")
    print(f"median {sizes[len(sizes) // 2]} MiB, largest {sizes[-1]} MiB, over 512 MiB: {large}")
    print(f"children lost: {lost}; outcomes: {dict(outcomes.most_common())}")
    print(f"clean: {', '.join(clean)}")
    return int(bool(slow or large))


watched: dict[int, int] = {}


async def highest(pid: int) -> None:
    """Watch a child that may be gone before its peak can be asked for."""
    watched[pid] = 0
    while True:
        watched[pid] = max(watched[pid], peak(pid))
        await asyncio.sleep(0.02)


def cpu(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
