"""The queue of updates for the bot: ids, allowed types, expiry, one waiting poller."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rehearsal.clock import Clock
from rehearsal.objects import Json
from rehearsal.refusals import ApiError

DAY = 86_400
PRESS_LIFETIME = 150
KINDS = frozenset(
    [
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
        "message_reaction",
        "message_reaction_count",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "purchased_paid_media",
    ]
)
DEFAULT_KINDS = KINDS - {"chat_member", "message_reaction", "message_reaction_count"}
_TERMINATED = "Conflict: terminated by other getUpdates request; make sure that only one bot"


@dataclass(slots=True, kw_only=True)
class Update:
    """One update: its JSON with the id, when it is forgotten, and the chat that orders it."""

    id: int
    body: Json = field(repr=False)
    expires: int
    chat_id: int
    tries: int = 0


class UpdateQueue:
    """Keeps updates until the bot confirms them or a day has passed."""

    def __init__(
        self, clock: Clock, *, first_id: int = 700_000_001, repeat_wait: float = 3
    ) -> None:
        self._clock = clock
        self._next_id = first_id
        self._repeat_wait = repeat_wait
        self._pending: deque[Update] = deque()
        self._poller: asyncio.Future[ApiError | None] | None = None
        self._last_poll = (0, float("-inf"))
        self._last_conflict = float("-inf")
        self.allowed: frozenset[str] = DEFAULT_KINDS
        self.listeners: list[Callable[[], None]] = []

    def __len__(self) -> int:
        self._forget()
        return len(self._pending)

    def add(self, kind: str, value: Json, *, expires: int, chat_id: int) -> None:
        """Queue an update, if its kind is allowed now and it is not too old already."""
        if kind not in self.allowed or expires <= self._clock.now():
            return
        body = {"update_id": self._next_id, kind: value}
        self._pending.append(Update(id=self._next_id, body=body, expires=expires, chat_id=chat_id))
        self._next_id += 1
        self._wake(None)
        for listener in self.listeners:
            listener()

    def again(self, body: Json, *, chat_id: int) -> None:
        """Hand out an update that was confirmed before once more, under its old id."""
        expires = self._clock.now() + DAY
        update = Update(id=body["update_id"], body=body, expires=expires, chat_id=chat_id)
        self._pending.appendleft(update)
        self._wake(None)

    def allow(self, names: object) -> None:
        """Set the allowed kinds as ``allowed_updates`` does: absent keeps them, empty resets."""
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return
        self.allowed = frozenset(n.lower() for n in names) & KINDS or DEFAULT_KINDS

    @property
    def explicit(self) -> list[str] | None:
        """The allowed kinds, or None for the default set."""
        return None if self.allowed == DEFAULT_KINDS else sorted(self.allowed)

    def clear(self) -> None:
        """Forget every pending update."""
        self._pending.clear()

    def pending(self) -> Iterable[Update]:
        """Return the updates not yet confirmed, oldest first."""
        self._forget()
        return tuple(self._pending)

    def remove(self, update_id: int) -> None:
        """Forget one update, which a webhook took."""
        self._pending = deque(u for u in self._pending if u.id != update_id)

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Json]:  # noqa: ASYNC109
        """Confirm what lies before ``offset`` and return what follows, waiting for the first.

        A negative offset keeps that many of the latest. Raises ApiError 409 in the poller that
        another one ends.
        """
        limit, timeout = self._slow_down(offset, limit, timeout)
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        found = self._take(offset, limit)
        if found or not timeout:
            return found
        await self.terminate(_TERMINATED + " instance is running")
        future: asyncio.Future[ApiError | None] = asyncio.get_running_loop().create_future()
        self._poller = future
        try:
            error = await asyncio.wait_for(future, timeout)
        except TimeoutError:
            error = None
        finally:
            if self._poller is future:
                self._poller = None
        if error is not None:
            await self._delay_conflict()
            raise error
        return self._take(offset, limit)

    async def terminate(self, description: str) -> None:
        """End the waiting poller with a 409."""
        self._wake(ApiError(409, description))

    async def _delay_conflict(self) -> None:
        now = time.monotonic()
        if now < self._last_conflict + self._repeat_wait:
            await asyncio.sleep(self._repeat_wait)
        else:
            self._last_conflict = now

    def _slow_down(self, offset: int, limit: int, timeout: float) -> tuple[int, float]:
        now = time.monotonic()
        last_offset, at = self._last_poll
        self._last_poll = (offset, now)
        if offset == last_offset and timeout < 3 and now < at + self._repeat_wait:
            timeout = self._repeat_wait
        if offset == last_offset and now < at + min(0.5, self._repeat_wait):
            limit = 1
        return limit, timeout

    def _take(self, offset: int, limit: int) -> list[Json]:
        if offset > 0 and self._pending and offset <= self._next_id:
            while self._pending and self._pending[0].id < offset:
                self._pending.popleft()
        self._forget()
        return [update.body for update, _ in zip(self._pending, range(limit), strict=False)]

    def _forget(self) -> None:
        now = self._clock.now()
        if any(update.expires <= now for update in self._pending):
            self._pending = deque(u for u in self._pending if u.expires > now)

    def _wake(self, error: ApiError | None) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(error)
            self._poller = None
