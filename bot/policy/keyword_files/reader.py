"""Read lists of terms from TXT, CSV and XLSX files; errors name the line and the remedy."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import ParseError

from bot.errors import ConfigurationError

MAX_TERMS = 100_000
MAX_LENGTH = 200
MAX_BYTES = 64 << 20
_HEADS = frozenset(("term", "terms", "keyword", "keywords", "word", "关键词", "词", "词语", "词条"))
_Cells = Iterator[tuple[int, str]]
"""The lines of a file, counted from 1, with the term that each holds."""


def read_terms(path: Path) -> tuple[str, ...]:
    """Return a file's terms, each once; ConfigurationError names the line and the remedy.

    TXT: one term a line, lines that begin with # are remarks. CSV and XLSX (first sheet): the first
    column, or the one headed ``term`` or 关键词. Text is UTF-8, UTF-16 with its mark, or GB 18030.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ConfigurationError(
            "not a list of terms", where=str(path), mend="name it .txt, .csv or .xlsx"
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(
                f"larger than {MAX_BYTES >> 20} MB", where=str(path), mend="divide the list"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            "the file does not exist",
            where=str(path),
            mend="correct keywords_file, or add the file",
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read ({error.strerror})", where=str(path), mend="let the bot read it"
        ) from None
    return _checked(path, read(path, data))


def _checked(path: Path, cells: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    terms: dict[str, None] = {}
    for line, cell in cells:
        term = cell.strip()
        if not term:
            continue
        if fault := _fault(term):
            raise ConfigurationError(fault[0], where=f"{path}: line {line}", mend=fault[1])
        terms[term] = None
        if len(terms) > MAX_TERMS:
            raise ConfigurationError(
                f"more than {MAX_TERMS:,} terms",
                where=f"{path}: line {line}",
                mend="shorten the list, or give groups lists of their own",
            )
    return tuple(terms)


def _fault(term: str) -> tuple[str, str] | None:
    if len(term) > MAX_LENGTH:
        return f"a term of {len(term)} characters", f"give at most {MAX_LENGTH}, one term a line"
    if sum(c.isalnum() for c in term) < 2:
        return (
            "a term of less than two letters or digits",
            "remove it: it would be found everywhere",
        )
    if any(ord(c) < 0x20 or c == "\ufffd" for c in term):
        return (
            "a character that is no text",
            "remove it, and save the file as UTF-8",
        )
    return None


def _decode(path: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")  # Notepad and Excel write a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise ConfigurationError(
            "neither UTF-8 nor GB 18030", where=f"{path}: line {line}", mend="save it as UTF-8"
        ) from None


def _from_txt(path: Path, data: bytes) -> _Cells:
    for line, text in enumerate(_decode(path, data).splitlines(), 1):
        if not text.startswith("#"):
            yield line, text


def _from_csv(path: Path, data: bytes) -> _Cells:
    text = _decode(path, data)
    # Excel separates by semicolons where the comma is the decimal sign, and by tabs as "text".
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from _column((reader.line_num, row) for row in reader)
    except csv.Error as error:
        raise ConfigurationError(
            f"not valid CSV: {error}",
            where=f"{path}: line {reader.line_num}",
            mend='put a term that holds a quotation mark in quotation marks, the mark itself as ""',
        ) from None


def _from_xlsx(path: Path, data: bytes) -> _Cells:
    # Imported here: it takes 0.2 s, and most lists are no workbooks.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        shown = (["" if c is None else _cell(c) for c in row] for row in rows)
        yield from _column(enumerate(shown, 1))
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, IndexError, OSError):
        raise ConfigurationError(
            "not a workbook that can be read", where=str(path), mend="save it as .xlsx anew"
        ) from None


def _cell(value: object) -> str:
    """Return a cell as it is shown: numbers without the point that the format adds."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _column(rows: Iterable[tuple[int, list[str]]]) -> _Cells:
    column = 0
    first = True
    for line, row in rows:
        if first and any(row):
            first = False
            heads = [i for i, cell in enumerate(row) if cell.strip().lower() in _HEADS]
            if heads:
                column = heads[0]
                continue
        if column < len(row):
            yield line, row[column]


_READERS: Mapping[str, Callable[[Path, bytes], _Cells]] = MappingProxyType(
    {".txt": _from_txt, ".csv": _from_csv, ".xlsx": _from_xlsx}
)
