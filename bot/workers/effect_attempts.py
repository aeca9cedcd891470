"""Perform one effect until it has a final outcome, with as many tries as its kind permits.

provably not sent              retried, whatever the kind
outcome unknown (a timeout)    retried if it converges (delete, edit, mute, leave), or if it is
                               a case's card; any other text is never sent twice
refused                        final
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
from bot.store.effects import REPEATABLE, EffectRow
from bot.workers import retry_policy
from bot.workers.retry_policy import CONVERGENT, REMOVALS, UNLIMITED
from bot.workers.send_turns import Turns

log = logging.getLogger(__name__)

Performer = Callable[[EffectRow], Awaitable[int | None]]
_Answer = TypeVar("_Answer")
_LONGEST_OUTAGE_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """There is no final outcome yet: try ``row`` again.

    With ``seconds`` of 0 the pause grows by itself; ``doubtful``: the act may have happened.
    """

    row: EffectRow
    seconds: float = 0.0
    doubtful: bool = False


NO_ANSWER = "no-answer"
"""The detail of a removal that takes long and is still retried."""

UNKNOWN = Outcome(status=EffectStatus.UNKNOWN, detail="outcome-unknown")


class Record(Protocol):
    """Records the progress and the outcome of effects.

    Every method raises DatabaseAway if it cannot record now, and LeaseLost if the effect belongs
    to another process by now.
    """

    async def sending(self, row: EffectRow) -> bool:
        """Commit that a request is about to leave; False when it must not."""

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        """Commit the outcome of an effect, and return the effects that follow from it."""

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        """Commit that the act provably did not happen and is retried at ``until``."""

    async def delayed(self, row: EffectRow, *, doubtful: bool) -> Sequence[EffectRow]:
        """Commit that a removal takes long, and return the effects that notify people."""

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        """Commit a group's new id, and return the effect under it."""


class Attempts:
    """Tries effects; ``start`` performs follow-ups while an effect is still being tried."""

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
        """Perform an effect to its end; return the effects that follow or became unnecessary.

        ``again``: an earlier request may have left, so a message that is gone counts as removed
        by the bot and not by its author.
        """
        try:
            if row.not_before is not None:
                await asyncio.sleep(_left(row, row.not_before))
            return await self._perform(row, again=again)
        except LeaseLost:
            log.info("effect %s belongs to another process now", row.id)
            return ()

    async def _perform(self, row: EffectRow, *, again: bool) -> Sequence[EffectRow]:
        pauses = doubling_pauses(retry_policy.FIRST_PAUSE, retry_policy.LONGEST_PAUSE_WHEN_OLD)
        report = _DelayReport(self._report_delay)
        try:
            while True:
                answer = await self._try(row, again=again)
                if answer is None:
                    return ()
                if isinstance(answer, Outcome):
                    return await until_recorded(partial(self._record.finished, row, answer))
                row, again = answer.row, again or answer.doubtful
                longest = retry_policy.longest_pause(_now() - row.planned_at)
                seconds = answer.seconds or min(next(pauses), longest)
                if row.kind in REMOVALS:
                    report.expect(row, doubtful=again)
                if not answer.doubtful:
                    detail = NO_ANSWER if report.reported else "later"
                    row = await self._postpone(row, seconds, detail)
                await asyncio.sleep(seconds)
        finally:
            report.stop()

    async def _postpone(self, row: EffectRow, seconds: float, detail: str) -> EffectRow:
        until = _now() + timedelta(seconds=seconds)
        await until_recorded(partial(self._record.postponed, row, until, detail))
        return replace(row, status=EffectStatus.PLANNED)

    async def _report_delay(self, row: EffectRow, doubtful: bool) -> None:
        try:
            self._start(await until_recorded(partial(self._record.delayed, row, doubtful=doubtful)))
        except LeaseLost:
            return
        except Exception as error:
            log.error("effect %s: delay not reported: %s", row.id, type(error).__name__)

    async def _try(self, row: EffectRow, *, again: bool) -> Outcome | Later | None:
        """Try once; None when another effect carries this one, or it must not be sent."""
        try:
            if row.kind not in UNLIMITED and not await self._turns.wait(row):
                return None
            leaving = row.status is EffectStatus.SENDING and row.kind in CONVERGENT
            if not leaving and not await self._record.sending(row):
                return None
            return await self._request(row, again=again)
        except DatabaseAway:
            # The database is asked before the request, so no request has left.
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
                return Later(row=await until_recorded(moved))
            case NotSent() | Unauthorized() | Conflict():
                # A refused token or a second poller concerns the bot, not this act: somebody
                # may correct it, and then the act succeeds.
                return Later(row=row)
            case OutcomeUnknown() if row.kind in REPEATABLE:
                sending = replace(row, status=EffectStatus.SENDING)
                return Later(row=sending, doubtful=True)
            case OutcomeUnknown():
                return UNKNOWN
        return _refused(row, error, again=again)


class _DelayReport:
    """Reports a removal once if it has no outcome at the age of `retry_policy.REPORT_AFTER`.

    A task of its own watches the time, because a request may hang for longer than that.
    """

    def __init__(self, report: Callable[[EffectRow, bool], Awaitable[None]]) -> None:
        self._report = report
        self._task: asyncio.Task[None] | None = None
        self._doubtful = False
        self.reported = False

    def expect(self, row: EffectRow, *, doubtful: bool) -> None:
        """Start to watch the time; ``doubtful`` is that of the last try."""
        self._doubtful = doubtful
        if self._task is None:
            self._task = asyncio.create_task(self._watch(row))

    async def _watch(self, row: EffectRow) -> None:
        left = (row.planned_at + retry_policy.REPORT_AFTER - _now()).total_seconds()
        await asyncio.sleep(max(0.0, left))
        self.reported = True
        await self._report(row, self._doubtful)

    def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()


async def until_recorded(record: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Call ``record`` until the database accepts it."""

    def failed(error: Exception) -> None:
        log.warning("the database is away (%s); recording is retried", getattr(error, "code", ""))

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
    """Return the seconds until a time, but no more than remained when it was set.

    The system's clock may have been set back since, and an effect must not wait for hours.
    """
    left = min(until - _now(), until - (row.sent_at or row.planned_at))
    return max(0.0, left.total_seconds())


def _now() -> datetime:
    return datetime.now(UTC)
