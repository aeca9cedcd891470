"""Operators' patterns mean Unicode, or are refused with the reason."""

from __future__ import annotations

import pytest

from bot.errors import ConfigurationError
from bot.rules.regex import compile_regex


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\w+", "青松é_9", True),
        (r"\w+", "青 松", False),
        (r"\d{3}", "１٢3", True),
        (r"[\w-]+", "青-松", True),
        (r"\W", "青", False),
        (r"\D", "٣", False),
        (r"[^\w]", "松", False),
        (r"[]\d]+", "]３", True),
        (r"[^]\d]", "]", False),
        (r"[[:digit:]\d]+", "1３", True),
        (r"\Q\d\E", r"\d", True),
        (r"\\d", r"\d", True),
        (r"[\\w]+", r"\w", True),
        (r"\p{Han}+\.", "青松.", True),
    ],
)
def test_classes_have_their_unicode_meaning(pattern: str, text: str, matches: bool) -> None:
    assert bool(compile_regex(pattern, "here").fullmatch(text)) is matches


@pytest.mark.parametrize("pattern", [r"\bab", r"ab\B", r"[\b]", r"[a\W]", r"[\D]", "(?=a)", "("])
def test_patterns_without_a_unicode_meaning_are_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_regex(pattern, "rule 'x'")
    assert caught.value.where == "rule 'x'"
    assert caught.value.mend
