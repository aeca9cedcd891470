"""Performs planned effects on the platform, each recorded before it is tried and after it is known.

What provably did not happen is tried again; what may have happened is never said twice, except
for the card of a case; what converges (delete, edit, mute, leave) is repeated until it is so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.errors import (
    Forbidden,
    LeaseLost,
    Migrated,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlatformError,
    Refused,
    RetryAfter,
)
from bot.model import EffectKind, EffectStatus
from bot.store import claims
from bot.store.effects import EffectRow
from bot.work.limits import SendingLimits

log = logging.getLogger(__name__)

CONVERGENT = frozenset({EffectKind.DELETE, EffectKind.EDIT, EffectKind.MUTE, EffectKind.LEAVE})
REPEATABLE = CONVERGENT | {EffectKind.ESCALATE}
UNLIMITED = frozenset({EffectKind.DELETE, EffectKind.LEAVE, EffectKind.MUTE})
GIVE_UP_AFTER = timedelta(seconds=60)
"""How long an act whose outcome stays unknown is repeated before a person is told."""

CARD_PATIENCE = 3.0
"""Seconds that a case's card waits for the notices whose outcome it shows."""

_CARDS = frozenset({EffectKind.ESCALATE, EffectKind.EDIT})
_REMOVALS = frozenset({EffectKind.DELETE, EffectKind.MUTE})

