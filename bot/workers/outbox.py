"""Performs planned effects on the platform, each recorded before it is tried and after it is known.

It keeps their order: a case's deletions first, then what is said, each chat at its own pace. What a
single effect's answer means is told in `bot.workers.effect_attempts`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from bot.errors import DatabaseAway, LeaseLost
from bot.outgoing import EffectKind, EffectStatus
from bot.store.effects import EffectRow
from bot.store.lanes import Claim, current_lane, working_for
from bot.workers.effect_attempts import UNKNOWN, Attempts, Performer, Record
from bot.workers.retry_policy import MERGED, REMOVALS, REPEATABLE, UNLIMITED
from bot.workers.send_limits import SendingLimits
from bot.workers.send_turns import Turns

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

CARD_PATIENCE = 3.0
"""Seconds that a case's card waits for the notices whose outcome it shows."""

REMOVAL_PATIENCE = 10.0
"""Seconds that a case's card, and whoever has asked for a removal, wait for it."""


class OutcomeStore(Record, Protocol):
    """Where effects are recorded; the store's side of the outbox."""

    async def merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        """Commit that notices leave as one; return that one, and the ids that it carries."""

    async def unfinished(
        self, lane: int | None, besides: Collection[int], *, settled: bool
    ) -> Sequence[EffectRow]:
        """Return what is unfinished, besides some, of one lane or of every one.

        ``settled`` leaves out what is just planned.
        """


class Outbox:
    """Performs effects: a case's deletions first, then what is said, each chat at its own pace."""

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
        """Perform the effects of one case: deletions, then what is said, then the card.

        What is said waits for all of its case's deletions, whoever began them. The card does not
        wait long for either: it is brought up to date afterwards. The bot leaves a chat last. An
        effect that is being performed already is left to whoever does. What takes longer than
        REMOVAL_PATIENCE goes on in the background.
        """
        task = self._begin(rows, again=again)
        if task is not None:
            await asyncio.wait({task}, timeout=REMOVAL_PATIENCE)

    async def sweep(self, held: Sequence[Claim], *, settled: bool = True) -> None:
        """Take up what is unfinished and in nobody's hands, of the lanes for which claims are held.

        A database that failed at the wrong moment leaves such effects behind: planned, or recorded
        as leaving, while nobody knows of them any more. ``settled`` leaves out what is just
        planned; for lanes that were just taken nothing is left out.
        """
        by_lane: dict[int, list[EffectRow]] = {}
        for row in await self._outcomes.unfinished(None, frozenset(self._taken), settled=settled):
            by_lane.setdefault(row.lane, []).append(row)
        for claim in held:
            if rows := by_lane.get(claim.lane):
                with working_for(claim):
                    await self._take_up(rows)

    async def drain(self, seconds: float, lane: int | None = None) -> None:
        """Wait for the effects under way, but no longer than this; the rest is resumed later.

        With ``lane``, for those of this lane, which another process is to go on with.
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
        """How many groups of effects are being performed."""
        return len(self._tasks)

    async def _take_up(self, rows: Sequence[EffectRow]) -> None:
        by_case: dict[object, list[EffectRow]] = {}
        for row in rows:
            if row.id in self._taken:
                continue
            if row.status is EffectStatus.SENDING and row.kind not in REPEATABLE:
                # It may have been said, and is not said again.
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
        """Keep what nobody is performing, and begin its deletions."""
        own = [r for r in rows if r.id not in self._taken]
        self._taken |= {r.id for r in own}
        for row in own:
            if row.kind in REMOVALS:
                removal = self._spawn(self._remove(row, again=again))
                self._removals.setdefault(_case(row), set()).add(removal)
        return own

    async def _remove(self, row: EffectRow, *, again: bool) -> set[int]:
        """Perform a deletion; return the ids of the effects that it made needless."""
        follow_ups = await self._attempts.perform(row, again=again)
        self.start([r for r in follow_ups if r.status is not EffectStatus.FAILED])
        return {r.id for r in follow_ups if r.status is EffectStatus.FAILED}

    async def _finish(self, own: Sequence[EffectRow], *, again: bool) -> None:
        """Perform effects that were taken; whatever goes wrong, they are given back."""
        removed = self._spawn(self._removed(own))
        said = self._spawn(self._say(own, removed, again=again))
        try:
            await self._show(own, removed, said, again=again)
            await asyncio.wait({removed, said})
            await self._all([r for r in own if r.kind is EffectKind.LEAVE], again=again)
            removed.result()
            said.result()
        except LeaseLost:
            log.info("effects %s: left to another process", [r.id for r in own])
        except DatabaseAway as error:
            log.warning("effects %s: %s", [r.id for r in own], error.code)
        except Exception as error:
            log.error("effects %s: %s", [r.id for r in own], type(error).__name__)
        finally:
            self._taken -= {r.id for r in own}

    async def _removed(self, rows: Sequence[EffectRow]) -> set[int]:
        """Wait for the deletions of the effects' cases; return what they made needless."""
        needless: set[int] = set()
        for case in {_case(r) for r in rows}:
            under_way = set(self._removals.get(case, ()))
            if not under_way:
                continue
            await asyncio.wait(under_way)
            if all(removal.done() for removal in self._removals.get(case, ())):
                self._removals.pop(case, None)
            needless.update(*(removal.result() for removal in under_way))
        return needless

    async def _say(
        self, rows: Sequence[EffectRow], removed: asyncio.Task[set[int]], *, again: bool
    ) -> None:
        """Send the texts; the notices of a removal wait until the message is gone."""
        now = [r for r in rows if r.kind not in UNLIMITED | MERGED | {EffectKind.ESCALATE}]
        notices = [r for r in rows if r.kind in MERGED]
        at_once = self._spawn(self._all(now, again=again))
        try:
            if notices:
                needless = await asyncio.shield(removed)
                await self._all([r for r in notices if r.id not in needless], again=again)
        finally:
            await at_once

    async def _show(
        self,
        rows: Sequence[EffectRow],
        removed: asyncio.Task[set[int]],
        said: asyncio.Task[None],
        *,
        again: bool,
    ) -> None:
        """Send cards, which wait a little for what they tell of."""
        cards = [r for r in rows if r.kind is EffectKind.ESCALATE]
        if cards:
            await asyncio.wait({removed}, timeout=REMOVAL_PATIENCE)
            if removed.done():
                await asyncio.wait({said}, timeout=CARD_PATIENCE)
            await self._all(cards, again=again)

    async def _all(self, rows: Sequence[EffectRow], *, again: bool) -> None:
        """Perform effects beside each other, all of them even when recording one fails."""
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
    """Return what groups a row's effects: its case, or nothing but itself."""
    return row.case_id or row.key


def _of(tasks: Mapping[asyncio.Task[Any], int], lane: int | None) -> set[asyncio.Task[Any]]:
    return {task for task, of in tasks.items() if lane is None or of == lane}
