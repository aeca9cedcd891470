"""Contents that a sender may post again, known only by keyed digests."""

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
    """The contents that false alarms released: for one sender, in one chat, until a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._senders: set[int] | None = None

    async def load(self) -> None:
        """Learn who has releases, so that nothing is asked about anybody else.

        Only where this process alone writes: what another one grants would be missed.
        """
        if not self._db.is_sole:
            return
        query = select(releases.c.sender_id).where(releases.c.expires_at > self._db.now())
        async with self._db.read() as connection:
            self._senders = set((await connection.execute(query.distinct())).scalars())

    def none_for(self, sender_id: int) -> bool:
        """Return True if it is known without asking that a sender has no release."""
        return self._senders is not None and sender_id not in self._senders

    async def grant(
        self, tx: Tx | None, case: Case, *, granted_by: int, expires_at: datetime
    ) -> None:
        """Allow a case's sender to post its exact contents again in that chat."""
        if not case.content_digests:
            return
        if self._senders is not None:
            self._senders.add(case.sender_id)  # before the commit: it may only know too many
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
        """Return the release's id for each digest that is released now."""
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
