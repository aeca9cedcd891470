"""Out-of-the-way places in which words may stand: a file for each, by format and place."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from email.message import EmailMessage

import pikepdf
from PIL import Image, PngImagePlugin

from tests.support import papers, pictures
from tests.support.papers import zip_of

PLAIN = papers.PLAIN


def places(words: str) -> Iterator[tuple[str, bytes]]:
    """Yield a name and a file that holds the words in the place that the name tells."""
    yield from _pdf(words)
    yield from _word(words)
    yield from _excel(words)
    yield from _powerpoint(words)
    yield from _open_document(words)
    yield from _ofd(words)
    yield from _rtf(words)
    yield from _html(words)
    yield from _mail(words)
    yield from _archives(words)
    yield from _pictures(words)


def _pdf(words: str) -> Iterator[tuple[str, bytes]]:
    coded = "<feff" + words.encode("utf-16-be").hex() + ">"
    raw = words.encode("gb18030").hex()
    script = b"app.alert('%s')" % words.encode()
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(script), script)
    plain = papers.pdf_text(PLAIN)

    def pdf(name: str, *objects: str | bytes, more: str = "", extra: str = "") -> tuple[str, bytes]:
        raws = tuple(o.encode() if isinstance(o, str) else o for o in objects)
        return f"PDF: {name}", papers.pdf_of(plain, objects=raws, more=more, extra=extra)

    yield pdf(
        "form field",
        "<</FT/Tx/T(a)/V" + coded + "/Kids[10 0 R]>>",
        "<</Type/Annot/Subtype/Widget/Parent 9 0 R/Rect[9 9 99 30]>>",
        more="/AcroForm<</Fields[9 0 R]>>",
        extra="/Annots[10 0 R]",
    )
    yield pdf(
        "choice of a field",
        f"<</FT/Ch/T(a)/Opt[(x){coded}]/Subtype/Widget/Type/Annot/Rect[9 9 99 30]>>",
        more="/AcroForm<</Fields[9 0 R]>>",
        extra="/Annots[9 0 R]",
    )
    yield pdf("bookmark", "<</First 10 0 R/Last 10 0 R>>", f"<</Title{coded}/Parent 9 0 R>>",
              more="/Outlines 9 0 R")  # fmt: skip
    yield pdf(
        "script", stream, more="/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS 9 0 R>>]>>>>"
    )
    yield pdf("script as a string", more=f"/OpenAction<</S/JavaScript/JS{coded}>>")
    form = f"<x:xdp xmlns:x='x'><field><value>{words}</value></field></x:xdp>".encode()
    xfa = b"<</Length %d>>stream\n%s\nendstream" % (len(form), form)
    yield pdf("XFA form", xfa, more="/AcroForm<</XFA[(template) 9 0 R]/Fields[]>>")
    yield pdf("metadata", b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream"
              % (len(form), form), more="/Metadata 9 0 R")  # fmt: skip
    yield pdf("name of a layer", f"<</Type/OCG/Name{coded}>>",
              more="/OCProperties<</OCGs[9 0 R]/D<<>>>>")  # fmt: skip
    yield pdf("alternative text", f"<</Type/StructElem/S/Figure/Alt{coded}>>",
              more="/StructTreeRoot<</K[9 0 R]>>")  # fmt: skip
    inner = words.encode()
    file = b"<</Length %d>>stream\n%s\nendstream" % (len(inner), inner)
    note = "<</Subtype/FileAttachment/Rect[9 9 30 30]/FS<</F(a.txt)/EF<</F 9 0 R>>>>>>"
    yield pdf("file in a note", file, extra=f"/Annots[{note}]")
    yield pdf("nothing refers to it", f"<</Title{coded}>>")
    yield "PDF: title in GB 18030", papers.pdf_of(plain, info=f"/Title<{raw}>")
    hidden = b"/OC /L BDC " + papers.pdf_text(words) + b" EMC"
    layer = "/OCProperties<</OCGs[9 0 R]/D<</OFF[9 0 R]>>>>"
    page = papers.pdf_of(plain + b"\n" + hidden, objects=(b"<</Type/OCG/Name(a)>>",), more=layer)
    page = page.replace(b"/XObject<</I 9 0 R>>", b"/Properties<</L 9 0 R>>")
    whole = io.BytesIO()
    with pikepdf.open(io.BytesIO(page), suppress_warnings=True) as file:
        file.save(whole)
    yield "PDF: hidden layer", whole.getvalue()
    yield from _pdf_pictures(words, plain)
    whole = papers.pdf_of(plain)
    yield "PDF: behind its end", whole + b"\n" + papers.seven_zip_of(words.encode())
    before = papers.pdf_of(papers.pdf_text(words))
    yield "PDF: earlier state", _changed(before, plain)


def _pdf_pictures(words: str, plain: bytes) -> Iterator[tuple[str, bytes]]:
    note = pictures.note(words)
    jpeg = pictures.encode(note, "JPEG", quality=90)
    packed = zlib.compress(note.convert("RGB").tobytes())

    def image(filters: str, body: bytes, more: str = "") -> bytes:
        head = f"<</Type/XObject/Subtype/Image/Width {note.width}/Height {note.height}"
        head += (
            f"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/{filters}/Length {len(body)}{more}>>"
        )
        return head.encode() + b"stream\n" + body + b"\nendstream"

    draw = b"q 500 0 0 90 %d 400 cm /I Do Q"
    beside = plain + b"\n" + draw % 700
    yield "PDF: picture beside the page", papers.pdf_of(beside, objects=(image("DCTDecode", jpeg),))
    layer = "/OCProperties<</OCGs[10 0 R]/D<</OFF[10 0 R]>>>>"
    hidden = image("FlateDecode", packed, "/OC 10 0 R")
    yield (
        "PDF: picture in a hidden layer",
        papers.pdf_of(
            plain + b"\n" + draw % 40, objects=(hidden, b"<</Type/OCG/Name(a)>>"), more=layer
        ),
    )
    lost = (b"null", image("DCTDecode", jpeg))
    yield "PDF: picture that no page refers to", papers.pdf_of(plain, objects=lost)


def _changed(before: bytes, body: bytes) -> bytes:
    """Append a new state in which the page shows something else (ISO 32000-1, 7.5.6)."""
    start = len(before) + 1
    content = b"\n4 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (len(body), body)
    table = len(before) + len(content)
    previous = int(before.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    return (
        before
        + content
        + (
            b"xref\n4 1\n%010d 00000 n \ntrailer<</Size 9/Root 1 0 R/Info 8 0 R/Prev %d>>\n"
            b"startxref\n%d\n%%%%EOF" % (start, previous, table)
        )
    )


def _parts(
    kind: str, base: bytes, parts: dict[str, tuple[str, str | bytes]]
) -> Iterator[tuple[str, bytes]]:
    for place, (name, content) in parts.items():
        yield f"{kind}: {place}", papers.with_part(base, name, content)


def _word(words: str) -> Iterator[tuple[str, bytes]]:
    w = 'xmlns:w="w" xmlns:a="a" xmlns:mc="mc" xmlns:wp="wp" xmlns:c="c" xmlns:dgm="d"'

    def body(inner: str) -> str:
        return f"<w:document {w}><w:body>{inner}</w:body></w:document>"

    split = "".join(
        f'<w:bookmarkStart w:id="{i}"/><w:r><w:rPr><w:highlight w:val="red"/></w:rPr><w:t>{c}</w:t>'
        f'</w:r><w:bookmarkEnd w:id="{i}"/>'
        for i, c in enumerate(words)
    )
    sheet = papers.xlsx_with("visible", words)
    yield from _parts(
        "DOCX",
        papers.docx_with("visible", PLAIN),
        {
            "alternative chunk (HTML)": ("word/afchunk1.htm", f"<html><p>{words}</p></html>"),
            "alternative chunk (RTF)": ("word/afchunk2.rtf", papers.rtf_with("visible", words)),
            "text box": (
                "word/document2.xml",
                body(
                    f"<w:p><mc:AlternateContent><mc:Fallback><w:txbxContent><w:p><w:r><w:t>{words}"
                    "</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>"
                ),
            ),
            "deleted": (
                "word/document2.xml",
                body(f"<w:p><w:del><w:r><w:delText>{words}</w:delText></w:r></w:del></w:p>"),
            ),
            "runs of one letter": ("word/document2.xml", body(f"<w:p>{split}</w:p>")),
            "chart": ("word/charts/chart1.xml", f"<c:chart {w}><a:t>{words}</a:t></c:chart>"),
            "SmartArt": ("word/diagrams/data1.xml", f"<dgm:x {w}><a:t>{words}</a:t></dgm:x>"),
            "endnote": ("word/endnotes.xml", body(f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>")),
            "workbook within": ("word/embeddings/Microsoft_Excel_Sheet1.xlsx", sheet),
            "object within": ("word/embeddings/oleObject1.bin", ole_package(words.encode())),
            "own property": (
                "docProps/custom.xml",
                f"<Properties><property name='a'><lpwstr>{words}</lpwstr></property></Properties>",
            ),
            "alternative text": (
                "word/document2.xml",
                body(f'<w:p><wp:docPr id="1" name="x" descr="{words}"/></w:p>'),
            ),
            "field": ("word/document2.xml", body(f"<w:instrText>{words}</w:instrText>")),
            "own XML": ("customXml/item9.xml", f"<a>{words}</a>"),
            "link": (
                "word/_rels/document2.xml.rels",
                f"<Relationships><Relationship Target='https://example.org/?q={words}'/></Relationships>",
            ),
        },
    )


def ole_package(content: bytes) -> bytes:
    """Make a compound file with an OLE 1.0 package."""
    names = b"a.txt\0C:\\a.txt\0" + b"\0\0\3\0" + struct.pack("<I", 6) + b"a.txt\0"
    body = b"\2\0" + names + struct.pack("<I", len(content)) + content
    return papers.compound({"\x01Ole10Native": struct.pack("<I", len(body)) + body})


def _excel(words: str) -> Iterator[tuple[str, bytes]]:
    base = papers.xlsx_with("visible", PLAIN)

    def sheet(inner: str) -> tuple[str, str]:
        return "xl/worksheets/sheet9.xml", f"<worksheet>{inner}</worksheet>"

    cell = '<sheetData><row><c t="{}">{}</c></row></sheetData>'
    yield from _parts(
        "XLSX",
        base,
        {
            "defined name": (
                "xl/workbook2.xml",
                f"<workbook><definedName name='a'>\"{words}\"</definedName></workbook>",
            ),
            "validation": sheet(
                f"<dataValidation prompt='{words}'><formula1>\"x\"</formula1></dataValidation>"
            ),
            "list of a validation": sheet(
                f'<dataValidation><formula1>"{words}"</formula1></dataValidation>'
            ),
            "threaded comment": (
                "xl/threadedComments/threadedComment1.xml",
                f"<ThreadedComments><threadedComment><text>{words}</text></threadedComment>"
                "</ThreadedComments>",
            ),
            "inline string": sheet(cell.format("inlineStr", f"<is><t>{words}</t></is>")),
            "rich inline string": sheet(
                cell.format(
                    "inlineStr", "<is>" + "".join(f"<r><t>{c}</t></r>" for c in words) + "</is>"
                )
            ),
            "formula": sheet(cell.format("str", f'<f>"{words}"&amp;A1</f><v>x</v>')),
            "header": sheet(f"<headerFooter><oddHeader>&amp;C{words}</oddHeader></headerFooter>"),
            "text box": (
                "xl/drawings/drawing9.xml",
                f"<xdr:x xmlns:xdr='x'><a>{words}</a></xdr:x>",
            ),
            "chart": ("xl/charts/chart1.xml", f"<c><t>{words}</t></c>"),
            "pivot cache": ("xl/pivotCache/pivotCacheDefinition1.xml", f"<s v='{words}'/>"),
            "another book's values": (
                "xl/externalLinks/externalLink1.xml",
                f"<x><v>{words}</v></x>",
            ),
            "conditional format": sheet(f'<cfRule><formula>"{words}"</formula></cfRule>'),
        },
    )


def _powerpoint(words: str) -> Iterator[tuple[str, bytes]]:
    text = f"<p:sld xmlns:p='p' xmlns:a='a'><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:sld>"
    yield from _parts(
        "PPTX",
        papers.pptx_with("visible", PLAIN),
        {
            "notes master": ("ppt/notesMasters/notesMaster9.xml", text),
            "handout master": ("ppt/handoutMasters/handoutMaster1.xml", text),
            "layout": ("ppt/slideLayouts/slideLayout99.xml", text),
            "chart": ("ppt/charts/chart1.xml", text),
            "SmartArt": ("ppt/diagrams/data1.xml", text),
            "hidden slide": ("ppt/slides/slide9.xml", text.replace("<p:sld ", "<p:sld show='0' ")),
            "comment of today": ("ppt/comments/modernComment_1.xml", text),
            "alternative text": (
                "ppt/slides/slide9.xml",
                f"<p:sld xmlns:p='p'><p:cNvPr id='2' name='x' descr='{words}'/></p:sld>",
            ),
            "tag": ("ppt/tags/tag1.xml", f"<p:tag xmlns:p='p' name='A' val='{words}'/>"),
            "picture": ("ppt/media/image99.png", papers.picture_of(words)),
        },
    )


def _open_document(words: str) -> Iterator[tuple[str, bytes]]:
    def content(inner: str) -> str:
        names = "xmlns:office='o' xmlns:text='t' xmlns:svg='s' xmlns:draw='d'"
        return f"<office:document {names}>{inner}</office:document>"

    deleted = f"<text:deletion><text:p>{words}</text:p></text:deletion>"
    yield from _parts(
        "ODT",
        papers.odt_with("visible", PLAIN),
        {
            "deleted": ("content2.xml", content(deleted)),
            "footnote": ("content2.xml", content(f"<text:note-body>{words}</text:note-body>")),
            "alternative text": ("content2.xml", content(f"<svg:desc>{words}</svg:desc>")),
            "object within": ("Object 1/content.xml", content(f"<text:p>{words}</text:p>")),
            "earlier version": ("Versions/Version1", papers.odt_with("visible", words)),
            "name of a style": ("content2.xml", content(f"<text:p text:style-name='{words}'/>")),
        },
    )
    image = base64.encodebytes(papers.picture_of(words)).decode()
    flat = f"<draw:image><office:binary-data>{image}</office:binary-data></draw:image>"
    yield "FODT: picture", b"<?xml version='1.0'?>" + content(flat).encode()
    yield "FODT: visible", b"<?xml version='1.0'?>" + content(f"<text:p>{words}</text:p>").encode()


def _ofd(words: str) -> Iterator[tuple[str, bytes]]:
    seal = b"\x30\x82" + b"\1" * 30 + papers.picture_of(words)
    yield from _parts(
        "OFD",
        papers.ofd_with("visible", PLAIN),
        {
            "attachment": ("Doc_0/Attachs/a.docx", papers.docx_with("visible", words)),
            "tag": ("Doc_0/Tags/CustomTag.xml", f"<ofd:a xmlns:ofd='o'>{words}</ofd:a>"),
            "seal": ("Doc_0/Signs/Sign_0/Seal.esl", seal),
            "bookmark": ("Doc_0/Document2.xml", f"<ofd:Bookmark xmlns:ofd='o' Name='{words}'/>"),
            "earlier version": ("Doc_0/Versions/V1.xml", f"<ofd:v xmlns:ofd='o'>{words}</ofd:v>"),
        },
    )


def _rtf(words: str) -> Iterator[tuple[str, bytes]]:
    coded = papers.rtf_words(words)
    package = binascii.hexlify(ole_package(words.encode())).decode()
    bodies = {
        "footnote": "x{\\footnote " + coded + "}",
        "text box": "{\\shp{\\*\\shpinst{\\shptxt " + coded + "}}}",
        "deleted": "{\\deleted " + coded + "}",
        "field": "{\\field{\\*\\fldinst HYPERLINK " + coded + "}{\\fldrslt x}}",
        "own property": "{\\*\\userprops{\\propname a}{\\staticval " + coded + "}}",
        "variable": "{\\*\\docvar{a}{" + coded + "}}",
        "bookmark": "{\\*\\bkmkstart " + coded + "}",
        "unknown destination": "{\\*\\nobodyknows " + coded + "}",
        "object": "{\\object{\\*\\objdata " + package + "}}",
        "alternative text": "{\\sp{\\sn wzDescription}{\\sv " + coded + "}}",
    }
    for place, body in bodies.items():
        yield f"RTF: {place}", ("{\\rtf1\\ansi\\ansicpg936\\uc1 " + body + "\\par}").encode("ascii")


def _html(words: str) -> Iterator[tuple[str, bytes]]:
    escaped = "".join(f"\\u{ord(c):04x}" if not c.isascii() else c for c in words)
    entities = "".join(f"&#{ord(c)};" for c in words)
    page = base64.b64encode(f"<p>{words}</p>".encode()).decode()
    image = base64.encodebytes(papers.picture_of(words)).decode()
    bodies = {
        "data of a script": f'<script type="application/json">{{"a": "{words}"}}</script>',
        "style": f"<style>p::after {{ content: '{words}' }}</style>",
        "frame": f'<iframe srcdoc="&lt;p&gt;{words}&lt;/p&gt;"></iframe>',
        "template": f"<template><p>{words}</p></template>",
        "title": f'<p title="{words}">x</p>',
        "value": f'<input type="hidden" value="{words}">',
        "data attribute": f"<p data-x='{words}'>x</p>",
        "address in base64": f'<a href="data:text/html;base64,{page}">x</a>',
        "wrapped picture": f'<img src="data:image/png;base64,{image}">',
        "entities": f"<p>{entities}</p>",
        "letter by letter": "<p>" + "".join(f"<b>{c}</b>" for c in words) + "</p>",
    }
    for place, body in bodies.items():
        yield f"HTML: {place}", f"<html><body>{body}</body></html>".encode()
    yield "HTML: without a head", "".join(f"<i>{c}</i>" for c in words).encode()
    yield "JSON: escaped", f'{{"a": "{escaped}"}}'.encode()


def _mail(words: str) -> Iterator[tuple[str, bytes]]:
    inner = papers.eml_with("visible", words)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "x"
    mail.set_content("x")
    mail.add_attachment(b"x", maintype="a", subtype="b", filename=words + ".bin")
    yield "EML: name of a file", mail.as_bytes()
    head = b"From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\n"
    yield "EML: message within", head + b"Content-Type: message/rfc822\n\n" + inner
    packed = base64.encodebytes(inner)
    yield (
        "EML: message within in base64",
        head + b"Content-Transfer-Encoding: base64\nContent-Type: message/rfc822\n\n" + packed,
    )
    html = f"<b>{words[:3]}</b><i>{words[3:]}</i>".encode()
    yield "EML: HTML alone", head + b"Content-Type: text/html; charset=utf-8\n\n" + html
    gb = words.encode("gb18030")
    yield "EML: wrong charset", head + b"Content-Type: text/plain; charset=iso-8859-1\n\n" + gb
    mixed = b'Content-Type: multipart/mixed; boundary="x"\n\n'
    yield "EML: before the parts", head + mixed + gb + b"\n--x\n\na\n--x--\n"
    yield "EML: behind the parts", head + mixed + b"--x\n\na\n--x--\n" + gb + b"\n"
    yield "EML: raw header", b"From: a\nTo: b\nSubject: " + gb + b"\n\nx"
    word = base64.b64encode(gb)
    yield "EML: encoded header", head + b"Subject: =?gb18030?B?" + word + b"?=\n\nx"
    box = b"From a@b Mon Jan  5 10:00:00 2026\nFrom: a\nTo: b\n\nx\n\n"
    second = b"From a@b Mon Jan  5 10:00:00 2026\nContent-Transfer-Encoding: base64\nTo: b\n\n"
    yield "MBOX: second message", box + second + base64.encodebytes(words.encode())
    lines = [words.encode()[i : i + 45] for i in range(0, len(words.encode()), 45)]
    coded = b"begin 644 a.txt\n" + b"".join(map(binascii.b2a_uu, lines)) + b"`\nend\n"
    yield "EML: uuencoded", head + b"\nx\n\n" + coded


def _archives(words: str) -> Iterator[tuple[str, bytes]]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")
        archive.comment = words.encode("gb18030")
    yield "ZIP: comment", out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.txt")
        info.comment = words.encode()
        archive.writestr(info, "x")
    yield "ZIP: comment of a part", out.getvalue()
    yield "ZIP: name of a part", zip_of({f"{words}.bin": b""})
    yield "ZIP: name of a folder", zip_of({f"{words}/": b""})
    yield "ZIP: before the archive", words.encode() + zip_of({"a": "x"})
    yield "ZIP: behind the archive", zip_of({"a": "x"}) + b"\n" + words.encode()
    yield "GZ: name", _gzip_named(words)
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": words}
    yield "TAR: comment", info.tobuf(tarfile.PAX_FORMAT) + b"\0" * 1024
    yield "TAR: behind the archive", papers.tar_of(b"x") + papers.tar_of(words.encode())
    import py7zr

    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive7:
        archive7.writestr(b"x", f"{words}.bin")
    yield "7Z: name of a part", out.getvalue()


def _gzip_named(words: str) -> bytes:
    plain = gzip.compress(b"x", mtime=0)
    return plain[:3] + b"\x08" + plain[4:10] + words.encode() + b"\0" + plain[10:]


def _pictures(words: str) -> Iterator[tuple[str, bytes]]:
    image = Image.new("RGB", (64, 40), "white")
    raw = words.encode()
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li>{words}</rdf:li></x:xmpmeta>'.encode()
    exif, windows, comment = Image.Exif(), Image.Exif(), Image.Exif()
    exif[0x010E] = raw
    windows[0x9C9C] = words.encode("utf-16-le")
    comment.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + words.encode("utf-16-be")
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", words, zip=True)
    plain = pictures.encode(image, "JPEG")
    yield "JPEG: EXIF description", pictures.encode(image, "JPEG", exif=exif)
    yield "JPEG: EXIF title", pictures.encode(image, "JPEG", exif=windows)
    yield "JPEG: EXIF comment", pictures.encode(image, "JPEG", exif=comment)
    yield "JPEG: comment", pictures.encode(image, "JPEG", comment=words.encode("gb18030"))
    yield "JPEG: XMP", pictures.encode(image, "JPEG", xmp=xmp)
    iptc = b"\x1c\x02\x78" + struct.pack(">H", len(raw)) + raw
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc
    block += b"\0" * (len(block) % 2)
    yield (
        "JPEG: IPTC",
        plain[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + plain[2:],
    )
    yield "JPEG: behind its end", plain + raw
    yield "PNG: text", pictures.encode(image, "PNG", pnginfo=text)
    yield "PNG: behind its end", pictures.encode(image, "PNG") + raw
    yield "WEBP: XMP", pictures.encode(image, "WEBP", xmp=xmp)
    yield "GIF: comment", pictures.encode(image, "GIF", comment=raw)
