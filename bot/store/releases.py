"""Releases: contents that a sender may post again, stored only as keyed digests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.store.case_rows import Case
from bot.store.database import Database, Tx
from bot.store.tables import releases

# Built once: building costs more than running it.
_matching = select(releases.c.digest, releases.c.id).where(
    releases.c.digest.in_(bindparam("digests", expanding=True)),
    releases.c.chat_id == bindparam("chat_id"),
    releases.c.sender_id == bindparam("sender_id"),
    releases.c.expires_at > bindparam("now"),
)


class Releases:
    """The contents released by false alarms: for one sender, in one chat, until a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._senders: set[int] | None = None

    async def load(self) -> None:
        """Load the senders with releases, so that no query is needed for any other sender.

        Only if this process alone writes: it would miss the releases that another one grants.
        """
        if not self._db.is_sole:
            return
        query = select(releases.c.sender_id).where(releases.c.expires_at > self._db.now())
        async with self._db.read() as connection:
            self._senders = set((await connection.execute(query.distinct())).scalars())

    def none_for(self, sender_id: int) -> bool:
        """Return True if a sender certainly has no release; makes no query."""
        return self._senders is not None and sender_id not in self._senders

    async def grant(
        self, tx: Tx | None, case: Case, *, granted_by: int, expires_at: datetime
    ) -> None:
        """Permit a case's sender to post exactly its contents again in that chat."""
        if not case.content_digests:
            return
        if self._senders is not None:
            self._senders.add(case.sender_id)  # before the commit: one too many only costs a query
        rows = [
            {
                "digest": digest,
                "chat_id": case.chat_id,
                "sender_id": case.sender_id,
                "case_id": case.id,
                "granted_by": granted_by,
                "granted_at": self._db.now(),
                "expires_at": expires_at,
            }
            for digest in case.content_digests
        ]
        async with self._db.within(tx) as tx:
            await tx.execute(releases.insert(), rows)

    async def matching(
        self, digests: Sequence[str], chat_id: int, sender_id: int, now: datetime | None = None
    ) -> dict[str, int]:
        """Return the release's id for each digest that is released at ``now``."""
        if not digests:
            return {}
        values = {
            "digests": list(digests),
            "chat_id": chat_id,
            "sender_id": sender_id,
            "now": now or self._db.now(),
        }
        async with self._db.look_up() as connection:
            return {row.digest: row.id for row in await connection.execute(_matching, values)}
