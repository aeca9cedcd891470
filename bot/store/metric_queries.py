"""Counts for the metrics: no content, no names, no ids."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, case, func, select, type_coerce

from bot.model import Severity
from bot.store.database import Database
from bot.store.tables import cases, effects

EXPOSURE_BOUNDS = (1, 2, 3, 5, 10, 30, 60, 300, 3600)
"""Upper bounds in seconds, none below 1: the platform gives times in whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleTimes:
    """How long messages were visible: removed within each bound, all removed, sum in seconds."""

    within: tuple[int, ...]
    count: int
    seconds: float


class MetricQueries:
    """Counts rows of the tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def effects(self) -> dict[str, int]:
        """Count effects by status."""
        query = select(effects.c.status, func.count()).group_by(effects.c.status)
        async with self._db.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def cases(self) -> dict[str, int]:
        """Count cases by severity."""
        query = select(cases.c.severity, func.count()).group_by(cases.c.severity)
        async with self._db.read() as connection:
            return {Severity(row[0]).label: row[1] for row in await connection.execute(query)}

    async def exposure(self) -> VisibleTimes:
        """Sum up the time from a message's sending to its removal, over all cases."""
        micros = type_coerce(cases.c.removed_at, BigInteger) - type_coerce(
            cases.c.message_sent_at, BigInteger
        )
        within = [func.sum(case((micros <= s * 1_000_000, 1), else_=0)) for s in EXPOSURE_BOUNDS]
        # The platform's clock may be ahead of ours, which must not count as a negative time.
        positive = func.sum(case((micros > 0, micros), else_=0))
        query = select(func.count(), positive, *within).where(
            cases.c.removed_at.is_not(None), cases.c.message_sent_at.is_not(None)
        )
        async with self._db.read() as connection:
            count, total, *sums = (await connection.execute(query)).one()
        return VisibleTimes(
            within=tuple(int(n or 0) for n in sums),
            count=count,
            seconds=float(total or 0) / 1_000_000,
        )
