"""Other readings of a text, such as what an encoded part says, with the way back to its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.detect.text.normalization.normalized_text import Normalized

_LEFT_OUT = "xx"


class Part(NamedTuple):
    """The replacement of ``start`` to ``end`` of a text.

    ``exact`` gives the source's span of each character; without it, each stands for all of it.
    """

    start: int
    end: int
    text: str
    label: str
    exact: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """A reading of a text: for each character its span in the original, and what changed it.

    ``labels[i]`` is empty where the character stands as it was.
    """

    # Two lists in place of pairs: thousands of small objects make the garbage collector run.
    text: str = field(repr=False)
    lows: Sequence[int] = field(repr=False)
    highs: Sequence[int] = field(repr=False)
    labels: Sequence[str]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty span to the original."""
        return min(self.lows[start:end]), max(self.highs[start:end])

    def label(self, start: int, end: int) -> str:
        """Return the label of the change in a span, or an empty string."""
        return next(filter(None, self.labels[max(0, start) : end]), "")


def derive(form: Normalized, parts: Iterable[Part], before: Derived | None = None) -> Derived:
    """Put parts, in order and apart, in place of what they stand for.

    ``form`` is the normal form of the original, or of what was read from it ``before``.
    """
    text: list[str] = []
    lows: list[int] = []
    highs: list[int] = []
    labels: list[str] = []
    # The original's span of each character of the form, and what changed it so far.
    starts = form.starts
    if before is None:
        form_lows, form_highs = starts, [at + 1 for at in starts]
        form_labels: Sequence[str] = [""] * len(starts)
    else:
        form_lows = [before.lows[at] for at in starts]
        form_highs = [before.highs[at] for at in starts]
        form_labels = [before.labels[at] for at in starts]
    done = 0
    for part in parts:
        text += (form.text[done : part.start], part.text)
        exact = part.exact or ((part.start, part.end),)
        times = 1 if part.exact else len(part.text)
        lows += form_lows[done : part.start]
        lows += [form_lows[low] for low, _ in exact] * times
        highs += form_highs[done : part.start]
        highs += [form_highs[high - 1] for _, high in exact] * times
        labels += form_labels[done : part.start]
        labels += [part.label] * len(part.text)
        done = part.end
    text.append(form.text[done:])
    lows += form_lows[done:]
    highs += form_highs[done:]
    labels += form_labels[done:]
    return Derived("".join(text), lows, highs, labels)


def around(derived: Derived, reach: int, most: int) -> Derived:
    """Return what stands within ``reach`` of a change, ``most`` characters at most.

    Letters stand for what is left out, so that nothing seems to begin a line.
    """
    if len(derived.text) <= most:
        return derived
    text: list[str] = []
    lows: list[int] = []
    highs: list[int] = []
    labels: list[str] = []
    for kept in _near_changes(derived, reach, most):
        text += [_LEFT_OUT, derived.text[kept.start : kept.stop], _LEFT_OUT]
        lows += [derived.lows[kept.start]] * len(_LEFT_OUT)
        lows += derived.lows[kept.start : kept.stop]
        lows += [derived.lows[kept.stop - 1]] * len(_LEFT_OUT)
        highs += [derived.highs[kept.start]] * len(_LEFT_OUT)
        highs += derived.highs[kept.start : kept.stop]
        highs += [derived.highs[kept.stop - 1]] * len(_LEFT_OUT)
        edge = [""] * len(_LEFT_OUT)
        labels += [*edge, *derived.labels[kept.start : kept.stop], *edge]
    return Derived("".join(text), lows, highs, labels)


def _near_changes(derived: Derived, reach: int, most: int) -> list[range]:
    kept: list[range] = []
    room = most
    changed = bytes(map(bool, derived.labels))
    at = changed.find(1)
    while at >= 0 and room > 0:
        # What lies between two changes whose surroundings touch is kept whole.
        last = changed.rfind(1, at, at + 2 * reach + 1)
        start = max(at - reach, kept[-1].stop if kept else 0)
        stop = min(last + reach, len(derived.text), start + room)
        room -= stop - start
        if kept and kept[-1].stop == start:
            kept[-1] = range(kept[-1].start, stop)
        else:
            kept.append(range(start, stop))
        at = changed.find(1, last + 1)
    return kept
