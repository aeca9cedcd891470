"""Progress on the error stream, where a person looks at it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]
"""Records so many more units as done."""


@contextlib.contextmanager
def progress(total: int | None, *, console: Console | None = None) -> Iterator[Advance]:
    """Show how much of ``total`` is done (None: unknown); nothing where no person looks.

    The bar leaves no trace, so that other output on the terminal stays readable.
    """
    errors = console or Console(stderr=True)
    columns = (TextColumn("{task.completed:,.0f}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal or total == 0,
    ) as shown:
        task = shown.add_task("", total=total)
        yield lambda steps: shown.advance(task, steps)
