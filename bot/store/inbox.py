"""The inbox: the platform's updates, from their receipt to their decision."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.engine import Row

from bot.ports import Received
from bot.store.database import Database, Tx, holding, upsert
from bot.store.keys import Cipher
from bot.store.lanes import Claim, lane_of
from bot.store.tables import inbox

_decide = (
    update(inbox)
    .where(inbox.c.id == bindparam("row_id"), inbox.c.decided_at.is_(None))
    .values(result=bindparam("outcome"), decided_at=bindparam("moment"), payload=None)
)


_FILE_MARK = b'"file_id"'
"""The raw JSON of every update with a file contains this key."""


@functools.cache
def _insert(dialect: str) -> Any:
    return (
        upsert(dialect, inbox)
        .on_conflict_do_nothing(index_elements=["platform", "update_id"])
        .returning(inbox.c.id, inbox.c.platform, inbox.c.update_id)
    )


@functools.cache
def _pending(lanes: int, passed: bool) -> Any:
    """Return the query of undecided rows in ``lanes`` lanes; building it costs as much as a run."""
    key, places = inbox.c.id, []
    for number in range(lanes):
        last: Any = bindparam(f"last{number}")
        beyond = key <= last if passed else key > last
        places.append(and_(inbox.c.lane == bindparam(f"lane{number}"), beyond))
    return (
        select(key, inbox.c.chat_id, inbox.c.lane, inbox.c.has_file, inbox.c.received_at)
        .where(inbox.c.decided_at.is_(None), or_(*places))
        .order_by(key)
        .limit(bindparam("most"))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One update that waits for its decision; ``attempts``: how often handling may have started.

    ``update`` (the parsed payload) and ``may_be_removed`` (see `Received`) are set only in the
    process that received the update; another one, which reads the row, sees an attempt instead.
    """

    id: int
    platform: str
    update_id: int
    payload: bytes = field(repr=False)
    received_at: datetime
    chat_id: int | None = None
    message_id: int | None = None
    album_id: str | None = None
    attempts: int = 0
    lane: int = 0
    has_file: bool = False
    may_be_removed: bool = False
    update: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The number of undecided rows of a kind, and the receipt of the oldest."""

    depth: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The columns of an undecided row that are needed before its payload is read."""

    id: int
    chat_id: int | None
    lane: int
    has_file: bool
    received_at: datetime


