"""Performs planned effects on the platform, each recorded before it is tried and after it is known.

It keeps their order: a case's deletions first, then the texts, each chat at its own pace. The
meaning of a single effect's answer is decided in `bot.workers.effect_attempts`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from bot.errors import DatabaseAway, LeaseLost
from bot.outgoing import EffectKind, EffectStatus
from bot.store.effects import REPEATABLE, EffectRow
from bot.store.lanes import Claim, current_lane, working_for
from bot.workers.effect_attempts import UNKNOWN, Attempts, Performer, Record
from bot.workers.retry_policy import MERGED, REMOVALS, UNLIMITED
from bot.workers.send_limits import SendingLimits
from bot.workers.send_turns import Turns

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

CARD_PATIENCE = 3.0
"""Seconds that a case's card waits for the notices whose outcome it shows."""

REMOVAL_PATIENCE = 10.0
"""Seconds for which a case's card, and the caller of `Outbox.run`, wait for its removals."""


class OutcomeStore(Record, Protocol):
    """Records effects; the store's side of the outbox."""

    async def merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        """Commit that notices leave as one; return that one, and the ids that it carries."""

    async def unfinished(
        self, lane: int | None, besides: Collection[int], *, settled: bool
    ) -> Sequence[EffectRow]:
        """Return the unfinished effects of one lane, or of all, except the ids in ``besides``.

        ``settled`` leaves out effects that were planned just now.
        """


