r"""Rich Text Format: every destination is read, pictures and objects included.

After the published specification, version 1.9.1. What a reader shows apart from the line in which
it is anchored (notes, headers, names of bookmarks) is kept apart, so that it splits no word::

    机{\footnote 见附件}密    gives "机密" and, behind all text, "见附件"
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field, replace

from bot.detect.media.files.walk import Walk

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])"
    rb"|([^\\{}\r\n]+)|[\r\n]+|\\",
)
_SILENT = frozenset(
    (
        *(b"fonttbl", b"colortbl", b"stylesheet", b"themedata", b"colorschememapping", b"rsidtbl"),
        *(b"datastore", b"latentstyles", b"listtable", b"listoverridetable", b"generator"),
        *(b"xmlnstbl", b"mmathPr", b"fchars", b"lchars", b"blipuid", b"panose", b"falt"),
        *(b"objclass", b"filetbl", b"revtbl", b"pgptbl", b"wgrffmtfilter"),
    )
)
_BREAKS = frozenset(
    (b"par", b"line", b"row", b"sect", b"page", b"pard", b"footnote", b"annotation", b"header")
)
_HEX = frozenset((b"pict", b"objdata"))
_SIGNS = {
    b"tab": "\t",
    b"cell": "\t",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
}
_CODE_PAGES = {
    936: "gb18030",
    950: "big5hkscs",
    932: "cp932",
    949: "cp949",
    1361: "johab",
    65001: "utf-8",
    10000: "mac-roman",
}
# \fcharset of a font and its encoding; 0 and 1 leave it to the document.
_CHARSETS = {
    77: "mac-roman",
    78: "cp932",
    79: "cp949",
    80: "gb18030",
    81: "big5hkscs",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
_APART = frozenset(
    (
        *(b"*", b"footnote", b"annotation", b"header", b"headerl", b"headerr", b"headerf"),
        *(b"footer", b"footerl", b"footerr", b"footerf", b"xe", b"tc", b"info", b"shptxt"),
        *(b"fldinst", b"bkmkstart", b"bkmkend", b"sn", b"sv", b"nonshppict"),
    )
)
_MOST_GROUPS = 2_000
_ALPHA = frozenset(b"0123456789abcdefABCDEF")


@dataclass(slots=True)
class _Group:
    """The state inside one pair of braces."""

    silent: bool = False
    hexadecimal: bool = False
    skip: int = 1
    fonts: bool = False
    font: str | None = None
    wide: str | None = None
    mode: bytes = b"loch"
    text: list[str] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)

    def inner(self) -> _Group:
        """Return the state in which a group within this one begins."""
        # Groups inside a picture hold its properties, alternative text among them, not its bytes.
        return replace(self, data=bytearray(), hexadecimal=False)

    @property
    def encoding(self) -> str | None:
        """The encoding of the font in use; Word names one for ideographs and one for the rest."""
        return (self.wide or self.font) if self.mode == b"dbch" else self.font


class _Reading:
    """The state while a file is gone through."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.apart: list[list[str]] = []
        self.fonts: dict[int, str] = {}
        self.font = -1
        self.default = 0
        self.objects: list[bytes] = []
        self.encoding = "gb18030"
        self.groups = [_Group()]
        self.pending = bytearray()
        self.to_skip = 0
        self.raw = False

    @property
    def text(self) -> list[str]:
        """The text to which the current group adds."""
        return self.groups[-1].text

    def flush(self) -> None:
        """Decode the bytes that wait: a character's may come one by one."""
        if self.pending:
            encoding = self.groups[-1].encoding or self.fonts.get(self.default, self.encoding)
            self.text.append(self.pending.decode(encoding, "replace"))
            self.pending.clear()

    def take(self, data: bytes) -> None:
        """Take plain bytes of the current group."""
        group = self.groups[-1]
        if group.hexadecimal:
            group.data += bytes(c for c in data if c in _ALPHA)
        elif not group.silent:
            skipped = min(self.to_skip, len(data))
            self.to_skip -= skipped
            self.pending += data[skipped:]

    def open(self) -> None:
        """Begin a group; deeper ones than anybody writes are broken."""
        self.flush()
        self.groups.append(self.groups[-1].inner())
        if len(self.groups) > _MOST_GROUPS:
            raise ValueError("too deep")

    def close(self) -> None:
        """End a group; what it held as hexadecimal digits is an object."""
        self.flush()
        self.to_skip = 0
        if len(self.groups) == 1:
            return
        group = self.groups.pop()
        if group.data:
            even = bytes(group.data[: len(group.data) // 2 * 2])
            self.objects.append(binascii.unhexlify(even))

    def word(self, word: bytes, number: int | None) -> None:
        """Take a control word."""
        group = self.groups[-1]
        if word == b"u" and number is not None:
            self.flush()
            if not group.silent:
                self.text.append(chr(number % 0x10000))
            self.to_skip = group.skip
            return
        if word == b"uc":
            group.skip = max(0, min(number or 0, 8))
        elif word == b"ansicpg":
            self.encoding = _CODE_PAGES.get(number or 0, _single(number))
        elif word in _APART:
            self.set_apart()
        elif word in _SILENT:
            group.silent = True
            group.fonts = group.fonts or word == b"fonttbl"
        else:
            self.font_word(group, word, number)
        if word in _HEX:
            group.hexadecimal = True
        if word in _BREAKS or word in _SIGNS:
            self.flush()
            if not group.silent:
                self.text.append(_SIGNS.get(word, "\n"))

    def set_apart(self) -> None:
        """Begin a text of its own for the current group."""
        self.flush()
        self.groups[-1].text = []
        self.apart.append(self.groups[-1].text)

    def font_word(self, group: _Group, word: bytes, number: int | None) -> None:
        """Take a control word about fonts: the table of them, or the choice of one."""
        if group.fonts:
            if word == b"f" and number is not None:
                self.font = number
            elif word == b"fcharset" and number in _CHARSETS:
                self.fonts[self.font] = _CHARSETS[number]
            elif word == b"cpg" and number:
                self.fonts[self.font] = _CODE_PAGES.get(number, _single(number))
        elif word == b"deff":
            self.default = number or 0
        elif word in (b"loch", b"hich", b"dbch"):
            self.flush()
            group.mode = word
        elif word in (b"f", b"af") and number is not None:
            self.flush()
            encoding = self.fonts.get(number)
            if group.mode == b"dbch":
                group.wide = encoding
            elif word == b"f":
                group.font = encoding or self.encoding
        elif word == b"plain":
            self.flush()
            group.font, group.wide, group.mode = None, None, b"loch"


def _single(number: int | None) -> str:
    if number is not None and (1250 <= number <= 1258 or number in (437, 850, 852, 866, 874)):
        return f"cp{number}"
    return "gb18030"


def read_rtf(walk: Walk, data: bytes, page: int | None) -> None:
    """Read all text of an RTF file, hidden or not, and open its pictures and objects."""
    reading = _Reading(walk)
    position = tokens = 0
    try:
        while position < len(data):
            tokens += 1
            match = _TOKEN.match(data, position)
            if match is None:
                break
            position = _step(reading, data, match)
            if tokens % 1_000 == 0:
                walk.check_time()
        if len(reading.groups) > 1:
            walk.gap("broken")
        while len(reading.groups) > 1:
            reading.close()
        reading.flush()
    finally:
        body = reading.groups[0].text
        text = "\n".join("".join(piece) for piece in (body, *reading.apart) if piece)
        walk.add(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), page)
    for inner in reading.objects:
        walk.take(len(inner))
        open_object(walk, inner)


def _step(reading: _Reading, data: bytes, match: re.Match[bytes]) -> int:
    """Take one token and return where the next begins."""
    word, number, code, sign, brace, plain = match.groups()
    if word is not None:
        value = int(number) if number else None
        if word == b"bin" and value and value > 0:
            end = min(match.end() + value, len(data))
            reading.objects.append(data[match.end() : end])
            return end
        reading.word(word, value)
    elif code is not None:
        reading.take(bytes([int(code, 16)]))
    elif brace == b"{":
        reading.open()
    elif brace == b"}":
        reading.close()
    elif plain is not None:
        reading.take(plain)
    elif sign == b"*":
        reading.set_apart()
    elif sign is not None and sign in b"\\{}":
        reading.take(sign)
    elif sign in (b"\n", b"\r", b"~", b"_"):
        reading.take(b"\n" if sign in b"\r\n" else b" ")
    return match.end()


def open_object(walk: Walk, data: bytes) -> None:
    """Open a picture or an embedded object: its content begins where a known form begins."""
    for magic in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-", b"\x89PNG\r\n"):
        start = data.find(magic)
        if 0 <= start < 2_048:
            walk.open(data[start:])
            return
    start = data.find(b"\xff\xd8\xff")
    if 0 <= start < 512:
        walk.open(data[start:])
    elif data[40:44] == b" EMF" or data[:2] in (b"\x01\x00", b"\xd7\xcd"):
        walk.open(data) if data[40:44] == b" EMF" else walk.gap("unsupported-picture")
    else:
        walk.open(data)
