from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.model import Category, NotInspected, Severity, Source
from bot.outgoing import CaseStatus
from bot.store.case_counts import CaseCounts
from bot.store.case_rows import CaseSummary
from bot.store.cases import Cases
from bot.store.database import Database
from bot.store.keys import Keys

from .conftest import HandClock
from .rows import CHAT, new_case, note

OPEN, TAKEN, RECORDED = CaseStatus.OPEN, CaseStatus.TAKEN, CaseStatus.RECORDED
CONFIRMED, FALSE_ALARM = CaseStatus.CONFIRMED, CaseStatus.FALSE_ALARM


@pytest.fixture
def cases(db: Database, keys: Keys) -> Cases:
    return Cases(db, keys.cipher)


async def test_case_is_stored_and_read_unchanged(cases: Cases, clock: HandClock) -> None:
    new = new_case(
        masked_text="请登记 ███", album_id="A", content_digests=("d1",), has_picture=True
    )
    case, created = await cases.open(None, new)
    assert created
    for name in new.__slots__:
        assert getattr(case, name) == getattr(new, name), name
    assert case.number == 1
    assert case.rule_ids == ("identity-cn/resident-id",)
    assert case.opened_at == clock.time
    assert await cases.get(case.id) == case
    assert await cases.by_number(1) == case
    assert await cases.of_album(CHAT, "A") == [case]
    assert await cases.of_message(CHAT, case.message_id) == [case]
    assert await cases.of_message(CHAT, 99) == []
    assert await cases.get(99) is None
    assert await cases.of_album(CHAT, "B") == []
    assert "███" not in repr(case) + repr(new)


async def test_opening_twice_for_one_update_gives_the_same_case(cases: Cases) -> None:
    first, _ = await cases.open(None, new_case(7))
    again, created = await cases.open(None, new_case(7, message_id=99))
    assert (again, created) == (first, False)
    other, created = await cases.open(None, new_case(8))
    assert (other.number, created) == (2, True)
    assert (await cases.open(None, new_case(None)))[0].number == 3
    assert (await cases.open(None, new_case(None)))[0].number == 4


async def test_one_of_twenty_concurrent_takers_wins(cases: Cases) -> None:
    case, _ = await cases.open(None, new_case())
    claims = await asyncio.gather(*(cases.take(None, case.id, 4000 + n) for n in range(20)))
    winners = [c.case.assignee_id for c in claims if c.won]
    assert len(winners) == 1
    losers = [(c.reason, c.case.assignee_id) for c in claims if not c.won]
    assert losers == [("taken", winners[0])] * 19


async def test_one_of_twenty_concurrent_decisions_wins(cases: Cases) -> None:
    case, _ = await cases.open(None, new_case())
    both = (CONFIRMED, FALSE_ALARM)
    claims = await asyncio.gather(
        *(cases.decide(None, case.id, 4000 + n, both[n % 2]) for n in range(20))
    )
    (winner,) = [c.case for c in claims if c.won]
    assert {(c.reason, c.case.decided_by) for c in claims if not c.won} == {
        ("decided", winner.decided_by)
    }


@pytest.mark.parametrize("before", [OPEN, RECORDED])
async def test_open_case_can_be_decided_without_taking_it(cases: Cases, before: CaseStatus) -> None:
    case, _ = await cases.open(None, new_case(status=before))
    claim = await cases.decide(None, case.id, 4001, FALSE_ALARM)
    assert claim.won
    assert (claim.case.status, claim.case.decision, claim.case.decided_by) == (
        FALSE_ALARM,
        FALSE_ALARM,
        4001,
    )


async def test_a_taken_case_is_decided_by_its_assignee_only(cases: Cases) -> None:
    case, _ = await cases.open(None, new_case())
    assert (await cases.take(None, case.id, 4001)).won
    assert (await cases.take(None, case.id, 4001)).won
    other = await cases.decide(None, case.id, 4002, CONFIRMED)
    assert (other.won, other.reason, other.case.assignee_id) == (False, "taken", 4001)
    assert (await cases.decide(None, case.id, 4001, CONFIRMED)).won
    late = await cases.take(None, case.id, 4002)
    assert (late.won, late.reason, late.case.decided_by) == (False, "decided", 4001)


