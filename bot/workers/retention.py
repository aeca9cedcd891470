"""Erase decided updates, finished effects and evidence after their time."""

from __future__ import annotations

from datetime import timedelta

from bot.store.store import Store

INBOX_KEPT = timedelta(days=30)
_BATCH = 5000


class Retention:
    """Erases decided updates after 30 days; evidence and ended effects after ``evidence_kept``."""

    def __init__(self, store: Store, evidence_kept: timedelta) -> None:
        self._store = store
        self._evidence_kept = evidence_kept

    async def purge(self) -> None:
        """Erase all that is too old; erased evidence gets an entry in the audit trail."""
        now = self._store.db.now()
        # In batches: on SQLite, one long transaction would hold up every other writer.
        while await self._store.inbox.purge(None, now - INBOX_KEPT, _BATCH) == _BATCH:
            pass
        before = now - self._evidence_kept
        while await self._store.effects.purge(None, before, _BATCH) == _BATCH:
            pass
        async with self._store.db.write() as tx:
            texts = await self._store.cases.forget_evidence(tx, before)
            pictures = await self._store.case_pictures.purge(tx, before)
            if texts or pictures:
                detail = {"before": before.isoformat(), "cases": texts, "contents": pictures}
                await self._store.audit.write(
                    tx, "evidence-deleted", subject="retention", detail=detail
                )
