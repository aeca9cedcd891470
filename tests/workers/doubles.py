"""Small doubles for the outbox: a record in memory, and a scripted platform."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from bot.errors import DatabaseAway
from bot.outgoing import EffectKind, EffectStatus, Outcome
from bot.store.effects import REPEATABLE, EffectRow

GROUP, OTHER, SUPERVISORS = -1001, -1002, -1003


def effect(kind: EffectKind, id: int = 1, **changes: object) -> EffectRow:
    """Make an effect of case 7 in GROUP, planned and never tried."""
    row = EffectRow(
        id=id,
        case_id=7,
        key=f"case/7/{kind.value}/{id}",
        kind=kind,
        chat_id=GROUP,
        message_id=55,
        payload=b"",
        status=EffectStatus.PLANNED,
        attempts=0,
        not_before=None,
        detail=None,
        result_message_id=None,
        planned_at=datetime.now(UTC),
        sent_at=None,
        finished_at=None,
    )
    return dataclasses.replace(row, **changes)  # type: ignore[arg-type]


class MemoryOutcomes:
    """Keeps rows as the store does: a status only goes forward, and texts are sent once."""

    def __init__(self, *rows: EffectRow) -> None:
        self.rows = {row.id: row for row in rows}
        self.outcomes: dict[int, Outcome] = {}
        self.follow_ups: dict[int, Sequence[EffectRow]] = {}
        self.delays: list[float] = []
        self.delays_reported: list[tuple[int, bool]] = []
        self.merged: list[list[int]] = []
        self.away = 0

    def _answer(self) -> None:
        """Raise DatabaseAway for the given number of calls."""
        if self.away > 0:
            self.away -= 1
            raise DatabaseAway("test")

    async def sending(self, row: EffectRow) -> bool:
        self._answer()
        now = self.rows.setdefault(row.id, row)
        waits = now.status is EffectStatus.PLANNED
        again = now.status in (EffectStatus.SENDING, EffectStatus.UNKNOWN)
        if now.carrier_id is not None or (not waits and not (again and now.kind in REPEATABLE)):
            return False
        self.rows[row.id] = dataclasses.replace(now, status=EffectStatus.SENDING)
        return True

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        self._answer()
        assert row.id not in self.outcomes, "an outcome is recorded once"
        self.outcomes[row.id] = outcome
        self.rows[row.id] = dataclasses.replace(row, status=outcome.status)
        return self.follow_ups.get(row.id, ())

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        self._answer()
        self.delays.append((until - datetime.now(UTC)).total_seconds())
        self.rows[row.id] = dataclasses.replace(row, status=EffectStatus.PLANNED)

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        return dataclasses.replace(row, chat_id=new_chat_id)

    async def delayed(self, row: EffectRow, *, doubtful: bool) -> Sequence[EffectRow]:
        self.delays_reported.append((row.id, doubtful))
        return []

    async def merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        self._answer()
        if any(row.case_id is None for row in rows):
            return None
        self.merged.append([row.id for row in rows])
        carrier = dataclasses.replace(rows[0], id=100 + rows[0].id, case_id=None, key="digest")
        self.rows[carrier.id] = carrier
        for row in rows:
            self.rows[row.id] = dataclasses.replace(row, carrier_id=carrier.id)
        return carrier, {row.id for row in rows}

    async def unfinished(
        self, lane: int | None, besides: Collection[int], *, settled: bool
    ) -> Sequence[EffectRow]:
        ended = (EffectStatus.DONE, EffectStatus.FAILED, EffectStatus.UNKNOWN)
        return [
            row
            for row in self.rows.values()
            if lane in (None, row.lane)
            and row.id not in besides
            and row.carrier_id is None
            and row.status not in ended
        ]


class Platform:
    """Answers each effect as scripted for its id, otherwise with success; records the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []
        self.script: dict[int, list[Exception | int | None]] = {}

    def will(self, id: int, *answers: Exception | int | None) -> None:
        """Script the answers to an effect's requests."""
        self.script[id] = list(answers)

    async def perform(self, row: EffectRow) -> int | None:
        self.calls.append((row.id, row.chat_id))
        answers = self.script.get(row.id)
        answer = answers.pop(0) if answers else 900 + row.id
        if isinstance(answer, Exception):
            raise answer
        return answer

    def times(self, id: int) -> int:
        """Count the requests of an effect."""
        return sum(1 for done, _ in self.calls if done == id)
