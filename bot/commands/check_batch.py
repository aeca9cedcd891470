"""The JSON Lines that ``check --batch`` reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.errors import ConfigurationError, NotReadable


def size(path: str) -> int | None:
    """Return a file's bytes; None for the standard input."""
    try:
        return None if path == "-" else Path(path).stat().st_size
    except OSError:
        return None


def lines(path: str) -> Iterator[bytes]:
    """Yield the lines of a file, or of the standard input for ``-``, without empty ones."""
    if path == "-":
        yield from (line for line in sys.stdin.buffer if line.strip())
        return
    try:
        with Path(path).open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise ConfigurationError("cannot be opened", where=path) from error


def parse(line: bytes) -> dict[str, Any]:
    """Return a line's object without keys that are null; NotReadable if it is no object."""
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotReadable("not-json") from None
    if not isinstance(record, dict):
        raise NotReadable("not-an-object")
    return {key: value for key, value in record.items() if value is not None}


def require_valid(record: dict[str, Any]) -> None:
    """Raise NotReadable with the fault of a line's object."""
    if ("text" in record) == ("path" in record):
        raise NotReadable("needs-text-or-path")
    if not isinstance(record.get("text", record.get("path")), str):
        raise NotReadable("text-or-path-is-no-string")
    keywords = record.get("keywords", [])
    if not (isinstance(keywords, list) and all(isinstance(k, str) for k in keywords)):
        raise NotReadable("keywords-is-no-list-of-strings")
    if not isinstance(record.get("policy", ""), str):
        raise NotReadable("policy-is-no-string")
