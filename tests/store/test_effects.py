from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.outgoing import EffectKind, EffectStatus
from bot.store.database import Database
from bot.store.effects import REPEATABLE, Effects
from bot.store.keys import Keys

from .conftest import HandClock
from .rows import new_effect

DONE, FAILED, UNKNOWN = EffectStatus.DONE, EffectStatus.FAILED, EffectStatus.UNKNOWN


@pytest.fixture
def effects(db: Database, keys: Keys) -> Effects:
    return Effects(db, keys.cipher)


async def test_a_planned_effect_comes_back_whole(effects: Effects, clock: HandClock) -> None:
    later = clock.time + timedelta(seconds=3)
    new = new_effect(
        "k", kind=EffectKind.WARN, case_id=7, message_id=5, payload=b"p", not_before=later
    )
    (row,) = await effects.plan(None, [new])
    assert (row.key, row.kind, row.case_id, row.message_id) == ("k", EffectKind.WARN, 7, 5)
    assert (row.payload, row.status, row.attempts) == (b"p", EffectStatus.PLANNED, 0)
    assert (row.not_before, row.planned_at) == (later, clock.time)
    assert await effects.by_key("k") == row
    assert await effects.for_case(7) == [row]
    assert await effects.unfinished() == [row]
    assert await effects.by_key("other") is None


async def test_effect_with_a_known_key_is_not_planned_again(effects: Effects) -> None:
    (first,) = await effects.plan(None, [new_effect("a", payload=b"1")])
    both = await effects.plan(
        None, [new_effect("b"), new_effect("a", payload=b"2"), new_effect("b")]
    )
    assert [r.key for r in both] == ["b", "a", "b"]
    assert both[1] == first
    assert both[0] == both[2]
    assert len(await effects.unfinished()) == 2


@pytest.mark.parametrize("status", [DONE, FAILED])
async def test_final_outcome_erases_the_payload(effects: Effects, status: EffectStatus) -> None:
    (row,) = await effects.plan(None, [new_effect("k", payload=b"p")])
    assert await effects.sending(None, [row.id]) == [row.id]
    assert await effects.finish(None, row.id, status, detail="code", result_message_id=9)
    after = await effects.by_key("k")
    assert after is not None
    assert (after.status, after.payload, after.detail) == (status, None, "code")
    assert (after.result_message_id, after.attempts) == (9, 1)
    assert await effects.sending(None, [row.id]) == []
    assert not await effects.finish(None, row.id, FAILED)
    assert not await effects.postpone(None, row.id, row.planned_at)
    assert await effects.unfinished() == []


@pytest.mark.parametrize("kind", list(EffectKind))
async def test_an_unknown_effect_is_repeated_only_where_that_does_no_harm(
    effects: Effects, kind: EffectKind
) -> None:
    (row,) = await effects.plan(None, [new_effect("k", kind=kind, payload=b"p")])
    await effects.sending(None, [row.id])
    assert await effects.finish(None, row.id, UNKNOWN, detail="timeout")
    repeatable = kind in REPEATABLE
    assert [r.payload for r in await effects.unfinished()] == ([b"p"] if repeatable else [])
    assert await effects.sending(None, [row.id]) == ([row.id] if repeatable else [])


def test_warning_and_repost_of_unknown_outcome_are_not_repeated() -> None:
    assert not REPEATABLE & {EffectKind.WARN, EffectKind.REPOST, EffectKind.SAY}


async def test_warning_in_flight_at_a_crash_is_not_repeated(effects: Effects) -> None:
    warn, delete = await effects.plan(
        None, [new_effect("w", kind=EffectKind.WARN), new_effect("d", kind=EffectKind.DELETE)]
    )
    await effects.sending(None, [warn.id, delete.id])
    assert [r.status for r in await effects.unfinished()] == [EffectStatus.SENDING] * 2
    assert await effects.sending(None, [warn.id, delete.id]) == [delete.id]


async def test_postponed_effects_go_out_again(effects: Effects, clock: HandClock) -> None:
    (row,) = await effects.plan(None, [new_effect("k", kind=EffectKind.WARN, payload=b"p")])
    await effects.sending(None, [row.id])
    until = clock.time + timedelta(seconds=5)
    assert await effects.postpone(None, row.id, until, "retry-after-5")
    (after,) = await effects.unfinished()
    assert (after.status, after.not_before, after.payload) == (EffectStatus.PLANNED, until, b"p")
    assert await effects.sending(None, [row.id]) == [row.id]


async def test_planned_is_refused_as_an_outcome(effects: Effects) -> None:
    with pytest.raises(ValueError, match="no outcome"):
        await effects.finish(None, 1, EffectStatus.PLANNED)


