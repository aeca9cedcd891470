"""Distort a page as a phone and a messenger do: perspective, light, focus, noise, compression."""

from __future__ import annotations

import io
import random

import cv2
import numpy as np
from PIL import Image

Pixels = np.ndarray
SENT_SIDE = 1280
"""Longest side, in pixels, of a photo after Telegram's clients have prepared it."""


def phone_photo(page: Image.Image, rng: random.Random, *, of_screen: bool = False) -> Image.Image:
    """Photograph a page on a table, or a screen, with a hand that is not quite still."""
    noise = np.random.default_rng(rng.randint(0, 2**31))
    pixels = _curled(np.asarray(page.convert("RGB")), rng)
    pixels = _laid(pixels, _table(pixels.shape, rng, noise), rng)
    scale = rng.uniform(1500, 1900) / max(pixels.shape[:2])
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    light = pixels.astype(np.float32) * _light(pixels.shape, rng)
    if of_screen:
        light += _moire(pixels.shape, rng)
    light = _unsharp(light, rng)
    light += noise.normal(0, rng.uniform(4, 11), light.shape)
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))


def as_sent(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Return a picture as those in a group get it: at most 1280 pixels long, compressed twice."""
    small = picture.convert("RGB")
    small.thumbnail((SENT_SIDE, SENT_SIDE), Image.Resampling.LANCZOS)
    for quality in (rng.randint(80, 92), rng.randint(65, 85)):
        file = io.BytesIO()
        small.save(file, "JPEG", quality=quality)
        small = Image.open(file).convert("RGB")
    return small


def _curled(page: Pixels, rng: random.Random) -> Pixels:
    """Let the paper rise and fall a little."""
    height, width = page.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth, waves = rng.uniform(0, 7), rng.uniform(0.5, 1.2)
    lift = depth * np.sin(x * (2 * np.pi * waves / width) + rng.uniform(0, 6))
    white = (250, 250, 250)
    return cv2.remap(page, x, y + lift.astype(np.float32), cv2.INTER_LINEAR, borderValue=white)


def _table(shape: tuple[int, ...], rng: random.Random, noise: np.random.Generator) -> Pixels:
    """Make a table of wood around a page of that shape."""
    height, width = (int(n * 1.25) for n in shape[:2])
    colour = np.array(rng.choice(((107, 90, 72), (150, 118, 80), (70, 70, 76), (190, 180, 165))))
    grain = cv2.GaussianBlur(noise.normal(0, 60, (height, width)).astype(np.float32), (0, 0), 2)
    grain = cv2.blur(grain, (1, 61))
    return (colour + 3 * grain[:, :, None]).clip(0, 255).astype(np.uint8)


def _laid(page: Pixels, table: Pixels, rng: random.Random) -> Pixels:
    """Lay the page on the table, turned by up to 7 degrees and seen from an angle."""
    height, width = page.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = np.radians(rng.uniform(-7, 7))
    spin = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    middle = corners.mean(axis=0)
    centre = np.array([table.shape[1], table.shape[0]]) / 2
    reach = 0.05 * min(height, width)
    tilt = np.array([(rng.uniform(-reach, reach), rng.uniform(-reach, reach)) for _ in range(4)])
    target = ((corners - middle) * 0.96 @ spin.T + centre + tilt).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    size = (table.shape[1], table.shape[0])
    return cv2.warpPerspective(
        page,
        matrix,
        size,
        dst=table.copy(),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_TRANSPARENT,
    )


def _light(shape: tuple[int, ...], rng: random.Random) -> Pixels:
    """Return what part of the light reaches each place: lamp, falling off, and a hand's shadow."""
    height, width = shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    towards = rng.uniform(0, 2 * np.pi)
    along = x / width * np.cos(towards) + y / height * np.sin(towards)
    along = (along - along.min()) / (along.max() - along.min())
    light = rng.uniform(0.45, 0.7) + rng.uniform(0.3, 0.45) * along
    edge = rng.uniform(0.2, 0.8) * width + rng.uniform(-0.5, 0.5) * (y - height / 2)
    across = (x - edge) * rng.choice((1, -1)) / rng.uniform(12, 60)
    shadow = 1 / (1 + np.exp(across.clip(-50, 50)))
    light *= 1 - rng.uniform(0.1, 0.4) * shadow
    warmth = np.array((1.0, rng.uniform(0.93, 1.0), rng.uniform(0.8, 1.0)))
    return light[:, :, None] * warmth


def _moire(shape: tuple[int, ...], rng: random.Random) -> Pixels:
    """Return the beat of a screen's dots with the sensor's, a little apart in each colour."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    bands = []
    for _ in range(3):
        fine = np.sin(x / rng.uniform(0.6, 1.4) + y / rng.uniform(4, 9))
        wide = np.sin(x / rng.uniform(15, 40) - y / rng.uniform(15, 40))
        bands.append(rng.uniform(5, 11) * fine + rng.uniform(4, 9) * wide)
    return np.dstack(bands)


def _unsharp(light: Pixels, rng: random.Random) -> Pixels:
    """Miss the focus a little, or move during the exposure."""
    if rng.random() < 0.5:
        return cv2.GaussianBlur(light, (0, 0), rng.uniform(0.8, 1.6))
    length = rng.choice((3, 4, 5))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    spin = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), rng.uniform(0, 180), 1)
    kernel = cv2.warpAffine(kernel, spin, (length, length))
    return cv2.filter2D(light, -1, kernel / kernel.sum())
