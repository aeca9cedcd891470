"""Small state that belongs to no other table, such as the last poll."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import delete, select

from bot.store.database import Database, Tx, upsert
from bot.store.tables import facts

GROUPS_VERSION = "groups-version"
"""The key of a random value that changes with every group or term; other processes then reload."""


async def mark_groups_changed(tx: Tx) -> None:
    """Make every process reload groups and terms once the transaction is committed."""
    values = {"value": secrets.token_hex(8)}
    insert = upsert(tx.dialect.name, facts).values(key=GROUPS_VERSION, **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))


class KeyValues:
    """Named JSON values; never content."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, key: str) -> Any:
        """Return a value, or None."""
        async with self._db.read() as connection:
            query = select(facts.c.value).where(facts.c.key == key)
            return (await connection.execute(query)).scalar()

    async def put(self, tx: Tx | None, key: str, value: Any) -> None:
        """Set a value, which must not be None."""
        async with self._db.within(tx) as tx:
            await tx.execute(
                upsert(tx.dialect.name, facts)
                .values(key=key, value=value)
                .on_conflict_do_update(index_elements=["key"], set_={"value": value})
            )

    async def remove(self, tx: Tx | None, key: str) -> None:
        """Remove a value, if there is one."""
        async with self._db.within(tx) as tx:
            await tx.execute(delete(facts).where(facts.c.key == key))
