"""The interfaces that the engine runs: detectors, and derivers of other readings of a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bot.detect.text.decoding.derived_text import Derived
from bot.detect.text.normalization.normalized_text import Normalized
from bot.model import Finding, Fragment


class Detector(Protocol):
    """Looks for one kind of material in a fragment. Never acts, never changes its input."""

    name: str

    def may_find(self, text: Normalized) -> bool:
        """Return True if ``detect`` may find something; takes microseconds.

        ``detect`` does not run where this is False, so a wrong False is a missed leak.
        """

    def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
        """Return findings with offsets of ``fragment.text``; ``text`` is its normalised form."""


class TextDeriver(Protocol):
    """Derives other texts from one, for the detectors to run on."""

    only_likely: bool
    """True if findings in its texts are likely, never certain."""

    def may_derive(self, text: Normalized) -> bool:
        """Return True if ``derive`` may yield something; takes microseconds."""

    def derive(self, text: Normalized) -> Iterable[tuple[Derived, Normalized]]:
        """Yield derived texts, each with its normalised form."""
