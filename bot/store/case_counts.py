"""Counts of cases: for a chat's status, and for the card's line on its sender."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select

from bot.model import Category
from bot.outgoing import CaseStatus
from bot.store.case_rows import CaseSummary
from bot.store.database import Database
from bot.store.tables import cases


class CaseCounts:
    """Counts cases; a sender's count goes to the case's card alone, so that nobody is ranked."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def by_category(
        self, chat_id: int, since: datetime
    ) -> dict[tuple[Category | None, CaseStatus], int]:
        """Count a chat's cases opened since a time, by category and status."""
        query = (
            select(cases.c.category, cases.c.status, func.count())
            .where(cases.c.chat_id == chat_id, cases.c.opened_at >= since)
            .group_by(cases.c.category, cases.c.status)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return {(c and Category(c), CaseStatus(status)): count for c, status, count in rows}

    async def by_allow_list_entry(
        self, chat_id: int, since: datetime
    ) -> tuple[dict[str, int], int]:
        """Count a chat's cases since a time by the allow-list's entry that excluded something.

        Second, how many of them hold nothing else.
        """
        query = select(cases.c.category, cases.c.summary).where(
            cases.c.chat_id == chat_id, cases.c.opened_at >= since
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        entries: Counter[str] = Counter()
        nothing_else = 0
        for category, raw in rows:
            summary = CaseSummary.from_json(raw)
            entries.update({f.suppressed_by for f in summary.suppressed if f.suppressed_by})
            nothing_else += category is None and not summary.not_inspected
        return dict(entries.most_common()), nothing_else

    async def of_sender(self, sender_id: int) -> int:
        """Count a sender's cases, false alarms left out."""
        query = (
            select(func.count())
            .select_from(cases)
            .where(cases.c.sender_id == sender_id, cases.c.status != CaseStatus.FALSE_ALARM)
        )
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalar_one()
