"""Judge by a PDF page's objects whether it shows more than its text layer."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as raw

MOST_OBJECTS = 4_000
_CURVES = 60
"""So many curves are more than rules and frames: letters may be drawn as shapes."""
_CHECKED = 2_000
_DOUBTFUL = 0.02
_LEAST_PICTURE, _EDGE = 12.0, 40.0
_STRAIGHT = 0.05


def is_doubtful(text: Any, words: str) -> bool:
    """Return True if the text layer differs from the page: its letters have no known meaning."""
    count = min(text.count_chars(), _CHECKED)
    wrong = sum(int(raw.FPDFText_HasUnicodeMapError(text, i) == 1) for i in range(count))
    wrong += sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" for c in words[:_CHECKED])
    return bool(wrong > count * _DOUBTFUL)


def shows_more(page: Any) -> bool:
    """Return True if a page shows pictures, or shapes that may be letters."""
    drawn = 0
    for count, item in enumerate(_objects(page)):
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_IMAGE and _is_visible(item):
            return True
        if kind == raw.FPDF_PAGEOBJ_PATH:
            drawn += curves(item)
        if kind == raw.FPDF_PAGEOBJ_SHADING or drawn > _CURVES or count > MOST_OBJECTS:
            return True
    return bool(_painted_annotations(page))


def has_picture_outside(page: Any) -> bool:
    """Return True if a picture lies at least in part beyond the page's edges."""
    width, height = page.get_size()
    for item in itertools.islice(_objects(page), MOST_OBJECTS):
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = _bounds(item)
            far = left < -_EDGE or bottom < -_EDGE or right > width + _EDGE
            if far or top > height + _EDGE:
                return True
    return False


def _bounds(item: Any) -> tuple[float, float, float, float]:
    edges = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(item, *edges)
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _painted_annotations(page: Any) -> int:
    """Count the stamps and drawings that were laid over a page."""
    painted = (raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_INK, raw.FPDF_ANNOT_WATERMARK)
    found = 0
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), 200)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if annotation:
            found += raw.FPDFAnnot_GetSubtype(annotation) in painted
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _objects(page: Any) -> Iterator[Any]:
    """Yield a page's objects, those of its forms included, to a depth of six."""
    stack = [(page, 0, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject)]
    while stack:
        owner, depth, count, get = stack.pop()
        for i in range(min(count(owner), MOST_OBJECTS + 2)):
            item = get(owner, i)
            if not item:
                continue
            if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM and depth < 6:
                stack.append(
                    (item, depth + 1, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject)
                )
            yield item


def curves(item: Any) -> int:
    """Count a path's curves, and two slanted lines as one: plotters draw letters of lines."""
    count = raw.FPDFPath_CountSegments(item)
    if count > 20_000:
        return _CURVES + 1
    curves = slanted = 0
    x, y = ctypes.c_float(), ctypes.c_float()
    last = (0.0, 0.0)
    for i in range(count):
        segment = raw.FPDFPath_GetPathSegment(item, i)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        curves += kind == raw.FPDF_SEGMENT_BEZIERTO
        if kind == raw.FPDF_SEGMENT_LINETO:
            slanted += abs(x.value - last[0]) > _STRAIGHT and abs(y.value - last[1]) > _STRAIGHT
        last = (x.value, y.value)
    return curves // 3 + slanted // 2


def _is_visible(item: Any) -> bool:
    """Return True if a picture is larger than a dot or a rule."""
    left, bottom, right, top = _bounds(item)
    # Pictures inside forms are measured in the form's own units, so small ones may be large.
    return min(right - left, top - bottom) > _LEAST_PICTURE or right <= 1.01
