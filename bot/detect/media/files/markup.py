"""Text of XML and HTML: what is shown, and what attributes, comments and scripts hold."""

from __future__ import annotations

import base64
import binascii
import html
import io
import itertools
import re
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.sax.handler import ContentHandler, feature_external_ges, property_lexical_handler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from bot.detect.media.files import text_decoding
from bot.detect.media.files.walk import Walk
from bot.errors import NotReadable

_CHUNK = 1 << 16
_INLINE_NAMES = """
r t delText instrText ins del moveFrom moveTo hyperlink smartTag sdt sdtContent rPr span a
s fld ruby rt rubyBase bookmark-start bookmark-end bookmark tspan b i u em strong font sub
sup small big code mark fldSimple dir bdo wbr nobr tt noBreakHyphen softHyphen proofErr
lang sz szCs rFonts color kern bookmarkStart bookmarkEnd commentRangeStart commentRangeEnd
commentReference permStart permEnd highlight shd vertAlign position spacing w bCs iCs caps
smallCaps vanish webHidden strike dstrike rStyle effect bdr fitText specVanish rtl cs
outline shadow emboss imprint snapToGrid eastAsianLayout latin ea sym solidFill srgbClr
schemeClr ln lastRenderedPageBreak fldChar footnoteReference endnoteReference footnoteRef
endnoteRef annotation-end reference-mark reference-mark-start reference-mark-end change
change-start change-end soft-page-break abbr acronym cite dfn kbd q samp var label time
data
"""
_INLINE = frozenset(_INLINE_NAMES.split())
# A guide to pronunciation: shown above the words, so it is kept apart from them.
_GUIDES = frozenset(("rt", "rp", "rPh"))
_TABS = frozenset(("tab", "tc", "td", "th", "table-cell", "ptab"))
_TELLING = frozenset(
    (
        *("descr", "title", "string", "Target", "href", "v", "prompt", "promptTitle", "error"),
        *("errorTitle", "author", "initials", "alt", "tooltip", "string-value", "caption", "label"),
        *("content", "value", "displayName", "src", "action", "placeholder", "summary", "data"),
        *("aria-label", "srcdoc", "Title", "FileName", "URI"),
    )
)
_LONG, _SHORT = 15, 6
_NOISE = re.compile(r"https?://schemas\.|urn:|\{?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-|#|[-0-9.,; ]*\Z")
# Places and sizes are shorter; telephones, cards and identities are not.
_DIGITS = re.compile(r"[0-9]{11,19}[Xx]?\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}\s*\Z")
_DATA = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)


class TextHandler(ContentHandler):
    """Gathers the text of any XML vocabulary: a line for each block, telling attributes apart."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.apart: list[str] = []
        self._names: dict[str, str] = {}
        self._guides = 0
        self._guide: list[str] = []
        self._starts: list[int] = []

    def local(self, name: str) -> str:
        """Return a name without its prefix."""
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = name.rpartition(":")[2]
        return found

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 -- SAX's name
        """Take the words of attributes."""
        self._starts.append(len(self.text))
        local = self.local(name)
        if local in _GUIDES:
            self._guides += 1
        elif local in ("br", "cr", "line-break"):
            self.text.append("\n")
        elif local in ("tab", "ptab"):
            self.text.append("\t")
        for key, value in attrs.items():
            if not key.startswith("xmlns") and _tells(self.local(key), value):
                self.apart.append(value)

    def endElement(self, name: str) -> None:  # noqa: N802 -- SAX's name
        """End an element: what held no text leaves none."""
        local = self.local(name)
        if local in _GUIDES:
            self._guides -= 1
            if not self._guides and self._guide:
                self.apart.append("".join(self._guide))
                self._guide = []
        start = self._starts.pop()
        if not self._guides:
            self.ended(local, is_empty=start >= len(self.text))

    def ended(self, name: str, *, is_empty: bool) -> None:
        """End a cell, or a line unless it is an element within one, such as a font's name."""
        if name in _TABS:
            self.text.append("\t")
        elif name not in _INLINE and not is_empty and self.text[-1] != "\n":
            self.text.append("\n")

    def characters(self, content: str) -> None:
        """Take text."""
        (self._guide if self._guides else self.text).append(content)

    def comment(self, content: str) -> None:
        """Take a comment of the markup."""
        self.apart.append(content)

    def startDTD(self, *_: object) -> None:  # noqa: N802 -- SAX's name
        """Nothing to read."""

    def endDTD(self) -> None:  # noqa: N802 -- SAX's name
        """Nothing to read."""

    def startCDATA(self) -> None:  # noqa: N802 -- SAX's name
        """Nothing to read."""

    def endCDATA(self) -> None:  # noqa: N802 -- SAX's name
        """Nothing to read."""

    def processingInstruction(self, target: str, data: str) -> None:  # noqa: N802
        """Take an instruction's data."""
        if _tells(target, data):
            self.apart.append(data)


