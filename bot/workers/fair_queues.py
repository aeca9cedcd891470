"""A deficit round-robin over chats, so that a chat that floods delays no other.

M. Shreedhar, G. Varghese: Efficient Fair Queuing Using Deficit Round Robin, SIGCOMM 1995. Here a
chat has at most one row at each visit, and it saves up at most one visit's share.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from bot.store.inbox import InboxRow

QUANTUM = 1024
"""Bytes of raw updates that a chat may have handled at each visit; short texts have about 500."""

FEW = 8
"""A chat with at most so many waiting rows never counts as a flood."""

MAX_VISITS = 8
"""Visits after which even the longest row is taken: a long text must not wait for ever."""


@dataclass(slots=True)
class _Chat:
    rows: deque[InboxRow] = field(default_factory=deque)
    credit: int = 0


class FairQueues:
    """Rows by chat. A chat marked `busy` gets no turn until `free`."""

    def __init__(self) -> None:
        self._chats: OrderedDict[int, _Chat] = OrderedDict()
        self._busy: set[int] = set()
        self._resting: dict[int, _Chat] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def is_empty(self) -> bool:
        """True if `take` would return nothing: no row waits, or only rows of busy chats."""
        return not self._chats

    def add(self, row: InboxRow) -> None:
        """Put a row at the end of its chat's queue."""
        key = row.chat_id or 0
        waiting = self._resting if key in self._busy else self._chats
        waiting.setdefault(key, _Chat()).rows.append(row)
        self._count += 1

    def take(self, *, sparing: bool = False) -> InboxRow | None:
        """Remove and return the next row; None when no row waits, or only rows of busy chats.

        ``sparing`` skips a chat that floods: one with more than half of all waiting rows.
        """
        while self._chats:
            key, chat = next(iter(self._chats.items()))
            if sparing and len(chat.rows) > max(FEW, self._count // 2):
                if len(self._chats) == 1:
                    return None
                self._chats.move_to_end(key)
                continue
            cost = min(len(chat.rows[0].payload), MAX_VISITS * QUANTUM)
            chat.credit += QUANTUM
            self._chats.move_to_end(key)
            if chat.credit < cost and len(self._chats) > 1:
                continue
            chat.credit = max(0, min(chat.credit - cost, QUANTUM))
            row = chat.rows.popleft()
            if not chat.rows:
                del self._chats[key]
            self._count -= 1
            return row
        return None

    def busy(self, chat_id: int | None) -> None:
        """Skip a chat until `free`, because its rows are handled one after another."""
        key = chat_id or 0
        self._busy.add(key)
        if (chat := self._chats.pop(key, None)) is not None:
            self._resting[key] = chat

    def free(self, chat_id: int | None) -> None:
        """Let a chat take turns again, behind those that wait now."""
        key = chat_id or 0
        self._busy.discard(key)
        if (chat := self._resting.pop(key, None)) is not None:
            self._chats[key] = chat

    def ahead(self, chat_id: int | None, count: int) -> list[InboxRow]:
        """Return the next rows of a chat without removing them."""
        key = chat_id or 0
        chat = self._chats.get(key) or self._resting.get(key)
        return [] if chat is None else [chat.rows[i] for i in range(min(count, len(chat.rows)))]

    def drop(self, lane: int) -> list[InboxRow]:
        """Remove and return all rows of a lane."""
        dropped = []
        for waiting in (self._chats, self._resting):
            for key, chat in list(waiting.items()):
                dropped += [row for row in chat.rows if row.lane == lane]
                chat.rows = deque(row for row in chat.rows if row.lane != lane)
                if not chat.rows:
                    del waiting[key]
        self._count -= len(dropped)
        return dropped
