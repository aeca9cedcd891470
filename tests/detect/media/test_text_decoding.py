"""Every place of every format of document: what stands there is found."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from bot.detect.media.files.compound_files import unpack_rtf
from bot.detect.media.pictures.codes import read_codes
from bot.detect.media.sandbox.pool import MediaPool
from bot.model import Source
from bot.ports import MediaReading
from tests.support import papers, pictures

NUMBER = "110101199003070011"
WORDS = f"机密★10年 编号{NUMBER}"
PLACES = [(name, place) for name, (_, places) in papers.MAKERS.items() for place in places]


async def read(pool: MediaPool, data: bytes) -> MediaReading:
    return await pool.read(data, name="photo.jpg", mime_type=None)


def text_of(reading: MediaReading) -> str:
    return "\n".join(f.text for f in reading.fragments)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("name", "place"), PLACES)
async def test_every_place_is_read(pool: MediaPool, name: str, place: str) -> None:
    reading = await read(pool, papers.MAKERS[name][0](place, WORDS))
    text = text_of(reading).replace(" ", "")
    assert "机密★10年" in text
    assert NUMBER in text
    assert reading.not_inspected is None
    sources = {f.source for f in reading.fragments if NUMBER in f.text}
    assert sources == {Source.IMAGE if place in ("picture", "scan") else Source.DOCUMENT}
    for fragment in reading.fragments:
        assert bool(fragment.boxes) == (fragment.source is not Source.DOCUMENT)


PLAIN = WORDS.encode("gb18030")
ARCHIVES = {
    "zip": papers.zip_of({"文件.txt": PLAIN}),
    "zip in zip": papers.zip_of({"a": papers.zip_of({"b": papers.docx_with("comment", WORDS)})}),
    "tar": papers.tar_of(PLAIN),
    "tar.gz": papers.tar_of(PLAIN, "w:gz"),
    "tar.bz2": papers.tar_of(PLAIN, "w:bz2"),
    "tar.xz": papers.tar_of(PLAIN, "w:xz"),
    "7z": papers.seven_zip_of(PLAIN),
    "a picture in 7z": papers.seven_zip_of(papers.picture_of(WORDS)),
    "a picture with an archive behind it": papers.zip_of({"a.pdf": papers.pdf_with("scan", WORDS)}),
    "a PDF with an archive behind it": papers.pdf_with("visible", "x")
    + papers.zip_of({"a.txt": PLAIN}),
}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("kind", ARCHIVES)
async def test_archives_are_opened(pool: MediaPool, kind: str) -> None:
    reading = await read(pool, ARCHIVES[kind])
    assert NUMBER in text_of(reading)
    assert reading.not_inspected is None


TEXT = "机密★10年\n關於做好保密工作的通知，請各單位遵照執行。身份證號110101199003070011\n"
SIMPLE = "机密★10年\n关于做好保密工作的通知，请各单位遵照执行。身份证号110101199003070011\n"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        *((e, SIMPLE) for e in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-32")),
        *((e, TEXT.replace("机", "機")) for e in ("big5", "big5hkscs", "gb18030", "utf-16-le")),
        *((e, "机密文件，请勿外传。") for e in ("utf-16-le", "utf-16-be", "gb18030")),
        ("big5", "機密文件請勿外傳，違者必究。"),
        ("gb18030", "机密"),
    ],
)
async def test_text_in_any_encoding(pool: MediaPool, encoding: str, text: str) -> None:
    reading = await read(pool, text.encode(encoding))
    assert text in [f.text for f in reading.fragments]
    assert reading.not_inspected is None


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_are_counted(pool: MediaPool) -> None:
    reading = await read(pool, papers.pdf_with("scan", WORDS))
    assert {f.page for f in reading.fragments} == {1}
    reading = await read(pool, papers.pptx_with("visible", WORDS))
    assert {f.page for f in reading.fragments if NUMBER in f.text} == {1}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_row_of_a_workbook_is_one_line(pool: MediaPool) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["王敏", "身份证", NUMBER])
    out = io.BytesIO()
    book.save(out)
    lines = [
        line for f in (await read(pool, out.getvalue())).fragments for line in f.text.split("\n")
    ]
    assert f"王敏\t身份证\t{NUMBER}" in [line.strip() for line in lines]


def _locked_zip() -> bytes:
    data = bytearray(papers.zip_of({"a.txt": "x"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _locked_odt() -> bytes:
    source = zipfile.ZipFile(io.BytesIO(papers.odt_with("visible", "x")))
    parts = {name: source.read(name) for name in source.namelist()}
    parts["META-INF/manifest.xml"] = b"<m><manifest:encryption-data xmlns:manifest='m'/></m>"
    return papers.zip_of(parts)


LOCKED_PDF = papers.pdf_with("visible", "x").replace(
    b"/Info 8 0 R",
    b"/Info 8 0 R/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<"
    + b"41" * 32
    + b">/U<"
    + b"42" * 32
    + b">>>/ID[<01><01>]",
)
UNREAD = {
    "a ZIP with a password": (_locked_zip(), "encrypted"),
    "a 7z packed with PPMd": (papers.seven_zip_of(b"x", ppmd=True), "unsupported-archive"),
    "a 7z with a password": (papers.seven_zip_of(b"x", "pw"), "encrypted"),
    "a PDF with a password": (LOCKED_PDF, "encrypted"),
    "an ODT with a password": (_locked_odt(), "encrypted"),
    "an Office file with a password": (
        papers.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
        "encrypted",
    ),
    "a DOC with a password": (
        papers.compound({"WordDocument": b"\xec\xa5" + b"\0" * 8 + b"\0\1"}),
        "encrypted",
    ),
    "an encrypted mail": (
        b"From: a\r\nTo: b\r\nContent-Type: application/pkcs7-mime; "
        b"smime-type=enveloped-data\r\n\r\nabc",
        "encrypted",
    ),
    "a DOC": (
        papers.compound({"WordDocument": b"\0" * 40 + WORDS.encode("utf-16-le")}),
        "unsupported-legacy-office",
    ),
    "an XLS": (
        papers.compound({"Workbook": WORDS.encode("utf-16-le")}),
        "unsupported-legacy-office",
    ),
    "a RAR": (b"Rar!\x1a\x07\x01\x00" + b"x" * 99, "unsupported-archive"),
    "a voice": (b"OggS" + b"\0" * 99, "unsupported-audio"),
    "a video": (b"\0\0\0\x18ftypmp42" + b"\0" * 99, "unsupported-video"),
    "a program": (b"\x7fELF" + b"\0" * 99, "unsupported-program"),
    "a HEIC": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "unsupported-picture"),
    "a document with a metafile": (
        papers.with_part(
            papers.docx_with("visible", WORDS),
            "word/media/image1.emf",
            b"\1\0\0\0" + b"\0" * 36 + b" EMF" + WORDS.encode("utf-16-le"),
        ),
        "unsupported-picture",
    ),
    "a document with macros": (
        papers.with_part(papers.docx_with("visible", WORDS), "word/vbaProject.bin", b"x" * 99),
        "unsupported-macros",
    ),
}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("kind", UNREAD)
async def test_unread_parts_are_reported(pool: MediaPool, kind: str) -> None:
    data, reason = UNREAD[kind]
    before = pool.pids
    reading = await read(pool, data)
    assert reading.not_inspected == reason
    assert pool.pids == before
    if WORDS.encode("utf-16-le") in data:
        assert NUMBER in text_of(reading)


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (
            "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
            "0af32068656c090020627705b06c647d0a800fa0",
            rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n",
        ),
        (
            "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0",
            rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
        ),
    ],
)
def test_the_rtf_of_a_mail_is_unpacked(packed: str, text: bytes) -> None:
    """The examples of MS-OXRTFCP, section 4."""
    assert unpack_rtf(bytes.fromhex(packed), 100) == text


NOTE = "机密★10年 110101199003070011"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("kind", "turned"),
    [
        *((kind, turned) for kind in ("QRCode", "DataMatrix", "Aztec") for turned in (0, 90, 20)),
        *(("PDF417", turned) for turned in (0, 90, 3)),
    ],
)
async def test_codes_are_read_and_covered(pool: MediaPool, kind: str, turned: int) -> None:
    data = pictures.encode(pictures.with_code(kind, NOTE, turned))
    reading = await read(pool, data)
    (code,) = [f for f in reading.fragments if f.source is Source.QR]
    assert NOTE in code.text.split("\n")
    assert set(code.boxes) == {code.boxes[0]}
    assert len(code.boxes) == len(code.text)
    again = await read(pool, await pool.mask_picture(data, code.boxes[:1]))
    assert not [f for f in again.fragments if f.source is Source.QR]
    assert "下午" in text_of(again)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_bar_code_is_read_and_covered(pool: MediaPool) -> None:
    data = pictures.encode(pictures.with_code("Code128", NUMBER, 0))
    reading = await read(pool, data)
    (code,) = [f for f in reading.fragments if f.source is Source.QR]
    assert code.text == NUMBER
    again = await read(pool, await pool.mask_picture(data, code.boxes[:1]))
    assert not [f for f in again.fragments if f.source is Source.QR]


@pytest.mark.parametrize(
    ("module", "place", "size"),
    [
        *((module, (60, 90), (1280, 1280)) for module in (4, 8, 10, 12, 16, 24, 36)),
        *((4, place, (5000, 4000)) for place in ((4700, 3600), (20, 30))),
        (60, (900, 300), (5000, 4000)),
    ],
)
def test_a_code_of_any_size_is_read(
    module: int, place: tuple[int, int], size: tuple[int, int]
) -> None:
    code = pictures.code("QRCode", "https://one.example/2024", module)
    picture = Image.new("RGB", size, "white")
    picture.paste(code, place)
    (found,) = {(f.text, f.boxes[0]) for f in read_codes(np.asarray(picture))}
    assert found[0] == "https://one.example/2024"
    x0, y0, x1, y1 = found[1]
    air = 5 * module
    assert place[0] - air <= x0 <= place[0] + air
    assert place[1] - air <= y0 <= place[1] + air
    assert x1 <= place[0] + code.width + air
    assert y1 <= place[1] + code.height + air


@pytest.mark.asyncio(loop_scope="session")
async def test_a_code_in_a_document_is_read(pool: MediaPool) -> None:
    picture = pictures.encode(pictures.with_code("QRCode", NOTE, 0))
    data = papers.with_part(papers.docx_with("visible", "x"), "word/media/i.png", picture)
    reading = await read(pool, data)
    assert NOTE in [f.text.split("\n")[0] for f in reading.fragments if f.source is Source.QR]
