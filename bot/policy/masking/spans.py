"""Masks: the spans of a text and the boxes of a picture that hide the findings in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.model import Box, Extent, Finding, Fragment

BLOCK = "█"
"""Stands for one masked code point, so that the offsets of a masked text are the original's."""


def mask_text(text: str, findings: Iterable[Finding]) -> str:
    """Return the text with each masked code point as a block; line feeds always stay.

    ``findings`` are those of this text; suppressed ones mask nothing.
    """
    spans = masked_spans(text, findings)
    if not spans:
        return text
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces.append(text[done:start])
        pieces.extend(c if c == "\n" else BLOCK for c in text[start:end])
        done = end
    return "".join([*pieces, text[done:]])


def masked_spans(text: str, findings: Iterable[Finding]) -> list[tuple[int, int]]:
    """Return the masked spans of a text, in order and apart from each other."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(
        _mask(text, f) for f in findings if f.suppressed_by is None and f.start < f.end
    ):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _mask(text: str, finding: Finding) -> tuple[int, int]:
    """Return the span that a finding's mask hides, by its extent."""
    if finding.extent is Extent.WHOLE:
        return 0, len(text)
    if finding.extent is Extent.LINE:
        # A finding that ends with a line feed ends on the line before it.
        after = text.find("\n", max(finding.start, finding.end - 1))
        return text.rfind("\n", 0, finding.start) + 1, len(text) if after < 0 else after
    return max(0, finding.start), min(len(text), finding.end)


def boxes_to_mask(fragment: Fragment, findings: Sequence[Finding]) -> list[Box]:
    """Return the boxes to mask in the picture, one for each line that is touched.

    Findings whose mask is the whole picture give none: such a picture is not shown at all.
    """
    partial = [f for f in findings if f.extent is not Extent.WHOLE]
    boxes: list[Box] = []
    for start, end in masked_spans(fragment.text, partial):
        line: list[Box] = []
        for position in range(start, min(end, len(fragment.boxes))):
            if fragment.text[position] == "\n":
                boxes.extend(_union(line))
                line = []
            else:
                line.append(fragment.boxes[position])
        boxes.extend(_union(line))
    return boxes


def _union(boxes: Iterable[Box]) -> list[Box]:
    full = [b for b in boxes if b[2] > b[0] and b[3] > b[1]]
    if not full:
        return []
    lefts, tops, rights, bottoms = zip(*full, strict=True)
    return [(min(lefts), min(tops), max(rights), max(bottoms))]
