"""Brings one effect to its end, through as many tries as its kind permits.

What provably did not happen is tried again; what may have happened is never said twice, except
for the card of a case; what converges (delete, edit, mute, leave) is repeated until it is so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from bot.errors import (
    Conflict,
    DatabaseAway,
    Forbidden,
    LeaseLost,
    Migrated,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlatformError,
    Refused,
    RetryAfter,
    Unauthorized,
)
from bot.outgoing import EffectKind, EffectStatus, Outcome
from bot.retry import doubling_pauses, retry_until_done
from bot.store.effects import EffectRow
from bot.workers import retry_policy
from bot.workers.retry_policy import CONVERGENT, REMOVALS, REPEATABLE, UNLIMITED
from bot.workers.send_turns import Turns

log = logging.getLogger(__name__)

Performer = Callable[[EffectRow], Awaitable[int | None]]
_Answer = TypeVar("_Answer")
_LONGEST_OUTAGE_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Nothing is settled yet: try ``row`` again.

    ``seconds`` of 0 leave the pause to us; ``doubtful`` says that the act may have happened.
    """

    row: EffectRow
    seconds: float = 0.0
    doubtful: bool = False


NO_ANSWER = "no-answer"
"""The detail of a removal that takes long and goes on being tried."""

UNKNOWN = Outcome(status=EffectStatus.UNKNOWN, detail="outcome-unknown")


class Record(Protocol):
    """Where it is recorded what becomes of effects.

    Every method raises DatabaseAway where it cannot be recorded now, and LeaseLost where the
    effect is another process's by now.
    """

    async def sending(self, row: EffectRow) -> bool:
        """Commit that a request is about to leave; False when it must not."""

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        """Commit what became of an effect, and return the effects that follow from it."""

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        """Commit that provably nothing happened, and that it is to be tried later."""

    async def delayed(self, row: EffectRow, *, doubtful: bool) -> Sequence[EffectRow]:
        """Commit that a removal takes long, and return the effects that tell people of it."""

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        """Commit a group's new id, and return the effect under it."""


class Attempts:
    """Tries effects; ``start`` performs what follows while an effect is still being tried."""

    def __init__(
        self,
        record: Record,
        performers: Mapping[EffectKind, Performer],
        turns: Turns,
        start: Callable[[Sequence[EffectRow]], None],
    ) -> None:
        self._record = record
        self._performers = performers
        self._turns = turns
        self._start = start

    async def perform(self, row: EffectRow, *, again: bool) -> Sequence[EffectRow]:
        """Bring an effect to its end; return the effects that follow or that it made needless.

        ``again`` says that the request may have left before, so that a message that is gone was
        removed by us.
        """
        try:
            if row.not_before is not None:
                await asyncio.sleep(_left(row, row.not_before))
            return await self._perform(row, again=again)
        except LeaseLost:
            log.info("effect %s is another process's by now", row.id)
            return ()

    async def _perform(self, row: EffectRow, *, again: bool) -> Sequence[EffectRow]:
        pauses = doubling_pauses(retry_policy.FIRST_PAUSE, retry_policy.LONGEST_PAUSE_WHEN_OLD)
        telling = _Telling(self._tell)
        try:
            while True:
                answer = await self._try(row, again=again)
                if answer is None:
                    return ()
                if isinstance(answer, Outcome):
                    return await surely(partial(self._record.finished, row, answer))
                row, again = answer.row, again or answer.doubtful
                longest = retry_policy.longest_pause(_now() - row.planned_at)
                seconds = answer.seconds or min(next(pauses), longest)
                if row.kind in REMOVALS:
                    telling.expect(row, doubtful=again)
                if not answer.doubtful:
                    detail = NO_ANSWER if telling.told else "later"
                    row = await self._postpone(row, seconds, detail)
                await asyncio.sleep(seconds)
        finally:
            telling.stop()

    async def _postpone(self, row: EffectRow, seconds: float, detail: str) -> EffectRow:
        until = _now() + timedelta(seconds=seconds)
        await surely(partial(self._record.postponed, row, until, detail))
        return replace(row, status=EffectStatus.PLANNED)

    async def _tell(self, row: EffectRow, doubtful: bool) -> None:
        try:
            self._start(await surely(partial(self._record.delayed, row, doubtful=doubtful)))
        except LeaseLost:
            return
        except Exception as error:
            log.error("effect %s: delay not told: %s", row.id, type(error).__name__)

    async def _try(self, row: EffectRow, *, again: bool) -> Outcome | Later | None:
        """Try once; None when the effect is carried by another one, or not ours to send."""
        try:
            if row.kind not in UNLIMITED and not await self._turns.wait(row):
                return None
            leaving = row.status is EffectStatus.SENDING and row.kind in CONVERGENT
            if not leaving and not await self._record.sending(row):
                return None
            return await self._request(row, again=again)
        except DatabaseAway:
            # It is asked before each request and not after it, so none has left.
            return Later(row=row)

    async def _request(self, row: EffectRow, *, again: bool) -> Outcome | Later:
        try:
            message_id = await self._performers[row.kind](row)
        except (RetryAfter, Migrated, NotSent, OutcomeUnknown, Refused) as error:
            return await self._answered(row, error, again=again)
        except PlatformError as error:
            return Outcome(status=EffectStatus.FAILED, detail=error.code)
        except (DatabaseAway, LeaseLost):
            raise
        except Exception as error:
            # A fault of our own must not keep the rest of the case from happening.
            log.error("effect %s: %s", row.id, type(error).__name__)
            return Outcome(status=EffectStatus.FAILED, detail="fault")
        return Outcome(status=EffectStatus.DONE, message_id=message_id)

    async def _answered(
        self, row: EffectRow, error: PlatformError, *, again: bool
    ) -> Outcome | Later:
        match error:
            case RetryAfter():
                if row.kind not in UNLIMITED:
                    await self._turns.pause(row.chat_id, error.seconds)
                return Later(row=row, seconds=error.seconds)
            case Migrated():
                moved = partial(self._record.migrated, row, error.new_chat_id)
                return Later(row=await surely(moved))
            case NotSent() | Unauthorized() | Conflict():
                # A token that is not accepted says nothing about the act; it may be mended.
                return Later(row=row)
            case OutcomeUnknown() if row.kind in REPEATABLE:
                sending = replace(row, status=EffectStatus.SENDING)
                return Later(row=sending, doubtful=True)
            case OutcomeUnknown():
                return UNKNOWN
        return _refused(row, error, again=again)


