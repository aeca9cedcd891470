"""Read a list of terms in a process of its own, so that a large workbook makes nobody wait.

As a program: ``python -m bot.policy.keyword_child PATH`` writes the terms, or the mistake, as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot.errors import ConfigurationError
from bot.policy.keyword_file import read_terms

TIMEOUT = 300.0
"""Seconds; 100,000 terms take a few."""


def read_terms_apart(path: Path) -> tuple[str, ...]:
    """Do as `read_terms` does; the calling thread only waits."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(path)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise ConfigurationError(
            "could not be read", where=str(path), mend="save it anew, or as .txt"
        ) from None
    told = json.loads(done.stdout)
    if isinstance(told, dict):
        raise ConfigurationError(**told)
    return tuple(told)


def main() -> None:
    """Write a file's terms as a list, or what is wrong as an object."""
    try:
        told: object = read_terms(Path(sys.argv[1]))
    except ConfigurationError as error:
        told = {"what": error.what, "where": error.where, "mend": error.mend}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
