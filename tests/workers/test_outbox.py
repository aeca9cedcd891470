"""The outbox: retries, texts that are never sent twice, and the order of effects."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.errors import (
    Conflict,
    Forbidden,
    LeaseLost,
    Migrated,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlatformError,
    Refused,
    RetryAfter,
    Unauthorized,
)
from bot.outgoing import EffectKind, EffectStatus
from bot.store.effects import EffectRow
from bot.store.lanes import Claim
from bot.workers import outbox as outbox_module
from bot.workers.outbox import Outbox
from bot.workers.send_limits import SendingLimits
from tests.workers.doubles import GROUP, OTHER, SUPERVISORS, MemoryOutcomes, Platform, effect

DELETE, REPOST, WARN = EffectKind.DELETE, EffectKind.REPOST, EffectKind.WARN
CARD, SAY, EDIT, LEAVE = EffectKind.ESCALATE, EffectKind.SAY, EffectKind.EDIT, EffectKind.LEAVE
ALONE = Claim("timers")
DONE, FAILED, UNKNOWN = EffectStatus.DONE, EffectStatus.FAILED, EffectStatus.UNKNOWN


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses take no time; the record keeps their lengths."""
    real = asyncio.sleep
    monkeypatch.setattr(outbox_module.asyncio, "sleep", lambda _: real(0))


def build(recorded: MemoryOutcomes, platform: Platform) -> Outbox:
    unlimited = SendingLimits(itertools.count(0, 60).__next__)  # a minute between any two turns
    return Outbox(recorded, dict.fromkeys(EffectKind, platform.perform), unlimited)


# name, kind, the platform's answers, number of requests, status, detail
ANSWERS = [
    ("sent", REPOST, [], 1, DONE, None),
    ("no connection", REPOST, [NotSent("x"), NotSent("x")], 3, DONE, None),
    ("asked to wait", REPOST, [RetryAfter(7)], 2, DONE, None),
    ("in doubt: a copy", REPOST, [OutcomeUnknown("x")], 1, UNKNOWN, "outcome-unknown"),
    ("in doubt: a note", WARN, [OutcomeUnknown("x")], 1, UNKNOWN, "outcome-unknown"),
    ("in doubt: said", SAY, [OutcomeUnknown("x")], 1, UNKNOWN, "outcome-unknown"),
    ("in doubt: a card", CARD, [OutcomeUnknown("x")], 2, DONE, None),
    ("in doubt: deleted", DELETE, [OutcomeUnknown("x")], 2, DONE, None),
    ("in doubt: edited", EDIT, [OutcomeUnknown("x")], 2, DONE, None),
    ("in doubt, then gone", DELETE, [OutcomeUnknown("x"), NotFound("x")], 2, DONE, None),
    ("gone before us", DELETE, [NotFound("x")], 1, DONE, "already-gone"),
    ("gone while we waited", DELETE, [RetryAfter(1), NotFound("x")], 2, DONE, "already-gone"),
    ("no right", DELETE, [Forbidden("no-right")], 1, FAILED, "forbidden"),
    ("no private chat", WARN, [Forbidden("no-private-chat")], 1, FAILED, "cannot-write"),
    ("refused", REPOST, [Refused("too-long")], 1, FAILED, "too-long"),
    ("another error", SAY, [PlatformError("odd")], 1, FAILED, "odd"),
    ("a fault of our own", REPOST, [KeyError("x")], 1, FAILED, "fault"),
]


@pytest.mark.parametrize(
    ("kind", "answers", "requests", "status", "detail"),
    [row[1:] for row in ANSWERS],
    ids=[row[0] for row in ANSWERS],
)
async def test_outcome_of_an_effect_by_the_platforms_answer(
    platform: Platform,
    kind: EffectKind,
    answers: list[Exception],
    requests: int,
    status: EffectStatus,
    detail: str | None,
) -> None:
    row = effect(kind)
    recorded = MemoryOutcomes(row)
    platform.will(1, *answers)
    await build(recorded, platform).run([row])
    assert platform.times(1) == requests
    assert (recorded.outcomes[1].status, recorded.outcomes[1].detail) == (status, detail)
    if status is DONE and not answers:
        assert recorded.outcomes[1].message_id == 901