class Inbox:
    """The durable queue of raw updates. Payloads are sealed, and erased with the decision."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self._db = db
        self._cipher = cipher

    async def add(self, received: Sequence[Received]) -> list[InboxRow]:
        """Commit updates in one transaction; return the new ones, in order, each id once."""
        unique: dict[tuple[str, int], Received] = {}
        for update_ in received:
            unique.setdefault((update_.platform, update_.update_id), update_)
        if not unique:
            return []
        now = self._db.now()
        rows = [self._values(r, now) for r in unique.values()]
        async with self._db.write() as tx:
            inserted = await tx.execute(_insert(tx.dialect.name), rows)
            new = {(r.platform, r.update_id): r.id for r in inserted}
        return [
            InboxRow(
                id=new[key],
                platform=r.platform,
                update_id=r.update_id,
                payload=r.payload,
                received_at=now,
                chat_id=r.chat_id,
                message_id=r.message_id,
                album_id=r.album_id,
                lane=lane_of(r.chat_id),
                has_file=_FILE_MARK in r.payload,
                may_be_removed=r.may_be_removed,
                update=r.update,
            )
            for key, r in unique.items()
            if key in new
        ]

    async def undecided(self, limit: int = 500, after_id: int = 0) -> list[InboxRow]:
        """List updates that wait for a decision, oldest first."""
        query = (
            select(inbox)
            .where(inbox.c.decided_at.is_(None), inbox.c.id > after_id)
            .order_by(inbox.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [self._row(row) for row in await connection.execute(query)]

    async def pending(
        self, lanes: Mapping[int, int], *, limit: int, passed: bool = False
    ) -> list[Pending]:
        """List undecided rows of lanes beyond the id given for each lane, in order.

        ``passed``: the undecided rows up to these ids instead.
        """
        if not lanes:
            return []
        values: dict[str, int] = {"most": limit}
        for number, (lane, last) in enumerate(lanes.items()):
            values |= {f"lane{number}": lane, f"last{number}": last}
        async with self._db.read() as connection:
            found = await connection.execute(_pending(len(lanes), passed), values)
            return [Pending(**row._mapping) for row in found]

    async def get(self, ids: Sequence[int]) -> list[InboxRow]:
        """Return those of the rows that are undecided, in order."""
        query = (
            select(inbox)
            .where(inbox.c.id.in_(ids), inbox.c.decided_at.is_(None))
            .order_by(inbox.c.id)
        )
        async with self._db.read() as connection:
            return [self._row(row) for row in await connection.execute(query)]

    async def of_chat(
        self, key: tuple[int, int | None, bool], after: int, until: int, limit: int
    ) -> list[InboxRow]:
        """List the undecided rows of (lane, chat, with files or without) in a range of ids."""
        lane, chat_id, has_file = key
        query = (
            select(inbox)
            .where(inbox.c.lane == lane, inbox.c.id > after, inbox.c.id <= until)
            # An update without a chat has NULL here, which equals nothing.
            .where(inbox.c.chat_id.is_not_distinct_from(chat_id), inbox.c.has_file == has_file)
            .where(inbox.c.decided_at.is_(None))
            .order_by(inbox.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [self._row(row) for row in await connection.execute(query)]

    async def last_id(self) -> int:
        """Return the greatest id so far, 0 when there is none."""
        async with self._db.read() as connection:
            return (await connection.execute(select(func.max(inbox.c.id)))).scalar() or 0

    async def depth(self) -> int:
        """Count the undecided rows."""
        query = select(func.count()).select_from(inbox).where(inbox.c.decided_at.is_(None))
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def waiting(self) -> dict[str, Waiting]:
        """Count the undecided rows: ``text``, and ``picture`` for rows with files."""
        query = (
            select(inbox.c.has_file, func.count(), func.min(inbox.c.received_at))
            .where(inbox.c.decided_at.is_(None))
            .group_by(inbox.c.has_file)
        )
        async with self._db.read() as connection:
            found = {row[0]: (row[1], row[2]) for row in await connection.execute(query)}
        kinds = {"text": found.get(False, (0, None)), "picture": found.get(True, (0, None))}
        return {k: Waiting(depth=depth, oldest=oldest) for k, (depth, oldest) in kinds.items()}

    async def attempt(self, tx: Tx | None, ids: Sequence[int]) -> None:
        """Count one more attempt for each row, before the attempt starts."""
        statement = update(inbox).where(inbox.c.id.in_(ids)).values(attempts=inbox.c.attempts + 1)
        async with self._db.within(tx) as tx:
            await tx.execute(statement)

    async def decide(self, tx: Tx | None, results: Mapping[int, str]) -> None:
        """Record each row's result and erase its payload; a first decision stands.

        Results: clean, case, not_inspected (and nothing to be done), ignored, handled,
        dead_letter.
        """
        if not results:
            return
        now = self._db.now()
        # Sorted, because on PostgreSQL two transactions that lock the same rows in different
        # orders would deadlock.
        rows = [{"row_id": i, "outcome": r, "moment": now} for i, r in sorted(results.items())]
        async with self._db.within(tx) as tx:
            await tx.execute(_decide, rows)

    async def decide_for(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        """Record the results of several claims; return the claims that do not hold any more.

        Their results are not recorded, because another process decides these rows.
        """
        async with self._db.write() as tx:
            checked = [claim for claim in results if claim.token]
            held = await holding(tx, checked) if checked else set()
            lost = {claim for claim in checked if claim not in held}
            good = (found for claim, found in results.items() if claim not in lost)
            await self.decide(tx, {i: result for found in good for i, result in found.items()})
        return lost

    async def album(self, chat_id: int, album_id: str) -> list[int]:
        """List the ids of an album's messages received so far, in order."""
        query = (
            select(inbox.c.message_id)
            .where(inbox.c.chat_id == chat_id, inbox.c.album_id == album_id)
            .where(inbox.c.message_id.is_not(None))
            .distinct()
            .order_by(inbox.c.message_id)
        )
        async with self._db.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def counts(self, since: datetime) -> dict[str, int]:
        """Count rows received since a time by result; ``undecided`` for those without."""
        result = func.coalesce(inbox.c.result, "undecided")
        query = (
            select(result, func.count())
            .where(inbox.c.received_at >= since)
            .group_by(inbox.c.result)
        )
        async with self._db.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def last_received_at(self) -> datetime | None:
        """Return the receipt of the last update, or None."""
        query = select(func.max(inbox.c.received_at))
        async with self._db.read() as connection:
            moment: datetime | None = (await connection.execute(query)).scalar()
        return moment

    async def purge(self, tx: Tx | None, before: datetime, limit: int = 5000) -> int:
        """Erase up to ``limit`` decided rows received before a time; return how many."""
        # A subquery, because PostgreSQL has no DELETE with LIMIT.
        old = (
            select(inbox.c.id)
            .where(inbox.c.received_at < before, inbox.c.decided_at.is_not(None))
            .limit(limit)
        )
        async with self._db.within(tx) as tx:
            result = await tx.execute(delete(inbox).where(inbox.c.id.in_(old)))
            return result.rowcount

    async def numbers(
        self, after_id: int, until: datetime, limit: int = 5000
    ) -> list[tuple[int, int, datetime]]:
        """List (id, update id, receipt) of updates after a row and up to a time, in order.

        Updates that could not be parsed have no number from the platform and are left out.
        """
        query = (
            select(inbox.c.id, inbox.c.update_id, inbox.c.received_at)
            .where(inbox.c.id > after_id, inbox.c.received_at <= until, inbox.c.update_id >= 0)
            .order_by(inbox.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [(row[0], row[1], row[2]) for row in await connection.execute(query)]

    async def count_between(self, first: int, last: int) -> int:
        """Count the updates with numbers from ``first`` to ``last``."""
        query = select(func.count()).where(inbox.c.update_id.between(first, last))
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalar_one()

    def _values(self, received: Received, now: datetime) -> dict[str, Any]:
        return {
            "platform": received.platform,
            "update_id": received.update_id,
            "chat_id": received.chat_id,
            "message_id": received.message_id,
            "album_id": received.album_id,
            "lane": lane_of(received.chat_id),
            "has_file": _FILE_MARK in received.payload,
            "payload": self._cipher.seal(
                received.payload, _about(received.platform, received.update_id)
            ),
            "received_at": now,
            "attempts": int(received.may_be_removed),
        }

    def _row(self, row: Row[Any]) -> InboxRow:
        return InboxRow(
            id=row.id,
            platform=row.platform,
            update_id=row.update_id,
            payload=self._cipher.open(row.payload, _about(row.platform, row.update_id)),
            received_at=row.received_at,
            chat_id=row.chat_id,
            message_id=row.message_id,
            album_id=row.album_id,
            attempts=row.attempts,
            lane=row.lane,
            has_file=row.has_file,
        )


def _about(platform: str, update_id: int) -> str:
    return f"inbox/{platform}/{update_id}"