Performer = Callable[[EffectRow], Awaitable[int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an effect; ``message_id`` is that of a sent message."""

    status: EffectStatus
    detail: str | None = None
    message_id: int | None = None


class Ledger(Protocol):
    """Where effects are recorded; the store's side of the outbox."""

    async def sending(self, row: EffectRow) -> bool:
        """Commit that a request is about to leave; False when it must not."""

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        """Commit what became of an effect, and return the effects that follow from it."""

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        """Commit that an effect is to be tried later."""

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        """Commit a group's new id, and return the effect under it."""

    async def unfinished(self, lane: int | None = None) -> Sequence[EffectRow]:
        """Return what whoever worked on a lane before has left; None: on any."""


class Outbox:
    """Performs effects: a case's deletions first, then what is said, each chat at its own pace."""

    def __init__(
        self, ledger: Ledger, performers: Mapping[EffectKind, Performer], limits: SendingLimits
    ) -> None:
        self._ledger = ledger
        self._performers = performers
        self._limits = limits
        self._tasks: dict[asyncio.Task[None], int] = {}
        self._taken: set[int] = set()
        self._removals: dict[object, set[asyncio.Task[set[int]]]] = {}

    def start(self, rows: Sequence[EffectRow], *, again: bool = False) -> None:
        """Perform effects in the background; deletions leave at once."""
        own = self._take(rows, again=again)
        if not own:
            return
        task = asyncio.create_task(self._guarded(own, again=again))
        self._tasks[task] = claims.current_lane()
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def resume(self, lane: int | None = None) -> None:
        """Take up what is unfinished and not under way, of a lane; the caller has its claim."""
        by_case: dict[object, list[EffectRow]] = {}
        for row in await self._ledger.unfinished(lane):
            if row.id in self._taken:
                continue
            if row.status is EffectStatus.SENDING and row.kind not in REPEATABLE:
                unknown = Outcome(status=EffectStatus.UNKNOWN, detail="outcome-unknown")
                self.start(await self._ledger.finished(row, unknown))
            else:
                by_case.setdefault(row.case_id or f"chat/{row.chat_id}", []).append(row)
        for rows in by_case.values():
            self.start(rows, again=True)

    async def drain(self, seconds: float, lane: int | None = None) -> None:
        """Wait for the effects under way, but no longer than this; the rest is resumed later.

        With ``lane``, for those of this lane, which another process is to go on with.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while tasks := {t for t, of in self._tasks.items() if lane is None or of == lane}:
            if (left := deadline - asyncio.get_running_loop().time()) <= 0:
                break
            await asyncio.wait(tasks, timeout=left)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def under_way(self) -> int:
        """How many groups of effects are being performed."""
        return len(self._tasks)

    async def _guarded(self, own: Sequence[EffectRow], *, again: bool) -> None:
        try:
            await self._finish(own, again=again)
        except LeaseLost:
            log.info("effects %s: left to another process", [r.id for r in own])
        except Exception as error:
            log.error("effects %s: %s", [r.id for r in own], type(error).__name__)

    async def run(self, rows: Sequence[EffectRow], *, again: bool = False) -> None:
        """Perform the effects of one case: deletions, then what is said, then the card.

        What is said waits for all of its case's deletions, whoever began them. The card does not
        wait long for what is said: it is brought up to date afterwards. The bot leaves a chat
        last. An effect that is being performed already is left to whoever does.
        """
        await self._finish(self._take(rows, again=again), again=again)

    def _take(self, rows: Sequence[EffectRow], *, again: bool) -> list[EffectRow]:
        """Keep what nobody is performing, and begin its deletions."""
        own = [r for r in rows if r.id not in self._taken]
        self._taken |= {r.id for r in own}
        for row in own:
            if row.kind in _REMOVALS:
                removal = asyncio.create_task(self._remove(row, again=again))
                self._removals.setdefault(_case(row), set()).add(removal)
        return own

    async def _remove(self, row: EffectRow, *, again: bool) -> set[int]:
        """Perform a deletion; return the ids of the effects that it made needless."""
        follow_ups = await self._perform(row, again=again)
        self.start([r for r in follow_ups if r.status is not EffectStatus.FAILED])
        return {r.id for r in follow_ups if r.status is EffectStatus.FAILED}

    async def _removed(self, rows: Sequence[EffectRow]) -> set[int]:
        """Wait for the deletions of the effects' cases; return what they made needless."""
        needless: set[int] = set()
        for case in {_case(r) for r in rows}:
            under_way = self._removals.get(case, set())
            try:
                needless.update(*await asyncio.gather(*under_way))
            finally:
                if all(removal.done() for removal in under_way):
                    self._removals.pop(case, None)
        return needless

    async def _finish(self, own: Sequence[EffectRow], *, again: bool) -> None:
        try:
            await self._say([r for r in own if r.kind is not EffectKind.LEAVE], again=again)
            for row in own:
                if row.kind is EffectKind.LEAVE:
                    await self._perform_and_follow(row, again=again)
        finally:
            self._taken -= {r.id for r in own}

    async def _say(self, rows: Sequence[EffectRow], *, again: bool) -> None:
        cancelled = await self._removed(rows)
        saying = [r for r in rows if r.kind not in UNLIMITED and r.kind not in _CARDS]
        cards = [r for r in rows if r.kind in _CARDS]
        said = [
            asyncio.create_task(self._perform_and_follow(r, again=again))
            for r in saying
            if r.id not in cancelled
        ]
        if said and cards:
            await asyncio.wait(said, timeout=CARD_PATIENCE)
        await asyncio.gather(*said, *(self._perform_and_follow(r, again=again) for r in cards))

    async def _perform_and_follow(self, row: EffectRow, *, again: bool) -> None:
        self.start(await self._perform(row, again=again))

    async def _perform(self, row: EffectRow, *, again: bool) -> Sequence[EffectRow]:
        """Bring one effect to its end, through as many tries as its kind permits.

        ``again`` says that the request may have left before, so that a message that is gone was
        removed by us.
        """
        first_try = datetime.now(UTC)
        if row.not_before is not None:
            await asyncio.sleep(max(0.0, (row.not_before - first_try).total_seconds()))
        delay = 0.5
        while True:
            outcome, wait, row = await self._try(row, again=again)
            if outcome is None and wait is None:
                again = True
                if row.kind in CONVERGENT and datetime.now(UTC) - first_try > GIVE_UP_AFTER:
                    outcome = Outcome(status=EffectStatus.FAILED, detail="outcome-unknown")
            if outcome is not None:
                return await self._ledger.finished(row, outcome)
            if not wait:
                wait, delay = delay, min(delay * 2, 15.0)
            until = datetime.now(UTC) + timedelta(seconds=wait)
            await self._ledger.postponed(row, until, "later")
            await asyncio.sleep(wait)

    async def _try(
        self, row: EffectRow, *, again: bool
    ) -> tuple[Outcome | None, float | None, EffectRow]:
        """Try once: an outcome, or the seconds to wait.

        Zero waits by the backoff; None does too, after a try that may have had its effect.
        """
        if row.kind not in UNLIMITED:
            await self._limits.turn(row.chat_id)
        if row.status is not EffectStatus.SENDING or row.kind not in CONVERGENT:
            may_leave = await self._ledger.sending(row)
            if not may_leave:
                return Outcome(status=EffectStatus.UNKNOWN, detail="outcome-unknown"), None, row
        try:
            message_id = await self._performers[row.kind](row)
        except RetryAfter as error:
            if row.kind not in UNLIMITED:
                self._limits.pause(row.chat_id, error.seconds)
            return None, error.seconds, row
        except Migrated as error:
            return None, 0.0, await self._ledger.migrated(row, error.new_chat_id)
        except NotSent:
            return None, 0.0, row
        except OutcomeUnknown:
            if row.kind in REPEATABLE:
                return None, None, row
            return Outcome(status=EffectStatus.UNKNOWN, detail="outcome-unknown"), None, row
        except Refused as error:
            return _refused(row, error, again=again), None, row
        except PlatformError as error:
            return Outcome(status=EffectStatus.FAILED, detail=error.code), None, row
        except Exception as error:
            # A fault of our own must not keep the rest of the case from happening.
            log.error("effect %s: %s", row.id, type(error).__name__)
            return Outcome(status=EffectStatus.FAILED, detail="fault"), None, row
        return Outcome(status=EffectStatus.DONE, message_id=message_id), None, row


def _case(row: EffectRow) -> object:
    """Return what groups a row's effects: its case, or nothing but itself."""
    return row.case_id or row.key


def _refused(row: EffectRow, error: Refused, *, again: bool) -> Outcome:
    if isinstance(error, NotFound) and row.kind is EffectKind.DELETE:
        detail = None if again else "already-gone"
        return Outcome(status=EffectStatus.DONE, detail=detail)
    if isinstance(error, Forbidden):
        detail = "cannot-write" if row.kind is EffectKind.WARN else "forbidden"
        return Outcome(status=EffectStatus.FAILED, detail=detail)
    return Outcome(status=EffectStatus.FAILED, detail=error.code)
