"""The office of `tests.end_to_end`, and deployments in processes of their own.

The bot is not told that it is being tested: it is broken from outside, by the platform, the
database, the disk, the clock and by kill -9.
"""

from __future__ import annotations

from tests.end_to_end.conftest import media, office, quick_pace

__all__ = ["media", "office", "quick_pace"]
