"""More files that were made to hurt: lies in headers, loops, and what grows when it is opened."""

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

from PIL import Image, PngImagePlugin

from tests.support import papers, pictures

WORDS = "机密★10年 编号110101199003070011"
_ZEROS = b"\0" * (1 << 20)
_MAIL = b"From: a\nTo: b\nMIME-Version: 1.0\n"


def more() -> Iterator[tuple[str, bytes]]:
    """Yield names and files, always the same."""
    yield from _mail()
    yield from _zips()
    yield from _pdf()
    yield from _pictures()
    yield from _markup()
    yield from _compound()
    yield from _packed()


def _mail() -> Iterator[tuple[str, bytes]]:
    nested = WORDS.encode()
    for _ in range(12):
        head = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        nested = _MAIL + head + base64.encodebytes(_MAIL + b"\n" + nested)
    yield "mail in base64 in mail", nested
    box = b"From a@b Mon Jan  5 10:00:00 2026\nFrom: a\nTo: b\n\nx\n\n" * 20_000
    yield "mailbox of 20000", box
    line = binascii.b2a_uu(b"\0" * 45)
    yield "uuencoded zeros", _MAIL + b"\nbegin 644 a\n" + line * 200_000 + b"`\nend\n"
    yield "uuencoded begins", _MAIL + b"\n" + b"begin 644 a\n" * 100_000
    packed = base64.encodebytes(gzip.compress(_ZEROS * 60))
    yield "mail with a bomb", _MAIL + b"Content-Transfer-Encoding: base64\n\n" + packed
    yield (
        "mail of boundaries",
        (_MAIL + b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n" * 200_000),
    )
    yield (
        "mail with a name in 9000 pieces",
        (
            _MAIL
            + b"Content-Disposition: attachment;"
            + b"".join(b" filename*%d=a;\n" % i for i in range(9_000))
            + b"\n\nx"
        ),
    )
    yield (
        "quoted zeros",
        _MAIL + b"Content-Transfer-Encoding: quoted-printable\n\n" + (b"=00" * 2_000_000),
    )


def _zips() -> Iterator[tuple[str, bytes]]:
    plain = papers.zip_of({"a.txt": WORDS})
    for name, place, value in (
        ("a size of 4 GiB", 24, 0xFFFFFFFE),
        ("no size", 24, 0),
        ("a packed size of 4 GiB", 20, 0xFFFFFFFE),
        ("another method", 10, 14),
        ("a place beyond the end", 42, 0x7FFFFFFF),
    ):
        data = bytearray(plain)
        struct.pack_into("<H" if place == 10 else "<I", data, data.index(b"PK\1\2") + place, value)
        yield f"zip with {name}", bytes(data)
    yield "zip of headers alone", b"PK\x03\x04" * 500_000
    yield "zip cut in a bomb", papers.zip_of({"a": _ZEROS * 200})[:-90]
    yield (
        "zip of cut bombs",
        b"".join(papers.zip_of({f"{i}": _ZEROS * 20}).split(b"PK\1\2")[0] for i in range(60)),
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "x")
        archive.comment = b"PK\x05\x06" * 16_000
    yield "zip whose comment is an end", out.getvalue()
    links = "".join(f'<Relationship Target="{i}" Id="{i}"/>' for i in range(100_000))
    yield (
        "docx of 100000 links",
        papers.with_part(
            papers.docx_with("visible", "x"),
            "word/_rels/x.rels",
            f"<Relationships>{links}</Relationships>",
        ),
    )
    inner = papers.docx_with("visible", WORDS)
    for _ in range(8):
        inner = papers.with_part(papers.docx_with("visible", "x"), "word/embeddings/a.docx", inner)
    yield "docx in docx in docx", inner
    sheet = "<worksheet><sheetData>" + "<row/>" * 1_000_000 + "</sheetData></worksheet>"
    yield (
        "xlsx of empty rows",
        papers.with_part(papers.xlsx_with("visible", "x"), "xl/worksheets/sheet8.xml", sheet),
    )
    binary = papers.zip_of({"[Content_Types].xml": "<x/>", "xl/workbook.bin": b"\x83\1\0" * 9_000})
    yield "xlsb of nothing", binary
    glyphs = "<ofd:TextObject Boundary='1 1 1 1'><ofd:TextCode>x</ofd:TextCode></ofd:TextObject>"
    page = f"<ofd:Page xmlns:ofd='o'>{glyphs * 100_000}</ofd:Page>"
    yield (
        "ofd of 100000 letters",
        papers.with_part(papers.ofd_with("visible", "x"), "Doc_0/Pages/Page_8/Content.xml", page),
    )


def _pdf() -> Iterator[tuple[str, bytes]]:
    plain = papers.pdf_with("visible", WORDS)
    body = zlib.compress(b"<</A(" + b"x" * (60 << 20) + b")>>", 9)
    packed = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
    yield "pdf with a bomb of objects", papers.pdf_of(b"", objects=(packed % (len(body), body),))
    script = zlib.compress(_ZEROS * 80, 9)
    stream = b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(script), script)
    yield (
        "pdf with a bomb of a script",
        papers.pdf_of(b"", objects=(stream,), more="/OpenAction<</S/JavaScript/JS 9 0 R>>"),
    )
    form = b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream"
    twice = zlib.compress(script, 9)
    yield (
        "pdf with a bomb of a form",
        papers.pdf_of(b"", objects=(form % (len(twice), twice),), more="/AcroForm<</XFA 9 0 R>>"),
    )
    many = tuple(b"<</Title(%d)>>" % i for i in range(60_000))
    yield "pdf of 60000 objects", papers.pdf_of(b"", objects=many)
    notes = b"<</Type/Annot/Subtype/Text/Rect[9 9 30 30]/Contents(x)>>" * 20_000
    yield "pdf of 20000 notes", papers.pdf_of(b"", extra=f"/Annots[{notes.decode()}]")
    yield "pdf of 3000 states", plain + b"\n%%EOF" * 3_000
    table = int(plain.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    yield "pdf whose tables go round", plain.replace(b"/Size 9", b"/Prev %d/Size 9" % table)
    kids = tuple(b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (i + 10) for i in range(5_000))
    yield "pdf of a deep tree", papers.pdf_of(b"", objects=kids).replace(b"[3 0 R]", b"[9 0 R]")
    text = b"BT /F1 1 Tf " + b"1 0 Td <673a5bc6> Tj " * 200_000 + b"ET"
    yield "pdf of 400000 letters", papers.pdf_of(text)
    shade = b"<</ShadingType 1/ColorSpace/DeviceRGB/Function<</FunctionType 4/Domain[0 1 0 1]"
    shade += b"/Range[0 1 0 1 0 1]/Length 9>>>>"
    yield "pdf of shadings", papers.pdf_of(b"/S sh\n" * 50_000, objects=(shade,))


def _pictures() -> Iterator[tuple[str, bytes]]:
    small = Image.new("RGB", (64, 40), "white")
    plain = pictures.encode(small, "JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", 65_535) + b"x" * 65_533
    yield "jpeg of comments", plain[:2] + comment * 150 + plain[2:]
    yield "jpeg of 3000 jpegs", plain * 3_000
    yield "jpeg with a bomb behind it", plain + papers.zip_of({"a": _ZEROS * 100})
    yield "jpeg with 20 MiB of noise behind it", plain + bytes(range(256)) * 80_000
    exif = Image.Exif()
    for tag in range(0x9C9B, 0x9CA0):
        exif[tag] = b"x\0" * 5_000
    yield "jpeg of long titles", pictures.encode(small, "JPEG", exif=exif)
    loop = (
        b"Exif\0\0II*\0\x08\0\0\0" + b"\1\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + b"\x08\0\0\0"
    )
    segment = b"\xff\xe1" + struct.pack(">H", len(loop) + 2) + loop
    yield "jpeg whose EXIF goes round", plain[:2] + segment + plain[2:]
    info = PngImagePlugin.PngInfo()
    for i in range(3_000):
        info.add_text(f"k{i}", "机密")
    yield "png of 3000 texts", pictures.encode(small, "PNG", pnginfo=info)
    stills = [Image.new("RGB", (900, 900), (i, 0, 0)) for i in range(40)]
    film = pictures.encode(stills[0], "PNG", save_all=True, append_images=stills[1:])
    yield "moving png of 40 stills", film
    progressive = pictures.encode(Image.effect_noise((2_000, 2_000), 90), "JPEG", progressive=True)
    yield "progressive jpeg cut at the half", progressive[: len(progressive) // 2]
    yield "gif whose stills overlap", pictures.encode(small, "GIF")[:-1] * 2_000
    header = b"BM" + struct.pack(
        "<IIIIiiHHIIiiII", 99, 0, 54, 40, 20_000, -20_000, 1, 1, 0, 0, 0, 0, 0, 0
    )
    yield "bmp of 20000 x 20000", header + b"\0" * 99
    webp = pictures.encode(small, "WEBP")
    yield "webp that says 4 GiB", webp[:4] + b"\xff\xff\xff\xff" + webp[8:]


def _markup() -> Iterator[tuple[str, bytes]]:
    inner = WORDS
    for _ in range(14):
        page = base64.b64encode(f"<p>{inner}</p>".encode()).decode()
        inner = f"<iframe src='data:text/html;base64,{page}'></iframe>"
    yield "html in html in html", inner.encode()
    bomb = base64.b64encode(gzip.compress(_ZEROS * 60)).decode()
    yield "html with 300 bombs", (f"<img src='data:x;base64,{bomb}'>" * 300).encode()
    yield "html of ampersands", b"<p>" + b"&#x673a" * 500_000
    yield "html of one attribute", b"<p a='" + b"x" * 4_000_000
    yield "html of quotes", b"<p " + b"a=\"'" * 500_000
    yield (
        "xml of base64 lines",
        b"<?xml version='1.0'?><a>" + (b"QUJD" * 19 + b"\n") * 60_000 + b"</a>",
    )
    yield "json of brackets", b'{"a\\u0041": ' + b"[" * 400_000
    package = binascii.hexlify(papers.rtf_with("visible", WORDS))
    for _ in range(10):
        package = binascii.hexlify(b"{\\rtf1{\\object{\\*\\objdata " + package + b"}}}")
        if len(package) > 8_000_000:
            break
    yield "rtf in rtf in rtf", b"{\\rtf1{\\object{\\*\\objdata " + package + b"}}}"
    yield "rtf of letters", b"{\\rtf1 " + b"\\u26426?" * 500_000 + b"}"
    yield "csv of quotes", b'a,"' + b'"",' * 1_500_000
    yield "text of wrong bytes", (b"\xe6\x9c\xba\xff") * 500_000
    yield "text with marks of order", b"\xff\xfe" * 2_000_000


def _compound() -> Iterator[tuple[str, bytes]]:
    names = {f"__substg1.0_37{i:02X}0102": b"x" for i in range(200)}
    yield "msg of 200 properties", papers.compound(names)
    rtf = struct.pack("<III", 0, 1 << 30, 0x75465A4C) + b"\0" * 4 + b"\xff" * 60_000
    yield "msg with a lying body", papers.compound({"__substg1.0_10090102": rtf})
    for name in ("WordDocument", "Workbook", "PowerPoint Document"):
        yield f"{name} of noise", papers.compound({name: bytes(range(256)) * 200})
    pictures_in_it = pictures.bomb(4_900)
    yield "doc of bombs", papers.compound({"WordDocument": b"x", "Data": pictures_in_it * 20})
    yield "xls that is locked", papers.compound({"Workbook": b"\x2f\0\x36\0" + b"x" * 5_000})
    native = b"\xff\xff\xff\x7f\2\0a\0b\0\0\0\3\0\2\0\0\0a\0\xff\xff\xff\x7f"
    yield "object that lies", papers.compound({"\x01Ole10Native": native})


def _packed() -> Iterator[tuple[str, bytes]]:
    yield "gz with an endless name", b"\x1f\x8b\x08\x08\0\0\0\0\0\3" + b"x" * 3_000_000
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 30 << 20
    yield "tar with a name of 30 MiB", info.tobuf(tarfile.GNU_FORMAT) + b"x" * (30 << 20)
    data = bytearray(papers.seven_zip_of(WORDS.encode()))
    struct.pack_into("<QQ", data, 12, 1 << 40, 1 << 40)
    struct.pack_into("<I", data, 8, zlib.crc32(data[12:32]))
    yield "7z whose header lies far away", bytes(data)
    pax = tarfile.TarInfo("a")
    pax.pax_headers = {f"k{i}": "v" * 50 for i in range(5_000)}
    yield "tar of 5000 comments", pax.tobuf(tarfile.PAX_FORMAT) + b"\0" * 1024
    member = papers.tar_of(WORDS.encode())
    yield "300 tars one behind the other", member * 300
    yield "xz of empty blocks", b"\xfd7zXZ\0\0\4" + b"\0" * 4_000_000
