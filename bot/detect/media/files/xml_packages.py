"""Documents that are ZIP files of XML: Office Open XML, OpenDocument, OFD, EPUB.

Every part is read, whatever its name and whether or not anything refers to it: what a program
hides (comments, notes, headers, hidden sheets and rows, deleted text, properties) is read with
what it shows.
"""

from __future__ import annotations

import re
import zipfile

from bot.detect.media.files import ofd, text_decoding, workbooks
from bot.detect.media.files.binary_strings import read_strings
from bot.detect.media.files.compound_files import LEGACY
from bot.detect.media.files.file_kinds import kinds_of
from bot.detect.media.files.markup import read_xml
from bot.detect.media.files.walk import Spent, Walk
from bot.detect.media.files.zips import Package, read_plain_zip
from bot.errors import NotReadable

_XML = (".xml", ".rels", ".vml", ".xhtml", ".opf", ".ncx", ".rdf", ".svg", ".xhtm")
_NUMBER = re.compile(r"(?:slide|notesSlide|sheet)(\d{1,5})\.xml\Z")
_MAIN = (
    "word/document.xml",
    "ppt/presentation.xml",
    "xl/workbook.xml",
    "content.xml",
)
# Settings of printers, embedded fonts, layout caches: bytes that no reader of a document sees.
_SETTINGS = re.compile(r"printerSettings|\.odttf\Z|\.fntdata\Z|/fonts?/|layout-cache\Z", re.I)
# A drawing of the first page, which is read for itself.
_THUMBNAIL = re.compile(r"docProps/thumbnail\.[ew]mf\Z", re.I)
_END_OF_ZIP, _END_SIZE = b"PK\x05\x06", 22
_STYLES = re.compile(r"/(?:theme\d*|fontTable|webSettings|styles|stylesWithEffects)\.xml\Z")


def read_zip(walk: Walk, data: bytes, page: int | None) -> None:
    """Read a ZIP file as the document that it is, or as an archive."""
    package = Package(walk, data)
    walk.take(0)
    if package.is_encrypted or _declares_encryption(package):
        walk.gap("encrypted")
    if package.twins:
        walk.gap("broken")
    walk.add("\n".join(package.comments))
    try:
        _read_parts(walk, package, data)
    finally:
        if list(kinds_of(data)) == ["zip"]:
            # What stands before and behind; of a picture or a PDF it is read for itself.
            for piece in package.around:
                walk.open(piece)


def _read_parts(walk: Walk, package: Package, data: bytes) -> None:
    names = package.names
    if not ("[Content_Types].xml" in names or "mimetype" in names or "OFD.xml" in names):
        read_plain_zip(walk, package)
        return
    walk.add("\n".join(name for name in package.all_names if not name.isascii()))
    if data[:4] != b"PK\x03\x04":
        walk.gap("appended-data")
    converted = "xl/workbook.bin" in names and walk.hand_over(data, "xlsx")
    if "xl/workbook.bin" in names and not converted:
        walk.gap(LEGACY)
    if "OFD.xml" in names:
        done = ofd.read_pages(walk, package)
    elif "xl/workbook.xml" in names:
        done = workbooks.read_sheets(walk, package)
    else:
        done = frozenset[str]()
    for info in sorted(package.parts, key=_order):
        if info.filename in done:
            continue
        if converted and info.filename.endswith(".bin"):
            # The converted workbook holds the text of its binary parts.
            read_strings(walk, package.try_read(info))
        else:
            _read_part(walk, package, info)


def _order(info: zipfile.ZipInfo) -> tuple[int, int, int]:
    """Put the text before the pictures, and pages in their order."""
    name = info.filename
    match = _NUMBER.search(name)
    rank = 0 if name in _MAIN else 1 if name.endswith(_XML) else 2
    if _STYLES.search(name):
        rank = 3
    return rank, int(match[1]) if match else 0, info.header_offset


def _declares_encryption(package: Package) -> bool:
    if "EncryptedPackage" in package.names or "Encryptions.xml" in package.names:
        return True
    manifest = package.names.get("META-INF/manifest.xml")
    if manifest is None:
        return False
    try:
        return b"encryption-data" in package.read(manifest)
    except Spent:
        raise
    except NotReadable:
        return False


def _read_part(walk: Walk, package: Package, info: zipfile.ZipInfo) -> None:
    name = info.filename
    data = package.try_read(info)
    match = _NUMBER.search(name)
    page = int(match[1]) if match else None
    if not data:
        return
    if name.endswith("vbaProject.bin"):
        walk.gap("unsupported-macros")
        read_strings(walk, data)
    elif _SETTINGS.search(name) or _THUMBNAIL.search(name):
        read_strings(walk, data)
    elif name.endswith(_XML) or data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml"):
        try:
            read_xml(walk, data, page)
        except Spent:
            raise
        except NotReadable as error:
            walk.gap(error.reason)
    elif name.endswith((".bin", ".dat", ".esl")):
        _read_binary(walk, data)
    else:
        walk.open(data, page)


def _read_binary(walk: Walk, data: bytes) -> None:
    """Read a part without a public form: an embedded object, or else its words and a picture.

    Seals of OFD are such parts: a signature around a picture or a small OFD.
    """
    if data.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04")):
        walk.open(data)
        return
    if texts := text_decoding.decode_all(data):
        walk.add("\n".join(texts))
        return
    read_strings(walk, data)
    found = False
    for magic in (b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"):
        start = data.find(magic)
        if start >= 0:
            found = True
            # Behind the ZIP of a seal stands the rest of the signature around it.
            end = data.rfind(_END_OF_ZIP) + _END_SIZE if magic.startswith(b"PK") else len(data)
            walk.open(data[start : end if end > start + _END_SIZE else None])
    if not found and not _is_der(data):
        walk.gap("unsupported-part")


def _is_der(data: bytes) -> bool:
    """Return True if a part is one DER sequence (X.690): a signature without a picture."""
    if data[:1] != b"\x30" or len(data) < 2:
        return False
    if data[1] < 0x80:
        return len(data) == 2 + data[1]
    count = data[1] & 0x7F
    return count <= 4 and len(data) >= 2 + count + int.from_bytes(data[2 : 2 + count], "big")
