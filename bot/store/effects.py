"""Effects: acts on the platform, recorded before each try and after the outcome is known."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.engine import Row

from bot.outgoing import CaseStatus, EffectKind, EffectStatus
from bot.store.database import Database, Tx, upsert
from bot.store.keys import Cipher
from bot.store.lanes import NO_LANE, current_lane
from bot.store.tables import cases, effects

# A repetition does no harm: these converge, or (an escalation) show the same case number.
REPEATABLE = frozenset(
    {
        EffectKind.DELETE,
        EffectKind.EDIT,
        EffectKind.MUTE,
        EffectKind.LEAVE,
        EffectKind.ESCALATE,
    }
)
_FINAL = (EffectStatus.DONE, EffectStatus.FAILED)
_PAGE = 5000
_OPEN = (EffectStatus.PLANNED, EffectStatus.SENDING, EffectStatus.UNKNOWN)

# Built once: building costs more than running them.
_may_repeat = effects.c.kind.in_(sorted(REPEATABLE))
_send = (
    update(effects)
    .where(
        effects.c.id.in_(bindparam("ids", expanding=True)),
        effects.c.carrier_id.is_(None),
        or_(
            effects.c.status == EffectStatus.PLANNED,
            and_(effects.c.status.in_([EffectStatus.SENDING, EffectStatus.UNKNOWN]), _may_repeat),
        ),
    )
    .values(
        status=EffectStatus.SENDING,
        attempts=effects.c.attempts + 1,
        not_before=None,
        finished_at=None,
    )
    .returning(effects.c.id)
)
_finish = update(effects).where(effects.c.id == bindparam("row_id"), effects.c.status.in_(_OPEN))
_end = _finish.values(payload=None)
_end_unrepeatable = _end.where(~_may_repeat)
_keep_repeatable = _finish.where(_may_repeat)
_by_key = select(effects).where(effects.c.key == bindparam("key"))
_carry = (
    update(effects)
    .where(effects.c.id.in_(bindparam("ids", expanding=True)))
    .values(carrier_id=bindparam("carrier"))
)
_open_rows = select(effects).where(effects.c.finished_at.is_(None), effects.c.carrier_id.is_(None))
_for_case = select(effects).where(effects.c.case_id == bindparam("case_id")).order_by(effects.c.id)


@functools.cache
def _insert(dialect: str) -> Any:
    insert = upsert(dialect, effects).on_conflict_do_nothing(index_elements=["key"])
    return insert.returning(effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEffect:
    """An act to be planned. The same act always has the same ``key``, so it is planned once."""

    key: str
    kind: EffectKind
    chat_id: int
    case_id: int | None = None
    message_id: int | None = None
    payload: bytes = field(default=b"", repr=False)
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """An act and its outcome. ``payload`` is None once the outcome is final.

    ``carrier_id`` is the merged effect that carries this one; both end together.
    """

    id: int
    case_id: int | None
    key: str
    kind: EffectKind
    chat_id: int
    message_id: int | None
    payload: bytes | None = field(repr=False)
    status: EffectStatus
    attempts: int
    not_before: datetime | None
    detail: str | None
    result_message_id: int | None
    planned_at: datetime
    sent_at: datetime | None
    finished_at: datetime | None
    lane: int = NO_LANE
    carrier_id: int | None = None


class Effects:
    """The effects, each unique by its key. A status only goes forward; done and failed are final.

    planned → sending → done | failed | unknown; unknown → sending again for `REPEATABLE` kinds
    only; sending → planned (`postpone`) when provably nothing happened. An effect that another one
    carries is never sent alone.

    An effect belongs to the lane for which it was planned; the holder of that lane performs it.
    """

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self._db = db
        self._cipher = cipher

    async def plan(self, tx: Tx | None, new: Sequence[NewEffect]) -> list[EffectRow]:
        """Record effects as planned; return the row of each key, in order.

        The row of a key that exists already is returned unchanged.
        """
        async with self._db.within(tx) as tx:
            rows = await self._insert(tx, new, {"status": EffectStatus.PLANNED})
            missing = {effect.key for effect in new} - rows.keys()
            if missing:
                query = select(effects).where(effects.c.key.in_(missing))
                rows |= {row.key: self._row(row) for row in await tx.execute(query)}
        return [rows[effect.key] for effect in new]

    async def begin(self, tx: Tx | None, new: Sequence[NewEffect]) -> list[EffectRow]:
        """Record effects as sending, for requests that leave right after the commit.

        Returns the new ones; an existing one is performed by the task that planned it.
        """
        leaving = {"status": EffectStatus.SENDING, "attempts": 1, "sent_at": self._db.now()}
        async with self._db.within(tx) as tx:
            return list((await self._insert(tx, new, leaving)).values())

    async def _insert(
        self, tx: Tx, new: Sequence[NewEffect], state: dict[str, Any]
    ) -> dict[str, EffectRow]:
        now = self._db.now()
        unique: dict[str, dict[str, Any]] = {}
        for effect in new:
            if effect.key not in unique:
                unique[effect.key] = self._values(effect, now) | state
        if not unique:
            return {}
        inserted = await tx.execute(_insert(tx.dialect.name), list(unique.values()))
        return {row.key: self._row(row) for row in inserted}

    async def sending(self, tx: Tx | None, ids: Sequence[int]) -> list[int]:
        """Record that requests are about to leave; return the ids that may be sent, in order.

        A missing id must not be sent: the effect is final, or its outcome is unknown and its kind
        must not be sent twice.
        """
        async with self._db.within(tx) as tx:
            values = {"ids": list(ids), "sent_at": self._db.now()}
            moved = set((await tx.execute(_send, values)).scalars())
        return [i for i in ids if i in moved]

    async def finish(
        self,
        tx: Tx | None,
        id: int,
        status: EffectStatus,
        *,
        detail: str | None = None,
        result_message_id: int | None = None,
    ) -> bool:
        """Record done, failed or unknown; return False if the effect was final before.

        Erases the payload, unless the outcome is unknown and the kind may be repeated. ``detail``
        is a short code without content.
        """
        if status not in (*_FINAL, EffectStatus.UNKNOWN):
            raise ValueError(f"{status} is no outcome")
        values: dict[str, Any] = {
            "row_id": id,
            "status": status,
            "detail": detail,
            "result_message_id": result_message_id,
        }
        ended = {"finished_at": self._db.now()}
        async with self._db.within(tx) as tx:
            if status in _FINAL:
                return (await tx.execute(_end, values | ended)).rowcount == 1
            if (await tx.execute(_end_unrepeatable, values | ended)).rowcount == 1:
                return True
            return (await tx.execute(_keep_repeatable, values)).rowcount == 1

    async def postpone(
        self, tx: Tx | None, id: int, until: datetime, detail: str | None = None
    ) -> bool:
        """Set an effect that provably did not happen to planned, to be sent from ``until`` on."""
        statement = (
            update(effects)
            .where(
                effects.c.id == id,
                effects.c.status.in_([EffectStatus.PLANNED, EffectStatus.SENDING]),
            )
            .values(status=EffectStatus.PLANNED, not_before=until, detail=detail)
        )
        async with self._db.within(tx) as tx:
            return (await tx.execute(statement)).rowcount == 1

    async def note_delay(self, tx: Tx | None, id: int, status: EffectStatus, detail: str) -> bool:
        """Record why an effect takes long, as unknown or planned; it is still retried."""
        if status not in (EffectStatus.UNKNOWN, EffectStatus.PLANNED):
            raise ValueError(f"{status} does not go on")
        statement = (
            update(effects)
            .where(effects.c.id == id, effects.c.finished_at.is_(None), _may_repeat)
            .values(status=status, detail=detail)
        )
        async with self._db.within(tx) as tx:
            return (await tx.execute(statement)).rowcount == 1

    async def unfinished(
        self,
        lane: int | None = None,
        *,
        besides: Collection[int] = (),
        before: datetime | None = None,
    ) -> list[EffectRow]:
        """List the effects that are planned, being sent, or unknown and repeatable, in order.

        Of one lane, or of all. Left out are effects that another one carries (they end with it),
        the ids in ``besides``, and effects planned at or after ``before``.
        """
        query = _open_rows.order_by(effects.c.id)
        if lane is not None:
            query = query.where(effects.c.lane == lane)
        if before is not None:
            query = query.where(effects.c.planned_at < before)
        async with self._db.read() as connection:
            # The sweep asks every few seconds, and then most rows are under way: their payloads
            # are neither read nor decrypted.
            if besides:
                ids = (await connection.execute(query.with_only_columns(effects.c.id))).scalars()
                wanted = [i for i in ids if i not in besides]
                if not wanted:
                    return []
                query = query.where(effects.c.id.in_(wanted[:_PAGE]))
            return [self._row(row) for row in await connection.execute(query)]

    async def waiting(self, tx: Tx, ids: Sequence[int]) -> list[EffectRow]:
        """Return the effects that are planned and not carried, locked until the commit."""
        query = (
            _open_rows.where(effects.c.id.in_(ids), effects.c.status == EffectStatus.PLANNED)
            .order_by(effects.c.id)
            .with_for_update()
        )
        return [self._row(row) for row in await tx.execute(query)]

    async def carry(self, tx: Tx, carrier: NewEffect, ids: Sequence[int]) -> EffectRow:
        """Plan an effect that carries others, which `waiting` must have returned."""
        (row,) = await self.plan(tx, [carrier])
        await tx.execute(_carry, {"ids": list(ids), "carrier": row.id})
        return row

    async def carried(self, tx: Tx, carrier_id: int) -> list[EffectRow]:
        """List the effects that an effect carries, in order."""
        query = select(effects).where(effects.c.carrier_id == carrier_id).order_by(effects.c.id)
        return [self._row(row) for row in await tx.execute(query)]

    async def for_case(self, case_id: int) -> list[EffectRow]:
        """List a case's effects in the order in which they were planned."""
        return await self._find(_for_case, {"case_id": case_id})

    async def refused_deletions(self, chat_id: int, since: datetime) -> list[EffectRow]:
        """List a chat's deletions since a time that failed because the bot lacked the right."""
        query = (
            select(effects)
            .where(
                effects.c.chat_id == chat_id,
                effects.c.kind == EffectKind.DELETE,
                effects.c.status == EffectStatus.FAILED,
                effects.c.detail == "forbidden",
                effects.c.planned_at >= since,
            )
            .order_by(effects.c.id)
        )
        async with self._db.read() as connection:
            return [self._row(row) for row in await connection.execute(query)]

    async def by_key(self, key: str) -> EffectRow | None:
        """Find an effect."""
        rows = await self._find(_by_key, {"key": key})
        return rows[0] if rows else None

    async def purge(self, tx: Tx | None, before: datetime, limit: int = _PAGE) -> int:
        """Erase up to ``limit`` ended effects planned before a time; return how many.

        The effects of a case that waits for its decision stay, because its card will be edited.
        """
        waiting = select(cases.c.id).where(cases.c.status.in_([CaseStatus.OPEN, CaseStatus.TAKEN]))
        unnecessary = or_(effects.c.case_id.is_(None), effects.c.case_id.not_in(waiting))
        old = (
            select(effects.c.id)
            .where(effects.c.planned_at < before, effects.c.finished_at.is_not(None), unnecessary)
            .limit(limit)
        )
        async with self._db.within(tx) as tx:
            return (await tx.execute(delete(effects).where(effects.c.id.in_(old)))).rowcount

    async def _find(self, query: Any, values: dict[str, Any]) -> list[EffectRow]:
        async with self._db.look_up() as connection:
            return [self._row(row) for row in await connection.execute(query, values)]

    def _values(self, effect: NewEffect, now: datetime) -> dict[str, Any]:
        return {
            "key": effect.key,
            "kind": effect.kind,
            "chat_id": effect.chat_id,
            "case_id": effect.case_id,
            "lane": current_lane(),
            "message_id": effect.message_id,
            "payload": self._cipher.seal(effect.payload, f"effect/{effect.key}"),
            "not_before": effect.not_before,
            "planned_at": now,
        }

    def _row(self, row: Row[Any]) -> EffectRow:
        values = dict(row._mapping)
        if values["payload"] is not None:
            values["payload"] = self._cipher.open(values["payload"], f"effect/{values['key']}")
        values["kind"] = EffectKind(values["kind"])
        values["status"] = EffectStatus(values["status"])
        return EffectRow(**values)
