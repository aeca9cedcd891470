"""The system's time as a process sees it, moved by a file that holds the seconds.

Timers of the event loop are not moved: they count by the monotonic clock, as they do when an
administrator or a time server sets the system's time.
"""

from __future__ import annotations

import datetime as real
import sys
import time
from pathlib import Path


def install(path: Path) -> None:
    """Let every part of the product read the time plus what the file says."""

    def offset() -> float:
        try:
            return float(path.read_text())
        except (OSError, ValueError):
            return 0.0

    class AnyTime(type):
        """Lets every time count as one of the class, wherever it was made."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real.datetime)

    class Shifted(real.datetime, metaclass=AnyTime):
        """A datetime whose now is moved."""

        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> real.datetime:  # type: ignore[override]
            """Return the time, moved."""
            return real.datetime.fromtimestamp(time.time() + offset(), tz)

    for name, module in list(sys.modules.items()):
        if name.startswith("bot.") and getattr(module, "datetime", None) is real.datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]
