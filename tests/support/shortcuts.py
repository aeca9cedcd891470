"""Shortcuts of started processes, so that a thousand starts take minutes and not hours."""

from __future__ import annotations

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.workers import send_limits


def shorten() -> None:
    """Start the readers of pictures with the first picture, and talk as quickly as permitted here.

    The stand-in for the platform sets no sending limits in these tests.
    """
    start = StartingMedia.start
    told: set[int] = set()

    def start_when_needed(media: StartingMedia) -> None:
        if id(media) in told:
            start(media)
        told.add(id(media))

    StartingMedia.start = start_when_needed  # type: ignore[method-assign]
    send_limits.SPACING = 0.01
    send_limits.GROUP_PER_MINUTE = 100_000
    send_limits.OVERALL_PER_SECOND = 100_000
