"""Record the outcome of effects and plan what follows; see `bot.workers.outbox.OutcomeStore`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.cases.alerts import Alerts
from bot.cases.cards import Cards
from bot.cases.decision_notes import DecisionNotes, released_key
from bot.cases.merged_notices import MergedNotices
from bot.cases.removal_failures import RemovalFailures
from bot.notifications.texts.card import NO_ANSWER
from bot.outgoing import EffectKind, EffectStatus, Outcome
from bot.store.case_rows import Case
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

_NOTICES = (EffectKind.REPOST, EffectKind.WARN)
_SHOWN = (*_NOTICES, EffectKind.MUTE, EffectKind.SAY, EffectKind.DELETE)
"""Kinds of effects whose outcome the card shows."""

SETTLED = timedelta(seconds=3)
"""Age from which an effect that no task performs was left behind, and not just planned."""


class CaseOutcomes:
    """Records outcomes, with their consequences for the case in the same transaction."""

    def __init__(
        self,
        *,
        store: Store,
        cards: Cards,
        removal_failures: RemovalFailures,
        decision_notes: DecisionNotes,
        merged_notices: MergedNotices,
        alerts: Alerts,
    ) -> None:
        self._store = store
        self._cards = cards
        self._removal_failures = removal_failures
        self._decision_notes = decision_notes
        self._merged_notices = merged_notices
        self._alerts = alerts

    async def sending(self, row: EffectRow) -> bool:
        """Commit that a request is about to leave; return False if it must not."""
        return bool(await self._store.effects.sending(None, [row.id]))

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        """Commit that the act provably did not happen and is retried at ``until``."""
        await self._store.effects.postpone(None, row.id, until, detail)

    async def merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        """Commit the merging of notices; return the merged one, and the ids that it carries."""
        return await self._merged_notices.merge(rows)

    async def unfinished(
        self, lane: int | None, besides: Collection[int], *, settled: bool
    ) -> Sequence[EffectRow]:
        """Return the unfinished effects of one lane, or of all, except the ids in ``besides``.

        ``settled`` leaves out effects that were planned just now.
        """
        before = self._store.db.now() - SETTLED if settled else None
        return await self._store.effects.unfinished(lane, besides=besides, before=before)

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        """Commit a group's new id, and return the effect under it."""
        await self._store.groups.migrate(None, row.chat_id, new_chat_id)
        return await self._store.effects.by_key(row.key) or row

    async def delayed(self, row: EffectRow, *, doubtful: bool) -> Sequence[EffectRow]:
        """Commit that a removal takes long, and return the effects that notify people."""
        case = await self._store.cases.get(row.case_id) if row.case_id is not None else None
        main = case is not None and _removes_its_message(row, case)
        administrators = await self._removal_failures.administrators(row.chat_id) if main else ()
        status = EffectStatus.UNKNOWN if doubtful else EffectStatus.PLANNED
        async with self._store.db.write() as tx:
            if not await self._store.effects.note_delay(tx, row.id, status, NO_ANSWER) or not case:
                return []
            await self._store.cases.lock(tx, case.id)
            follow_ups = await self._removal_failures.delayed(case, administrators) if main else []
            follow_ups += await self._shown(tx, case, f"delayed/{row.id}")
            return await self._fresh(tx, follow_ups)

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        """Commit the outcome of an effect; return the effects that follow or are cancelled."""
        case = await self._store.cases.get(row.case_id) if row.case_id is not None else None
        administrators: Sequence[int] = ()
        lost = row.kind is EffectKind.DELETE and outcome.status is not EffectStatus.DONE
        if case is not None and lost and row.message_id == case.message_id:
            administrators = await self._removal_failures.administrators(case.chat_id)
        async with self._store.db.write() as tx:
            if case is not None:
                await self._store.cases.lock(tx, case.id)
            if not await self._end(tx, row, outcome):
                return []  # it had ended before, and its follow-ups were planned then
            if case is None:
                return await self._after_other(tx, row, outcome)
            if _removes_its_message(row, case):
                return await self._after_deletion(tx, case, row, outcome, administrators)
            return await self._after(tx, case, row, outcome)

    async def _end(self, tx: Tx, row: EffectRow, outcome: Outcome) -> bool:
        return await self._store.effects.finish(
            tx,
            row.id,
            outcome.status,
            detail=outcome.detail,
            result_message_id=outcome.message_id,
        )

    async def _after_other(self, tx: Tx, row: EffectRow, outcome: Outcome) -> list[EffectRow]:
        """Plan the follow-ups of an effect that belongs to no single case."""
        if row.kind in _NOTICES:
            return await self._after_merged(tx, row, outcome)
        if row.kind is EffectKind.SAY and outcome.status is EffectStatus.UNKNOWN:
            return await self._fresh(tx, await self._alerts.unsure(row))
        return []

    async def _after_merged(self, tx: Tx, carrier: EffectRow, outcome: Outcome) -> list[EffectRow]:
        """Give every carried notice the outcome of its carrier."""
        follow_ups: list[EffectRow] = []
        carried = await self._store.effects.carried(tx, carrier.id)
        # Sorted, because two transactions that lock the same cases in other orders would deadlock.
        for row in sorted(carried, key=lambda r: r.case_id or 0):
            case = await self._store.cases.get(row.case_id or 0)
            if case is None:
                continue
            await self._store.cases.lock(tx, case.id)
            if await self._end(tx, row, outcome):
                follow_ups += await self._after(tx, case, row, outcome)
        return follow_ups

    async def _after(self, tx: Tx, case: Case, row: EffectRow, outcome: Outcome) -> list[EffectRow]:
        if row.kind is EffectKind.WARN:
            if outcome.status is EffectStatus.DONE:
                await self._store.people.remember(tx, case.sender_id, can_write=True)
            elif outcome.detail == "cannot-write":
                await self._store.people.remember(tx, case.sender_id, can_write=False)
        if row.key == released_key(case.id) and outcome.status is EffectStatus.FAILED:
            return await self._fresh(tx, [await self._decision_notes.released_in_group(case)])
        if row.kind is EffectKind.ESCALATE and outcome.message_id is not None:
            changed = await self._cards.after_sending(tx, case, outcome.message_id)
            return await self._fresh(tx, changed)
        if row.kind is EffectKind.SAY and outcome.message_id is not None:
            now = await self._store.cases.get(case.id)
            late = now is not None and now.removed_at is not None
            withdrawn = (
                self._removal_failures.delay_deletion(case, row, outcome.message_id) if late else []
            )
            return await self._fresh(tx, withdrawn)
        if row.kind not in _SHOWN:
            return []
        if _needs_a_person(row, outcome):
            return await self._fresh(tx, await self._shown(tx, case, f"after/{row.id}"))
        if row.kind in _NOTICES or outcome.status is EffectStatus.FAILED:
            return await self._refreshed(tx, case, row)
        return []

    async def _after_deletion(
        self,
        tx: Tx,
        case: Case,
        row: EffectRow,
        outcome: Outcome,
        administrators: Sequence[int],
    ) -> list[EffectRow]:
        if outcome.status is EffectStatus.DONE and outcome.detail is None:
            await self._store.cases.removed(tx, case.id, self._store.db.now())
            withdrawn = await self._fresh(tx, await self._removal_failures.withdrawn(tx, case))
            return [*withdrawn, *await self._refreshed(tx, case, row)]
        cancelled = await self._cancel_notices(tx, case)
        follow_ups: list[NewEffect] = []
        if any(notice.kind is EffectKind.WARN for notice in cancelled):
            follow_ups.append(await self._removal_failures.private_note(case))
        if outcome.status is EffectStatus.DONE:
            follow_ups += await self._cards.catch_up(tx, case, f"after/{row.id}")
        else:
            follow_ups += await self._removal_failures.alerts(case, administrators)
            follow_ups += await self._cards.escalation(tx, case)
        return [*cancelled, *await self._fresh(tx, follow_ups)]

    async def _cancel_notices(self, tx: Tx, case: Case) -> list[EffectRow]:
        """Cancel the notice and the note on a message that still stands or its author deleted."""

        planned = [
            row
            for row in await self._store.effects.for_case(case.id)
            if row.kind in _NOTICES
            and row.status is EffectStatus.PLANNED
            and row.carrier_id is None
        ]
        for row in planned:
            await self._store.effects.finish(tx, row.id, EffectStatus.FAILED, detail="not-needed")
        return [replace(row, status=EffectStatus.FAILED) for row in planned]

    async def _refreshed(self, tx: Tx, case: Case, row: EffectRow) -> list[EffectRow]:
        """Plan the update of the case's card, if it was sent before."""
        return await self._fresh(tx, await self._cards.catch_up(tx, case, f"after/{row.id}"))

    async def _shown(self, tx: Tx, case: Case, occasion: str) -> list[NewEffect]:
        """Plan the update of the case's card, or its first sending."""
        changed = await self._cards.catch_up(tx, case, occasion)
        return changed or await self._cards.escalation(tx, case)

    async def _fresh(self, tx: Tx, new: Sequence[NewEffect]) -> list[EffectRow]:
        planned = await self._store.effects.plan(tx, new)
        return [r for r in planned if r.status is EffectStatus.PLANNED]


def _removes_its_message(row: EffectRow, case: Case) -> bool:
    """Return True if an effect removes the message that opened a case."""
    return row.kind is EffectKind.DELETE and row.message_id == case.message_id


def _needs_a_person(row: EffectRow, outcome: Outcome) -> bool:
    """Return True if a supervisor must see an outcome even if the case has no card yet."""
    if row.kind is EffectKind.DELETE:
        return outcome.status is not EffectStatus.DONE
    return outcome.status is EffectStatus.UNKNOWN