class _Telling:
    """Lets people know, once, of a removal that is not settled when it is `rules.TELL_AFTER` old.

    A request may hang for long, so a task of its own watches the time.
    """

    def __init__(self, tell: Callable[[EffectRow, bool], Awaitable[None]]) -> None:
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self._doubtful = False
        self.told = False

    def expect(self, row: EffectRow, *, doubtful: bool) -> None:
        """Begin to watch; ``doubtful`` is as of the last try."""
        self._doubtful = doubtful
        if self._task is None:
            self._task = asyncio.create_task(self._watch(row))

    async def _watch(self, row: EffectRow) -> None:
        left = (row.planned_at + retry_policy.TELL_AFTER - _now()).total_seconds()
        await asyncio.sleep(max(0.0, left))
        self.told = True
        await self._tell(row, self._doubtful)

    def stop(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()


async def surely(record: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Record something, as soon as the database is there."""

    def failed(error: Exception) -> None:
        log.warning("the database is away (%s); it is waited for", getattr(error, "code", ""))

    return await retry_until_done(
        record,
        on=DatabaseAway,
        failed=failed,
        first=retry_policy.FIRST_PAUSE,
        longest=_LONGEST_OUTAGE_PAUSE,
    )


def _refused(row: EffectRow, error: PlatformError, *, again: bool) -> Outcome:
    if isinstance(error, NotFound) and row.kind is EffectKind.DELETE:
        detail = None if again else "already-gone"
        return Outcome(status=EffectStatus.DONE, detail=detail)
    if isinstance(error, Forbidden):
        detail = "cannot-write" if row.kind is EffectKind.WARN else "forbidden"
        return Outcome(status=EffectStatus.FAILED, detail=detail)
    return Outcome(status=EffectStatus.FAILED, detail=error.code)


def _left(row: EffectRow, until: datetime) -> float:
    """Return the seconds until a time, but no more than there were when it was set.

    The system's clock may have been set back since.
    """
    left = min(until - _now(), until - (row.sent_at or row.planned_at))
    return max(0.0, left.total_seconds())


def _now() -> datetime:
    return datetime.now(UTC)
