"""A group's own keywords."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select

from bot.store.database import Database, Tx, upsert
from bot.store.key_values import mark_groups_changed
from bot.store.keys import Keys
from bot.store.tables import group_keywords


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A keyword that a group has added for itself."""

    chat_id: int
    term: str = field(repr=False)
    added_by: int | None
    added_at: datetime


class GroupTerms:
    """The groups' own terms: sealed, and unique in a group by a keyed digest."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._keys = keys

    async def add(self, tx: Tx | None, chat_id: int, term: str, added_by: int | None) -> bool:
        """Add a term; return False if the group has it (width, case, outer spaces ignored)."""
        digest = self._digest(term)
        async with self._db.within(tx) as tx:
            result = await tx.execute(
                upsert(tx.dialect.name, group_keywords)
                .values(
                    chat_id=chat_id,
                    term=self._keys.cipher.seal_text(term.strip(), _about(chat_id, digest)),
                    digest=digest,
                    added_by=added_by,
                    added_at=self._db.now(),
                )
                .on_conflict_do_nothing(index_elements=["chat_id", "digest"])
                .returning(group_keywords.c.id)
            )
            await mark_groups_changed(tx)
            return result.first() is not None

    async def remove(self, tx: Tx | None, chat_id: int, term: str) -> bool:
        """Remove a term; return False if the group does not have it."""
        statement = delete(group_keywords).where(
            group_keywords.c.chat_id == chat_id, group_keywords.c.digest == self._digest(term)
        )
        async with self._db.within(tx) as tx:
            await mark_groups_changed(tx)
            return (await tx.execute(statement)).rowcount == 1

    async def list(self, chat_id: int) -> Sequence[Keyword]:
        """List a group's terms, oldest first."""
        return await self.of_some([chat_id])

    async def of_some(self, chat_ids: Collection[int]) -> Sequence[Keyword]:
        """List the terms of groups, oldest first."""
        query = (
            select(group_keywords)
            .where(group_keywords.c.chat_id.in_(chat_ids))
            .order_by(group_keywords.c.id)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Keyword(
                chat_id=row.chat_id,
                term=self._keys.cipher.open_text(row.term, _about(row.chat_id, row.digest)) or "",
                added_by=row.added_by,
                added_at=row.added_at,
            )
            for row in rows
        ]

    def _digest(self, term: str) -> str:
        return self._keys.digest(unicodedata.normalize("NFKC", term).strip().casefold(), "keyword")


def _about(chat_id: int, digest: str) -> str:
    return f"keyword/{chat_id}/{digest}"
