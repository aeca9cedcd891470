"""Delivers updates to the bot's webhook: in order within a chat, repeated until a 2xx."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp

from rehearsal.clock import Clock
from rehearsal.objects import Json
from rehearsal.updates import Update, UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Webhook:
    """Holds the webhook's settings and delivers to it while one is set.

    ``wait`` is the pause before the first repetition, in seconds; it doubles up to a minute.
    """

    def __init__(self, queue: UpdateQueue, clock: Clock, *, wait: float = 0.5) -> None:
        self._queue, self._clock, self._wait = queue, clock, wait
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._busy: dict[int, asyncio.Task[None]] = {}
        self.url = self._secret = ""
        self._connections = 40
        self._error: tuple[int, str] | None = None
        queue.listeners.append(self._changed.set)

    def set(self, url: str, secret: str, connections: int) -> None:
        """Begin to deliver to an address."""
        self.url, self._secret, self._connections = url, secret, connections
        self._error = None
        self._task = asyncio.ensure_future(self._run())

    async def remove(self) -> None:
        """Stop delivering; what was not taken stays in the queue."""
        self.url = self._secret = ""
        tasks = [*self._busy.values(), *([self._task] if self._task else [])]
        self._busy, self._task = {}, None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def info(self) -> Json:
        """Shape a WebhookInfo."""
        shape: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._queue),
        }
        if self._error:
            shape |= {"last_error_date": self._error[0], "last_error_message": self._error[1]}
        if self.url:
            shape["max_connections"] = self._connections
        if self._queue.explicit is not None:
            shape["allowed_updates"] = self._queue.explicit
        return shape

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                self._changed.clear()
                for update in self._queue.pending():
                    if len(self._busy) >= self._connections:
                        break
                    if update.chat_id not in self._busy:
                        task = asyncio.ensure_future(self._deliver(session, update))
                        self._busy[update.chat_id] = task
                await self._changed.wait()

    async def _deliver(self, session: aiohttp.ClientSession, update: Update) -> None:
        try:
            if await self._post(session, update):
                self._queue.remove(update.id)
            else:
                update.tries += 1
                await asyncio.sleep(min(self._wait * 2 ** (update.tries - 1), 60.0))
        finally:
            with contextlib.suppress(KeyError):
                del self._busy[update.chat_id]
            self._changed.set()

    async def _post(self, session: aiohttp.ClientSession, update: Update) -> bool:
        headers = {SECRET_HEADER: self._secret} if self._secret else {}
        try:
            async with session.post(self.url, json=update.body, headers=headers) as reply:
                if 200 <= reply.status < 300:
                    return True
                message = f"Wrong response from the webhook: {reply.status} {reply.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError):
            message = "Connection failed"
        self._error = (self._clock.now(), message)
        return False
