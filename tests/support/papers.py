"""Documents of many formats, each with given words in one named place; made in memory."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage

import docx
import openpyxl
import pptx
from odf import dc, meta, office, style, table, text
from odf.draw import Frame, Image
from odf.draw import Page as DrawPage
from odf.opendocument import (
    OpenDocumentPresentation,
    OpenDocumentSpreadsheet,
    OpenDocumentText,
)
from odf.style import MasterPage, PageLayout
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image as SheetImage

from tests.support import pictures

PLAIN = "关于秋季运动会的通知"


def picture_of(words: str) -> bytes:
    """Return a PNG that shows the words."""
    return pictures.encode(pictures.note(words))


def docx_with(place: str, words: str) -> bytes:
    """Make a Word document."""
    document = docx.Document()
    paragraph = document.add_paragraph(words if place == "visible" else PLAIN)
    if place == "header":
        document.sections[0].header.paragraphs[0].text = words
    elif place == "footer":
        document.sections[0].footer.paragraphs[0].text = words
    elif place == "comment":
        document.add_comment(paragraph.runs, text=words, author="x")
    elif place == "hidden":
        run = document.add_paragraph().add_run(words)
        run.font.hidden = True
    elif place == "white":
        run = document.add_paragraph().add_run(words)
        run.font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    elif place == "picture":
        document.add_picture(io.BytesIO(picture_of(words)))
    elif place == "properties":
        document.core_properties.subject = words
    elif place == "table":
        document.add_table(1, 2).rows[0].cells[1].text = words
    out = io.BytesIO()
    document.save(out)
    if place == "split runs":
        return with_part(out.getvalue(), "word/footnotes.xml", _footnotes(words))
    if place == "footnote":
        return with_part(out.getvalue(), "word/footnotes.xml", _footnotes(words))
    if place == "watermark":
        return with_part(out.getvalue(), "word/header9.xml", _watermark(words))
    return out.getvalue()


def _footnotes(words: str) -> str:
    runs = "".join(f"<w:r><w:t>{c}</w:t></w:r>" for c in words)
    return f'<w:footnotes xmlns:w="w"><w:footnote><w:p>{runs}</w:p></w:footnote></w:footnotes>'


def _watermark(words: str) -> str:
    return (
        '<w:hdr xmlns:w="w" xmlns:v="v"><w:p><w:pict><v:shape><v:textpath '
        f'string="{words}"/></v:shape></w:pict></w:p></w:hdr>'
    )


def with_part(data: bytes, name: str, content: str | bytes) -> bytes:
    """Return a package with one more part."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, content)
    return out.getvalue()


