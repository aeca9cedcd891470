"""Masked pictures of cases, sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from bot.store.database import Database, Tx, upsert
from bot.store.keys import Cipher
from bot.store.tables import evidence


class CasePictures:
    """Keeps one content of each kind for a case; ``cipher`` is that of the evidence key."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self._db = db
        self._cipher = cipher

    async def put(self, tx: Tx | None, case_id: int, kind: str, content: bytes) -> None:
        """Store a content; it replaces an earlier one of its kind."""
        values = {
            "content": self._cipher.seal(content, _about(case_id, kind)),
            "created_at": self._db.now(),
        }
        async with self._db.within(tx) as tx:
            await tx.execute(
                upsert(tx.dialect.name, evidence)
                .values(case_id=case_id, kind=kind, **values)
                .on_conflict_do_update(index_elements=["case_id", "kind"], set_=values)
            )

    async def get(self, case_id: int, kind: str) -> bytes | None:
        """Return a content."""
        query = select(evidence.c.content).where(
            evidence.c.case_id == case_id, evidence.c.kind == kind
        )
        async with self._db.read() as connection:
            sealed = (await connection.execute(query)).scalar()
        return None if sealed is None else self._cipher.open(sealed, _about(case_id, kind))

    async def kept_since(self, case_id: int, kind: str) -> datetime | None:
        """Return the time since which a content is kept, or None."""
        query = select(evidence.c.created_at).where(
            evidence.c.case_id == case_id, evidence.c.kind == kind
        )
        async with self._db.look_up() as connection:
            moment: datetime | None = (await connection.execute(query)).scalar()
        return moment

    async def purge(self, tx: Tx | None, before: datetime) -> int:
        """Erase contents stored before a time; return how many."""
        async with self._db.within(tx) as tx:
            result = await tx.execute(delete(evidence).where(evidence.c.created_at < before))
            return result.rowcount


def _about(case_id: int, kind: str) -> str:
    return f"evidence/{case_id}/{kind}"
