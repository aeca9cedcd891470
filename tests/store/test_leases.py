"""Leases: their owners, their change of owner, and no write under a lost one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import DatabaseAway, LeaseLost
from bot.outgoing import EffectStatus
from bot.store.database import Database
from bot.store.effects import Effects
from bot.store.inbox import Inbox
from bot.store.key_values import KeyValues
from bot.store.keys import Keys
from bot.store.lanes import LANES, NO_LANE, Claim, current_lane, lane_name, lane_of, working_for
from bot.store.leases import Leases
from bot.store.tables import leases as table

from .conftest import HandClock, postgresql_only
from .rows import CHAT, new_effect, received

LONG, SHORT = timedelta(seconds=60), timedelta(milliseconds=30)
LANE = [lane_name(n) for n in range(8)]


@pytest.fixture
async def leases(db: Database) -> Leases:
    made = Leases(db)
    await made.prepare([*LANE, "feed"])
    return made


class Others:
    """Another process's connection to the same database."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.leases = Leases(db)


@pytest.fixture
async def others(url: str, db: Database, clock: HandClock) -> AsyncIterator[Others]:
    database = await Database.open(url, clock=clock)
    yield Others(database)
    await database.close()


async def passed(clock: HandClock, span: timedelta = SHORT) -> None:
    """Wait until short leases end: by the test's clock on SQLite, else by the server's."""
    clock.forward(seconds=span.total_seconds() * 2)
    await asyncio.sleep(span.total_seconds() * 2)


async def test_a_lease_has_one_owner(leases: Leases, others: Others) -> None:
    (mine,) = await leases.acquire(["feed"], "a", LONG)
    assert mine == Claim("feed", 1)
    assert await others.leases.acquire(["feed"], "b", LONG) == []


async def test_concurrent_processes_acquire_each_lease_once(leases: Leases, others: Others) -> None:
    every = (leases, others.leases)
    wanted = [every[n % 2].acquire(LANE, f"worker{n}", LONG, limit=3) for n in range(6)]
    taken = [claim.name for got in await asyncio.gather(*wanted) for claim in got]
    taken += [c.name for c in await leases.acquire(LANE, "late", LONG, limit=8)]
    assert sorted(taken) == LANE


async def test_expired_lease_is_acquired_with_a_greater_token(
    leases: Leases, others: Others, clock: HandClock
) -> None:
    (first,) = await leases.acquire(["feed"], "a", SHORT)
    await passed(clock)
    (second,) = await others.leases.acquire(["feed"], "b", LONG)
    assert second.token > first.token
    assert await leases.renew("a", [first], LONG) == set()


async def test_expired_lease_stays_its_owners_until_another_acquires_it(
    leases: Leases, clock: HandClock
) -> None:
    (claim,) = await leases.acquire(["feed"], "a", SHORT)
    await passed(clock)
    assert await leases.renew("a", [claim], LONG) == {claim}


async def test_renewed_lease_lasts_longer(leases: Leases, others: Others, clock: HandClock) -> None:
    (claim,) = await leases.acquire(["feed"], "a", SHORT)
    await leases.renew("a", [claim], LONG)
    await passed(clock)
    assert await others.leases.acquire(["feed"], "b", LONG) == []


async def test_released_lease_is_free_at_once(leases: Leases, others: Others) -> None:
    (claim,) = await leases.acquire(["feed"], "a", LONG)
    assert await others.leases.free(["feed"]) == 0
    await leases.release("a", [claim])
    assert await others.leases.free(["feed"]) == 1
    (again,) = await others.leases.acquire(["feed"], "b", LONG)
    assert again.token > claim.token
    await leases.release("a", [claim])
    assert await others.leases.acquire(["feed"], "c", LONG) == []


async def test_live_workers_are_counted(leases: Leases, others: Others, clock: HandClock) -> None:
    await leases.renew("a", [], LONG)
    await others.leases.renew("b", [], SHORT)
    assert await leases.alive() == 2
    await passed(clock)
    assert await leases.alive() == 1
    await leases.leave("a")
    assert await leases.alive() == 0


async def test_preparing_again_leaves_them_as_they_are(leases: Leases, others: Others) -> None:
    await leases.acquire(["feed"], "a", LONG)
    await others.leases.prepare(["feed", "timers"])
    assert await others.leases.acquire(["feed"], "b", LONG) == []
    assert len(await others.leases.acquire(["timers"], "b", LONG)) == 1


