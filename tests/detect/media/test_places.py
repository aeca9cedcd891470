"""Words in out-of-the-way places of files are found, and a file that was cut off is never clean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from bot.detect.media.files.openers import new_walk
from bot.detect.media.files.text_decoding import decode
from bot.detect.media.files.walk import gravest
from bot.detect.media.pictures import decoding
from bot.detect.media.sandbox.pool import MediaPool
from bot.model import Fragment
from tests.support import hostile, papers
from tests.support.places import places

NUMBER = "110101199003070011"
WORDS = f"机密★10年 编号{NUMBER}"
PLACES = dict(places(WORDS))


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("place", PLACES)
async def test_words_are_found_where_nobody_looks(pool: MediaPool, place: str) -> None:
    reading = await pool.read(PLACES[place], name=None, mime_type=None)
    text = "\n".join(f.text for f in reading.fragments).replace(" ", "")
    assert "机密★10年" in text
    assert NUMBER in text
    assert reading.not_inspected is None


class Decoder:
    """Stands in for OCR: pictures are decoded, and nothing is found in them."""

    def read_picture(
        self, data: bytes, page: int | None
    ) -> tuple[Sequence[Fragment], str | None, tuple[int, int]]:
        return (), decoding.decode(data).not_inspected, (1, 1)

    def read_pixels(self, picture: Any, page: int | None) -> Sequence[Fragment]:
        return ()


def read(data: bytes) -> tuple[str, str | None]:
    """Return what is read of a file without OCR, and what is said not to be."""
    walk = new_walk(Decoder())
    walk.run(data)
    return "".join(f.text for f in walk.fragments).replace(" ", ""), gravest(walk.reasons)


def whole_files() -> Iterator[tuple[str, bytes]]:
    yield from ((name, make("visible", WORDS)) for name, (make, _) in papers.MAKERS.items())
    packed = ("zip", "7z", "tar", "tgz", "bz2", "xz", "gz")
    yield from ((name, data) for name, data in hostile.samples() if name in packed)
    yield "mail with a document", papers.eml_with("attachment", WORDS)
    yield "mail with a picture", papers.eml_with("picture", WORDS)
    yield "mail with an HTML part", papers.eml_with("hidden", WORDS)
    yield "page with a picture", papers.html_with("picture", WORDS)
    yield "RTF with a picture", papers.rtf_with("picture", WORDS)


WHOLE = dict(whole_files())
# A message without parts has no end of its own: what is there is all that anybody would see.
_OPEN_ENDED = ("EML", "mail with a picture")
_LEAST = 60


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_was_cut_off_is_never_clean(name: str) -> None:
    data = WHOLE[name]
    content = data.rstrip(b"\0\r\n ") if name not in ("tar", "tgz") else data
    assert read(data)[1] in (None, "unsupported-legacy-office")
    for end in {len(content) * i // 40 for i in range(1, 40)} | {len(content) - 1}:
        text, reason = read(data[:end])
        whole = NUMBER in text or (name in _OPEN_ENDED and b"\n\n" in data[:end])
        if end >= min(_LEAST, len(data) // 2):
            assert reason is not None or whole, end


ROW = "姓名,编号\n关于做好保密工作的通知，机密★10年\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_text_that_was_cut_off_is_read_to_its_last_character(encoding: str) -> None:
    text = ROW * 5
    data = text.encode(encoding)
    for end in range(len(ROW.encode(encoding)), len(data) + 1):
        decoded = decode(data[:end])
        (shown,) = (t for t in decoded.texts if text.startswith(t))
        is_whole = shown.encode(encoding) == data[:end]
        assert decoded.fault == (None if is_whole else "cut-off")


def test_damaged_text_is_read_and_reported() -> None:
    data = (ROW * 3).encode().replace("编".encode(), b"\xff", 1)
    text, reason = read(data)
    assert "机密★10年" in text
    assert reason == "broken"


UNLISTED = {
    "a part that the list leaves out": papers.zip_without_entry(WORDS),
    "a ZIP without its list": papers.zip_of({"a.txt": WORDS}).split(b"PK\x01\x02")[0],
    "a DOCX without its list": papers.docx_with("visible", WORDS)[:-300],
    "a PDF without its table": papers.pdf_with("visible", WORDS).split(b"xref")[0],
    "a PDF with a wrong table": papers.pdf_with("visible", WORDS).replace(b"startxref\n", b"\\g9"),
}


@pytest.mark.parametrize("kind", UNLISTED)
def test_what_was_lost_is_read_as_far_as_it_is_there(kind: str) -> None:
    text, reason = read(UNLISTED[kind])
    assert NUMBER in text
    assert reason in ("broken", "cut-off")