async def test_wait_of_a_429_is_kept_to_the_second(platform: Platform) -> None:
    row = effect(DELETE)
    recorded = MemoryOutcomes(row)
    platform.will(1, RetryAfter(7))
    await build(recorded, platform).run([row])
    assert recorded.delays == [pytest.approx(7, abs=0.1)]


async def test_pauses_grow_without_a_connection_and_polling_goes_on(
    platform: Platform,
) -> None:
    row = effect(DELETE)
    recorded = MemoryOutcomes(row)
    platform.will(1, *[NotSent("x")] * 8)
    await build(recorded, platform).run([row])
    assert [round(d, 1) for d in recorded.delays] == [0.5, 1, 2, 4, 8, 15, 15, 15]
    assert recorded.outcomes[1].status is DONE


@pytest.mark.parametrize("refusal", [Unauthorized("x"), Conflict("x")])
async def test_effect_is_retried_after_a_refused_token(
    platform: Platform, refusal: Exception
) -> None:
    rows = [effect(DELETE, 1), effect(REPOST, 2)]
    recorded = MemoryOutcomes(*rows)
    platform.will(1, refusal, refusal)
    platform.will(2, refusal)
    await build(recorded, platform).run(rows)
    assert [o.status for o in recorded.outcomes.values()] == [DONE, DONE]


@pytest.mark.parametrize(
    ("answer", "doubtful"), [(OutcomeUnknown("x"), True), (RetryAfter(100), False)]
)
async def test_long_removal_is_reported_once_and_continues(
    platform: Platform, answer: Exception, doubtful: bool
) -> None:
    row = effect(DELETE)
    recorded = MemoryOutcomes(row)
    platform.will(1, *[answer] * 30)
    await build(recorded, platform).run([row])
    assert recorded.delays_reported == [(1, doubtful)]
    assert platform.times(1) == 31
    assert recorded.outcomes[1].status is DONE