class Outbox:
    """Performs effects: a case's deletions first, then the texts, each chat at its own pace."""

    def __init__(
        self,
        outcomes: OutcomeStore,
        performers: Mapping[EffectKind, Performer],
        limits: SendingLimits,
    ) -> None:
        self._outcomes = outcomes
        turns = Turns(limits, outcomes.merge, self.start)
        self._attempts = Attempts(outcomes, performers, turns, self.start)
        self._tasks: dict[asyncio.Task[Any], int] = {}
        self._steps: dict[asyncio.Task[Any], int] = {}
        self._taken: set[int] = set()
        self._removals: dict[object, set[asyncio.Task[set[int]]]] = {}

    def start(self, rows: Sequence[EffectRow], *, again: bool = False) -> None:
        """Perform effects in the background; deletions leave at once."""
        self._begin(rows, again=again)

    async def run(self, rows: Sequence[EffectRow], *, again: bool = False) -> None:
        """Perform the effects of one case: deletions, then the texts, then the card.

        The texts wait for all deletions of their case, whoever started them. The card does not
        wait long for either: it is updated afterwards. The bot leaves a chat last. An effect that
        another task performs already is left to that task. Work that takes longer than
        REMOVAL_PATIENCE continues in the background.
        """
        task = self._begin(rows, again=again)
        if task is not None:
            await asyncio.wait({task}, timeout=REMOVAL_PATIENCE)

    async def sweep(self, held: Sequence[Claim], *, settled: bool = True) -> None:
        """Resume the unfinished effects that no task performs, in the lanes of the held claims.

        A database that failed at the wrong moment leaves such effects behind: planned, or recorded
        as sending, while no task knows of them any more. ``settled`` leaves out effects that were
        planned just now; a worker that has just acquired a lane resumes all of them.
        """
        by_lane: dict[int, list[EffectRow]] = {}
        for row in await self._outcomes.unfinished(None, frozenset(self._taken), settled=settled):
            by_lane.setdefault(row.lane, []).append(row)
        for claim in held:
            if rows := by_lane.get(claim.lane):
                with working_for(claim):
                    await self._resume(rows)

    async def drain(self, seconds: float, lane: int | None = None) -> None:
        """Wait ``seconds`` for the effects under way, then cancel the rest, to be resumed later.

        With ``lane``, only for those of this lane, which another process will continue.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while tasks := _of(self._tasks, lane):
            if (left := deadline - asyncio.get_running_loop().time()) <= 0:
                break
            await asyncio.wait(tasks, timeout=left)
        left_over = _of(self._tasks, lane) | _of(self._steps, lane)
        for task in left_over:
            task.cancel()
        await asyncio.gather(*left_over, return_exceptions=True)

    @property
    def under_way(self) -> int:
        """The number of groups of effects that are being performed."""
        return len(self._tasks)

    async def _resume(self, rows: Sequence[EffectRow]) -> None:
        by_case: dict[object, list[EffectRow]] = {}
        for row in rows:
            if row.id in self._taken:
                continue
            if row.status is EffectStatus.SENDING and row.kind not in REPEATABLE:
                # The text may have been sent, and members must not see it twice.
                self.start(await self._outcomes.finished(row, UNKNOWN))
            else:
                by_case.setdefault(row.case_id or f"chat/{row.chat_id}", []).append(row)
        for own in by_case.values():
            self.start(own, again=True)

    def _begin(self, rows: Sequence[EffectRow], *, again: bool) -> asyncio.Task[None] | None:
        own = self._take(rows, again=again)
        if not own:
            return None
        task = asyncio.create_task(self._finish(own, again=again))
        self._tasks[task] = current_lane()
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def _take(self, rows: Sequence[EffectRow], *, again: bool) -> list[EffectRow]:
        """Return the effects that no other task performs, and start their deletions."""
        own = [r for r in rows if r.id not in self._taken]
        self._taken |= {r.id for r in own}
        for row in own:
            if row.kind in REMOVALS:
                removal = self._spawn(self._remove(row, again=again))
                self._removals.setdefault(_case(row), set()).add(removal)
        return own

    async def _remove(self, row: EffectRow, *, again: bool) -> set[int]:
        """Perform a deletion; return the ids of the effects that it made unnecessary."""
        follow_ups = await self._attempts.perform(row, again=again)
        self.start([r for r in follow_ups if r.status is not EffectStatus.FAILED])
        return {r.id for r in follow_ups if r.status is EffectStatus.FAILED}

    async def _finish(self, own: Sequence[EffectRow], *, again: bool) -> None:
        """Perform effects of `_take`, and release them whatever goes wrong."""
        removed = self._spawn(self._removed(own))
        texts = self._spawn(self._send_texts(own, removed, again=again))
        try:
            await self._send_cards(own, removed, texts, again=again)
            await asyncio.wait({removed, texts})
            # Last, because the bot cannot post in a chat that it has left.
            await self._all([r for r in own if r.kind is EffectKind.LEAVE], again=again)
            removed.result()
            texts.result()
        except LeaseLost:
            log.info("effects %s: left to another process", [r.id for r in own])
        except DatabaseAway as error:
            log.warning("effects %s: %s", [r.id for r in own], error.code)
        except Exception as error:
            log.error("effects %s: %s", [r.id for r in own], type(error).__name__)
        finally:
            self._taken -= {r.id for r in own}

    async def _removed(self, rows: Sequence[EffectRow]) -> set[int]:
        """Wait for the deletions of the effects' cases; return the ids they made unnecessary."""
        unnecessary: set[int] = set()
        for case in {_case(r) for r in rows}:
            under_way = set(self._removals.get(case, ()))
            if not under_way:
                continue
            await asyncio.wait(under_way)
            if all(removal.done() for removal in self._removals.get(case, ())):
                self._removals.pop(case, None)
            unnecessary.update(*(removal.result() for removal in under_way))
        return unnecessary

    async def _send_texts(
        self, rows: Sequence[EffectRow], removed: asyncio.Task[set[int]], *, again: bool
    ) -> None:
        """Send the texts; the notices of a removal wait until the message is gone."""
        now = [r for r in rows if r.kind not in UNLIMITED | MERGED | {EffectKind.ESCALATE}]
        notices = [r for r in rows if r.kind in MERGED]
        at_once = self._spawn(self._all(now, again=again))
        try:
            if notices:
                # Shielded: the card waits for the same task.
                unnecessary = await asyncio.shield(removed)
                await self._all([r for r in notices if r.id not in unnecessary], again=again)
        finally:
            await at_once

    async def _send_cards(
        self,
        rows: Sequence[EffectRow],
        removed: asyncio.Task[set[int]],
        texts: asyncio.Task[None],
        *,
        again: bool,
    ) -> None:
        """Send cards, after a short wait for the outcomes that they show."""
        cards = [r for r in rows if r.kind is EffectKind.ESCALATE]
        if cards:
            await asyncio.wait({removed}, timeout=REMOVAL_PATIENCE)
            if removed.done():
                await asyncio.wait({texts}, timeout=CARD_PATIENCE)
            await self._all(cards, again=again)

    async def _all(self, rows: Sequence[EffectRow], *, again: bool) -> None:
        """Perform effects concurrently; all of them are performed even if recording one fails."""
        acts = [self._spawn(self._perform_and_follow(row, again=again)) for row in rows]
        if acts:
            await asyncio.wait(acts)
        for act in acts:
            act.result()

    def _spawn(self, step: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        task = asyncio.create_task(step)
        self._steps[task] = current_lane()
        task.add_done_callback(lambda done: self._steps.pop(done, None))
        return task

    async def _perform_and_follow(self, row: EffectRow, *, again: bool) -> None:
        self.start(await self._attempts.perform(row, again=again))


def _case(row: EffectRow) -> object:
    """Return the key that groups effects: their case, or an effect's own key without a case."""
    return row.case_id or row.key


def _of(tasks: Mapping[asyncio.Task[Any], int], lane: int | None) -> set[asyncio.Task[Any]]:
    return {task for task, of in tasks.items() if lane is None or of == lane}
