"""What the first reading misses: watermarks, traditional characters, seals over marks."""

from __future__ import annotations

import random

import numpy as np
import pytest

from bot.detect.media.pool import MediaPool
from bot.detect.media.watermark import underlay
from tests.support import pictures
from tests.support.picture_set import FAMILIES

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("family", ["watermark", "traditional", "stamp"])
async def test_hard_marks_are_read(pool: MediaPool, family: str, number: int) -> None:
    picture, keys = FAMILIES[family](random.Random(f"test/{family}/{number}"))
    data = pictures.encode(picture, "JPEG", quality=85)
    reading = await pool.read(data, name=None, mime_type=None)
    text = "".join("".join(f.text for f in reading.fragments).split())
    assert all(key in text for key in keys)


async def test_a_plain_photo_has_no_layer_under_its_text() -> None:
    table, _ = pictures.id_table(random.Random(1))
    assert underlay(np.asarray(table)) is None