def xlsx_with(place: str, words: str) -> bytes:
    """Make a workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = words if place == "visible" else PLAIN
    if place == "header":
        sheet.oddHeader.center.text = words
    elif place == "comment":
        sheet["A1"].comment = Comment(words, "x")
    elif place == "hidden":
        other = book.create_sheet("其他")
        other["B2"] = words
        other.sheet_state = "veryHidden"
    elif place == "hidden row":
        sheet["A9"] = words
        sheet.row_dimensions[9].hidden = True
    elif place == "picture":
        sheet.add_image(SheetImage(io.BytesIO(picture_of(words))), "C3")
    elif place == "properties":
        book.properties.subject = words
    elif place == "sheet name":
        sheet.title = words
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pptx_with(place: str, words: str) -> bytes:
    """Make a presentation."""
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = words if place == "visible" else PLAIN
    if place == "comment":
        slide.notes_slide.notes_text_frame.text = words
    elif place == "hidden":
        slide._element.set("show", "0")
        slide.shapes.title.text = words
    elif place == "picture":
        slide.shapes.add_picture(io.BytesIO(picture_of(words)), 0, 0)
    elif place == "properties":
        show.core_properties.subject = words
    elif place == "header":
        show.slide_master.shapes[0].text_frame.text = words
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def odt_with(place: str, words: str) -> bytes:
    """Make an OpenDocument text."""
    document = OpenDocumentText()
    document.text.addElement(text.P(text=words if place == "visible" else PLAIN))
    if place == "header":
        layout = PageLayout(name="p")
        document.automaticstyles.addElement(layout)
        master = MasterPage(name="Standard", pagelayoutname=layout)
        header = style.Header()
        header.addElement(text.P(text=words))
        master.addElement(header)
        document.masterstyles.addElement(master)
    elif place == "comment":
        note = office.Annotation()
        note.addElement(text.P(text=words))
        holder = text.P()
        holder.addElement(note)
        document.text.addElement(holder)
    elif place == "hidden":
        paragraph = text.P()
        paragraph.addElement(text.HiddenText(condition="ooow:1", stringvalue=words))
        document.text.addElement(paragraph)
    elif place == "picture":
        _place_picture(document, document.text, words)
    elif place == "properties":
        document.meta.addElement(dc.Subject(text=words))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _place_picture(document: object, owner: object, words: str) -> None:
    name = document.addPictureFromString(picture_of(words), "image/png")  # type: ignore[attr-defined]
    frame = Frame(width="10cm", height="4cm", anchortype="paragraph")
    frame.addElement(Image(href=name))
    holder = text.P()
    holder.addElement(frame)
    owner.addElement(holder)  # type: ignore[attr-defined]


def ods_with(place: str, words: str) -> bytes:
    """Make an OpenDocument spreadsheet."""
    document = OpenDocumentSpreadsheet()
    hidden = style.Style(name="h", family="table")
    hidden.addElement(style.TableProperties(display="false"))
    document.automaticstyles.addElement(hidden)
    sheet = table.Table(name="a", **({"stylename": hidden} if place == "hidden" else {}))
    row = table.TableRow()
    cell = table.TableCell()
    shown = place in ("visible", "hidden")
    cell.addElement(text.P(text=words if shown else PLAIN))
    if place == "comment":
        note = office.Annotation()
        note.addElement(text.P(text=words))
        cell.addElement(note)
    row.addElement(cell)
    sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    if place == "properties":
        document.meta.addElement(meta.Keyword(text=words))
    elif place == "header":
        layout = PageLayout(name="p")
        document.automaticstyles.addElement(layout)
        master = MasterPage(name="Default", pagelayoutname=layout)
        header = style.Header()
        header.addElement(text.P(text=words))
        master.addElement(header)
        document.masterstyles.addElement(master)
    elif place == "picture":
        name = document.addPictureFromString(picture_of(words), "image/png")
        frame = Frame(width="10cm", height="4cm")
        frame.addElement(Image(href=name))
        cell.addElement(frame)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def odp_with(place: str, words: str) -> bytes:
    """Make an OpenDocument presentation."""
    from odf.draw import TextBox
    from odf.presentation import Notes

    document = OpenDocumentPresentation()
    layout = PageLayout(name="p")
    document.automaticstyles.addElement(layout)
    master = MasterPage(name="m", pagelayoutname=layout)
    document.masterstyles.addElement(master)
    hidden = style.Style(name="dp", family="drawing-page")
    hidden.addElement(style.DrawingPageProperties(visibility="hidden"))
    document.automaticstyles.addElement(hidden)
    extra = {"stylename": hidden} if place == "hidden" else {}
    page = DrawPage(masterpagename=master, **extra)
    document.presentation.addElement(page)

    def box(value: str) -> Frame:
        frame = Frame(width="10cm", height="4cm")
        inner = TextBox()
        inner.addElement(text.P(text=value))
        frame.addElement(inner)
        return frame

    page.addElement(box(words if place in ("visible", "hidden") else PLAIN))
    if place == "comment":
        notes = Notes()
        notes.addElement(box(words))
        page.addElement(notes)
    elif place == "header":
        master.addElement(box(words))
    elif place == "properties":
        document.meta.addElement(dc.Title(text=words))
    elif place == "picture":
        name = document.addPictureFromString(picture_of(words), "image/png")
        frame = Frame(width="10cm", height="4cm")
        frame.addElement(Image(href=name))
        page.addElement(frame)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def zip_of(parts: dict[str, str | bytes]) -> bytes:
    """Make a ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def ofd_with(place: str, words: str) -> bytes:
    """Make an OFD, one text object for each two characters as its producers do."""

    def page(value: str) -> str:
        objects = "".join(
            f'<ofd:TextObject ID="{i + 9}" Boundary="{20 + 5 * i} 30 10 6" Font="3" Size="5">'
            f'<ofd:TextCode X="0" Y="5">{value[i : i + 2]}</ofd:TextCode></ofd:TextObject>'
            for i in range(0, len(value), 2)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><ofd:Page xmlns:ofd="http://www.ofdspec.org/2016">'
            f'<ofd:Content><ofd:Layer ID="2">{objects}</ofd:Layer></ofd:Content></ofd:Page>'
        )

    def shown(name: str) -> str:
        return words if place == name else PLAIN

    parts: dict[str, str | bytes] = {
        "OFD.xml": "<?xml version='1.0' encoding='UTF-8'?><ofd:OFD xmlns:ofd='o'><ofd:DocBody>"
        f"<ofd:DocInfo><ofd:Title>{shown('properties')}</ofd:Title></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": "<?xml version='1.0'?><ofd:Document xmlns:ofd='o'/>",
        "Doc_0/Pages/Page_0/Content.xml": page(shown("visible")),
        "Doc_0/Tpls/Tpl_0/Content.xml": page(shown("header")),
        "Doc_0/Annots/Page_0/Annotation.xml": (
            f"<ofd:PageAnnot xmlns:ofd='o'><ofd:Annot><ofd:Remark>{shown('comment')}"
            "</ofd:Remark></ofd:Annot></ofd:PageAnnot>"
        ),
    }
    if place == "hidden":
        parts["Doc_0/Pages/Page_1/Content.xml"] = page(words).replace(
            "<ofd:TextObject", '<ofd:TextObject Visible="false"'
        )
    elif place == "picture":
        parts["Doc_0/Res/image_1.png"] = picture_of(words)
    elif place == "attachment":
        parts["Doc_0/Attachs/note.txt"] = words.encode("gb18030")
    return zip_of(parts)