def _tells(name: str, value: str) -> bool:
    """Return True if an attribute may hold words rather than numbers of the layout."""
    if not value.isascii():
        return True
    if name in _TELLING:
        return bool(value.strip())
    if len(value) < _LONG or _NOISE.match(value):
        return _DIGITS.match(value) is not None
    return True


def parse_xml(walk: Walk, data: bytes, handler: ContentHandler) -> None:
    """Parse XML without entities or outside references.

    Raises NotReadable('dangerous-markup') for declared entities, NotReadable('broken') for what is
    not well-formed; what was handled until then stays.
    """
    # An external DTD is named by many harmless drawings: it is never fetched, so it may be named.
    parser: Any = DefusedExpatParser(forbid_dtd=False, forbid_entities=True, forbid_external=False)
    parser.setFeature(feature_external_ges, False)
    parser.setContentHandler(handler)
    if isinstance(handler, TextHandler):
        parser.setProperty(property_lexical_handler, handler)
    source = io.BytesIO(data)
    try:
        while chunk := source.read(_CHUNK):
            walk.check_time()
            parser.feed(chunk)
        parser.close()
    except (NotReadable, MemoryError):
        raise
    except DefusedXmlException:
        raise NotReadable("dangerous-markup") from None
    except Exception:
        # Expat's and the codecs' errors.
        raise NotReadable("broken") from None


def read_xml(walk: Walk, data: bytes, page: int | None = None) -> None:
    """Read any XML: its text, its telling attributes, what it holds as base64."""
    handler = TextHandler()
    try:
        parse_xml(walk, data, handler)
    finally:
        _add(walk, "".join(handler.text), page)
        _add(walk, "\n".join(dict.fromkeys(handler.apart)), page)


def _add(walk: Walk, text: str, page: int | None) -> None:
    """Add text, and open what stands in it encoded."""
    plain: list[str] = []
    for line in _joined_base64(text):
        if (match := _DATA.match(line)) is not None:
            open_data_url(walk, line, match.end())
        elif _BASE64.match(line) and (inner := _decoded(line)) is not None:
            if walk.is_known(inner) or text_decoding.decode(inner).texts:
                walk.open(inner, page)
            # Else it is a signature, a digest or a key: nobody can read it.
        else:
            plain.append(line)
    walk.add("\n".join(plain), page)


def _joined_base64(text: str) -> list[str]:
    """Split into lines, with the wrapped lines of one base64 text put together again."""
    lines: list[list[str]] = []
    wrapped = False
    for line in text.split("\n"):
        bare = line.strip()
        is_piece = len(bare) >= 60 and _BASE64.match(bare) is not None
        ends = wrapped and bool(bare) and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", bare) is not None
        if lines and wrapped and (is_piece or ends):
            lines[-1].append(bare)
        else:
            lines.append([line])
        wrapped = is_piece
    return ["".join(pieces) for pieces in lines]


def _decoded(text: str) -> bytes | None:
    compact = "".join(text.split()).rstrip("=")
    if len(compact) % 4 == 1 or compact.isalpha():
        return None
    compact += "=" * (-len(compact) % 4)
    try:
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return None


