"""Read PDF: the text layer, hidden and white text with it, and drawn pages where they show more.

Text may stand in six places, and each has its own way out::

    page content       -> _read_page: the text layer
    annotation values  -> _read_annotations: comments, form fields, link targets
    appearances        -> _read_page: the text of a copy in which they are page content
    every other object -> pdf_objects: strings, scripts, forms, files, hidden pictures
    earlier revisions  -> _read_revisions: the file up to each of its end marks
    pixels and shapes  -> _draw: OCR, for pages whose objects are more than letters

Text costs milliseconds a page and drawing a third of a second, so all text comes first: a file
that exhausts its time has lost pictures rather than words.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from bot.detect.media.files.pdf_objects import read_objects, repaired
from bot.detect.media.files.pdf_shapes import (
    MOST_OBJECTS,
    curves,
    has_picture_outside,
    is_doubtful,
    shows_more,
)
from bot.detect.media.files.walk import Spent, Walk
from bot.errors import NotReadable

_HEAD, _TAIL, _END = 1024, 16, b"%%EOF"
_REVISIONS = 8
_LONG_SIDE = 1760
_MOST_PIXELS = 6_000_000
_MOST_NOTES, _NOTE_CURVES = 1_000, 20
_WORDS = ("Contents", "T", "Subj", "RC", "TU", "TM", "V", "DV", "A", "NM")


def read_pdf(walk: Walk, data: bytes, page: int | None) -> None:
    """Read a PDF: texts of all pages, then its objects, then drawn pages while there is time.

    A whole file ends with its mark, and its table of objects is right; else that is said, and what
    there is of it is read.
    """
    start = data.find(b"%PDF-", 0, _HEAD)
    data = data[max(start, 0) :]
    end = data.rfind(_END)
    behind = data[end + len(_END) :].lstrip(b"\0\t\r\n ") if end >= 0 else b""
    if end < 0:
        walk.gap("cut-off")
    elif len(behind) > _TAIL and b"PK\x05\x06" not in behind:
        # An archive behind a PDF is opened as the second kind of the same file.
        walk.open(behind)
    try:
        document = _open(data)
    except NotReadable as error:
        if error.reason != "broken":
            raise
        walk.gap("broken" if end >= 0 else "cut-off")
        data = repaired(data)
        document = _open(data)
    try:
        _read_document(walk, document, data)
    finally:
        document.close()


def _read_document(walk: Walk, document: Any, data: bytes) -> None:
    if not raw.FPDF_DocumentHasValidCrossReferenceTable(document):
        walk.gap("broken")
    count = len(document)
    if count > walk.limits.pages:
        walk.gap("page-cap")
    outside: set[int] = set()
    drawn = [
        number
        for number in range(min(count, walk.limits.pages))
        if _read_page(walk, document, number, outside)
    ]
    shown = _open(data)
    try:
        _read_appearances(walk, shown, drawn)
        _read_rest(walk, data, bool(outside))
        for number in drawn:
            if not walk.has_time_for_a_picture:
                walk.gap("time-budget")
                break
            _draw(walk, shown, number)
    finally:
        shown.close()


def _read_rest(walk: Walk, data: bytes, pictures_outside: bool) -> None:
    """Read what stands in objects beside the pages, and in earlier states of the file."""
    try:
        read_objects(walk, data, pictures_outside=pictures_outside)
    except Spent:
        raise
    except NotReadable as error:
        walk.gap(error.reason)
    _read_revisions(walk, data)


def _read_appearances(walk: Walk, copy: Any, drawn: list[int]) -> None:
    """Read the text of form fields, signatures and notes as it stands on the page.

    It is in streams of their own, apart from the values: in this copy of the file it becomes page
    content, because pdfium draws no form fields without a form's environment. A page whose notes
    show pictures or shapes is put into ``drawn``.
    """
    known = {line for fragment in walk.fragments for line in fragment.text.split("\n")}
    for number in range(min(len(copy), walk.limits.pages)):
        walk.check_time()
        try:
            words, shows_more = _appearance_words(copy, number)
        except pdfium.PdfiumError:
            walk.gap("broken")
            continue
        walk.add("\n".join(w for w in words.split("\n") if w not in known), number + 1)
        if shows_more and number not in drawn:
            drawn.append(number)


def _appearance_words(copy: Any, number: int) -> tuple[str, bool]:
    """Return the text of a page with all notes on it, and whether notes show more than text."""
    page = copy[number]
    try:
        count = min(raw.FPDFPage_GetAnnotCount(page), _MOST_NOTES)
        notes = [note for i in range(count) if (note := raw.FPDFPage_GetAnnot(page, i))]
        try:
            if not any(raw.FPDFAnnot_HasKey(note, b"AP") for note in notes):
                return "", False
            shows_more = any(_note_shows_more(note) for note in notes)
            for note in notes:
                # Hidden notes are read as well: a reader of the file can unhide them.
                raw.FPDFAnnot_SetFlags(note, raw.FPDF_ANNOT_FLAG_PRINT)
        finally:
            for note in notes:
                raw.FPDFPage_CloseAnnot(note)
        raw.FPDFPage_Flatten(page, raw.FLAT_PRINT)
    finally:
        page.close()
    page = copy[number]
    try:
        text = page.get_textpage()
        try:
            words: str = text.get_text_range(errors="replace").replace("\r\n", "\n")
            return words, shows_more or is_doubtful(text, words)
        finally:
            text.close()
    finally:
        page.close()


def _note_shows_more(note: Any) -> bool:
    """Return True if a note's appearance holds a picture, or shapes that may be letters."""
    strokes = 0
    for i in range(min(raw.FPDFAnnot_GetObjectCount(note), MOST_OBJECTS)):
        item = raw.FPDFAnnot_GetObject(note, i)
        kind = raw.FPDFPageObj_GetType(item) if item else raw.FPDF_PAGEOBJ_UNKNOWN
        if kind in (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM, raw.FPDF_PAGEOBJ_SHADING):
            return True
        strokes += curves(item) if kind == raw.FPDF_PAGEOBJ_PATH else 0
    return strokes > _NOTE_CURVES


