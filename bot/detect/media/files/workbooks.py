"""Workbooks of Office Open XML: rows as lines, so that a number stands beside its heading.

ECMA-376 part 1, 18.3 (worksheets) and 18.4 (shared strings).
"""

from __future__ import annotations

import re
from typing import Any

from bot.detect.media.files.markup import TextHandler, parse_xml
from bot.detect.media.files.walk import Spent, Walk
from bot.detect.media.files.zips import Package
from bot.errors import NotReadable

_SHEET = re.compile(r"xl/(?:work|chart|dialog|macro)sheets/[^/]*?(\d{0,5})\.xml\Z")
_BOOK = "xl/workbook.xml"
_SHARED = "xl/sharedStrings.xml"
_HEADS = frozenset(
    ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
)
# &L, &C and &R begin a section, the others name fonts, sizes, colours and fields (18.3.1.46).
_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[LCRPNDTZFAGSXYBIUEOH]|&)')


class _Shared(TextHandler):
    """Gathers the table of strings that cells refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []

    def ended(self, name: str, *, is_empty: bool) -> None:
        if name == "si":
            self.strings.append("".join(self.text).strip("\n"))
            self.text.clear()


class _Sheet(TextHandler):
    """Gathers a sheet's rows, at most ``most`` characters; everything else is text as usual."""

    def __init__(self, shared: list[str], used: set[int], most: int) -> None:
        super().__init__()
        self._shared, self._used, self._most = shared, used, most
        self._kind, self._value, self._in_value = "", [""], False
        self._head: list[str] = []
        self._in_head = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 -- SAX's name
        local = self.local(name)
        if local == "c":
            self._kind = attrs.get("t", "")
        elif local == "v":
            self._in_value, self._value = True, []
        elif local in _HEADS:
            self.text.append("\n")
        self._in_head = self._in_head or local in _HEADS
        super().startElement(name, attrs)

    def characters(self, content: str) -> None:
        if self._in_value:
            self._value.append(content)
        elif self._guides:
            super().characters(content)
        elif self._in_head:
            self._head.append(content)
        else:
            self._most -= len(content)
            self.text.append(content)

    def ended(self, name: str, *, is_empty: bool) -> None:
        if name == "v":
            self._in_value = False
            value = self._cell("".join(self._value))
            self._most -= len(value)
            if self._most < 0:
                raise Spent("too-much-text")
            self.text.append(value)
        elif name in _HEADS:
            self._in_head = False
            self.text += [*_sections("".join(self._head)), "\n"]
            self._head.clear()
        elif name == "c":
            self.text.append("\t")
        elif name not in ("is", "f"):
            super().ended(name, is_empty=is_empty)
        if name == "f":
            self.text.append(" ")

    def _cell(self, value: str) -> str:
        if self._kind != "s":
            return value
        try:
            index = int(value)
            text = self._shared[index] if index >= 0 else ""
        except (ValueError, IndexError):
            return value
        self._used.add(index)
        return text


def _sections(head: str) -> list[str]:
    """Return the words of a header or footer, without the codes that are glued to them."""

    def plain(match: re.Match[str]) -> str:
        code = match[0]
        return "&" if code == "&&" else "\n" if code in ("&L", "&C", "&R") else ""

    # A size before a digit is closed by a space that nobody sees, so both readings are kept.
    return list(dict.fromkeys((_CODE.sub(plain, head), "\n" + _CODE.sub(" ", head))))


class _Book(TextHandler):
    """Gathers the names of sheets and of ranges, short ones too."""

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 -- SAX's name
        if self.local(name) in ("sheet", "definedName"):
            self.apart += [attrs[key] for key in ("name", "comment") if key in attrs]
        super().startElement(name, attrs)


def read_sheets(walk: Walk, package: Package) -> frozenset[str]:
    """Read all sheets, hidden or not, and the strings that none uses; return the parts read."""
    shared = _Shared()
    done = set()
    if (info := package.names.get(_SHARED)) is not None:
        done.add(info.filename)
        _parse(walk, package.try_read(info), shared)
    book = _Book()
    if (info := package.names.get(_BOOK)) is not None:
        done.add(info.filename)
        _parse(walk, package.try_read(info), book)
        walk.add("".join(book.text))
        walk.add("\n".join(dict.fromkeys(book.apart)))
    used: set[int] = set()
    try:
        for name, info in sorted(package.names.items()):
            if match := _SHEET.match(name):
                done.add(info.filename)
                sheet = _Sheet(shared.strings, used, walk.limits.text)
                try:
                    _parse(walk, package.try_read(info), sheet)
                finally:
                    page = int(match[1]) if match[1] else None
                    walk.add("".join(sheet.text), page)
                    walk.add("\n".join(dict.fromkeys(sheet.apart)), page)
    finally:
        rest = [text for i, text in enumerate(shared.strings) if i not in used]
        walk.add("\n".join([*rest, "".join(shared.text), *shared.apart]))
    return frozenset(done)


def _parse(walk: Walk, data: bytes, handler: TextHandler) -> None:
    if not data:
        return
    try:
        parse_xml(walk, data, handler)
    except Spent:
        raise
    except NotReadable as error:
        walk.gap(error.reason)