async def test_quick_removal_is_not_reported(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = effect(DELETE)
    recorded = MemoryOutcomes(row)
    platform.will(1, OutcomeUnknown("x"))
    monkeypatch.undo()  # waits take their time
    await build(recorded, platform).run([row])
    assert recorded.delays_reported == []


async def test_card_is_sent_while_a_removal_has_no_outcome(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "REMOVAL_PATIENCE", 0.01)
    answered = asyncio.Event()

    class Slow(Platform):
        async def perform(self, row):  # type: ignore[no-untyped-def]
            if row.kind is DELETE:
                await answered.wait()
            return await super().perform(row)

    platform = Slow()
    rows = [effect(DELETE, 1), effect(REPOST, 2), effect(CARD, 3, chat_id=SUPERVISORS)]
    recorded = MemoryOutcomes(*rows)
    box = build(recorded, platform)
    await box.run(rows)  # returns although the removal is not settled
    async with asyncio.timeout(2):
        while 3 not in recorded.outcomes:
            await asyncio.sleep(0.01)
    assert set(recorded.outcomes) == {3}  # the copy waits for the removal
    answered.set()
    await box.drain(1)
    assert [row for row, _ in platform.calls] == [3, 1, 2]


async def test_effect_follows_a_group_to_its_new_id(platform: Platform) -> None:
    row = effect(REPOST)
    platform.will(1, Migrated(-1009))
    await build(MemoryOutcomes(row), platform).run([row])
    assert platform.calls == [(1, GROUP), (1, -1009)]


async def test_deletions_come_first_and_the_card_last(platform: Platform) -> None:
    rows = [
        effect(CARD, 1, chat_id=SUPERVISORS),
        effect(REPOST, 2),
        effect(WARN, 3, chat_id=5001),
        effect(DELETE, 4),
        effect(DELETE, 5),
    ]
    await build(MemoryOutcomes(*rows), platform).run(rows)
    order = [row for row, _ in platform.calls]
    assert set(order[:2]) == {4, 5}
    assert order[-1] == 1


async def test_goodbye_is_sent_before_the_bot_leaves(platform: Platform) -> None:
    rows = [effect(LEAVE, 1), effect(SAY, 2)]
    platform.will(2, RetryAfter(3), NotSent("x"))
    await build(MemoryOutcomes(*rows), platform).run(rows)
    assert [row for row, _ in platform.calls] == [2, 2, 2, 1]


async def test_a_cancelled_copy_is_not_posted(platform: Platform) -> None:
    rows = [effect(DELETE, 1), effect(REPOST, 2), effect(WARN, 3)]
    recorded = MemoryOutcomes(*rows)
    recorded.follow_ups[1] = [effect(REPOST, 2, status=FAILED)]
    platform.will(1, Forbidden("no-right"))
    await build(recorded, platform).run(rows)
    assert platform.times(2) == 0
    assert platform.times(3) == 1


async def test_an_effect_is_performed_by_one_task_at_a_time(platform: Platform) -> None:
    card = effect(CARD, 2, chat_id=SUPERVISORS)
    rows = [effect(DELETE, 1), card]
    recorded = MemoryOutcomes(*rows)
    recorded.follow_ups[1] = [card]  # it follows from the failure too
    platform.will(1, Forbidden("no-right"))
    box = build(recorded, platform)
    await box.run(rows)
    await box.drain(1)
    assert platform.times(2) == 1


async def test_card_does_not_wait_long_for_a_paused_group(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "CARD_PATIENCE", 0.01)
    held = asyncio.Event()

    class Held(Platform):
        async def perform(self, row):  # type: ignore[no-untyped-def]
            if row.kind is REPOST:
                await held.wait()
            return await super().perform(row)

    platform = Held()
    rows = [effect(REPOST, 1), effect(CARD, 2, chat_id=SUPERVISORS)]
    recorded = MemoryOutcomes(*rows)
    box = build(recorded, platform)
    box.start(rows)
    async with asyncio.timeout(2):
        while 2 not in recorded.outcomes:
            await asyncio.sleep(0.01)
    assert 1 not in recorded.outcomes
    held.set()
    await box.drain(1)
    assert recorded.outcomes[1].status is DONE


RESUMED = [
    # the effect of an earlier run, the number of requests now, the outcome
    ("a copy that was planned", effect(REPOST), 1, DONE),
    ("a copy that was leaving", effect(REPOST, status=EffectStatus.SENDING), 0, UNKNOWN),
    ("a note that was leaving", effect(WARN, status=EffectStatus.SENDING), 0, UNKNOWN),
    ("a card that was leaving", effect(CARD, status=EffectStatus.SENDING), 1, DONE),
    ("a deletion that was leaving", effect(DELETE, status=EffectStatus.SENDING), 1, DONE),
    ("an edit that was leaving", effect(EDIT, status=EffectStatus.SENDING), 1, DONE),
    ("leaving a group", effect(LEAVE, status=EffectStatus.SENDING), 1, DONE),
]


@pytest.mark.parametrize(
    ("row", "requests", "status"), [r[1:] for r in RESUMED], ids=[r[0] for r in RESUMED]
)
async def test_effects_of_an_earlier_run_are_resumed(
    platform: Platform, row: object, requests: int, status: EffectStatus
) -> None:
    recorded = MemoryOutcomes(row)  # type: ignore[arg-type]
    box = build(recorded, platform)
    await box.sweep([ALONE], settled=False)
    await box.drain(1)
    assert platform.times(1) == requests
    assert recorded.outcomes[1].status is status


async def test_a_deletion_found_done_after_a_restart_was_ours(platform: Platform) -> None:
    recorded = MemoryOutcomes(effect(DELETE, status=EffectStatus.SENDING))
    platform.will(1, NotFound("message-gone"))
    box = build(recorded, platform)
    await box.sweep([ALONE], settled=False)
    await box.drain(1)
    assert recorded.outcomes[1].detail is None


async def test_goodbye_and_leaving_stay_together_over_a_restart(platform: Platform) -> None:
    rows = [
        effect(LEAVE, 1, case_id=None, chat_id=OTHER),
        effect(SAY, 2, case_id=None, chat_id=OTHER),
    ]
    box = build(MemoryOutcomes(*rows), platform)
    await box.sweep([ALONE], settled=False)
    await box.drain(1)
    assert [row for row, _ in platform.calls] == [2, 1]


AWAY = [
    # the number of calls for which the database is away: the request still leaves once
    ("before the request", REPOST, 1),
    ("twice before the request", REPOST, 2),
    ("a card", CARD, 1),
    ("a deletion", DELETE, 1),
]


@pytest.mark.parametrize(("kind", "times"), [r[1:] for r in AWAY], ids=[r[0] for r in AWAY])
async def test_effect_waits_until_the_database_is_back(
    platform: Platform, kind: EffectKind, times: int
) -> None:
    row = effect(kind)
    recorded = MemoryOutcomes(row)
    recorded.away = times
    await build(recorded, platform).run([row])
    assert platform.times(1) == 1
    assert recorded.outcomes[1].status is DONE


async def test_an_outcome_is_recorded_when_the_database_is_back(platform: Platform) -> None:
    row = effect(WARN)
    recorded = MemoryOutcomes(row)

    class GoesAway(Platform):
        async def perform(self, row):  # type: ignore[no-untyped-def]
            recorded.away = 3
            return await super().perform(row)

    platform = GoesAway()
    await build(recorded, platform).run([row])
    assert platform.times(1) == 1
    assert recorded.outcomes[1].status is DONE


async def test_sweep_resumes_abandoned_effects(platform: Platform) -> None:
    planned = effect(REPOST, 1)
    leaving = effect(WARN, 2, status=EffectStatus.SENDING)
    deleting = effect(DELETE, 3, status=EffectStatus.SENDING, case_id=8)
    recorded = MemoryOutcomes(planned, leaving, deleting)
    box = build(recorded, platform)
    await box.sweep([ALONE])
    await box.drain(1)
    statuses = {number: outcome.status for number, outcome in recorded.outcomes.items()}
    assert statuses == {1: DONE, 2: UNKNOWN, 3: DONE}
    assert platform.times(2) == 0


async def test_sweep_skips_effects_under_way(platform: Platform) -> None:
    held = asyncio.Event()

    class Held(Platform):
        async def perform(self, row):  # type: ignore[no-untyped-def]
            await held.wait()
            return await super().perform(row)

    platform = Held()
    recorded = MemoryOutcomes(effect(REPOST))
    box = build(recorded, platform)
    box.start([effect(REPOST)])
    for _ in range(5):
        await asyncio.sleep(0)
        await box.sweep([ALONE])
    held.set()
    await box.drain(1)
    assert platform.times(1) == 1
    assert recorded.outcomes[1].status is DONE


async def test_effect_is_released_for_the_sweep_after_an_error_in_recording(
    platform: Platform,
) -> None:
    class Faulty(MemoryOutcomes):
        faults = 1

        async def sending(self, row: EffectRow) -> bool:
            if self.faults:
                self.faults -= 1
                raise RuntimeError("fault")
            return await super().sending(row)

    rows = [effect(REPOST, 1), effect(WARN, 2, chat_id=5001)]
    recorded = Faulty(*rows)
    box = build(recorded, platform)
    await box.run(rows)
    assert set(recorded.outcomes) == {2}
    await box.sweep([ALONE])
    await box.drain(1)
    assert {o.status for o in recorded.outcomes.values()} == {DONE}
    assert platform.times(1) == 1


async def test_effect_of_another_process_is_left_to_it(platform: Platform) -> None:
    class Lost(MemoryOutcomes):
        async def sending(self, row: EffectRow) -> bool:
            raise LeaseLost("lane/7")

    rows = [effect(REPOST, 1), effect(CARD, 2, chat_id=SUPERVISORS)]
    recorded = Lost(*rows)
    await build(recorded, platform).run(rows)
    assert platform.calls == []
    assert recorded.outcomes == {}
