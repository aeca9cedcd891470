"""Records what becomes of effects, and plans what follows from it; see `bot.work.outbox.Ledger`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.casework.cards import Cards
from bot.casework.exposure import Exposure
from bot.casework.news import News, released_key
from bot.model import EffectKind, EffectStatus
from bot.store.case_rows import Case
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

_SAID = (EffectKind.REPOST, EffectKind.WARN)


class Outcome(Protocol):
    """What became of an effect."""

    @property
    def status(self) -> EffectStatus: ...
    @property
    def detail(self) -> str | None: ...
    @property
    def message_id(self) -> int | None: ...


class CaseLedger:
    """The effects' records, with a case's consequences in the same transaction."""

    def __init__(self, store: Store, cards: Cards, exposure: Exposure, news: News) -> None:
        self._store = store
        self._cards = cards
        self._exposure = exposure
        self._news = news

    async def sending(self, row: EffectRow) -> bool:
        """Commit that a request is about to leave; False when it must not."""
        return bool(await self._store.effects.sending(None, [row.id]))

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        """Commit that an effect is to be tried later."""
        await self._store.effects.postpone(None, row.id, until, detail)

    async def unfinished(self, lane: int | None = None) -> Sequence[EffectRow]:
        """Return what whoever worked on a lane before has left; None: on any."""
        return await self._store.effects.unfinished(lane)

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        """Commit a group's new id, and return the effect under it."""
        await self._store.groups.migrate(None, row.chat_id, new_chat_id)
        return await self._store.effects.by_key(row.key) or row

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        """Commit what became of an effect, and return the effects that follow or are cancelled."""
        case = await self._store.cases.get(row.case_id) if row.case_id is not None else None
        administrators: Sequence[int] = ()
        lost = row.kind is EffectKind.DELETE and outcome.status is not EffectStatus.DONE
        if case is not None and lost and row.message_id == case.message_id:
            administrators = await self._exposure.administrators(case.chat_id)
        async with self._store.db.write() as tx:
            await self._store.effects.finish(
                tx,
                row.id,
                outcome.status,
                detail=outcome.detail,
                result_message_id=outcome.message_id,
            )
            if case is None:
                return []
            if row.kind is EffectKind.DELETE and row.message_id == case.message_id:
                return await self._after_deletion(tx, case, row, outcome, administrators)
            if row.kind in _SAID:
                return await self._after_notice(tx, case, row, outcome)
            if row.key == released_key(case.id) and outcome.status is EffectStatus.FAILED:
                return await self._fresh(tx, [await self._news.released_in_group(case)])
            if row.kind is EffectKind.ESCALATE and outcome.message_id is not None:
                changed = await self._cards.after_sending(tx, case, outcome.message_id)
                return await self._fresh(tx, changed)
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
            return await self._refreshed(tx, case, row)
        cancelled = await self._cancel_notices(tx, case)
        follow_ups: list[NewEffect] = []
        if any(notice.kind is EffectKind.WARN for notice in cancelled):
            follow_ups.append(await self._exposure.private_note(case))
        if outcome.status is EffectStatus.DONE:
            follow_ups += await self._cards.refresh(tx, case, f"after/{row.id}")
        else:
            follow_ups += await self._exposure.alerts(case, administrators)
            follow_ups += await self._cards.escalation(tx, case)
        return [*cancelled, *await self._fresh(tx, follow_ups)]

    async def _cancel_notices(self, tx: Tx, case: Case) -> list[EffectRow]:
        """Give up the copy of a message that stands or was taken back, and the note with it."""
        planned = [
            row
            for row in await self._store.effects.for_case(case.id)
            if row.kind in _SAID and row.status is EffectStatus.PLANNED
        ]
        for row in planned:
            await self._store.effects.finish(tx, row.id, EffectStatus.FAILED, detail="not-needed")
        return [replace(row, status=EffectStatus.FAILED) for row in planned]

    async def _after_notice(
        self, tx: Tx, case: Case, row: EffectRow, outcome: Outcome
    ) -> list[EffectRow]:
        if row.kind is EffectKind.WARN and outcome.status is EffectStatus.DONE:
            await self._store.people.remember(tx, case.sender_id, can_write=True)
        if outcome.detail == "cannot-write":
            await self._store.people.remember(tx, case.sender_id, can_write=False)
        return await self._refreshed(tx, case, row)

    async def _refreshed(self, tx: Tx, case: Case, row: EffectRow) -> list[EffectRow]:
        """Bring the case's card up to date, if it was sent before."""
        return await self._fresh(tx, await self._cards.refresh(tx, case, f"after/{row.id}"))

    async def _fresh(self, tx: Tx, new: Sequence[NewEffect]) -> list[EffectRow]:
        planned = await self._store.effects.plan(tx, new)
        return [r for r in planned if r.status is EffectStatus.PLANNED]
