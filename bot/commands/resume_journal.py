"""The journal of a long run: digests of finished files, so that the run can be resumed."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


class Journal:
    """Records finished files, by a digest of path, size, time of change and ``run``.

    ``run`` names all that the outcome depends on beside the file: another policy or another place
    for copies is another run. One JSON object a line, without names or content; a line that a
    power failure cut off is ignored, and its file is read again.
    """

    def __init__(self, path: Path, run: str = "") -> None:
        self._run = run
        self._done: dict[str, tuple[bool, bool]] = {}
        with suppress(FileNotFoundError), path.open("rb") as lines:
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):
                    row = json.loads(line)
                    self._done[row["file"]] = (bool(row["found"]), bool(row["unread"]))
        self._file = path.open("ab")
        self._file.write(b"\n")  # ends a line that a power failure cut off

    def earlier(self, path: Path) -> tuple[bool, bool] | None:
        """Return (found, unread) of an unchanged file that was done before."""
        return self._done.get(self._identity(path))

    def done(self, path: Path, *, found: bool, unread: bool) -> None:
        """Record a file as done."""
        row = {"file": self._identity(path), "found": found, "unread": unread}
        self._file.write(json.dumps(row).encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _identity(self, path: Path) -> str:
        try:
            stat = path.stat()
        except OSError:
            return ""
        text = f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{self._run}"
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
