"""Words are read from files as programs really write them, and nothing untrue is reported."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.detect.media.files.openers import new_walk
from bot.detect.media.files.text_decoding import decode_all
from bot.detect.media.files.walk import gravest
from bot.detect.media.pictures import decoding
from bot.detect.media.sandbox.pool import MediaPool
from bot.model import Fragment
from tests.support import papers, pictures

CASES = Path(__file__).parents[2] / "data" / "cases"
NUMBER = "330106199111120429"


class Decoder:
    """Stands in for OCR: pictures are decoded and counted, and nothing is found in them."""

    def __init__(self) -> None:
        self.drawn = 0

    def read_picture(
        self, data: bytes, page: int | None
    ) -> tuple[Sequence[Fragment], str | None, tuple[int, int]]:
        return (), decoding.decode(data).not_inspected, (1, 1)

    def read_pixels(self, picture: Any, page: int | None) -> Sequence[Fragment]:
        self.drawn += bool((picture < 128).any())
        return ()


def read(data: bytes) -> tuple[str, str | None]:
    walk = new_walk(Decoder())
    walk.run(data)
    return "\n".join(f.text for f in walk.fragments), gravest(walk.reasons)


@pytest.mark.parametrize(
    ("name", "words", "reason"),
    [
        ("mail_nameid.msg", ("会议", "松柏计划 机密★10年"), None),
        ("theme_in_table.doc", (), "unsupported-legacy-office"),
        ("cs134.rtf", ("松柏计划",), None),
        ("split_id_pretty.ofd", (f"身份证号：{NUMBER}",), None),
        ("widget_sig.pdf", ("Ordinary text", f"ID {NUMBER} project Evergreen"), None),
        ("font.ofd", ("明天下午开会",), None),
        ("b64.ofd", ("明天下午开会",), None),
        ("smart_pw.txt", ("password: Vx7pQ2zLw9!",), None),
    ],
)
def test_given_files_are_read(name: str, words: Sequence[str], reason: str | None) -> None:
    text, gap = read((CASES / name).read_bytes())
    assert gap == reason
    for word in words:
        assert word in text


def message(streams: dict[str, bytes]) -> bytes:
    return papers.compound(streams)


def test_every_property_of_a_message_is_read_although_one_is_broken() -> None:
    body = "会议纪要 机密★10年".encode("utf-16-le")
    text, gap = read(
        message({"__substg1.0_10090102": b"no packed text here", "__substg1.0_1000001F": body})
    )
    assert "机密★10年" in text
    assert gap == "broken"


def test_each_value_of_a_property_with_many_values_is_read() -> None:
    names = [f"__substg1.0_8025101F-0000000{i}" for i in range(2)]
    values = ("甲方机密", "乙方机密")
    text, gap = read(
        message({n: v.encode("utf-16-le") for n, v in zip(names, values, strict=True)})
    )
    assert all(value in text for value in values)
    assert gap is None


def test_a_zip_behind_a_compound_file_is_read_as_well() -> None:
    text, _ = read(papers.compound({"WordDocument": b"x"}) + papers.zip_of({"a.txt": "机密★10年"}))
    assert "机密★10年" in text


def test_a_zip_inside_a_stream_does_not_hide_the_compound_file() -> None:
    theme = papers.zip_of({"theme/theme/theme1.xml": "<a/>"})
    words = "机密★10年".encode("utf-16-le")
    text, gap = read(papers.compound({"1Table": theme, "WordDocument": b"\0" * 40 + words}))
    assert "机密★10年" in text
    assert gap == "unsupported-legacy-office"


CHARSETS = {
    77: ("mac-roman", "Müller"),
    128: ("cp932", "機密書類"),
    129: ("cp949", "기밀문서"),
    130: ("johab", "기밀문서"),
    134: ("gb18030", "机密文件"),
    136: ("big5hkscs", "機密文件"),
    161: ("cp1253", "απόρρητο"),
    162: ("cp1254", "gizlilikğış"),
    163: ("cp1258", "mật".replace("ậ", "â")),
    177: ("cp1255", "סודי"),
    178: ("cp1256", "سري"),
    186: ("cp1257", "slaptažodis"),
    204: ("cp1251", "секретно"),
    222: ("cp874", "ความลับ"),
    238: ("cp1250", "důvěrné"),
}


def escaped(text: str, encoding: str) -> bytes:
    return b"".join(rb"\'%02x" % byte for byte in text.encode(encoding))


@pytest.mark.parametrize("charset", CHARSETS)
def test_text_is_decoded_by_the_charset_of_its_font(charset: int) -> None:
    encoding, words = CHARSETS[charset]
    head = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 A;}{\f7\fcharset%d B;}}" % charset
    )
    text, gap = read(head + rb"\f0 caf\'e9 {\f7 " + escaped(words, encoding) + rb"} caf\'e9\par}")
    assert f"café {words} café" in text
    assert gap is None


def test_ideographs_are_decoded_by_the_font_that_word_names_for_them() -> None:
    head = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f13\fcharset134 B;}}"
    body = rb"\loch\af0\hich\af0\dbch\f13 " + escaped("机密", "gb18030") + rb"\loch\f0 caf\'e9}"
    assert "机密café" in read(head + body)[0]


@pytest.mark.parametrize(
    "anchor",
    [
        rb"{\footnote {\chftn} note\par}",
        rb"{\*\annotation note}",
        rb"{\*\bkmkstart note}",
        rb"{\*\unheard note}",
        rb"{\field{\*\fldinst HYPERLINK note}{\fldrslt }}",
        rb"{\xe note}",
    ],
)
def test_what_is_anchored_in_a_word_does_not_split_it(anchor: bytes) -> None:
    half = escaped("机", "gb18030")
    data = rb"{\rtf1\ansi\ansicpg936 3301061991" + anchor + rb"11120429 " + half + anchor
    text, gap = read(data + escaped("密", "gb18030") + rb"\par}")
    assert f"{NUMBER} 机密" in text
    assert "note" in text
    assert gap is None


def test_the_alternative_text_of_a_picture_is_read() -> None:
    named = escaped("机密", "gb18030")
    data = rb"{\rtf1\ansi\ansicpg936{\pict{\*\picprop{\sp{\sn wzDescription}{\sv " + named
    picture = papers.picture_of("x").hex().encode()
    text, gap = read(data + rb"}}}\pngblip " + picture + b"}}")
    assert "机密" in text
    assert gap is None


def test_signatures_of_an_ofd_are_not_reported() -> None:
    signature = b"\x30\x82\x00\x80" + bytes(range(128))
    seal = b"\x30\x82\x10\x00" + papers.zip_of({"a.txt": "机密★10年"}) + b"\x02\x01" * 99
    data = papers.zip_of(
        {"OFD.xml": "<OFD/>", "Doc_0/Signs/Sign_0/SignedValue.dat": signature, "Doc_0/s.dat": seal}
    )
    text, gap = read(data)
    assert "机密★10年" in text
    assert gap is None


@pytest.mark.parametrize("wrong", [b"\x96 ", b"\x85", b"\x92s ", b"\x93", b"\xe9 "])
@pytest.mark.parametrize("length", range(4))
def test_one_byte_of_another_encoding_hides_no_line(wrong: bytes, length: int) -> None:
    line = b"Server db1 " + b"x" * length + wrong + b"password: Vx7pQ2zLw9"
    assert any("password: Vx7pQ2zLw9" in text for text in decode_all(line))
    chinese = (
        "关于做好保密工作的通知，机密文件。".encode("gb18030") + wrong + b"password: Vx7pQ2zLw9"
    )
    assert any("password: Vx7pQ2zLw9" in text for text in decode_all(chinese))


def ofd_page(body: str) -> bytes:
    page = f'<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016">{body}</ofd:Page>'
    return papers.zip_of({"OFD.xml": "<OFD/>", "Doc_0/Pages/Page_0/Content.xml": page})


def text_object(x: float, text: str, *, y: float = 30, more: str = "", code: str = "") -> str:
    return (
        f'<ofd:TextObject Boundary="{x} {y} {len(text) * 2} 5" Size="4" {more}>\n'
        f'  <ofd:CGTransform CodePosition="0"><ofd:Glyphs>4111 1111 1111 1111</ofd:Glyphs>'
        f'</ofd:CGTransform>\n  <ofd:TextCode X="0" Y="4" {code}>{text}</ofd:TextCode>\n'
        "</ofd:TextObject>\n"
    )


@pytest.mark.parametrize("turn", range(3))
def test_pieces_of_a_line_are_joined_by_position_in_any_order(turn: int) -> None:
    pieces = [text_object(20 + 2 * i, NUMBER[i : i + 3]) for i in range(0, 18, 3)]
    other = text_object(20, "下一行", y=60)
    order = random.Random(turn).sample(pieces, len(pieces))
    text, gap = read(ofd_page(other + "".join(order)))
    assert NUMBER in text.split("\n")
    assert gap is None


def test_glyph_numbers_and_paths_are_no_text() -> None:
    path = (
        '<ofd:PathObject Boundary="0 0 210 297"><ofd:AbbreviatedData>M 13800138000 1 L 2 '
        f"{NUMBER}</ofd:AbbreviatedData></ofd:PathObject>"
    )
    code = 'DeltaX="g 8 4 13800138000"'
    text, gap = read(ofd_page(path + text_object(20, "明天开会", code=code)))
    assert text == "明天开会"
    assert gap is None


def pdf_with_note(subtype: str, appearance: str, *, flags: int = 4) -> bytes:
    """Return a PDF with words on its page and one note that is shown by its appearance alone."""
    content = "BT /F1 12 Tf 72 700 Td (Ordinary) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>/Annots[6 0 R]>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        f"<</Type/Annot/Subtype/{subtype}/Rect[72 500 400 540]/F {flags}/AP<</N 7 0 R>>/FT/Tx>>",
        "<</Type/XObject/Subtype/Form/BBox[0 0 328 40]/Resources<</Font<</F1 5 0 R>>>>"
        f"/Length {len(appearance)}>>\nstream\n{appearance}\nendstream",
    ]
    out, places = "%PDF-1.7\n", []
    for number, item in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{item}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 8\n0000000000 65535 f \n{table}trailer\n<</Size 8/Root 1 0 R>>\n"
    return f"{out}startxref\n{out.index('xref')}\n%%EOF".encode()


SHOWN = f"BT /F1 10 Tf 2 12 Td (ID {NUMBER}) Tj ET"


@pytest.mark.parametrize("subtype", ["Widget", "FreeText", "Stamp", "Square", "Watermark"])
@pytest.mark.parametrize("flags", [0, 4, 2])
def test_text_in_the_appearance_of_a_note_is_read(subtype: str, flags: int) -> None:
    text, gap = read(pdf_with_note(subtype, SHOWN, flags=flags))
    assert f"ID {NUMBER}" in text
    assert gap is None


def test_shapes_in_the_appearance_of_a_field_are_drawn() -> None:
    curves = "0 0 0 rg " + "2 2 m 5 30 9 30 20 2 c f " * 60
    decoder = Decoder()
    walk = new_walk(decoder)
    walk.run(pdf_with_note("Widget", curves))
    assert decoder.drawn == 1


def test_letters_made_of_straight_lines_are_drawn() -> None:
    decoder = Decoder()
    walk = new_walk(decoder)
    walk.run(
        papers.pdf_with("visible", "x").replace(b"BT", b"4 4 m 9 9 l 14 4 l S " * 99 + b"BT", 1)
    )
    assert decoder.drawn == 1


def test_words_of_a_workbook_are_read_without_codes_and_guides() -> None:
    sheet = (
        "<worksheet><sheetData><row><c t='inlineStr'><is><r><t>3301061991</t></r>"
        "<r><t>11120429</t></r><rPh><t>guide</t></rPh></is></c></row></sheetData><headerFooter>"
        '<oddHeader>&amp;L&amp;"SimSun,Bold"&amp;12机密&amp;K000000★10年'
        "&amp;Rpage &amp;P</oddHeader>"
        "</headerFooter></worksheet>"
    )
    strings = "<sst><si><r><t>松</t></r><rPh><t>song</t></rPh><r><t>柏计划</t></r></si></sst>"
    names = "<w><sheet name='Evergreen'/><definedName name='Plan'>A1</definedName></w>"
    text, gap = read(
        papers.zip_of(
            {
                "[Content_Types].xml": "<Types/>",
                "xl/workbook.xml": names,
                "xl/worksheets/sheet1.xml": sheet,
                "xl/sharedStrings.xml": strings,
            }
        )
    )
    for word in (NUMBER, "机密★10年", "松柏计划", "Evergreen", "Plan", "guide", "song"):
        assert word in text
    assert gap is None


def test_guides_to_pronunciation_split_no_word() -> None:
    page = (
        "<html><body><ruby>机<rp>(</rp><rt>jī</rt><rp>)</rp>密<rt>mì</rt></ruby>★10年</body></html>"
    )
    text, gap = read(page.encode())
    assert "机密★10年" in text
    assert "jī" in text
    assert gap is None
    base = "<w:rubyBase><w:r><w:t>机</w:t></w:r></w:rubyBase>"
    ruby = f"<w:ruby><w:rt><w:r><w:t>ji</w:t></w:r></w:rt>{base}</w:ruby>"
    body = f"<w:document xmlns:w='w'><w:p><w:r>{ruby}<w:t>密★10年</w:t></w:r></w:p></w:document>"
    text, gap = read(papers.zip_of({"[Content_Types].xml": "<T/>", "word/document.xml": body}))
    assert "机密★10年" in text
    assert "ji" in text
    assert gap is None


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\0\0\0\x0f" + b"\x07" * 99,
        b"OTTO" + b"\x07" * 99,
        b"\0\0\0\1Bud1" + b"\x07" * 99,
        b"\0\5\x16\7\0\2\0\0Mac OS X" + b"\x07" * 99,
    ],
)
def test_what_nobody_reads_is_passed_over_within_an_archive(content: bytes) -> None:
    assert read(papers.zip_of({"a.txt": "明天开会", "__MACOSX/._a": content}))[1] is None
    assert read(content)[1] == "unsupported-document"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("packing", ["group3", "group4", "tiff_lzw", "tiff_deflate", "jpeg"])
async def test_every_page_of_a_tiff_is_read(pool: MediaPool, packing: str) -> None:
    pages = [Image.fromarray(np.asarray(pictures.note(f"第{n}页 机密★10年"))) for n in "一二三四"]
    if packing.startswith("group"):
        pages = [page.convert("1") for page in pages]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression=packing)
    reading = await pool.read(out.getvalue(), name=None, mime_type=None)
    found = {f.page for f in reading.fragments if "机密★10年" in f.text.replace(" ", "")}
    assert found == {1, 2, 3, 4}
    assert reading.not_inspected is None


@pytest.mark.asyncio(loop_scope="session")
async def test_large_photos_are_read_alike_in_any_order() -> None:
    files = {
        "two photos": (CASES / "mp_2x3648x2736.docx").read_bytes(),
        "PDF": papers.pdf_with("scan", "机密★10年"),
        "picture": pictures.encode(pictures.note("机密★10年")),
    }
    pool = MediaPool()
    await pool.start()
    try:
        seen: dict[str, set[object]] = {name: set() for name in files}
        for order in itertools.islice(itertools.permutations(files), 0, 6, 2):
            for name in order:
                reading = await pool.read(files[name], name=None, mime_type=None)
                seen[name].add((reading.fragments, reading.not_inspected))
    finally:
        await pool.close()
    assert all(len(readings) == 1 for readings in seen.values())
    ((fragments, reason),) = seen["two photos"]  # type: ignore[misc]
    assert reason is None
    assert sum("松柏计划" in f.text for f in fragments) == 2
