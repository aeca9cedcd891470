"""Rules for effects: kinds that may be repeated, kinds without a sending limit, and pauses."""

from __future__ import annotations

from datetime import timedelta

from bot.outgoing import EffectKind
from bot.store.effects import REPEATABLE

CONVERGENT = REPEATABLE - {EffectKind.ESCALATE}
"""Effects that a repetition cannot do twice; they are retried until they succeed or are refused."""

UNLIMITED = frozenset({EffectKind.DELETE, EffectKind.LEAVE, EffectKind.MUTE})
"""Effects that the platform does not count against its sending limits."""

REMOVALS = frozenset({EffectKind.DELETE, EffectKind.MUTE})
MERGED = frozenset({EffectKind.REPOST, EffectKind.WARN})
"""Messages to members, merged into one when there are many at once."""

REPORT_AFTER = timedelta(seconds=30)
"""Age at which a removal without an outcome is reported to people; it is still retried."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
"""Seconds between two tries; they double from the first to the longest."""

OLD = timedelta(minutes=10)
LONGEST_PAUSE_WHEN_OLD = 60.0


def longest_pause(age: timedelta) -> float:
    """Return the longest pause in seconds between two tries of an act of this age."""
    return LONGEST_PAUSE if age < OLD else LONGEST_PAUSE_WHEN_OLD
