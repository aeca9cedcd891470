"""The terminal and the web chat use the same words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rehearsal
from bot.i18n import Catalogs

ROOT = Path(__file__).parents[2]
WORDS = Path(rehearsal.__file__).parent / "web" / "words.js"


@pytest.mark.parametrize(("language", "number"), [("zh-CN", 0), ("en", 1)])
def test_the_terminal_names_the_button_as_the_page_does(language: str, number: int) -> None:
    t = Catalogs.load(ROOT / "config" / "locales", language).get()
    labels = re.findall(r'\bplay: "([^"]+)"', WORDS.read_text("utf-8"))
    assert f"“{labels[number]}”" in t("Press “Play a sample day” there. Ctrl+C ends it.")
    readme = ROOT / ("README.zh-CN.md", "README.md")[number]
    assert f"**{labels[number]}**" in readme.read_text("utf-8")
