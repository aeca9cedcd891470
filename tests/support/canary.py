"""Contents that are known to be secret, and the places where nothing of them may ever be found."""

from __future__ import annotations

import contextlib
import io
import logging
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.pictures import resident_id

SECRET = "关于云杉工程选址的报告"
NUMBER = resident_id(random.Random(7))
CANARIES = (SECRET, NUMBER)
_ENCODINGS = ("utf-8", "utf-16-le", "gb18030")


@contextlib.contextmanager
def recorded_log() -> Iterator[io.StringIO]:
    """Collect what is logged: all of our own, and what libraries think worth telling."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    root, own = logging.getLogger(), logging.getLogger("bot")
    before = root.level, own.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    own.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        own.setLevel(before[1])


def assert_not_in(where: str, text: str, secrets: Iterable[str]) -> None:
    """Fail when a secret, or its characters written as an escape, stands in a text."""
    for secret in secrets:
        escaped = secret.encode("unicode_escape").decode()
        assert secret not in text and escaped not in text, f"a secret is in {where}"


def assert_not_in_files(folder: Path, secrets: Iterable[str]) -> None:
    """Fail when a secret stands in any file of a folder, in its name or in its content."""
    for path in folder.rglob("*"):
        assert_not_in("a file's name", path.name, secrets)
        if not path.is_file():
            continue
        content = path.read_bytes()
        for secret in secrets:
            for encoding in _ENCODINGS:
                assert secret.encode(encoding) not in content, f"a secret is in {path.name}"
