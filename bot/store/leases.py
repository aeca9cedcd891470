"""Leases with an end, and with a token that grows with each change of the owner.

Times are the database's own on PostgreSQL, so that the processes' clocks do not matter, and the
program's on SQLite. A lease that has ended stays its owner's until another process acquires it: the
owner can still renew it, and its writes are not refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, cast, delete, func, literal, or_, select, type_coerce, update

from bot.store.database import Database, Tx, upsert
from bot.store.lanes import LANES, Claim, lane_name
from bot.store.tables import Moment, leases

EVERY_LANE = tuple(lane_name(n) for n in range(LANES))
_WORKER = "worker/"
# Entries of workers that were killed: nothing else deletes them.
_FORGOTTEN = timedelta(hours=1)


class Leases:
    """The leases. Every method is one short transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def prepare(self, names: Iterable[str]) -> None:
        """Create the missing leases, without an owner."""
        # Sorted: on PostgreSQL, inserts of the same names in different orders would deadlock.
        rows = [{"name": n, "owner": None, "token": 0, "expires_at": None} for n in sorted(names)]
        async with self._db.write() as tx:
            statement = upsert(tx.dialect.name, leases)
            await tx.execute(statement.on_conflict_do_nothing(index_elements=["name"]), rows)

    async def acquire(
        self, names: Sequence[str], owner: str, lasting: timedelta, limit: int = 1
    ) -> list[Claim]:
        """Acquire up to ``limit`` leases that have no owner or have ended.

        A lease that an open transaction relies on is skipped until the next call.
        """
        async with self._db.write() as tx:
            now = self._now(tx)
            free = (
                select(leases.c.name)
                .where(leases.c.name.in_(names), or_(leases.c.owner.is_(None), _end < now))
                .order_by(leases.c.expires_at.nulls_first(), leases.c.name)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            chosen = (await tx.execute(free)).scalars().all()
            if not chosen:
                return []
            taken = (
                update(leases)
                .where(leases.c.name.in_(chosen))
                .values(owner=owner, token=leases.c.token + 1, expires_at=now + _micros(lasting))
                .returning(leases.c.name, leases.c.token)
            )
            return [Claim(row.name, row.token) for row in await tx.execute(taken)]

    async def renew(
        self, owner: str, claims: Iterable[Claim], lasting: timedelta, *, works: bool = True
    ) -> set[Claim]:
        """Renew leases; return those that the owner still holds. ``works``: it is a live worker."""
        held = list(claims)
        async with self._db.write() as tx:
            ends = self._now(tx) + _micros(lasting)
            if works:
                alive = {"owner": owner, "token": 0, "expires_at": ends}
                sign = upsert(tx.dialect.name, leases).values(name=_WORKER + owner, **alive)
                await tx.execute(sign.on_conflict_do_update(index_elements=["name"], set_=alive))
            if not held:
                return set()
            renewed = (
                update(leases)
                .where(leases.c.owner == owner, leases.c.name.in_([c.name for c in held]))
                .values(expires_at=ends)
                .returning(leases.c.name, leases.c.token)
            )
            now_held = {Claim(row.name, row.token) for row in await tx.execute(renewed)}
        return now_held & set(held)

    async def release(self, owner: str, claims: Iterable[Claim]) -> None:
        """Release leases, so that others can acquire them at once."""
        async with self._db.write() as tx:
            for claim in claims:
                # With the token: another process may have acquired the lease meanwhile.
                mine = (leases.c.name == claim.name, leases.c.token == claim.token)
                gone = update(leases).where(*mine, leases.c.owner == owner)
                await tx.execute(gone.values(owner=None, expires_at=None))

    async def leave(self, owner: str) -> None:
        """Delete the owner's entry among the live workers, and those of workers long dead."""
        async with self._db.write() as tx:
            long_ago = self._now(tx) - _micros(_FORGOTTEN)
            dead = leases.c.name.startswith(_WORKER) & (_end < long_ago)
            statement = delete(leases).where(or_(leases.c.name == _WORKER + owner, dead))
            await tx.execute(statement)

    async def alive(self) -> int:
        """Count the workers that are alive."""
        async with self._db.read() as connection:
            signs = leases.c.name.startswith(_WORKER) & (_end >= self._now(connection))
            query = select(func.count()).select_from(leases).where(signs)
            return (await connection.execute(query)).scalar_one()

    async def free(self, names: Sequence[str]) -> int:
        """Count the leases that have no owner or have ended."""
        async with self._db.read() as connection:
            taken = leases.c.owner.is_not(None) & (_end >= self._now(connection))
            query = select(func.count()).select_from(leases).where(leases.c.name.in_(names), taken)
            return len(names) - (await connection.execute(query)).scalar_one()

    def _now(self, connection: Tx) -> Any:
        """Return the time in microseconds since 1970, as an expression."""
        if connection.dialect.name == "postgresql":
            epoch = func.extract("epoch", func.clock_timestamp())
            return cast(epoch * 1_000_000, BigInteger)
        own = Moment().process_bind_param(self._db.now(), connection.dialect)
        return literal(own, BigInteger)


_end = type_coerce(leases.c.expires_at, BigInteger)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
