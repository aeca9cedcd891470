"""Record people's decisions on cases and plan the effects that follow."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cases.cards import Cards
from bot.cases.decision_notes import RELEASED_FOR, DecisionNotes
from bot.outgoing import CaseStatus
from bot.store.case_rows import CaseClaim
from bot.store.effects import EffectRow
from bot.store.store import Store


class Review:
    """Records decisions on cases; each method returns the effects to start."""

    def __init__(self, store: Store, decision_notes: DecisionNotes, cards: Cards) -> None:
        self._store = store
        self._decision_notes = decision_notes
        self._cards = cards

    async def take(
        self, case_id: int, user_id: int, occasion: str
    ) -> tuple[CaseClaim, Sequence[EffectRow]]:
        """Take a case; the first wins."""
        async with self._store.db.write() as tx:
            claim = await self._store.cases.take(tx, case_id, user_id)
            if not claim.won:
                return claim, ()
            await self._store.audit.write(tx, "take", actor_id=user_id, subject=f"case/{case_id}")
            effects = await self._cards.refresh(tx, claim.case, occasion)
            return claim, await self._store.effects.plan(tx, effects)

    async def decide(
        self, case_id: int, user_id: int, status: CaseStatus, occasion: str
    ) -> tuple[CaseClaim, Sequence[EffectRow]]:
        """Confirm a case or call it a false alarm; the first wins.

        After a false alarm the sender may post the same content again and is notified of that.
        """
        async with self._store.db.write() as tx:
            claim = await self._store.cases.decide(tx, case_id, user_id, status)
            if not claim.won:
                return claim, ()
            await self._store.audit.write(
                tx, status.value, actor_id=user_id, subject=f"case/{case_id}"
            )
            effects = await self._cards.refresh(tx, claim.case, occasion)
            if status is CaseStatus.FALSE_ALARM:
                expires = self._store.db.now() + RELEASED_FOR
                await self._store.releases.grant(
                    tx, claim.case, granted_by=user_id, expires_at=expires
                )
                effects.append(await self._decision_notes.released(claim.case))
            elif claim.case.appealed_at is not None:
                effects += await self._decision_notes.confirmed(claim.case)
            return claim, await self._store.effects.plan(tx, effects)

    async def appeal(self, case_id: int, occasion: str) -> tuple[bool, Sequence[EffectRow]]:
        """Record the sender's appeal; return False if they appealed before."""

        case = await self._store.cases.get(case_id)
        async with self._store.db.write() as tx:
            if case is None or not await self._store.cases.appeal(tx, case_id):
                return False, ()
            await self._store.audit.write(tx, "appeal", subject=f"case/{case_id}")
            effects = await self._cards.escalation(tx, case)
            effects += await self._cards.refresh(tx, case, occasion)
            return True, await self._store.effects.plan(tx, effects)

    async def details(self, case_id: int, occasion: str, *, shown: bool) -> Sequence[EffectRow]:
        """Show a card with or without its details."""
        case = await self._store.cases.get(case_id)
        if case is None:
            return ()
        async with self._store.db.write() as tx:
            effects = await self._cards.refresh(tx, case, occasion, details=shown)
            return await self._store.effects.plan(tx, effects)