def rtf_words(words: str) -> str:
    """Return words as RTF writes them."""
    return "".join(f"\\u{ord(c) - 65536 if ord(c) > 32767 else ord(c)}?" for c in words)


def rtf_with(place: str, words: str) -> bytes:
    """Make an RTF document."""
    coded = rtf_words(words)
    bodies = {
        "visible": coded,
        "header": "{\\header " + coded + "\\par}x",
        "comment": "{\\*\\annotation " + coded + "}x",
        "hidden": "{\\v " + coded + "}x",
        "white": "{\\cf2 " + coded + "}x",
        "properties": "{\\info{\\subject " + coded + "}}x",
        "picture": "{\\pict\\pngblip " + picture_of(words).hex("\n", 64) + "}x",
        "gbk": "".join(f"\\'{b:02x}" for b in words.encode("gb18030")),
    }
    head = "{\\rtf1\\ansi\\ansicpg936\\uc1{\\fonttbl{\\f0 SimSun;}}{\\colortbl;\\red0;\\red255;}"
    return (head + bodies[place] + "\\par}").encode("ascii")


def html_with(place: str, words: str) -> bytes:
    """Make a web page in GB 18030."""
    import base64

    image = base64.b64encode(picture_of(words)).decode()
    bodies = {
        "visible": f"<p>{words}</p>",
        "header": f"<title>{words}</title>",
        "comment": f"<!-- {words} -->",
        "hidden": f'<p style="display:none">{words}</p>',
        "white": f'<font color="white">{words}</font>',
        "properties": f'<meta name="description" content="{words}">',
        "picture": f'<img src="data:image/png;base64,{image}">',
        "attribute": f'<img alt="{words}">',
    }
    return f"<!DOCTYPE html><html><body>{bodies[place]}</body></html>".encode("gb18030")


def svg_with(place: str, words: str) -> bytes:
    """Make a drawing of XML."""
    page = html_with(place, words).decode("gb18030")
    body = {"visible": f"<text>{words}</text>", "comment": f"<!-- {words} -->"}.get(place)
    if body is None:
        start = page.index("base64,") + 7
        data = page[start : page.index('"', start)]
        body = f'<image xlink:href="data:image/png;base64,{data}"/>'
    return (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x/svg11.dtd">'
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="x">{body}</svg>'
    ).encode()


