"""The cases: one for each message with a finding."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, literal, or_, select, update
from sqlalchemy.engine import Row

from bot.model import Category, SenderKind, Severity
from bot.outgoing import CaseStatus
from bot.store.case_rows import Case, CaseClaim, CaseSummary, NewCase
from bot.store.database import Database, Tx, serialise, upsert
from bot.store.keys import Cipher
from bot.store.tables import Moment, cases

_DECIDED = (CaseStatus.CONFIRMED, CaseStatus.FALSE_ALARM)

# Statements that run for each hit are built once: building them costs more than running them.
_by_id = select(cases).where(cases.c.id == bindparam("value"))
_by_number = select(cases).where(cases.c.number == bindparam("value"))
_by_update = select(cases).where(cases.c.inbox_id == bindparam("value"))
_lock = select(cases.c.id).where(cases.c.id == bindparam("value")).with_for_update()
_removed = (
    update(cases)
    .where(cases.c.id == bindparam("row_id"), cases.c.removed_at.is_(None))
    .values(removed_at=bindparam("moment"))
)
_promote = (
    update(cases)
    .where(cases.c.id == bindparam("row_id"), cases.c.status == CaseStatus.RECORDED)
    .values(
        status=CaseStatus.OPEN,
        due_at=func.coalesce(bindparam("due", type_=Moment()), cases.c.due_at),
    )
)


class Cases:
    """The cases. One statement takes or decides a case, so exactly one of two people is first."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self._db = db
        self._cipher = cipher

    async def open(self, tx: Tx | None, new: NewCase) -> tuple[Case, bool]:
        """Open a case; if the update has one already, return that one and False."""
        values = self._values(new)
        async with self._db.within(tx) as tx:
            # Case numbers are consecutive: two transactions must not compute the same next one.
            await serialise(tx, "cases")
            row = (await tx.execute(_insert(tx.dialect.name), values)).one_or_none()
            if row is not None:
                return self._case(row), True
            query = select(cases).where(cases.c.inbox_id == new.inbox_id)
            return self._case((await tx.execute(query)).one()), False

    async def get(self, case_id: int) -> Case | None:
        """Find a case by its id."""
        return await self._one(_by_id, case_id)

    async def of_update(self, inbox_id: int) -> Case | None:
        """Find the case that an update opened."""
        return await self._one(_by_update, inbox_id)

    async def lock(self, tx: Tx, case_id: int) -> None:
        """Block other writers of a case until the transaction ends."""
        await tx.execute(_lock, {"value": case_id})

    async def by_number(self, number: int) -> Case | None:
        """Find a case by the number that people see."""
        return await self._one(_by_number, number)

    async def of_album(self, chat_id: int, album_id: str) -> list[Case]:
        """List the cases that an album's messages opened, oldest first."""
        return await self._all(cases.c.chat_id == chat_id, cases.c.album_id == album_id)

    async def of_message(self, chat_id: int, message_id: int) -> list[Case]:
        """List the cases that a message's versions opened, oldest first."""
        return await self._all(cases.c.chat_id == chat_id, cases.c.message_id == message_id)

    async def waiting(self) -> list[Case]:
        """List the cases that wait for a decision, oldest first."""
        return await self._all(cases.c.status.in_([CaseStatus.OPEN, CaseStatus.TAKEN]))

    async def take(self, tx: Tx | None, case_id: int, user_id: int) -> CaseClaim:
        """Take an open case; whoever took it first keeps it. LookupError for an unknown id."""
        mine = and_(cases.c.status == CaseStatus.TAKEN, cases.c.assignee_id == user_id)
        allowed = or_(cases.c.status == CaseStatus.OPEN, mine)
        return await self._claim(
            tx,
            case_id,
            allowed,
            {
                "status": CaseStatus.TAKEN,
                "assignee_id": user_id,
                "taken_at": func.coalesce(cases.c.taken_at, literal(self._db.now(), Moment())),
            },
        )

    async def decide(
        self, tx: Tx | None, case_id: int, user_id: int, status: CaseStatus
    ) -> CaseClaim:
        """Decide a case: confirmed or false alarm. A taken case is decided by its assignee only.

        LookupError for an unknown id.
        """
        if status not in _DECIDED:
            raise ValueError(f"{status} is no decision")
        mine = and_(cases.c.status == CaseStatus.TAKEN, cases.c.assignee_id == user_id)
        allowed = or_(cases.c.status.in_([CaseStatus.OPEN, CaseStatus.RECORDED]), mine)
        return await self._claim(
            tx,
            case_id,
            allowed,
            {
                "status": status,
                "decision": status,
                "decided_by": user_id,
                "decided_at": self._db.now(),
            },
        )

    async def appeal(self, tx: Tx | None, case_id: int) -> bool:
        """Record the sender's appeal; return False if there was one before."""
        statement = (
            update(cases)
            .where(cases.c.id == case_id, cases.c.appealed_at.is_(None))
            .values(appealed_at=self._db.now())
        )
        async with self._db.within(tx) as tx:
            return (await tx.execute(statement)).rowcount == 1

    async def promote(self, tx: Tx | None, case_id: int, *, due_at: datetime | None = None) -> bool:
        """Open a case that was only recorded; return False for a case in any other state."""
        async with self._db.within(tx) as tx:
            values = {"row_id": case_id, "due": due_at}
            return (await tx.execute(_promote, values)).rowcount == 1

    async def removed(self, tx: Tx | None, case_id: int, at: datetime) -> bool:
        """Record the time of the message's removal; the first recorded time stays."""
        async with self._db.within(tx) as tx:
            return (await tx.execute(_removed, {"row_id": case_id, "moment": at})).rowcount == 1

    async def add_findings(
        self, tx: Tx | None, case_id: int, summary: CaseSummary, *, content_digests: Sequence[str]
    ) -> Case:
        """Merge the findings of another message of the album; the graver severity stays.

        Merging the same findings twice changes nothing. LookupError for an unknown id.
        """
        async with self._db.within(tx) as tx:
            query = select(cases).where(cases.c.id == case_id).with_for_update()
            case = self._required((await tx.execute(query)).one_or_none())
            merged = case.summary.merge(summary)
            digests = list(dict.fromkeys([*case.content_digests, *content_digests]))
            worse = summary.severity > case.severity
            statement = (
                update(cases)
                .where(cases.c.id == case_id)
                .values(
                    summary=merged.to_json(),
                    rule_ids=merged.rule_ids,
                    content_digests=digests,
                    severity=max(case.severity, summary.severity),
                    category=summary.category if worse else case.category,
                )
                .returning(cases)
            )
            return self._required((await tx.execute(statement)).one_or_none())

    async def attach(
        self,
        tx: Tx | None,
        case_id: int,
        *,
        masked_text: str | None = None,
        has_picture: bool | None = None,
    ) -> Case:
        """Set the masked text or the mark of a masked picture after opening. LookupError."""
        async with self._db.within(tx) as tx:
            row = (await tx.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
            case = self._required(row)
            values: dict[str, Any] = {"has_picture": case.has_picture or bool(has_picture)}
            if masked_text is not None:
                values["masked_text"] = self._cipher.seal_text(masked_text, _about(case.reference))
            statement = update(cases).where(cases.c.id == case_id).values(**values)
            return self._required((await tx.execute(statement.returning(cases))).one_or_none())

    async def forget_evidence(self, tx: Tx | None, before: datetime) -> int:
        """Erase the masked texts of cases opened before a time; return the number of cases."""
        statement = (
            update(cases)
            .where(
                cases.c.opened_at < before,
                or_(cases.c.masked_text.is_not(None), cases.c.has_picture.is_(True)),
            )
            .values(masked_text=None, has_picture=False)
        )
        async with self._db.within(tx) as tx:
            return (await tx.execute(statement)).rowcount

    async def _one(self, query: Any, value: int) -> Case | None:
        async with self._db.look_up() as connection:
            row = (await connection.execute(query, {"value": value})).one_or_none()
        return None if row is None else self._case(row)

    async def _all(self, *conditions: Any) -> list[Case]:
        query = select(cases).where(*conditions).order_by(cases.c.id)
        async with self._db.read() as connection:
            return [self._case(row) for row in await connection.execute(query)]

    async def _claim(
        self, tx: Tx | None, case_id: int, allowed: Any, values: dict[str, Any]
    ) -> CaseClaim:
        statement = (
            update(cases).where(cases.c.id == case_id, allowed).values(**values).returning(cases)
        )
        async with self._db.within(tx) as tx:
            row = (await tx.execute(statement)).one_or_none()
            if row is not None:
                return CaseClaim(won=True, case=self._case(row))
            row = (await tx.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
        case = self._required(row)
        if case.status in _DECIDED:
            return CaseClaim(won=False, case=case, reason="decided")
        return CaseClaim(won=False, case=case, reason="taken" if case.assignee_id else None)

    def _values(self, new: NewCase) -> dict[str, Any]:
        reference = secrets.token_hex(8)
        return {
            "reference": reference,
            "inbox_id": new.inbox_id,
            "chat_id": new.chat_id,
            "message_id": new.message_id,
            "thread_id": new.thread_id,
            "album_id": new.album_id,
            "sender_id": new.sender_id,
            "sender_kind": new.sender_kind,
            "severity": new.severity,
            "category": new.category,
            "rule_ids": new.summary.rule_ids,
            "summary": new.summary.to_json(),
            "policy": new.policy,
            "policy_version": new.policy_version,
            "masked_text": self._cipher.seal_text(new.masked_text, _about(reference)),
            "has_picture": new.has_picture,
            "content_digests": list(new.content_digests),
            "status": new.status,
            "opened_at": self._db.now(),
            "message_sent_at": new.message_sent_at,
            "due_at": new.due_at,
        }

    def _required(self, row: Row[Any] | None) -> Case:
        if row is None:
            raise LookupError("no such case")
        return self._case(row)

    def _case(self, row: Row[Any]) -> Case:
        values = dict(row._mapping)
        values["masked_text"] = self._cipher.open_text(
            values["masked_text"], _about(values["reference"])
        )
        values["summary"] = CaseSummary.from_json(values["summary"])
        values["rule_ids"] = tuple(values["rule_ids"])
        values["content_digests"] = tuple(values["content_digests"])
        values["sender_kind"] = SenderKind(values["sender_kind"])
        values["severity"] = Severity(values["severity"])
        values["category"] = values["category"] and Category(values["category"])
        values["status"] = CaseStatus(values["status"])
        values["decision"] = values["decision"] and CaseStatus(values["decision"])
        return Case(**values)


@functools.cache
def _insert(dialect: str) -> Any:
    next_number = func.coalesce(func.max(cases.c.number), 0) + 1
    return (
        upsert(dialect, cases)
        .values(number=select(next_number).scalar_subquery())
        .on_conflict_do_nothing(index_elements=["inbox_id"])
        .returning(cases)
    )


def _about(reference: str) -> str:
    return f"case/{reference}/masked"
