"""Tables on the screen and the figures as JSON under build/bench/."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path("build/bench")
PEERS = ("python-telegram-bot", "aiogram", "pytesseract", "aiohttp", "SQLAlchemy")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float]) -> str:
    """Return the median with the least and the greatest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def table(rows: Sequence[Sequence[object]]) -> None:
    """Print rows in aligned columns; the first row is the head."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for row in cells:
        head, *rest = row
        figures = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        print("  ".join([head.ljust(widths[0]), *figures]))
    print(flush=True)


def _shown(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def save(name: str, figures: Any) -> None:
    """Write the figures with what they were measured on."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        "versions": {peer: version(peer) for peer in PEERS},
    }
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({"about": about, "figures": figures}, indent=1), "utf-8")
    print(f"figures: {path}")
