"""Other readings of a text, such as what an encoded part says, with the way back to its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.detect.text.normalize import Normalized

_LEFT_OUT = "xx"


class Part(NamedTuple):
    """What stands for ``start`` to ``end`` of a text.

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

    text: str = field(repr=False)
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    labels: tuple[str, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a non-empty span to the original."""
        touched = self.spans[start:end]
        return min(low for low, _ in touched), max(high for _, high in touched)

    def label(self, start: int, end: int) -> str:
        """Say what changed a span; empty where nothing did."""
        return next(filter(None, self.labels[max(0, start) : end]), "")


def derive(form: Normalized, parts: Iterable[Part], before: Derived | None = None) -> Derived:
    """Put parts, in order and apart, in place of what they stand for.

    ``form`` is the normal form of the original, or of what was read from it ``before``.
    """
    text: list[str] = []
    spans: list[tuple[int, int]] = []
    labels: list[str] = []

    starts = form.starts
    earlier = before.spans if before else None

    def keep(start: int, end: int) -> None:
        text.append(form.text[start:end])
        places = starts[start:end]
        if before is None:
            spans.extend(zip(places, [at + 1 for at in places], strict=True))
            labels.extend([""] * (end - start))
        else:
            spans.extend([before.spans[at] for at in places])
            labels.extend([before.labels[at] for at in places])

    done = 0
    for part in parts:
        keep(done, part.start)
        text.append(part.text)
        exact = part.exact or ((part.start, part.end),)
        placed = [(starts[low], starts[high - 1]) for low, high in exact]
        if earlier:
            placed = [(earlier[low][0], earlier[high][1]) for low, high in placed]
        else:
            placed = [(low, high + 1) for low, high in placed]
        spans.extend(placed if part.exact else placed * len(part.text))
        labels.extend([part.label] * len(part.text))
        done = part.end
    keep(done, len(form.text))
    return Derived("".join(text), tuple(spans), tuple(labels))


def around(derived: Derived, reach: int, most: int) -> Derived:
    """Return what stands within ``reach`` of a change, ``most`` characters at most.

    What is left out between is told by letters, so that nothing seems to begin a line.
    """
    if len(derived.text) <= most:
        return derived
    kept: list[range] = []
    room = most
    for at, label in enumerate(derived.labels):
        if not label or (kept and at < kept[-1].stop - reach):
            continue
        start = max(at - reach, kept[-1].stop if kept else 0)
        stop = min(at + reach, len(derived.text), start + room)
        room -= stop - start
        if kept and kept[-1].stop == start:
            kept[-1] = range(kept[-1].start, stop)
        else:
            kept.append(range(start, stop))
        if room <= 0:
            break
    text: list[str] = []
    spans: list[tuple[int, int]] = []
    labels: list[str] = []
    for part in kept:
        here = derived.spans[part.start]
        text += [_LEFT_OUT, derived.text[part.start : part.stop], _LEFT_OUT]
        spans += [here] * len(_LEFT_OUT)
        spans += derived.spans[part.start : part.stop]
        spans += [derived.spans[part.stop - 1]] * len(_LEFT_OUT)
        edge = ("",) * len(_LEFT_OUT)
        labels += (*edge, *derived.labels[part.start : part.stop], *edge)
    return Derived("".join(text), tuple(spans), tuple(labels))