def _read_revisions(walk: Walk, data: bytes) -> None:
    """Read the texts of earlier states of a file, which stay in it when it is changed."""
    known = {fragment.text for fragment in walk.fragments}
    ends = [match.end() for match in re.finditer(_END, data)][:-1]
    if len(ends) > _REVISIONS:
        walk.gap("too-many-parts")
    for end in ends[-_REVISIONS:]:
        try:
            before = pdfium.PdfDocument(data[:end])
        except pdfium.PdfiumError:
            # The first mark of a file made for the web ends no state of it.
            continue
        try:
            for number in range(min(len(before), walk.limits.pages)):
                _read_earlier(walk, before, number, known)
        finally:
            before.close()


def _read_earlier(walk: Walk, document: Any, number: int, known: set[str]) -> None:
    walk.check_time()
    try:
        page = document[number]
        text = page.get_textpage()
        words = text.get_text_range(errors="replace").replace("\r\n", "\n")
        text.close()
        page.close()
    except pdfium.PdfiumError:
        return
    if words not in known:
        known.add(words)
        walk.add(words, number + 1)


def _open(data: bytes) -> Any:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        locked = code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise NotReadable("encrypted" if locked else "broken") from None
    if len(document) == 0:
        document.close()
        raise NotReadable("broken")
    return document


def _read_page(walk: Walk, document: Any, number: int, outside: set[int]) -> bool:
    """Read a page's text and notes; return whether the page must be drawn to be read whole.

    Its number is put into ``outside`` when a picture lies where the drawn page will not show it.
    """
    walk.check_time()
    try:
        page = document[number]
    except pdfium.PdfiumError:
        walk.gap("broken")
        return False
    try:
        _read_annotations(walk, page, number + 1)
        text = page.get_textpage()
        try:
            words = text.get_text_range(errors="replace")
            doubtful = is_doubtful(text, words)
        finally:
            text.close()
        walk.add(words.replace("\r\n", "\n"), number + 1)
        if has_picture_outside(page):
            outside.add(number)
        return bool(doubtful or not words.strip() or shows_more(page))
    except pdfium.PdfiumError:
        walk.gap("broken")
        return True
    finally:
        page.close()


def _read_annotations(walk: Walk, page: Any, number: int) -> None:
    """Read comments, form fields and link targets."""
    count = raw.FPDFPage_GetAnnotCount(page)
    if count > 1_000:
        walk.gap("too-many-parts")
    words: list[str] = []
    for i in range(min(count, 1_000)):
        annotation = raw.FPDFPage_GetAnnot(page, i)
        if not annotation:
            continue
        words += [w for key in _WORDS if (w := _string(annotation, key.encode()))]
        link = raw.FPDFAnnot_GetLink(annotation)
        if link and (action := raw.FPDFLink_GetAction(link)):
            words.append(_address(page, action))
        raw.FPDFPage_CloseAnnot(annotation)
    walk.add("\n".join(dict.fromkeys(words)), number)


def _string(annotation: Any, key: bytes) -> str:
    size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(min(size, 1 << 20))
    pointer = ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR))
    raw.FPDFAnnot_GetStringValue(annotation, key, pointer, len(buffer))
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _address(page: Any, action: Any) -> str:
    document = page.pdf
    size = raw.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < size < 1 << 16:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAction_GetURIPath(document, action, buffer, size)
    return buffer.raw.rstrip(b"\0").decode("utf-8", "replace")


def _draw(walk: Walk, document: Any, number: int) -> None:
    page = document[number]
    try:
        width, height = page.get_size()
        scale = min(
            _LONG_SIDE / max(width, height, 1.0),
            (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5,
        )
        scale = max(scale, 8 / max(min(width, height), 0.01))
        if width * height * scale * scale > 4 * _MOST_PIXELS:
            raise NotReadable("too-large")
        bitmap = page.render(scale=scale, may_draw_forms=True, rev_byteorder=True)
        pixels = bitmap.to_numpy()[:, :, :3].copy()
        bitmap.close()
    except (pdfium.PdfiumError, ValueError):
        walk.gap("broken")
        return
    finally:
        page.close()
    walk.pixels(pixels, number + 1)
