"""The parser of each kind of content."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.detect.media.files import (
    archives,
    compound_files,
    mail,
    markup,
    pdf,
    rtf,
    text_decoding,
    xml_packages,
)
from bot.detect.media.files.binary_strings import read_strings
from bot.detect.media.files.file_kinds import kinds_of
from bot.detect.media.files.walk import Limits, Opener, PictureReader, Spent, Walk
from bot.errors import NotReadable

_XML_STARTS = ("<?xml", "<svg", "<office:", "<w:", "<pkg:", "<o:", "<!doctype svg")
_HTML_REACH = 1 << 16
_HTML = re.compile(
    r"</?(?:!doctype html|html|head|body|div|table|tr|td|span|img|p|br|b|i|u|a|font|script|style"
    r"|h[1-6]|ul|ol|li|title|meta|strong|em|center|pre|svg|iframe|object|embed)(?:\s[^<>]*)?/?>"
    # Nothing but the beginning of a tag.
    r"|\A\s*</?[!?a-z][^<>]*\Z",
    re.IGNORECASE,
)


def new_walk(pictures: PictureReader, limits: Limits | None = None) -> Walk:
    """Return a walk that knows every kind of document."""
    return Walk(OPENERS, kinds_of, pictures, limits or Limits())


def _read_picture(walk: Walk, data: bytes, page: int | None) -> None:
    walk.picture(data, page)


def _read_drawing(walk: Walk, data: bytes, page: int | None) -> None:
    """Read the words of a Windows metafile; its lines and pictures are not drawn."""
    walk.gap("unsupported-picture")
    read_strings(walk, data)


def _read_nothing(walk: Walk, data: bytes, page: int | None) -> None:
    """Pass over what nobody reads in a document or an archive: fonts, views of folders."""
    if not walk.is_within:
        walk.gap("unsupported-document")


def _read_text(walk: Walk, data: bytes, page: int | None) -> None:
    """Read text in any encoding that fits; markup is read for what it shows and hides."""
    decoded = text_decoding.decode(data)
    if not decoded.texts:
        walk.gap("unsupported-document")
        read_strings(walk, data)
        return
    if decoded.fault is not None:
        walk.gap(decoded.fault)
    for text in decoded.texts:
        _read_decoded(walk, data, text, page)


def _read_decoded(walk: Walk, data: bytes, text: str, page: int | None) -> None:
    start = text[:4096].lstrip("\ufeff \t\r\n").lower()
    if start.startswith(_XML_STARTS):
        try:
            markup.read_xml(walk, text.encode("utf-8", "replace"), page)
        except Spent:
            raise
        except NotReadable as error:
            if error.reason != "broken" or "<html" not in start:
                walk.gap(error.reason)
            markup.read_html(walk, text, page)
    elif _HTML.search(text, 0, _HTML_REACH) is not None:
        markup.read_html(walk, text, page)
    else:
        walk.add(text, page)
        if start.startswith("{") and "\\u" in text:
            walk.add(_json_words(text), page)


def _json_words(text: str) -> str:
    """Return the same JSON with its escaped characters written out."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


OPENERS: Mapping[str, Opener] = MappingProxyType(
    {
        "picture": _read_picture,
        "drawing": _read_drawing,
        "text": _read_text,
        "font": _read_nothing,
        "desktop": _read_nothing,
        "pdf": pdf.read_pdf,
        "zip": xml_packages.read_zip,
        "7z": archives.read_7z,
        "tar": archives.read_tar,
        "packed": archives.read_packed,
        "ole": compound_files.read_ole,
        "rtf": rtf.read_rtf,
        "mail": mail.read_mail,
    }
)
