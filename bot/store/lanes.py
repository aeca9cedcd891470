"""Lanes, and the claims under which a process works on them.

Each chat belongs to one of `LANES` lanes, and one process at a time works on a lane. Its claim
travels with the task (a context variable): each write checks in the same transaction that the
claim still holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

LANES = 64
NO_LANE = -1
"""The lane of effects that follow from no chat's update, such as those of periodic checks."""

_PRIME = 0x9E3779B97F4A7C15
_BITS = 64


@dataclass(frozen=True, slots=True)
class Claim:
    """A held lease, such as ``lane/7``; ``token`` grows with each change of the holder.

    Token 0 belongs to a process that is alone on its database, and is not checked.
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
    """Run the code in this context, and the tasks that it starts, for a claim or for none."""
    token = _current.set(claim)
    try:
        yield
    finally:
        _current.reset(token)
