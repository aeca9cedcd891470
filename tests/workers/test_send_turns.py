"""A flood's notices leave as one message."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import OutcomeUnknown, RetryAfter
from bot.outgoing import EffectKind, EffectStatus
from bot.workers import send_limits as limits_module
from bot.workers import send_turns as turns_module
from bot.workers.outbox import Outbox
from bot.workers.send_limits import SendingLimits
from tests.workers.doubles import OTHER, SUPERVISORS, MemoryOutcomes, Platform, effect

REPOST, WARN, CARD = EffectKind.REPOST, EffectKind.WARN, EffectKind.ESCALATE
DONE, UNKNOWN = EffectStatus.DONE, EffectStatus.UNKNOWN


@pytest.fixture(autouse=True)
def quick_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "SPACING", 0.02)


async def flood(platform: Platform, *rows: object) -> MemoryOutcomes:
    """Perform effects that all begin at the same moment, each of a case of its own."""
    recorded = MemoryOutcomes(*rows)  # type: ignore[arg-type]
    box = Outbox(recorded, dict.fromkeys(EffectKind, platform.perform), SendingLimits())
    for row in rows:
        box.start([row])  # type: ignore[list-item]
    await box.drain(5)
    return recorded


async def test_many_waiting_notices_are_sent_as_one() -> None:
    platform = Platform()
    recorded = await flood(platform, *(effect(REPOST, n, case_id=n) for n in range(1, 21)))
    assert [row for row, _ in platform.calls] == [1, 2, 3, 104]
    assert recorded.merged == [list(range(4, 21))]
    assert set(recorded.outcomes) == {1, 2, 3, 104}  # the store ends what 104 carries with it


async def test_few_waiting_notices_are_sent_apart() -> None:
    platform = Platform()
    recorded = await flood(platform, *(effect(REPOST, n, case_id=n) for n in range(1, 8)))
    assert [row for row, _ in platform.calls] == [1, 2, 3, 4, 5, 6, 7]
    assert recorded.merged == []


async def test_a_few_that_had_to_wait_long_leave_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns_module, "LONG", 0.01)
    platform = Platform()
    recorded = await flood(platform, *(effect(REPOST, n, case_id=n) for n in range(1, 6)))
    assert [row for row, _ in platform.calls] == [1, 2, 3, 104]
    assert recorded.merged == [[4, 5]]


async def test_chats_and_kinds_are_not_mixed() -> None:
    platform = Platform()
    copies = [effect(REPOST, n, case_id=n) for n in range(1, 9)]
    elsewhere = [effect(REPOST, n, case_id=n, chat_id=OTHER) for n in range(11, 19)]
    notes = [effect(WARN, n, case_id=n, chat_id=5001) for n in range(21, 29)]
    recorded = await flood(platform, *copies, *elsewhere, *notes)
    assert sorted(recorded.merged) == [[4, 5, 6, 7, 8], [14, 15, 16, 17, 18], [24, 25, 26, 27, 28]]


async def test_each_case_keeps_its_own_card() -> None:
    platform = Platform()
    cards = [effect(CARD, n, case_id=n, chat_id=SUPERVISORS) for n in range(1, 9)]
    recorded = await flood(platform, *cards)
    assert recorded.merged == []
    assert len(platform.calls) == 8


async def test_notice_of_unknown_outcome_is_not_repeated() -> None:
    platform = Platform()
    platform.will(104, OutcomeUnknown("x"))
    recorded = await flood(platform, *(effect(REPOST, n, case_id=n) for n in range(1, 10)))
    assert platform.times(104) == 1
    assert recorded.outcomes[104].status is UNKNOWN


async def test_notices_refused_for_now_are_sent_later_as_one() -> None:
    platform = Platform()
    platform.will(104, RetryAfter(0.05))
    recorded = await flood(platform, *(effect(REPOST, n, case_id=n) for n in range(1, 10)))
    assert platform.times(104) == 2
    assert recorded.outcomes[104].status is DONE


async def test_database_outage_during_a_merge_loses_no_notice() -> None:
    platform = Platform()

    class Away(MemoryOutcomes):
        async def merge(self, rows):  # type: ignore[no-untyped-def]
            if not self.merged and not self.delays:
                self.away = 1
            return await super().merge(rows)

    rows = [effect(REPOST, n, case_id=n) for n in range(1, 10)]
    recorded = Away(*rows)
    box = Outbox(recorded, dict.fromkeys(EffectKind, platform.perform), SendingLimits())
    for row in rows:
        box.start([row])
    await box.drain(5)
    carried = {n for merged in recorded.merged for n in merged}
    assert carried | set(recorded.outcomes) >= set(range(1, 10))
    assert len(platform.calls) == len({row for row, _ in platform.calls})


async def test_paused_chat_delays_no_other() -> None:
    platform = Platform()
    platform.will(1, RetryAfter(60))
    rows = [effect(REPOST, 1, case_id=1), effect(REPOST, 2, case_id=2)]
    others = [effect(REPOST, n, case_id=n, chat_id=-n) for n in range(2001, 2021)]
    recorded = MemoryOutcomes(*rows, *others)
    box = Outbox(recorded, dict.fromkeys(EffectKind, platform.perform), SendingLimits())
    box.start([rows[0]])
    await asyncio.sleep(0.02)
    for row in (rows[1], *others):
        box.start([row])
    async with asyncio.timeout(2):
        while len(recorded.outcomes) < 20:
            await asyncio.sleep(0.01)
    assert set(recorded.outcomes) == set(range(2001, 2021))
    await box.drain(0)
    assert platform.times(1) == 1