ORDER = {"planned": 0, "sending": 1, "unknown": 2, "done": 3, "failed": 3}
steps = st.lists(st.sampled_from(["plan", "sending", "done", "failed", "unknown"]), max_size=12)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps, kind=st.sampled_from([EffectKind.WARN, EffectKind.DELETE]))
async def test_effect_status_only_goes_forward(
    fresh: Callable[[], str], keys: Keys, steps: list[str], kind: EffectKind
) -> None:
    db = await Database.open(fresh())
    effects = Effects(db, keys.cipher)
    (row,) = await effects.plan(None, [new_effect("k", kind=kind)])
    sent = 0
    for step in steps:
        before = await effects.by_key("k")
        if step == "plan":
            await effects.plan(None, [new_effect("k", kind=kind)])
        elif step == "sending":
            sent += len(await effects.sending(None, [row.id]))
        else:
            await effects.finish(None, row.id, EffectStatus(step))
        after = await effects.by_key("k")
        assert before is not None
        assert after is not None
        again = kind in REPEATABLE and (before.status, after.status) == ("unknown", "sending")
        assert again or ORDER[after.status] >= ORDER[before.status]
        assert ORDER[before.status] < 3 or after.status == before.status
    assert kind in REPEATABLE or sent <= 1
    await db.close()


async def test_merged_effect_is_never_sent_alone(effects: Effects, db: Database) -> None:
    first, second, third = await effects.plan(
        None, [new_effect(k, kind=EffectKind.WARN, payload=b"p") for k in "abc"]
    )
    await effects.sending(None, [third.id])
    async with db.write() as tx:
        waiting = await effects.waiting(tx, [first.id, second.id, third.id])
        assert [row.key for row in waiting] == ["a", "b"]
        carrier = await effects.carry(
            tx, new_effect("merged", kind=EffectKind.WARN), [row.id for row in waiting]
        )
    assert await effects.sending(None, [first.id, second.id]) == []
    assert [row.key for row in await effects.unfinished()] == ["c", "merged"]
    async with db.write() as tx:
        assert await effects.waiting(tx, [first.id, second.id]) == []
        carried = await effects.carried(tx, carrier.id)
        assert [(row.key, row.payload) for row in carried] == [("a", b"p"), ("b", b"p")]
        for row in carried:
            assert await effects.finish(tx, row.id, DONE)
    assert {row.key for row in await effects.unfinished()} == {"c", "merged"}


async def test_two_that_merge_at_once_carry_each_effect_once(
    effects: Effects, db: Database
) -> None:
    rows = await effects.plan(None, [new_effect(k, kind=EffectKind.WARN) for k in "abcd"])
    ids = [row.id for row in rows]

    async def merge(name: str) -> list[int]:
        async with db.write() as tx:
            waiting = [row.id for row in await effects.waiting(tx, ids)]
            if waiting:
                await effects.carry(tx, new_effect(name, kind=EffectKind.WARN), waiting)
            return waiting

    both = await asyncio.gather(merge("x"), merge("y"))
    assert sorted(both) == [[], ids]


async def test_notice_sent_during_a_merge_is_sent_or_carried_once(
    effects: Effects, db: Database
) -> None:
    rows = await effects.plan(None, [new_effect(k, kind=EffectKind.WARN) for k in "ab"])
    ids = [row.id for row in rows]

    async def merge() -> list[int]:
        async with db.write() as tx:
            waiting = [row.id for row in await effects.waiting(tx, ids)]
            await asyncio.sleep(0.05)
            await effects.carry(tx, new_effect("x", kind=EffectKind.WARN), waiting)
            return waiting

    carried, sent = await asyncio.gather(merge(), effects.sending(None, ids[:1]))
    assert sorted([*carried, *sent]) == ids


async def test_an_effect_that_takes_long_goes_on(effects: Effects) -> None:
    delete, warn = await effects.plan(
        None, [new_effect("d"), new_effect("w", kind=EffectKind.WARN)]
    )
    await effects.sending(None, [delete.id])
    assert await effects.note_delay(None, delete.id, UNKNOWN, "no-answer")
    assert not await effects.note_delay(None, warn.id, UNKNOWN, "no-answer")
    with pytest.raises(ValueError, match="does not go on"):
        await effects.note_delay(None, delete.id, DONE, "no-answer")
    first = (await effects.unfinished())[0]
    assert (first.key, first.status, first.detail) == ("d", UNKNOWN, "no-answer")
    assert await effects.finish(None, delete.id, DONE)
    assert not await effects.note_delay(None, delete.id, UNKNOWN, "no-answer")


async def test_sweep_skips_effects_under_way_or_just_planned(
    effects: Effects, clock: HandClock
) -> None:
    old, held = await effects.plan(None, [new_effect("old"), new_effect("held")])
    clock.forward(seconds=5)
    await effects.plan(None, [new_effect("new")])
    before = clock.time - timedelta(seconds=3)
    assert [r.key for r in await effects.unfinished(besides={held.id})] == ["old", "new"]
    assert [r.key for r in await effects.unfinished(before=before)] == ["old", "held"]
    left = await effects.unfinished(old.lane, besides={held.id}, before=before)
    assert [r.key for r in left] == ["old"]
    assert await effects.unfinished(7) == []
    assert await effects.unfinished(besides={old.id, held.id}, before=before) == []
