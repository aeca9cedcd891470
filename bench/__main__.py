"""Run the benchmarks one after another: python -m bench [NAME…]."""

from __future__ import annotations

import subprocess
import sys

NAMES = ("deletion", "throughput", "picture_deletion", "pictures", "text", "reload", "evasion")


def main() -> int:
    """Run those that are named, or all; the exit status is that of the worst."""
    names = sys.argv[1:] or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"there is no {', '.join(unknown)}; choose from {', '.join(NAMES)}")
        return 2
    worst = 0
    for name in names:
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
