"""Files that were made to hurt whoever opens them, from a seed, in memory: at least 300."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.support import papers, pictures
from tests.support.hostile_more import more

WORDS = "机密★10年 编号110101199003070011"
_ZEROS = b"\0" * (1 << 20)


def corpus(seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield names and files, the same for the same seed."""
    rng = random.Random(seed)
    good = dict(samples())
    yield from _picture_bombs()
    yield from _archive_bombs()
    yield from _nested()
    yield from _xml_bombs()
    yield from _pdf_traps()
    yield from _markup_traps()
    yield from _counts()
    yield from _locked()
    yield from _truncated(good)
    yield from _damaged(good, rng)
    yield from _polyglots(good)
    yield from _wrong_names(good, rng)
    yield from _noise(rng)
    yield from more()


def samples() -> Iterator[tuple[str, bytes]]:
    """Yield one harmless file of each format."""
    for name, (make, _) in papers.MAKERS.items():
        yield name.lower(), make("visible", WORDS)
    page = pictures.note(WORDS)
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
        yield kind.lower(), pictures.encode(page, kind)
    text = WORDS.encode("gb18030")
    yield "zip", papers.zip_of({"a.txt": text})
    yield "7z", papers.seven_zip_of(text)
    yield "tar", papers.tar_of(text)
    yield "tgz", papers.tar_of(text, "w:gz")
    yield "bz2", bz2.compress(text)
    yield "xz", lzma.compress(text)
    yield "gz", gzip.compress(text, mtime=0)
    yield "doc", papers.compound({"WordDocument": b"\0" * 99 + WORDS.encode("utf-16-le")})
    yield "utf-16", WORDS.encode("utf-16")
    yield "big5", "機密文件請勿外傳，違者必究。".encode("big5")


