"""Small operations on pictures that every page goes through, chosen for speed."""

from __future__ import annotations

import cv2

from bot.detect.media.ocr.lines import Picture


def shrink(picture: Picture, scale: float, size: tuple[int, int] | None = None) -> Picture:
    """Return a picture made smaller by ``scale``, or to about that and exactly ``size``.

    It is halved by averaging as often as that goes, which is ten times as fast as averaging over
    uneven parts, then resampled.
    """
    height, width = picture.shape[:2]
    wanted = size or (max(1, round(width * scale)), max(1, round(height * scale)))
    while scale <= 0.5 and min(picture.shape[:2]) > 1:
        scale *= 2
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
    return cv2.resize(picture, wanted, interpolation=cv2.INTER_LINEAR)


def darkest(picture: Picture) -> Picture:
    """Return the least of a picture's three channels at each place, as grey."""
    first, second, third = cv2.split(picture)
    return cv2.min(cv2.min(first, second), third)


def contrast(picture: Picture) -> float:
    """Return the widest range that one of a picture's channels spans."""
    ranges = (cv2.minMaxLoc(channel)[:2] for channel in cv2.split(picture))
    return max(high - low for low, high in ranges)
