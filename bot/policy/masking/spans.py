"""Cover what was found: in text by a block character, in pictures by boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.model import Box, Extent, Finding, Fragment

BLOCK = "█"


def mask_text(text: str, findings: Iterable[Finding]) -> str:
    """Return the text with each covered code point as a block; line feeds always stay.

    ``findings`` are those of this text; suppressed ones cover nothing.
    """
    spans = covered(text, findings)
    if not spans:
        return text
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces.append(text[done:start])
        pieces.extend(c if c == "\n" else BLOCK for c in text[start:end])
        done = end
    return "".join([*pieces, text[done:]])


def covered(text: str, findings: Iterable[Finding]) -> list[tuple[int, int]]:
    """Return the covered spans of a text, in order and apart from each other."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(
        _extent(text, f) for f in findings if f.suppressed_by is None and f.start < f.end
    ):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _extent(text: str, finding: Finding) -> tuple[int, int]:
    if finding.extent is Extent.WHOLE:
        return 0, len(text)
    if finding.extent is Extent.LINE:
        after = text.find("\n", max(finding.start, finding.end - 1))
        return text.rfind("\n", 0, finding.start) + 1, len(text) if after < 0 else after
    return max(0, finding.start), min(len(text), finding.end)


def boxes_to_cover(fragment: Fragment, findings: Sequence[Finding]) -> list[Box]:
    """Return the boxes to paint over in the picture, one for each line that is touched.

    Findings whose extent is the whole picture give none: such a picture is withheld.
    """
    partial = [f for f in findings if f.extent is not Extent.WHOLE]
    boxes: list[Box] = []
    for start, end in covered(fragment.text, partial):
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
