"""Small doubles of what the outbox stands on: a ledger in memory, and a scripted platform."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.model import EffectKind, EffectStatus
from bot.store.effects import REPEATABLE, EffectRow
from bot.work.outbox import Outcome

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
        planned_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        sent_at=None,
        finished_at=None,
    )
    return dataclasses.replace(row, **changes)  # type: ignore[arg-type]


class MemoryLedger:
    """Keeps rows as the store does: a status only goes forward, and said things once."""

    def __init__(self, *rows: EffectRow) -> None:
        self.rows = {row.id: row for row in rows}
        self.outcomes: dict[int, Outcome] = {}
        self.follow_ups: dict[int, Sequence[EffectRow]] = {}
        self.delays: list[float] = []
        self.new_chat_id: int | None = None

    async def sending(self, row: EffectRow) -> bool:
        now = self.rows.setdefault(row.id, row)
        waits = now.status is EffectStatus.PLANNED
        again = now.status in (EffectStatus.SENDING, EffectStatus.UNKNOWN)
        if not waits and not (again and now.kind in REPEATABLE):
            return False
        self.rows[row.id] = dataclasses.replace(now, status=EffectStatus.SENDING)
        return True

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        assert row.id not in self.outcomes, "an outcome is recorded once"
        self.outcomes[row.id] = outcome
        self.rows[row.id] = dataclasses.replace(row, status=outcome.status)
        return self.follow_ups.get(row.id, ())

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        self.delays.append((until - datetime.now(UTC)).total_seconds())
        self.rows[row.id] = dataclasses.replace(row, status=EffectStatus.PLANNED)

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        return dataclasses.replace(row, chat_id=new_chat_id)

    async def unfinished(self, lane: int | None = None) -> Sequence[EffectRow]:
        return [row for row in self.rows.values() if lane in (None, row.lane)]


class Platform:
    """Answers each effect with what was scripted for its id, else well; keeps what was asked."""

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
