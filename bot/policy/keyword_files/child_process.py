"""Read a list of terms in a process of its own, so that messages do not wait for a workbook.

As a program: ``python -m bot.policy.keyword_files.child_process PATH`` writes lines of JSON: the
terms by slices, or the mistake.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot.errors import ConfigurationError
from bot.policy.keyword_files.reader import read_terms

TIMEOUT = 300.0
"""Seconds; 100,000 terms take a few."""

SLICE = 2_000
"""Terms in a line of the child's output."""


def read_terms_apart(path: Path) -> tuple[str, ...]:
    """Do as `read_terms` does; the calling thread only waits."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(path)],
            cwd=Path(__file__).parents[3],
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise ConfigurationError(
            "could not be read", where=str(path), mend="save it anew, or as .txt"
        ) from None
    terms: list[str] = []
    # By slices, because parsing JSON holds the interpreter lock: messages would wait.
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        if isinstance(answer, dict):
            raise ConfigurationError(**answer)
        terms += answer
    return tuple(terms)


def main() -> None:
    """Write a file's terms as lists, or its mistake as an object."""
    try:
        terms = read_terms(Path(sys.argv[1]))
        answer = [json.dumps(terms[at : at + SLICE]) for at in range(0, len(terms), SLICE)]
    except ConfigurationError as error:
        answer = [json.dumps({"what": error.what, "where": error.where, "mend": error.mend})]
    sys.stdout.write("\n".join(answer))


if __name__ == "__main__":
    main()
