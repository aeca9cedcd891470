"""Events for people's screens, as they happen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.objects import Json


class Events:
    """Hands each event to every screen that listens."""

    def __init__(self) -> None:
        self._screens: set[asyncio.Queue[Json | None]] = set()

    def send(self, kind: str, **fields: object) -> None:
        """Send an event to every screen."""
        for screen in self._screens:
            screen.put_nowait({"kind": kind, **fields})

    def close(self) -> None:
        """Notify every screen that the server stops."""
        for screen in self._screens:
            screen.put_nowait(None)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Json | None]]:
        """Receive events in a queue; None means that the server stops."""
        screen: asyncio.Queue[Json | None] = asyncio.Queue()
        self._screens.add(screen)
        try:
            yield screen
        finally:
            self._screens.discard(screen)
