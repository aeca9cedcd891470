"""Retention erases rows after their time and no others."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.outgoing import CaseStatus, EffectStatus
from bot.store.store import Store
from bot.store.tables import audit, effects
from bot.workers import retention
from bot.workers.retention import Retention
from tests.store.rows import new_case, new_effect, received


async def at(store: Store, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(store.db, "now", lambda: moment)


async def entries(store: Store) -> list[tuple[str, object]]:
    async with store.db.read() as connection:
        rows = await connection.execute(select(audit.c.action, audit.c.detail))
        return [(row[0], row[1]) for row in rows]


async def test_old_updates_and_old_evidence_are_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/data/t.db", tmp_path / "keys")
    start = store.db.now()
    purger = Retention(store, timedelta(days=180))
    old = await store.inbox.add([received(n) for n in range(1, 6)])
    await store.inbox.decide(None, {row.id: "clean" for row in old[:4]})
    case, _ = await store.cases.open(None, new_case(masked_text="█", has_picture=True))
    await store.case_pictures.put(None, case.id, "masked", b"picture")

    await at(store, monkeypatch, start + timedelta(days=29))
    await purger.purge()
    assert sum((await store.inbox.counts(start)).values()) == 5

    await at(store, monkeypatch, start + timedelta(days=31))
    await purger.purge()
    assert await store.inbox.counts(start) == {"undecided": 1}
    kept = await store.cases.get(case.id)
    assert kept is not None and kept.masked_text == "█"
    assert await entries(store) == []

    await at(store, monkeypatch, start + timedelta(days=181))
    fresh, _ = await store.cases.open(None, new_case(99, masked_text="█"))
    await purger.purge()
    after = await store.cases.get(case.id)
    assert after is not None
    assert (after.masked_text, after.has_picture, after.number) == (None, False, case.number)
    assert await store.case_pictures.get(case.id, "masked") is None
    assert (await store.cases.get(fresh.id)) == fresh
    [(action, detail)] = await entries(store)
    before = (start + timedelta(days=1)).isoformat()
    assert (action, detail) == (
        "evidence-deleted",
        {"before": before, "cases": 1, "contents": 1},
    )
    await purger.purge()
    assert len(await entries(store)) == 1
    assert await store.audit.verify() is None
    await store.close()


async def test_ended_effects_are_erased_with_their_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Effects without an end, or of a case that waits for its decision, stay."""
    monkeypatch.setattr(retention, "_BATCH", 2)
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/data/t.db", tmp_path / "keys")
    start = store.db.now()
    purger = Retention(store, timedelta(days=180))
    recorded, _ = await store.cases.open(None, new_case(1, status=CaseStatus.RECORDED))
    waiting, _ = await store.cases.open(None, new_case(2, status=CaseStatus.TAKEN))
    planned = [new_effect(f"{n}", case_id=recorded.id) for n in range(3)]
    planned += [new_effect("of nobody"), new_effect("waits", case_id=waiting.id)]
    rows = await store.effects.plan(None, [*planned, new_effect("goes on", case_id=recorded.id)])
    for row in rows[:-1]:
        await store.effects.finish(None, row.id, EffectStatus.DONE)

    await at(store, monkeypatch, start + timedelta(days=179))
    await purger.purge()
    assert len(await kept(store)) == 6
    await at(store, monkeypatch, start + timedelta(days=181))
    await purger.purge()
    assert await kept(store) == ["waits", "goes on"]
    await store.close()


async def kept(store: Store) -> list[str]:
    async with store.db.read() as connection:
        query = select(effects.c.key).order_by(effects.c.id)
        return list((await connection.execute(query)).scalars())