def _picture_bombs() -> Iterator[tuple[str, bytes]]:
    yield "png 13300 x 13300", pictures.bomb()
    yield "png 5100 x 5100", pictures.bomb(5_100)
    yield "png 5000 x 5000 of one colour", pictures.bomb(5_000)
    for width, height in ((2**31 - 1, 2**31 - 1), (25_000_000, 1), (1, 25_000_000), (0, 9)):
        yield f"png that says {width} x {height}", png_of(width, height)
    for kind in ("GIF", "WEBP"):
        stills = [Image.new("RGB", (64, 64), (i % 256, 0, 0)) for i in range(400)]
        data = pictures.encode(stills[0], kind, save_all=True, append_images=stills[1:])
        yield f"{kind} of 400 stills", data
    large = Image.new("P", (4_900, 4_900))
    yield "gif of 24 megapixels", pictures.encode(large, "GIF")
    yield "webp of 16 megapixels", pictures.encode(Image.new("RGB", (16_000, 1_000)), "WEBP")
    yield "strip", pictures.encode(Image.new("RGB", (60, 60_000), "white"), "PNG")
    yield "thin strip", pictures.encode(Image.new("RGB", (60_000, 3), "white"), "PNG")
    yield "png with a text bomb", _png_text_bomb()
    yield "png with a colour profile bomb", _png_text_bomb(b"iCCP")
    noise = Image.effect_noise((5_000, 4_900), 100)
    yield "24 megapixels of noise", pictures.encode(noise, "JPEG", quality=40)
    grid = Image.new("L", (2_400, 2_400), 255)
    grid.putdata([0 if (x // 3 + y // 3) % 2 else 255 for y in range(2_400) for x in range(2_400)])
    yield "a chess board of dots", pictures.encode(grid, "PNG")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int) -> bytes:
    """Make a PNG whose header promises far more than the file holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    return start + _chunk(b"IDAT", zlib.compress(b"\0" * 99)) + _chunk(b"IEND", b"")


def _png_text_bomb(kind: bytes = b"zTXt") -> bytes:
    plain = pictures.encode(pictures.note("x"), "PNG")
    bomb = _chunk(kind, b"k\0\0" + zlib.compress(_ZEROS * 64, 9))
    return plain[:33] + bomb * 4 + plain[33:]


def _archive_bombs() -> Iterator[tuple[str, bytes]]:
    for size in (16, 64, 200):
        out = io.BytesIO()
        archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        with archive, archive.open("a.txt", "w") as part:
            for _ in range(size):
                part.write(_ZEROS)
        yield f"zip of {size} MiB of zeros", out.getvalue()
    many = {f"{i}.txt": b"a" * (4 << 20) for i in range(60)}
    yield "zip of 60 x 4 MiB", papers.zip_of(dict(many))
    yield "overlapping zip", _overlapping(3_000)
    letters = b"abcdefgh" * 131_072
    for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        yield f"{name} of 40 MiB", pack(_ZEROS * 40)
        yield f"{name} of 6 MiB of letters", pack(letters * 6)
        yield f"{name} in {name} in {name}", pack(pack(pack(_ZEROS * 40)))
    yield "7z of 40 MiB", papers.seven_zip_of(_ZEROS * 40)
    yield "7z of 6 MiB of letters", papers.seven_zip_of(letters * 6)
    yield "tar with a file that says 1 TiB", _lying_tar(1 << 40)
    yield "tar of 4000 empty files", _tar_of_many(4_000)
    yield "gz of two hundred members", gzip.compress(b"x") * 200
    yield "quine-like gz", gzip.compress(gzip.compress(gzip.compress(_ZEROS * 64)))


def _overlapping(count: int) -> bytes:
    """Make a ZIP whose parts all share one content."""
    body = zlib.compress(_ZEROS * 8, 9)[2:-4]
    crc = zlib.crc32(_ZEROS * 8)
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0, crc, len(body), 8 << 20)
    data = b"PK\x03\x04" + fields + struct.pack("<HH", 1, 0) + b"a" + body
    rows = b"".join(
        b"PK\x01\x02"
        + struct.pack("<H", 20)
        + fields
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0)
        + b"%05d" % i
        for i in range(count)
    )
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(rows), len(data), 0)
    return data + rows + b"PK\x05\x06" + end


def _lying_tar(size: int) -> bytes:
    info = tarfile.TarInfo("a")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 2048


def _tar_of_many(count: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for i in range(count):
            archive.addfile(tarfile.TarInfo(f"{i}" * 20))
    return out.getvalue()


def _nested() -> Iterator[tuple[str, bytes]]:
    for depth in (3, 6, 20, 120):
        data = WORDS.encode()
        for _ in range(depth):
            data = papers.zip_of({"a": data})
        yield f"zip {depth} deep", data
        data = WORDS.encode()
        for _ in range(depth):
            data = gzip.compress(data, mtime=0)
        yield f"gz {depth} deep", data
        data = WORDS.encode()
        for _ in range(depth):
            data = papers.tar_of(data)
        yield f"tar {depth} deep", data
    wide = papers.zip_of({f"{i}": b"x" * 1000 for i in range(60)})
    for _ in range(3):
        wide = papers.zip_of({f"{i}.zip": wide for i in range(12)})
    yield "zip of zips of zips", wide
    mail = papers.eml_with("visible", WORDS)
    for _ in range(60):
        mail = b"From: a\nTo: b\nContent-Type: message/rfc822\n\n" + mail
    yield "mail in mail in mail", mail
    parts = b"".join(
        b'From: a\nTo: b\nContent-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (i, i)
        for i in range(400)
    )
    yield "multipart 400 deep", parts
    yield (
        "multipart of 20000 parts",
        (
            b'From: a\nTo: b\nContent-Type: multipart/mixed; boundary="x"\n\n'
            + b"--x\n\nabc\n" * 20_000
            + b"--x--"
        ),
    )


def _laughs(start: str) -> str:
    rows = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE {start} [<!ENTITY l0 "lol">{rows}]>'


def _xml_bombs() -> Iterator[tuple[str, bytes]]:
    laughs = _laughs("x") + f"<x><p>{WORDS}</p>&l11;</x>"
    outside = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    )
    quadratic = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
        + "a" * 100_000
        + '">]><x>'
        + "&a;" * 20_000
        + "</x>"
    )
    deep = '<?xml version="1.0"?>' + "<a>" * 200_000
    broad = '<?xml version="1.0"?><a ' + " ".join(f'b{i}="x"' for i in range(60_000)) + "/>"
    long = '<?xml version="1.0"?><a>' + "机" * 6_000_000 + "</a>"
    cells = '<?xml version="1.0"?><worksheet><sheetData><row>' + ('<c t="s"><v>0</v></c>' * 400_000)
    traps = {
        "laughs": laughs,
        "outside": outside,
        "quadratic": quadratic,
        "deep": deep,
        "broad": broad,
        "long": long,
    }
    hosts = {
        "docx": (papers.docx_with("visible", "x"), "word/footnotes.xml"),
        "xlsx": (papers.xlsx_with("visible", "x"), "xl/worksheets/sheet7.xml"),
        "pptx": (papers.pptx_with("visible", "x"), "ppt/slides/slide7.xml"),
        "odt": (papers.odt_with("visible", "x"), "other.xml"),
        "ofd": (papers.ofd_with("visible", "x"), "Doc_0/Pages/Page_7/Content.xml"),
    }
    for trap, xml in traps.items():
        for host, (data, part) in hosts.items():
            yield f"{trap} in {host}", papers.with_part(data, part, xml)
        yield f"{trap} in svg", xml.replace("<x>", "<svg>").replace("</x>", "</svg>").encode()
    shared = "<sst><si><t>" + "机密" * 16_000 + "</t></si></sst>"
    yield (
        "cells that repeat a long text",
        papers.zip_of(
            {
                "[Content_Types].xml": "<x/>",
                "xl/workbook.xml": "<x/>",
                "xl/sharedStrings.xml": shared,
                "xl/worksheets/sheet1.xml": cells,
            }
        ),
    )
    yield (
        "a million rows",
        papers.with_part(
            papers.xlsx_with("visible", "x"),
            "xl/worksheets/sheet8.xml",
            "<worksheet>" + "<row><c><v>123</v></c></row>" * 1_000_000 + "</worksheet>",
        ),
    )


def _pdf_traps() -> Iterator[tuple[str, bytes]]:
    plain = papers.pdf_with("visible", WORDS)
    yield "pdf whose pages hold themselves", plain.replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")
    yield "pdf whose form draws itself", _pdf_form(b"/I Do")
    yield "pdf whose forms multiply", _pdf_forms(12)
    for size in (60, 120):
        yield f"pdf stream of {size} MiB", _pdf_stream(b"q " * (size << 19))
    yield "pdf filters ten times", _pdf_filters(_ZEROS * 40, 6)
    yield "pdf of a huge page", plain.replace(b"[0 0 595 842]", b"[0 0 9e9 9e9]")
    yield "pdf of an empty page", plain.replace(b"[0 0 595 842]", b"[0 0 0 0]")
    yield "pdf of a thread", plain.replace(b"[0 0 595 842]", b"[0 0 2 90000]")
    yield "pdf of 5000 pages", _pdf_pages(5_000)
    yield "pdf of 400 scans", _pdf_pages(400, b"0 0 m 9 9 l S")
    yield "pdf of a million strokes", _pdf_stream(b"1 1 m 9 9 l 3 4 5 6 7 8 c S\n" * 400_000)
    yield (
        "pdf that bookmarks itself",
        papers.pdf_of(
            b"", more="/Outlines 9 0 R", objects=(b"<</First 9 0 R/Next 9 0 R/Title(x)>>",)
        ),
    )
    yield "pdf with a picture of 50000 x 50000", _pdf_image(50_000)
    yield "pdf without a table", plain[: plain.index(b"xref")]
    yield "pdf with a wrong table", plain.replace(b"startxref\n", b"startxref\n9")
    nested = WORDS.encode()
    for _ in range(9):
        file = b"<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream" % (len(nested), nested)
        names = "/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)/EF<</F 9 0 R>>>>]>>>>"
        nested = papers.pdf_of(b"", objects=(file,), more=names)
    yield "pdf in pdf in pdf", nested
    arrays = b"<</A " + b"[" * 100_000 + b"]" * 100_000 + b">>"
    yield "pdf of deep brackets", papers.pdf_of(b"BT ET", objects=(arrays,), more="/X 9 0 R")


def _pdf_form(body: bytes) -> bytes:
    form = (
        b"<</Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</I 9 0 R>>>>"
        b"/Length %d>>stream\n%s\nendstream" % (len(body), body)
    )
    return papers.pdf_of(b"/I Do", objects=(form,))


def _pdf_forms(depth: int) -> bytes:
    forms = []
    for i in range(depth):
        body = b"/I Do " * 10 if i < depth - 1 else b"0 0 m 9 9 l S"
        forms.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</I %d 0 R>>>>"
            b"/Length %d>>stream\n%s\nendstream" % (10 + i, len(body), body)
        )
    return papers.pdf_of(b"/I Do", objects=tuple(forms))


def _pdf_stream(body: bytes) -> bytes:
    packed = zlib.compress(body, 9)
    stream = b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)
    data = papers.pdf_of(b"", objects=(stream,))
    return data.replace(b"/Contents 4 0 R", b"/Contents 9 0 R")


def _pdf_filters(body: bytes, count: int) -> bytes:
    for _ in range(count):
        body = zlib.compress(body, 9)
    filters = b"/FlateDecode" * count
    stream = b"<</Filter[%s]/Length %d>>stream\n%s\nendstream" % (filters, len(body), body)
    return papers.pdf_of(b"", objects=(stream,)).replace(b"/Contents 4", b"/Contents 9")


def _pdf_pages(count: int, body: bytes = b"") -> bytes:
    kids = b"3 0 R " * count
    data = papers.pdf_of(body)
    return data.replace(b"[3 0 R]/Count 1", b"[%s]/Count %d" % (kids, count))


def _pdf_image(side: int) -> bytes:
    packed = zlib.compress(_ZEROS * 8, 9)
    image = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB" % (side, side)
    image += b"/BitsPerComponent 8/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (
        len(packed),
        packed,
    )
    return papers.pdf_of(b"q 500 0 0 500 40 100 cm /I Do Q", objects=(image,))


def _markup_traps() -> Iterator[tuple[str, bytes]]:
    page = "<!DOCTYPE html><html>"
    for name, piece in {
        "open tags": "<div>",
        "open comments": "<!--",
        "broken declarations": "<!x",
        "entities": "&amp;amp",
        "attributes": "<a b='",
        "script": "<script>",
        "angles": "<",
        "cdata": "<![CDATA[",
        "instructions": "<?x ",
    }.items():
        yield f"html of {name}", (page + piece * 200_000).encode()
    yield "rtf of open braces", b"{\\rtf1 " + b"{" * 500_000
    yield "rtf of words", b"{\\rtf1 " + b"\\par\\b" * 400_000
    yield "rtf with a lying picture", b"{\\rtf1 {\\pict\\bin999999999 abc"
    yield "rtf of digits", b"{\\rtf1 {\\pict " + b"00" * 4_000_000 + b"}}"
    yield (
        "svg of data addresses",
        (
            '<?xml version="1.0"?><svg>'
            + '<image href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA"/>' * 5_000
            + "</svg>"
        ).encode(),
    )
    shot = pictures.encode(pictures.note(WORDS))
    many = {f"word/media/{i}.png": shot + b"%d" % i for i in range(300)}
    yield "300 pictures in a docx", papers.zip_of({"[Content_Types].xml": "<x/>", **many})
    bombs = {f"word/media/{i}.png": pictures.bomb(4_900) for i in range(5)}
    yield "5 bombs in a docx", papers.zip_of({"[Content_Types].xml": "<x/>", **bombs})
    yield (
        "a picture bomb in an ofd",
        papers.with_part(papers.ofd_with("visible", "x"), "Doc_0/Res/i.png", pictures.bomb()),
    )


def _counts() -> Iterator[tuple[str, bytes]]:
    yield "zip of 30000 parts", papers.zip_of({f"{i}": b"" for i in range(30_000)})
    yield "zip of 5000 small texts", papers.zip_of({f"{i}": WORDS for i in range(5_000)})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("../../etc/passwd", "/etc/passwd", "C:\\x", "a\0b", "x" * 60_000, ""):
            archive.writestr(name or "empty", WORDS)
    yield "zip of strange names", out.getvalue()
    yield "text of 30 MiB", "内部资料 ".encode() * 2_400_000
    yield "text of one long line", b"1" * 4_000_000
    yield "text of 20 MiB of NULs", b"\0" * (20 << 20)
    yield "compound file of loops", _looping_compound()
    header = b"From: a\nTo: b\n" + b"X-A: b\n" * 100_000 + b"\nbody"
    yield "mail of 100000 headers", header
    yield "mail with a long header", b"From: a\nTo: " + b"(" * 300_000 + b"\n\nbody"
    yield "mail with encoded words", b"From: a\nTo: b\nSubject: " + b"=?utf-8?q?a?= " * 40_000


def _looping_compound() -> bytes:
    data = bytearray(papers.compound({"WordDocument": b"x" * 9_000}))
    for place in range(512, 512 + 400, 4):
        data[place : place + 4] = struct.pack("<I", 1)
    return bytes(data)


def _locked() -> Iterator[tuple[str, bytes]]:
    yield "7z with a password", papers.seven_zip_of(WORDS.encode(), "pw")
    zipped = bytearray(papers.zip_of({"a.txt": WORDS}))
    zipped[6] |= 1
    zipped[zipped.index(b"PK\x01\x02") + 8] |= 1
    yield "zip with a password", bytes(zipped)
    yield (
        "office with a password",
        papers.compound({"EncryptionInfo": b"", "EncryptedPackage": b""}),
    )
    yield "pgp", b"-----BEGIN PGP MESSAGE-----\n\nabc"


def _truncated(good: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, data in good.items():
        for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
            yield f"{name} cut at {share:.0%}", data[: max(1, int(len(data) * share))]


def _damaged(good: dict[str, bytes], rng: random.Random) -> Iterator[tuple[str, bytes]]:
    for name, data in good.items():
        for i in range(2):
            worn = bytearray(data)
            for _ in range(max(2, len(worn) // 400)):
                worn[rng.randrange(len(worn))] = rng.randrange(256)
            yield f"{name} damaged {i}", bytes(worn)


def _polyglots(good: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    fronts = ("jpeg", "gif", "png", "pdf", "rtf", "html", "tar")
    backs = ("zip", "docx", "pdf", "7z")
    for front in fronts:
        for back in backs:
            yield f"{front} and {back}", good[front] + good[back]
    yield "pdf inside a gif comment", good["gif"][:13] + good["pdf"] + good["gif"][13:]
    yield "a program with an archive", b"MZ\x90\0" + b"\0" * 4096 + good["zip"]


def _wrong_names(good: dict[str, bytes], rng: random.Random) -> Iterator[tuple[str, bytes]]:
    names = sorted(good)
    for name in names:
        yield f"{name} called {rng.choice(names)}", good[name]


def _noise(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    magics = (b"%PDF-1.7\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"7z\xbc\xaf\x27\x1c\0\4")
    magics += (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf1", b"<?xml", b"From: a\nTo: b\n", b"")
    magics += (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFFxxxxWEBP", b"\xfd7zXZ\0")
    for magic in magics:
        for size in (3, 300, 30_000):
            yield f"noise after {magic[:4]!r} {size}", magic + rng.randbytes(size)
