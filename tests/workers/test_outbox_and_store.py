"""The outbox over a real database, while platform, database and process fail at random.

Under every fault, a text is sent at most once, each effect ends, and the final status of its row
agrees with the platform.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import DatabaseAway, NotSent, OutcomeUnknown, RetryAfter
from bot.outgoing import EffectKind, EffectStatus, Outcome
from bot.store.database import Database
from bot.store.effects import EffectRow, Effects, NewEffect
from bot.store.keys import Keys
from bot.store.lanes import Claim
from bot.workers import retry_policy
from bot.workers import send_limits as limits_module
from bot.workers.outbox import Outbox
from bot.workers.send_limits import SendingLimits

SAID = (EffectKind.REPOST, EffectKind.WARN, EffectKind.SAY)
KINDS = (EffectKind.DELETE, EffectKind.REPOST, EffectKind.WARN, EffectKind.SAY, EffectKind.ESCALATE)
CASES = 12


class StoreOutcomes:
    """The store's effects; a call may fail before it starts or after its commit."""

    def __init__(self, db: Database, effects: Effects, chance: random.Random) -> None:
        self._db, self._effects, self._chance = db, effects, chance
        self.outages = 0.15

    async def _do(self, act: Callable[[], Any]) -> Any:
        if self._chance.random() < self.outages:
            raise DatabaseAway("before")
        answer = await act()
        if self._chance.random() < self.outages:
            raise DatabaseAway("after")
        return answer

    async def sending(self, row: EffectRow) -> bool:
        return bool(await self._do(lambda: self._effects.sending(None, [row.id])))

    async def finished(self, row: EffectRow, outcome: Outcome) -> Sequence[EffectRow]:
        await self._do(lambda: self._finish(row, outcome))
        return []

    async def _finish(self, row: EffectRow, outcome: Outcome) -> None:
        async with self._db.write() as tx:
            if await self._effects.finish(tx, row.id, outcome.status, detail=outcome.detail):
                for carried in await self._effects.carried(tx, row.id):
                    await self._effects.finish(tx, carried.id, outcome.status)

    async def postponed(self, row: EffectRow, until: datetime, detail: str) -> None:
        await self._do(lambda: self._effects.postpone(None, row.id, until, detail))

    async def delayed(self, row: EffectRow, *, doubtful: bool) -> Sequence[EffectRow]:
        status = EffectStatus.UNKNOWN if doubtful else EffectStatus.PLANNED
        await self._do(lambda: self._effects.note_delay(None, row.id, status, "no-answer"))
        return []

    async def migrated(self, row: EffectRow, new_chat_id: int) -> EffectRow:
        return row

    async def merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        answer: tuple[EffectRow, Collection[int]] | None = await self._do(lambda: self._merge(rows))
        return answer

    async def _merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        async with self._db.write() as tx:
            waiting = await self._effects.waiting(tx, [r.id for r in rows])
            waiting = [row for row in waiting if row.case_id is not None]
            if len(waiting) < 2 or rows[0].id not in {row.id for row in waiting}:
                return None
            first, ids = waiting[0], [row.id for row in waiting]
            keys = json.dumps([row.key for row in waiting]).encode()
            merged = NewEffect(
                key=f"merged/{first.id}", kind=first.kind, chat_id=first.chat_id, payload=keys
            )
            return await self._effects.carry(tx, merged, ids), set(ids)

    async def unfinished(
        self, lane: int | None, besides: Collection[int], *, settled: bool
    ) -> Sequence[EffectRow]:
        rows: Sequence[EffectRow] = await self._do(
            lambda: self._effects.unfinished(lane, besides=besides)
        )
        return rows


class FailingPlatform:
    """Acts or not, and answers well, wrongly or not at all; records its acts."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.faults = 0.3
        self.done: Counter[str] = Counter()

    async def perform(self, row: EffectRow) -> int:
        await asyncio.sleep(self._chance.random() * 0.004)
        fault = self._chance.random() < self.faults
        kind = self._chance.choice(["before", "after", "refused", "wait"]) if fault else ""
        if kind == "refused":
            raise NotSent("x")
        if kind == "wait":
            raise RetryAfter(0.01)
        if kind != "before":
            keys = json.loads(row.payload) if row.key.startswith("merged/") and row.payload else []
            self.done.update(keys or [row.key])
        await asyncio.sleep(self._chance.random() * 0.004)
        if kind:
            raise OutcomeUnknown("x")
        return 1


def planned(chance: random.Random) -> list[NewEffect]:
    """Plan cases of one flood, each with all that belongs to it."""
    return [
        NewEffect(
            key=f"case/{case}/{kind.value}",
            kind=kind,
            chat_id=5001 if kind is EffectKind.WARN else -1001,
            case_id=case,
            message_id=case,
            payload=b"[]",
        )
        for case in range(1, CASES + 1)
        for kind in KINDS
        if kind is EffectKind.DELETE or chance.random() < 0.8
    ]


@pytest.mark.parametrize("seed", range(12))
async def test_every_effect_ends_and_is_sent_once_whatever_fails(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(limits_module, "SPACING", 0.015)
    monkeypatch.setattr(limits_module, "GROUP_PER_MINUTE", 10_000)
    monkeypatch.setattr(retry_policy, "FIRST_PAUSE", 0.002)
    monkeypatch.setattr(retry_policy, "LONGEST_PAUSE", 0.01)
    db = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    try:
        await run(db, Effects(db, Keys.load(tmp_path / "keys").cipher), chance)
    finally:
        await db.close()


async def run(db: Database, effects: Effects, chance: random.Random) -> None:
    new = planned(chance)
    rows = await effects.plan(None, new)
    recorded, platform = StoreOutcomes(db, effects, chance), FailingPlatform(chance)
    by_case = [[r for r in rows if r.case_id == case] for case in range(1, CASES + 1)]
    for _ in range(5):  # the process ends this often
        box = Outbox(recorded, dict.fromkeys(EffectKind, platform.perform), SendingLimits())
        for case in by_case:
            box.start(case)
        by_case = []
        for _ in range(chance.randint(1, 6)):
            await asyncio.sleep(chance.random() * 0.03)
            await swept(box)
        await box.drain(0)
    recorded.outages = platform.faults = 0.0
    box = Outbox(recorded, dict.fromkeys(EffectKind, platform.perform), SendingLimits())
    async with asyncio.timeout(20):
        while await effects.unfinished():
            await swept(box)
            await asyncio.sleep(0.01)
    await box.drain(5)
    await assert_true(effects, platform, [effect.key for effect in new])


async def swept(box: Outbox) -> None:
    try:
        await box.sweep([Claim("timers")])
    except DatabaseAway:
        return  # the next sweep comes soon


async def assert_true(effects: Effects, platform: FailingPlatform, keys: list[str]) -> None:
    for key in keys:
        row = await effects.by_key(key)
        assert row is not None
        times = platform.done[key]
        if row.kind in SAID:
            assert times <= 1, f"{key} was sent {times} times"
            assert row.status in (EffectStatus.DONE, EffectStatus.UNKNOWN)
        else:
            assert row.status is EffectStatus.DONE
        if row.status is EffectStatus.DONE:
            assert times >= 1, f"{key} was not done"
