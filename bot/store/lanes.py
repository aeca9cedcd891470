"""Lanes, and the right to work on one.

Each chat belongs to one of `LANES` lanes, and at each moment one process works on a lane. What it
does there it does for its claim, which travels with the task: whatever is written meanwhile checks
in the same transaction that the claim still holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

LANES = 64
NO_LANE = -1
"""The lane of what follows from no chat's update, such as the checks made from time to time."""

_PRIME = 0x9E3779B97F4A7C15
_BITS = 64


@dataclass(frozen=True, slots=True)
class Claim:
    """The lease of a name, such as ``lane/7``; ``token`` grows whenever it changes hands.

    Token 0 belongs to a process that is alone, and is not checked.
    """

    name: str
    token: int = 0

    @property
    def lane(self) -> int:
        """The number of the lane, or NO_LANE."""
        kind, _, number = self.name.partition("/")
        return int(number) if kind == "lane" else NO_LANE


_current: ContextVar[Claim | None] = ContextVar("claim", default=None)


def lane_of(chat_id: int | None) -> int:
    """Return a chat's lane, the same in every process and version (Fibonacci hashing)."""
    product = ((chat_id or 0) * _PRIME) % (1 << _BITS)
    return product * LANES >> _BITS


def lane_name(lane: int) -> str:
    """Return the name of a lane's lease."""
    return f"lane/{lane}"


def current() -> Claim | None:
    """Return the claim for which the running task works, or None."""
    return _current.get()


def current_lane() -> int:
    """Return the lane for which the running task works, or NO_LANE."""
    claim = _current.get()
    return NO_LANE if claim is None else claim.lane


@contextlib.contextmanager
def working_for(claim: Claim | None) -> Iterator[None]:
    """Do what follows, and start tasks, for a claim; None: for none."""
    token = _current.set(claim)
    try:
        yield
    finally:
        _current.reset(token)
