"""DOC, XLS and PPT through LibreOffice: found wherever it stands, and LibreOffice is confined."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import bot
from bot.detect.media.files.office_conversion import OfficeConverter, merged
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import NotReadable
from bot.model import Fragment, Source
from bot.ports import MediaReading
from tests.support import papers

NUMBER = "110101199003070011"
WORDS = f"机密★10年 编号{NUMBER}"
ROOT = str(Path(bot.__file__).resolve().parents[1])


@pytest.fixture(scope="module")
def converter() -> OfficeConverter:
    found = OfficeConverter.find()
    assert found is not None, "scripts/setup.sh dev installs LibreOffice"
    return found


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def office_pool(converter: OfficeConverter) -> AsyncIterator[MediaPool]:
    pool = MediaPool(office=converter)
    await pool.start()
    yield pool
    await pool.close()


def dead_pipes() -> set[Path]:
    """Sockets that nobody listens at; one that answers is another test's."""
    return {path for path in Path("/tmp").glob("OSL_PIPE_*") if not _answers(path)}


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True  # gone meanwhile
    return True


def text_of(reading: MediaReading) -> str:
    return "\n".join(f.text for f in reading.fragments).replace(" ", "")


PLACES = [
    *(("DOCX", "doc", p) for p in ("visible", "header", "comment", "hidden", "picture")),
    *(("XLSX", "xls", p) for p in ("comment", "hidden", "hidden row")),
    *(("PPTX", "ppt", p) for p in ("comment", "picture")),
]


@pytest.mark.parametrize(("source", "kind", "place"), PLACES)
@pytest.mark.asyncio(loop_scope="session")
async def test_old_documents_are_read(
    office_pool: MediaPool, converter: OfficeConverter, source: str, kind: str, place: str
) -> None:
    old = await converter.convert(papers.MAKERS[source][0](place, WORDS), kind)
    reading = await office_pool.read(old, name=None, mime_type=None)
    assert "机密★10年" in text_of(reading)
    assert text_of(reading).count(NUMBER) == 1
    assert reading.not_inspected is None


@pytest.mark.asyncio(loop_scope="session")
async def test_an_old_document_in_an_archive_is_read(
    office_pool: MediaPool, converter: OfficeConverter
) -> None:
    old = await converter.convert(papers.docx_with("comment", WORDS), "doc")
    packed = papers.zip_of({"a.doc": old, "b.txt": "x"})
    reading = await office_pool.read(packed, name=None, mime_type=None)
    assert NUMBER in text_of(reading)
    assert reading.not_inspected is None


@pytest.mark.asyncio(loop_scope="session")
async def test_unconvertible_file_is_reported_and_its_words_are_read() -> None:
    old = papers.compound({"WordDocument": b"\0" * 40 + WORDS.encode("utf-16-le")})
    for broken in (OfficeConverter(Path("/bin/false")), OfficeConverter(Path("/nowhere"))):
        pool = MediaPool(office=broken)
        await pool.start()
        reading = await pool.read(old, name=None, mime_type=None)
        await pool.close()
        assert NUMBER in text_of(reading)
        assert reading.not_inspected == "unsupported-legacy-office"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_conversion_that_hangs_is_ended(converter: OfficeConverter) -> None:
    old = await converter.convert(papers.docx_with("visible", WORDS), "doc")
    hasty = OfficeConverter(converter.program, seconds=0.15)
    with pytest.raises(NotReadable):
        await hasty.convert(old, "odt")
    hasty.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_is_left_behind(converter: OfficeConverter) -> None:
    before = dead_pipes()
    another = OfficeConverter(converter.program)
    await another.convert(b"{\\rtf1 x}", "odt")
    another.close()
    assert dead_pipes() <= before


PROBE = """
import os, socket, sys
sys.path.append(sys.argv[1])
from bot.detect.media.sandbox import office_child
def attempt(name, act):
    try:
        act()
        print(name, "done")
    except OSError:
        print(name, "refused")
def probe(program, arguments, environment):
    write = os.write
    os.dup2(out, 1)
    print(sorted(environment))
    attempt("key", lambda: open(sys.argv[3]).read())
    attempt("parent", lambda: open(f"/proc/{os.getppid()}/environ").read())
    attempt("network", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[4])), 2))
    local = socket.socket(socket.AF_UNIX)
    attempt("socket of another", lambda: local.connect(sys.argv[5]))
    attempt("file elsewhere", lambda: open("/tmp/shoukou-probe", "w"))
    attempt("file in its folder", lambda: open("x", "w"))
    attempt("signal", lambda: os.kill(os.getppid(), 0))
    sys.stdout.flush()
    os._exit(0)
out = os.dup(1)
os.execve = probe
office_child.main("/bin/true", sys.argv[2], 5.0, "odt")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's means are Linux's")
def test_libreoffice_is_confined(tmp_path: Path) -> None:
    key, folder = tmp_path / "key", tmp_path / "own"
    key.write_text("secret")
    folder.mkdir()
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(tmp_path / "s"))
    local.listen()
    with socket.create_server(("127.0.0.1", 0)) as server, local:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [
                *(sys.executable, "-I", "-c", PROBE, ROOT, str(folder), str(key), port),
                str(tmp_path / "s"),
            ],
            capture_output=True,
            text=True,
            timeout=20,
            env=os.environ | {"SHOUKOU_TOKEN": "123:abc"},
        )
    assert done.stdout.splitlines() == [
        "['HOME', 'LANG', 'PATH', 'TMPDIR']",
        "key refused",
        "parent refused",
        "network refused",
        "socket of another refused",
        "file elsewhere refused",
        "file in its folder done",
        "signal refused",
    ], done.stderr


def test_lines_that_both_hold_are_kept_once() -> None:
    def reading(*texts: str, reason: str | None = None) -> MediaReading:
        fragments = tuple(Fragment(source=Source.DOCUMENT, text=text) for text in texts)
        return MediaReading(fragments=fragments, not_inspected=reason)

    both = merged(reading("aa\nbb x", "cc"), [reading("bb\ncc", reason="time-budget")])
    assert [f.text for f in both.fragments] == ["aa", "bb\ncc"]
    assert both.not_inspected == "time-budget"
