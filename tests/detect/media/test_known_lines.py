"""Remembered lines are found by likeness, and nobody can plant lines of their own."""

from __future__ import annotations

import pytest

from bot.detect.media.pictures.known_lines import LineMemory
from bot.errors import NotReadable
from bot.store.keys import Cipher


@pytest.mark.parametrize("told", [None, "x", ["x", "y"], ["0" * 64, 7], ["g" * 64, ""], [7, ""]])
def test_a_child_in_other_hands_plants_nothing(told: object) -> None:
    memory = LineMemory(Cipher(bytes(32)))
    with pytest.raises(NotReadable):
        memory.keep(told)


def test_the_nearest_is_recalled_and_the_oldest_goes_first() -> None:
    memory = LineMemory(Cipher(bytes(32)), capacity=2)
    likenesses = {"one": "0" * 64, "two": "f" * 64, "three": "0f" * 32}
    for text, likeness in likenesses.items():
        memory.keep([likeness, text])
    assert memory.recall("0" * 64) is None
    assert memory.recall("e" + "f" * 63) == "two"
    assert memory.recall("1f" + "0f" * 31) == "three"
