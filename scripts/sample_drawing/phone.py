"""Make a flat page look as if it lay on a desk and had been photographed with a telephone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

FRAME = (1080, 1440)  # width, height of the photo in pixels


def photograph(
    page: Image.Image, seed: int, *, tilt: float = 1.0, close: bool = True
) -> Image.Image:
    """Photograph a page: perspective, the desk around it, shadow, uneven light, blur and noise."""
    random = np.random.default_rng(seed)
    width, height = FRAME
    desk = _desk(random, width, height)
    corners = _corners(random, tilt, 0.04 if close else 0.09)
    flat = np.asarray(page.convert("RGB"))
    source = np.array(
        [(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)], np.float32
    )
    matrix = cv2.getPerspectiveTransform(source, corners)
    warped = cv2.warpPerspective(flat, matrix, FRAME, flags=cv2.INTER_AREA)
    sheet = cv2.warpPerspective(
        np.full(flat.shape[:2], 255, np.uint8), matrix, FRAME, flags=cv2.INTER_LINEAR
    )
    alpha = cv2.GaussianBlur(sheet, (0, 0), 0.8)[..., None] / 255.0
    cast = cv2.GaussianBlur(np.roll(sheet, (14, 10), (0, 1)), (0, 0), 14)[..., None] / 255.0
    scene = desk * (1 - 0.55 * cast)
    scene = scene * (1 - alpha) + warped * alpha
    scene *= _light(random, width, height)[..., None]
    scene *= np.array([1.02, 1.0, 0.94])  # the warm light of an office lamp
    scene = cv2.GaussianBlur(scene, (0, 0), 0.75)
    scene += random.normal(0, 2.6, scene.shape)
    return Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))


def _corners(random: np.random.Generator, tilt: float, inset: float) -> NDArray[np.float32]:
    width, height = FRAME
    base = np.array(
        [
            (inset * 1.6, inset),
            (1 - inset * 1.5, inset * 1.2),
            (1 - inset * 0.5, 1 - inset),
            (inset * 0.4, 1 - inset * 0.8),
        ]
    )
    moved = base + random.uniform(-0.014, 0.014, (4, 2)) * tilt
    angle = np.deg2rad(random.uniform(-1.6, 1.6) * tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centred = (moved - 0.5) * (width, height)
    return (centred @ turn.T + (width / 2, height / 2)).astype(np.float32)


def _desk(random: np.random.Generator, width: int, height: int) -> NDArray[np.float64]:
    """Draw wood: long grain along x, in brown."""
    grain = random.normal(0, 1, (height // 3, width // 40 + 1)).astype(np.float32)
    grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    rings = np.sin(np.linspace(0, 46, height) + cv2.GaussianBlur(grain, (0, 0), 30).T.mean(0) * 8)
    tone = 1 + 0.05 * grain + 0.04 * rings[:, None]
    return np.array([133, 101, 72]) * tone[..., None]


def _light(random: np.random.Generator, width: int, height: int) -> NDArray[np.float64]:
    """Fall of the light: brighter at one corner, and the soft shadow of a hand and telephone."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    fall = 1.04 - 0.30 * (x * random.uniform(0.3, 0.8) + y * random.uniform(0.3, 0.7))
    edge = x * 0.7 - y + random.uniform(0.55, 0.75)
    shadow = 1 - 0.20 / (1 + np.exp(edge * 22))
    vignette = 1 - 0.18 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    light: NDArray[np.float64] = fall * shadow * vignette
    return light