def open_data_url(walk: Walk, url: str, start: int) -> None:
    """Open what a ``data:`` address holds."""
    head, body = url[:start], url[start:]
    if "base64" in head.lower():
        data = _decoded(unquote_to_bytes(body).decode("latin-1"))
    else:
        data = unquote_to_bytes(body)
    if data is None:
        walk.gap("broken")
    else:
        walk.take(len(data))
        walk.open(data)


_TAG = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)|<[!?](?P<declaration>[^>]*+)>?"
    r"|</?(?P<tag>[a-zA-Z][^\s/>]*+)"
    r"(?P<attributes>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+'|[\"'])*+)>?",
    re.DOTALL,
)
_ADDRESS = re.compile(
    r"data:[^,\s\"'()]{0,200}?(?:;base64,(?:[A-Za-z0-9+/=%_-]|\r?\n[ \t]*)*+|,[^\s\"'<>()]*+)",
    re.IGNORECASE,
)
_HTML_GUIDE = re.compile(r"<r[tp](?:\s[^<>]*)?>[^<]*(?:</r[tp]\s*>)?", re.IGNORECASE)
_MOST_ADDRESSES = 400
_HALF = re.compile(r"(?:</?|&#?[0-9A-Za-z]{0,8})\Z")
_CLOSED = ("html", "body", "script", "style", "title", "textarea", "noscript")


def read_html(walk: Walk, text: str, page: int | None = None, *, is_whole: bool = False) -> None:
    """Read a web page: its text, attributes, comments, scripts, and pictures in addresses.

    Goes through it once, whatever its faults: each unclosed part reaches to its end. It is
    ``cut-off`` when it ends within a tag, a comment or an entity, or without what closes the page;
    unless what it stands in says that it ``is_whole``: many mails leave their page open.
    """
    shown: list[str] = []
    apart: dict[str, None] = {}
    done = 0
    for count, match in enumerate(_TAG.finditer(text)):
        if count % 1_000 == 0:
            walk.check_time()
        shown.append(text[done : match.start()])
        done = match.end()
        tag = (match["tag"] or "").lower()
        if tag:
            shown.append(_tag_as_space(match))
        hidden = match["attributes"] or match["comment"] or match["declaration"] or ""
        if len(hidden) >= _SHORT or not (hidden + tag).isascii():
            apart[tag + hidden if not tag.isascii() else hidden] = None
    shown.append(text[done:])
    if not is_whole and _is_cut(text, ends_in_tag=done == len(text) and not text.endswith(">")):
        walk.gap("cut-off")
    addresses = [m[0] for m in itertools.islice(_ADDRESS.finditer(text), _MOST_ADDRESSES)]
    words = _ADDRESS.sub("", "".join(shown))
    if _HTML_GUIDE.search(text):
        # The same once more without guides, which would split the words that they stand above.
        plain = _ADDRESS.sub("", _TAG.sub(_tag_as_space, _HTML_GUIDE.sub("", text)))
        walk.add(re.sub(r"[ \t\r\f]*+\n\s*+", "\n", html.unescape(plain)), page)
        walk.check_time()
    walk.add(re.sub(r"[ \t\r\f]*+\n\s*+", "\n", html.unescape(words)), page)
    walk.add(html.unescape(_ADDRESS.sub("", "\n".join(apart))), page)
    if len(addresses) == _MOST_ADDRESSES:
        walk.gap("too-many-parts")
    for address in addresses:
        open_data_url(walk, address, address.index(",") + 1)


def _tag_as_space(match: re.Match[str]) -> str:
    """Return what separates the words at a tag: nothing within a line."""
    tag = (match["tag"] or "").lower()
    return "" if not tag or tag in _INLINE else "\t" if tag in ("td", "th") else "\n"


def _is_cut(text: str, *, ends_in_tag: bool) -> bool:
    """Return True if a page ends before its end."""
    if (ends_in_tag and text) or _HALF.search(text, max(0, len(text) - 12)):
        return True
    small = text.lower()
    return any(
        re.search(rf"<{name}[\s>]", small) is not None and f"</{name}" not in small
        for name in _CLOSED
        # Pages without an end of their body are common, and whole: browsers need none.
        if name != "body" or "<html" not in small
    )