def eml_with(place: str, words: str) -> bytes:
    """Make a mail."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail["Subject"] = words if place == "header" else "会议"
    mail.set_content(words if place == "visible" else PLAIN)
    if place == "hidden":
        mail.add_alternative(f'<p hidden="1">{words}</p>', subtype="html")
    elif place == "picture":
        mail.add_attachment(picture_of(words), maintype="image", subtype="png", filename="a.png")
    elif place == "attachment":
        mail.add_attachment(docx_with("comment", words), maintype="x", subtype="y", filename="a")
    elif place == "comment":
        mail["Comments"] = words
    return mail.as_bytes()


def tar_of(content: bytes, mode: str = "w") -> bytes:
    """Make a TAR file, packed or not."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        info = tarfile.TarInfo("a.dat")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def seven_zip_of(content: bytes, password: str | None = None, *, ppmd: bool = False) -> bytes:
    """Make a 7z file."""
    import py7zr

    out = io.BytesIO()
    filters = [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 16}] if ppmd else None
    with py7zr.SevenZipFile(out, "w", password=password, filters=filters) as archive:
        archive.writestr(content, "a.dat")
    return out.getvalue()


def pdf_of(
    body: bytes, *, extra: str = "", info: str = "", objects: tuple[bytes, ...] = (), more: str = ""
) -> bytes:
    """Assemble a PDF of one page; its text uses a font whose letters are UTF-16 units."""
    parts = [
        f"<</Type/Catalog/Pages 2 0 R{more}>>".encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            f"/Resources<</Font<</F1 5 0 R>>/XObject<</I 9 0 R>>>>{extra}>>"
        ).encode(),
        b"<</Length %d>>stream\n%s\nendstream" % (len(body), body),
        b"<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/UniGB-UCS2-H"
        b"/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/SimSun/CIDSystemInfo<</Registry(Adobe)"
        b"/Ordering(GB1)/Supplement 2>>/FontDescriptor 7 0 R>>",
        b"<</Type/FontDescriptor/FontName/SimSun/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0"
        b"/Ascent 800/Descent -200/CapHeight 700/StemV 80>>",
        f"<<{info}>>".encode(),
        *objects,
    ]
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R/Info 8 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(parts) + 1,
        start,
    )
    return bytes(out)


def pdf_text(words: str, setting: str = "") -> bytes:
    """Return a page's code that shows the words."""
    coded = words.encode("utf-16-be").hex()
    return f"BT {setting} /F1 18 Tf 60 700 Td <{coded}> Tj ET".encode()


def pdf_with(place: str, words: str) -> bytes:
    """Make a PDF."""
    coded = "<feff" + words.encode("utf-16-be").hex() + ">"
    plain = pdf_text(PLAIN)
    if place == "visible":
        return pdf_of(pdf_text(words))
    if place == "hidden":
        return pdf_of(plain + b"\n" + pdf_text(words, "3 Tr"))
    if place == "white":
        return pdf_of(plain + b"\n" + pdf_text(words, "1 1 1 rg"))
    if place == "outside":
        return pdf_of(
            plain + b"\n" + pdf_text(words, "1 0 0 1 3000 0 cm").replace(b" 60", b" 2060")
        )
    if place == "header":
        return pdf_of(plain + b"\n" + pdf_text(words).replace(b"700 Td", b"800 Td"))
    if place == "comment":
        note = f"/Annots[<</Type/Annot/Subtype/Text/Rect[9 9 30 30]/Contents{coded}>>]"
        return pdf_of(plain, extra=note)
    if place == "properties":
        return pdf_of(plain, info=f"/Subject{coded}")
    if place == "attachment":
        inner = words.encode()
        file = b"<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream" % (len(inner), inner)
        names = "/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a.txt)/EF<</F 9 0 R>>>>]>>>>"
        return pdf_of(plain, objects=(file,), more=names)
    if place in ("picture", "scan"):
        picture = pictures.note(words)
        jpeg = pictures.encode(picture, "JPEG", quality=90)
        image = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB" % (
            picture.size
        )
        image += b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%s\nendstream" % (
            len(jpeg),
            jpeg,
        )
        draw = b"q 500 0 0 %d 40 400 cm /I Do Q" % (500 * picture.height // picture.width)
        return pdf_of(plain + b"\n" + draw if place == "picture" else draw, objects=(image,))
    raise KeyError(place)


def compound(streams: dict[str, bytes]) -> bytes:
    """Make a compound file (MS-CFB) with streams at its root, each of at least 4096 bytes."""
    sector = 512
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    bodies = [content.ljust(4096, b"\0") for content in streams.values()]
    counts = [-(-len(body) // sector) for body in bodies]
    entries = len(streams) + 1
    directory_sectors = -(-entries * 128 // sector)
    total = directory_sectors + sum(counts)
    fat_sectors = 1
    while fat_sectors * 128 < total + fat_sectors:
        fat_sectors += 1
    fat = [0xFFFFFFFD] * fat_sectors
    place = fat_sectors

    def chain(count: int) -> int:
        nonlocal place
        start = place
        fat.extend([*range(start + 1, start + count), end])
        place += count
        return start

    directory_start = chain(directory_sectors)
    starts = [chain(count) for count in counts]
    fat += [free] * (fat_sectors * 128 - len(fat))

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le")
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw) + 2, kind, 1, free, right, child)
            + b"\0" * 36
            + struct.pack("<IQ", start, size)
        )

    directory = entry("Root Entry", 5, 1 if streams else free, free, end, 0)
    names = list(streams)
    for i, name in enumerate(names):
        right = i + 2 if i + 1 < len(names) else free
        directory += entry(name, 2, free, right, starts[i], len(bodies[i]))
    directory = directory.ljust(directory_sectors * sector, b"\0")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, fat_sectors, directory_start, 0, 4096, end, 0, end, 0)
    difat = [*range(fat_sectors)] + [free] * (109 - fat_sectors)
    header += struct.pack("<109I", *difat)
    body = b"".join(b.ljust(c * sector, b"\0") for b, c in zip(bodies, counts, strict=True))
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + body