async def test_recorded_case_waits_for_no_decision_until_it_is_promoted(
    cases: Cases, clock: HandClock
) -> None:
    case, _ = await cases.open(None, new_case(status=RECORDED))
    assert await cases.waiting() == []
    claim = await cases.take(None, case.id, 4001)
    assert (claim.won, claim.reason) == (False, None)
    due = clock.time + timedelta(days=1)
    assert await cases.promote(None, case.id, due_at=due)
    assert not await cases.promote(None, case.id)
    (waiting,) = await cases.waiting()
    assert (waiting.status, waiting.due_at) == (OPEN, due)


async def test_an_appeal_and_a_removal_count_once(cases: Cases, clock: HandClock) -> None:
    case, _ = await cases.open(None, new_case(message_sent_at=clock.time))
    assert case.removed_at is None
    assert await cases.appeal(None, case.id)
    assert not await cases.appeal(None, case.id)
    assert await cases.removed(None, case.id, clock.time + timedelta(seconds=0.4))
    assert not await cases.removed(None, case.id, clock.time + timedelta(seconds=9))
    after = await cases.get(case.id)
    assert after is not None
    assert after.removed_at == clock.time + timedelta(seconds=0.4)
    assert after.appealed_at == clock.time


async def test_an_albums_findings_are_merged_once_and_the_graver_leads(cases: Cases) -> None:
    case, _ = await cases.open(None, new_case(album_id="A", content_digests=("d1",)))
    mark = note(rule_id="cn-markings/secret", category=Category.MARKING, severity=Severity.HIGH)
    more = CaseSummary(findings=(mark,), not_inspected=("too-big",))
    for _ in range(2):
        merged = await cases.add_findings(None, case.id, more, content_digests=["d1", "d2"])
    assert merged.rule_ids == ("identity-cn/resident-id", "cn-markings/secret")
    assert merged.summary.not_inspected == ("ocr-failed", "too-big")
    assert (merged.severity, merged.category) == (Severity.HIGH, Category.MARKING)
    assert merged.content_digests == ("d1", "d2")
    assert await cases.get(case.id) == merged


async def test_masked_content_can_be_attached_later(cases: Cases) -> None:
    case, _ = await cases.open(None, new_case())
    assert (await cases.attach(None, case.id, masked_text="█")).masked_text == "█"
    after = await cases.attach(None, case.id, has_picture=True)
    assert (after.masked_text, after.has_picture) == ("█", True)


async def test_unknown_cases_are_an_error(cases: Cases) -> None:
    with pytest.raises(LookupError):
        await cases.take(None, 99, 4001)
    with pytest.raises(LookupError):
        await cases.add_findings(None, 99, CaseSummary(), content_digests=[])


async def test_cases_are_counted_by_category_and_by_sender(
    db: Database, cases: Cases, clock: HandClock
) -> None:
    await cases.open(None, new_case(1))
    clock.forward(days=8)
    await cases.open(None, new_case(2, status=RECORDED))
    wrong, _ = await cases.open(None, new_case(3, category=None))
    await cases.open(None, new_case(4, chat_id=-7, sender_id=5))
    await cases.decide(None, wrong.id, 4001, FALSE_ALARM)
    counts = CaseCounts(db)
    assert await counts.by_category(CHAT, clock.time - timedelta(days=7)) == {
        (Category.IDENTITY, RECORDED): 1,
        (None, FALSE_ALARM): 1,
    }
    assert await counts.of_sender(3001) == 2
    assert await counts.of_sender(1) == 0


def test_a_summary_names_what_could_not_be_inspected() -> None:
    summary = CaseSummary.of([], [NotInspected(reason="encrypted", source=Source.DOCUMENT)])
    assert summary.not_inspected == ("encrypted",)
    assert (summary.severity, summary.category) == (Severity.NONE, None)
    assert CaseSummary.from_json(summary.to_json()) == summary
