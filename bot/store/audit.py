"""The audit trail: a chain of hashes shows if an entry was changed or removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.store.database import Database, Tx, serialise
from bot.store.keys import Keys
from bot.store.tables import audit

_START = "0" * 64
_PAGE = 1000
_last = select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)


class Audit:
    """The audit trail: each entry's keyed hash covers the entry and the hash before it.

    Entries cut off at the end do not show: compare the last hash with one kept elsewhere.
    """

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._keys = keys

    async def write(
        self,
        tx: Tx | None,
        action: str,
        *,
        actor_id: int | None = None,
        subject: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an entry; ``subject`` and ``detail`` hold ids and codes, never content."""
        values: dict[str, Any] = {
            "at": self._db.now(),
            "actor_id": actor_id,
            "action": action,
            "subject": subject,
            "detail": dict(detail or {}),
        }
        async with self._db.within(tx) as tx:
            # Two writers at once would both chain to the same last entry.
            await serialise(tx, "audit")
            previous = (await tx.execute(_last)).scalar() or _START
            hashed = self._hash(previous, values)
            values |= {"previous_hash": previous, "hash": hashed}
            await tx.execute(audit.insert(), values)

    async def verify(self) -> int | None:
        """Return the id of the first entry whose hash is wrong, or None."""
        previous, last_id = _START, 0
        async with self._db.read() as connection:
            while True:
                query = select(audit).where(audit.c.id > last_id).order_by(audit.c.id).limit(_PAGE)
                rows = (await connection.execute(query)).all()
                for row in rows:
                    values = {k: row._mapping[k] for k in _HASHED}
                    if row.previous_hash != previous or row.hash != self._hash(previous, values):
                        return int(row.id)
                    previous, last_id = row.hash, row.id
                if len(rows) < _PAGE:
                    return None

    def _hash(self, previous: str, values: Mapping[str, Any]) -> str:
        entry = {name: _plain(values[name]) for name in _HASHED}
        text = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return self._keys.digest(previous + text, "audit")


_HASHED = ("at", "actor_id", "action", "subject", "detail")


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