def msg_with(place: str, words: str) -> bytes:
    """Make a mail of Outlook."""
    streams = {
        "__substg1.0_0037001F": (words if place == "header" else "会议").encode("utf-16-le"),
        "__substg1.0_1000001F": (words if place == "visible" else PLAIN).encode("utf-16-le"),
    }
    if place == "hidden":
        streams["__substg1.0_10130102"] = f"<html><p hidden>{words}</p></html>".encode()
    elif place == "picture":
        streams["__substg1.0_37010102"] = picture_of(words)
    elif place == "comment":
        streams["__substg1.0_8001001F"] = words.encode("utf-16-le")
    return compound(streams)


Maker = Callable[[str, str], bytes]
_PLACES = ("visible", "header", "comment", "hidden")
MAKERS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "DOCX": (
        docx_with,
        (
            "visible",
            "header",
            "footer",
            "comment",
            "hidden",
            "white",
            "picture",
            "properties",
            "table",
            "footnote",
            "watermark",
        ),
    ),
    "XLSX": (
        xlsx_with,
        (
            "visible",
            "header",
            "comment",
            "hidden",
            "hidden row",
            "picture",
            "properties",
            "sheet name",
        ),
    ),
    "PPTX": (pptx_with, ("visible", "header", "comment", "hidden", "picture", "properties")),
    "ODT": (odt_with, ("visible", "header", "comment", "hidden", "picture", "properties")),
    "ODS": (ods_with, ("visible", "header", "comment", "hidden", "picture", "properties")),
    "ODP": (odp_with, ("visible", "header", "comment", "hidden", "picture", "properties")),
    "OFD": (
        ofd_with,
        ("visible", "header", "comment", "hidden", "picture", "properties", "attachment"),
    ),
    "PDF": (
        pdf_with,
        (
            "visible",
            "header",
            "comment",
            "hidden",
            "white",
            "outside",
            "picture",
            "scan",
            "properties",
            "attachment",
        ),
    ),
    "RTF": (
        rtf_with,
        ("visible", "header", "comment", "hidden", "white", "picture", "properties", "gbk"),
    ),
    "HTML": (
        html_with,
        ("visible", "header", "comment", "hidden", "white", "picture", "properties", "attribute"),
    ),
    "SVG": (svg_with, ("visible", "comment", "picture")),
    "EML": (eml_with, ("visible", "header", "comment", "hidden", "picture", "attachment")),
    "MSG": (msg_with, ("visible", "header", "comment", "hidden", "picture")),
}


def zip_without_entry(words: str) -> bytes:
    """Make a ZIP file whose list of contents leaves out the part that holds the words."""
    first, last = zip_of({"a.txt": words}), zip_of({"b.txt": "x"})
    hidden = first[: first.index(b"PK\x01\x02")]
    data = bytearray(hidden + last)
    listed = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, listed + 42, len(hidden))
    struct.pack_into("<I", data, data.index(b"PK\x05\x06") + 16, listed)
    return bytes(data)