async def test_nothing_is_written_for_a_claim_that_was_lost(
    db: Database, leases: Leases, others: Others, keys: Keys, clock: HandClock
) -> None:
    inbox, effects = Inbox(db, keys.cipher), Effects(db, keys.cipher)
    rows = await inbox.add([received(1), received(2)])
    (claim,) = await leases.acquire(LANE, "a", SHORT)
    with working_for(claim):
        (planned,) = await effects.plan(None, [new_effect("x")])
        assert await effects.sending(None, [planned.id]) == [planned.id]
    await passed(clock)
    (newer,) = await others.leases.acquire([claim.name], "b", LONG)
    with working_for(claim):
        for act in (
            inbox.decide(None, {rows[0].id: "clean"}),
            effects.sending(None, [planned.id]),
            effects.begin(None, [new_effect("y")]),
            effects.finish(None, planned.id, EffectStatus.DONE),
        ):
            with pytest.raises(LeaseLost):
                await act
    lost = await inbox.decide_for({claim: {rows[0].id: "clean"}, newer: {rows[1].id: "clean"}})
    assert lost == {claim}
    assert await inbox.undecided() == rows[:1]
    assert [(e.status, e.lane) for e in await effects.unfinished()] == [
        (EffectStatus.SENDING, claim.lane)
    ]


async def test_expired_claim_still_writes_until_another_process_acquires_it(
    db: Database, leases: Leases, clock: HandClock
) -> None:
    (claim,) = await leases.acquire(["feed"], "a", SHORT)
    await passed(clock)
    with working_for(claim):
        await KeyValues(db).put(None, "a", 1)
    assert await KeyValues(db).get("a") == 1


@postgresql_only
async def test_acquiring_waits_for_open_transactions_and_renewing_does_not(
    db: Database, leases: Leases, others: Others, clock: HandClock
) -> None:
    (claim,) = await leases.acquire(["feed"], "a", SHORT)
    await passed(clock)
    with working_for(claim):
        async with db.write() as tx:
            await KeyValues(db).put(tx, "a", 1)
            with working_for(None):
                assert await asyncio.create_task(others.leases.acquire(["feed"], "b", LONG)) == []
                renewing = asyncio.create_task(others.leases.renew("a", [claim], SHORT))
                assert await asyncio.wait_for(renewing, 2) == {claim}
    await asyncio.sleep(2 * SHORT.total_seconds())
    assert len(await others.leases.acquire(["feed"], "b", LONG)) == 1


async def test_task_inherits_its_claim() -> None:
    async def lane() -> int:
        return current_lane()

    with working_for(Claim("lane/7", 1)):
        task = asyncio.create_task(lane())
    assert (await task, await lane()) == (7, NO_LANE)
    assert Claim("timers", 3).lane == NO_LANE


async def test_claim_without_a_token_needs_no_lease(db: Database) -> None:
    with working_for(Claim("lane/7")):
        await KeyValues(db).put(None, "a", 1)
    async with db.read() as connection:
        assert (await connection.execute(select(table))).all() == []


def test_chats_spread_over_the_lanes() -> None:
    groups = [-1001000000000 - n for n in range(6400)]
    counts = [0] * LANES
    for chat in groups:
        counts[lane_of(chat)] += 1
    assert 50 < min(counts) <= max(counts) < 150
    assert lane_of(CHAT) == lane_of(CHAT)
    assert lane_of(None) in range(LANES)


async def test_pending_rows_are_listed_by_lane(db: Database, keys: Keys) -> None:
    inbox = Inbox(db, keys.cipher)
    rows = await inbox.add([received(n, chat_id=-(n % 3) - 1) for n in range(9)])
    lanes = {r.lane for r in rows}
    one = [r for r in rows if r.chat_id == -1]
    found = await inbox.pending({one[0].lane: one[0].id}, limit=10)
    assert [p.id for p in found if p.chat_id == -1] == [r.id for r in one[1:]]
    found = await inbox.pending(dict.fromkeys(lanes, rows[4].id), limit=10, passed=True)
    assert [p.id for p in found] == [r.id for r in rows[:5]]
    await inbox.decide(None, {rows[0].id: "clean"})
    assert await inbox.get([rows[0].id, rows[2].id]) == [rows[2]]
    assert (await inbox.waiting())["text"].depth == 8
    assert (await inbox.waiting())["picture"].oldest is None


@postgresql_only
async def test_process_stopped_in_a_transaction_loses_its_lease(
    url: str, leases: Leases, monkeypatch: pytest.MonkeyPatch, clock: HandClock
) -> None:
    monkeypatch.setattr("bot.store.engines.HANGING_MS", 300)
    hanging = await Database.open(url)
    (claim,) = await leases.acquire(["feed"], "a", SHORT)
    transaction = hanging.write()
    with working_for(claim):
        await transaction.__aenter__()
    await passed(clock)
    assert await leases.acquire(["feed"], "b", LONG) == []
    await asyncio.sleep(0.6)
    assert len(await leases.acquire(["feed"], "b", LONG)) == 1
    with pytest.raises(DatabaseAway):
        await transaction.__aexit__(None, None, None)
    await hanging.close()
