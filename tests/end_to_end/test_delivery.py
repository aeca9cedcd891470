"""Every effect comes to an end, whatever fails in between; unknown outcomes are reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.cases.desk import CaseDesk
from bot.cases.merged_notices import MergedNotices
from bot.errors import DatabaseAway
from bot.outgoing import EffectStatus, Post, RichText
from bot.ports import Received
from bot.store.effects import NewEffect
from bot.workers import retry_policy
from rehearsal.limits import Limits
from tests.end_to_end.test_pictures import view
from tests.support.canary import NUMBER, SECRET
from tests.support.office import KEYWORD, Office
from tests.support.people import CHEN, OFFICE, SUPERVISORS, WANG, ZHANG, Shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEAK = f"请登记 {NUMBER}"
MARKED = f"机密★10年 {SECRET}"
NOT_REPEATED = "the platform did not answer; not repeated"
GOES_ON = "the platform has not confirmed it yet; I go on trying"
NOT_YET = "NOT YET REMOVED – as far as I know it is still in the group"


# --- between a deletion and what is said of it ------------------------------------------------


def stop_before_the_notices(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let the program hang once, after a deletion has left and before anything else is planned."""
    whole, reached = CaseDesk._follow, asyncio.Event()

    async def hang(self: CaseDesk, *args: Any) -> Any:
        if reached.is_set():
            return await whole(self, *args)
        reached.set()
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(CaseDesk, "_follow", hang)
    return reached


async def assert_whole(office: Office, number: int) -> None:
    """Nothing is missing of a case, and nothing of it is there twice."""
    await office.people.wait_for(ZHANG, lambda m: m["sender"]["kind"] == "bot")
    seen = await office.outcome(number)
    assert seen.message is None
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1
    assert "…" not in seen.supervisors[0]["text"]
    for secret in (SECRET, NUMBER):
        assert secret not in seen.texts


async def test_an_end_between_deletion_and_notices_loses_none_of_them(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = stop_before_the_notices(monkeypatch)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await asyncio.wait_for(reached.wait(), 5)
    await office.people.wait_gone(OFFICE, number)
    assert await office.said(OFFICE) == []
    await office.app.outbox.drain(1)
    monkeypatch.setattr("bot.app.GRACE", 0.1)
    await office.restart()
    await assert_whole(office, number)


async def test_case_of_a_split_text_is_finished_though_its_other_part_is_forgotten(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await office.people.post(ZHANG, OFFICE, f"请登记 {NUMBER[:9]}")
    await office.quiet()
    reached = stop_before_the_notices(monkeypatch)
    number = await office.people.photo(ZHANG, OFFICE, view(), f"{NUMBER[9:]} 谢谢")
    await asyncio.wait_for(reached.wait(), 5)
    await office.people.wait_gone(OFFICE, number)
    await office.app.outbox.drain(1)
    monkeypatch.setattr("bot.app.GRACE", 0.1)
    await office.restart()
    await office.people.wait_for(ZHANG, lambda m: m["sender"]["kind"] == "bot")
    seen = await office.outcome(number)
    assert seen.message is None
    assert await office.people.message(OFFICE, first) is None
    assert len(seen.group) == len(seen.sender) == 1
    assert NUMBER[9:] not in seen.texts
    [case] = [await office.app.store.cases.get(1)]
    assert case is not None
    assert case.removed_at is not None


async def test_a_changed_list_does_not_undo_a_recorded_removal(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = stop_before_the_notices(monkeypatch)
    number = await office.people.photo(ZHANG, OFFICE, view(), f"{KEYWORD} 的进度")
    await asyncio.wait_for(reached.wait(), 5)
    await office.people.wait_gone(OFFICE, number)
    await office.app.outbox.drain(1)
    monkeypatch.setattr("bot.app.GRACE", 0.1)
    groups = [g.model_copy(update={"keywords": ()}) for g in office.settings.groups]
    office.settings = office.settings.model_copy(update={"groups": tuple(groups)})
    await office.restart()
    await office.people.wait_for(ZHANG, lambda m: m["sender"]["kind"] == "bot")
    seen = await office.outcome(number)
    assert len(seen.group) == len(seen.sender) == 1
    assert KEYWORD not in seen.texts


# --- what is not known ------------------------------------------------------------------------


async def test_unanswered_deletion_is_reported_and_repeated(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_policy, "REPORT_AFTER", timedelta(seconds=0.5))
    monkeypatch.setattr("bot.workers.outbox.REMOVAL_PATIENCE", 0.3)
    monkeypatch.setattr(retry_policy, "LONGEST_PAUSE", 0.5)
    await office.people.fault("deleteMessage", times=6, status=503)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    card = await office.people.wait_for(SUPERVISORS, lambda m: office.t(NOT_YET) in m["text"])
    assert office.t(GOES_ON) in card["text"]
    goes_on = (
        "The platform has not confirmed my own removal of it yet; I go on trying. "
        "Its sender or an administrator can remove it at once."
    )
    alert = await office.people.wait_for(OFFICE, lambda m: office.t(goes_on) in m["text"])
    may_not = office.t("I may not delete messages here. Its sender or an administrator can.")
    assert may_not not in alert["text"]
    await office.people.wait_gone(OFFICE, number, 10)
    seen = await office.outcome(number)
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1
    assert seen.group[0]["buttons"], "the alert is gone, the notice is there"
    assert office.t(NOT_YET) not in seen.supervisors[0]["text"]
    assert office.t(GOES_ON) not in seen.supervisors[0]["text"]


async def test_unanswered_deletion_is_repeated_after_a_restart_and_reported_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_policy, "REPORT_AFTER", timedelta(seconds=0.2))
    monkeypatch.setattr("bot.workers.outbox.REMOVAL_PATIENCE", 0.3)
    monkeypatch.setattr(retry_policy, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr("bot.app.GRACE", 0.1)
    await office.people.fault("deleteMessage", times=6, status=503)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await office.people.wait_for(SUPERVISORS, lambda m: office.t(NOT_YET) in m["text"])
    await asyncio.sleep(0.3)
    await office.restart()
    await office.people.wait_gone(OFFICE, number, 10)
    seen = await office.outcome(number)
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1
    assert office.t(NOT_YET) not in seen.supervisors[0]["text"]


@pytest.mark.parametrize("chat", [OFFICE, ZHANG], ids=["the copy", "the note"])
async def test_a_case_without_a_card_gets_one_when_something_is_not_known(
    office: Office, chat: int
) -> None:
    await office.people.fault("sendMessage", chat_id=chat, status=502)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, LEAK))
    assert seen.message is None
    [card] = seen.supervisors
    assert office.t(NOT_REPEATED) in card["text"]
    assert card["buttons"]


async def test_a_card_that_cannot_be_brought_up_to_date_for_long_is_so_in_the_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_policy, "LONGEST_PAUSE", 0.2)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    await office.people.fault("editMessageText", times=8, status=502)
    await office.people.press(WANG, SUPERVISORS, seen.supervisors[0], label=office.t("Take"))
    await office.quiet()
    assert "王敏" in (await office.said(SUPERVISORS))[0]["text"]


async def test_post_with_an_unknown_outcome_is_reported_to_supervisors(
    office: Office,
) -> None:
    await office.people.fault("sendMessage", chat_id=OFFICE, status=502)
    speaker = office.app.designation._replies
    await speaker.send("test/group", Post(chat_id=OFFICE, text=RichText(text="大家好")))
    await office.quiet()
    [alert] = await office.said(SUPERVISORS)
    assert "大家好" in alert["text"]
    assert "综合科工作群" in alert["text"]


async def test_words_to_a_person_are_not_repeated_to_the_supervisors(office: Office) -> None:
    await office.people.fault("sendMessage", chat_id=ZHANG, status=502)
    speaker = office.app.designation._replies
    await speaker.send("test/person", Post(chat_id=ZHANG, text=RichText(text="青松项目")))
    await office.quiet()
    [alert] = await office.said(SUPERVISORS)
    assert "青松项目" not in alert["text"]


# --- floods ------------------------------------------------------------------------------------


async def flood(office: Office, count: int) -> None:
    """Post many leaks while both chats are held back, so that all notices wait together."""
    limits = office.app.outbox._attempts._turns._limits
    for chat in (OFFICE, ZHANG):
        await limits.pause(chat, 2.5)
    numbers = [await office.people.post(ZHANG, OFFICE, f"{LEAK} 第{n}次") for n in range(count)]
    for number in numbers:
        await office.people.wait_gone(OFFICE, number)


async def all_done(office: Office) -> None:
    """Wait until every effect has ended, those of an earlier run too."""
    async with asyncio.timeout(15):
        while await office.app.store.effects.unfinished():
            await asyncio.sleep(0.05)
    await office.quiet()


async def counted(office: Office, chat: int, count: int) -> list[int]:
    """Say how often a chat was told of each message of a flood."""
    told = "\n".join(m["text"] for m in await office.said(chat))
    return [told.count(f"第{n}次") for n in range(count)]


async def merged(office: Office, chat: int) -> list[Shown]:
    return [m for m in await office.said(chat) if "第2次" in m["text"] and "第3次" in m["text"]]


async def test_the_notices_of_a_flood_become_one(office: Office) -> None:
    await flood(office, 12)
    await office.quiet()
    for chat in (OFFICE, ZHANG):
        [digest] = await office.said(chat)
        assert await counted(office, chat, 12) == [1] * 12
        assert NUMBER not in digest["text"]
    rows = await office.app.store.effects.for_case(3)
    said = [row for row in rows if row.kind in ("repost", "warn")]
    assert [row.status for row in said] == [EffectStatus.DONE] * 2
    assert all(row.payload is None for row in said)
    assert await office.app.store.effects.unfinished() == []


async def test_each_message_of_a_flood_can_be_appealed_by_its_sender(office: Office) -> None:
    await flood(office, 8)
    await office.quiet()
    [notice] = await merged(office, OFFICE)
    label = next(
        button["text"] for row in notice["buttons"] for button in row if "3" in button["text"]
    )
    await office.people.press(CHEN, OFFICE, notice, label=label)
    refused = await office.people.wait_answer(CHEN)
    assert refused["text"] == office.t("Only the person who sent the message can say this.")
    await office.people.press(ZHANG, OFFICE, notice, label=label)
    await office.people.wait_answer(ZHANG)
    await office.quiet()
    [card] = await office.said(SUPERVISORS)
    assert office.t("✋ The sender says that this is a mistake.") in card["text"]
    line = next(row for row in notice["text"].splitlines() if row.startswith("3. "))
    case = line.split("第")[1].split("次")[0]
    assert f"第{case}次" in card["text"]


@pytest.mark.parametrize(
    "fault", [{"drop_reply": True}, {"status": 502, "after_acting": True}], ids=["lost", "502"]
)
async def test_a_merged_notice_whose_fate_is_not_known_is_not_repeated(
    office: Office, fault: dict[str, object]
) -> None:
    await flood(office, 6)
    await office.people.fault("sendMessage", chat_id=OFFICE, **fault)
    await office.quiet()
    assert len(await office.said(OFFICE)) == 1
    cards = [m for m in await office.said(SUPERVISORS) if office.t(NOT_REPEATED) in m["text"]]
    assert len(cards) == 6
    await office.restart()
    await office.quiet()
    assert len(await office.said(OFFICE)) == 1


async def test_restart_during_a_flood_sends_each_notice_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.GRACE", 0.1)
    await flood(office, 10)
    await office.restart()
    await all_done(office)
    assert await counted(office, OFFICE, 10) == [1] * 10


async def test_an_end_between_merging_and_sending_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.GRACE", 0.1)
    whole, reached = MergedNotices.merge, asyncio.Event()

    async def hang(self: Any, rows: Any) -> Any:
        answer = await whole(self, rows)
        reached.set()
        await asyncio.Event().wait()
        return answer

    monkeypatch.setattr(MergedNotices, "merge", hang)
    await flood(office, 6)
    await asyncio.wait_for(reached.wait(), 10)
    monkeypatch.setattr(MergedNotices, "merge", whole)
    await office.restart()
    await all_done(office)
    assert await counted(office, OFFICE, 6) == [1] * 6
    assert len(await merged(office, ZHANG)) == 1


@pytest.mark.parametrize("office", [{"limits": Limits()}], indirect=True)
async def test_deletions_of_a_flood_wait_for_no_notice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workers.send_limits.SPACING", 1.0)
    numbers = [await office.people.post(ZHANG, OFFICE, f"{LEAK} 第{n}次") for n in range(40)]
    for number in numbers:
        await office.people.wait_gone(OFFICE, number, 5)
    calls = await office.people.calls("sendMessage", OFFICE)
    assert [call for call in calls if not call["ok"]] == [], "the platform asked to wait"
    await office.quiet(60)
    assert await counted(office, OFFICE, 40) == [1] * 40


# --- the database is away -----------------------------------------------------------------------


async def test_effects_of_an_outage_are_done_without_a_restart(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away as soon as the message was removed, and comes back."""
    database = office.app.store.db
    whole, away = database.write, False

    @asynccontextmanager
    async def write() -> AsyncIterator[Any]:
        if away:
            raise DatabaseAway("test")
        async with whole() as tx:
            yield tx

    monkeypatch.setattr(database, "write", write)
    monkeypatch.setattr("bot.cases.outcomes.SETTLED", timedelta(seconds=0.2))
    await office.people.fault("deleteMessage", delay=0.4)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await asyncio.sleep(0.2)
    away = True
    await office.people.wait_gone(OFFICE, number)
    await asyncio.sleep(1)
    away = False
    await office.people.wait_for(ZHANG, lambda m: m["sender"]["kind"] == "bot", 10)
    await assert_whole(office, number)


async def test_what_nobody_performs_is_swept_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cases.outcomes.SETTLED", timedelta(0))
    post = Post(chat_id=OFFICE, text=RichText(text="大家好"))
    await _plan(office, post)
    await office.app._sweep()
    await office.quiet()
    assert [m["text"] for m in await office.said(OFFICE)] == ["大家好"]
    await office.app._sweep()
    await office.quiet()
    assert len(await office.said(OFFICE)) == 1


async def _plan(office: Office, post: Post) -> None:
    from bot.cases.payloads import Payload, dump
    from bot.outgoing import EffectKind

    effect = NewEffect(
        key="test/swept",
        kind=EffectKind.SAY,
        chat_id=post.chat_id,
        payload=dump(Payload(post=post)),
    )
    await office.app.store.effects.plan(None, [effect])


# --- what cannot be handled ---------------------------------------------------------------------


async def test_what_fails_five_times_is_a_case_that_supervisors_see(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the policy asks for nothing when something cannot be inspected."""
    judge = office.app.worker  # the worker's own pace is what takes long
    monkeypatch.setattr(judge, "_retry_seconds", 0.01)

    async def fail(subject: object) -> str:
        raise RuntimeError("test")

    dispatcher = judge._dead_letter.__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(dispatcher._pipeline, "process", fail)
    decide = dispatcher._judge.decide

    def nothing(*args: Any) -> Any:
        import dataclasses

        return dataclasses.replace(decide(*args), actions=frozenset())

    monkeypatch.setattr(dispatcher._judge, "decide", nothing)
    number = await office.people.post(ZHANG, OFFICE, "你好")
    card = await office.people.wait_for(SUPERVISORS, lambda m: bool(m["buttons"]))
    assert office.t("processing failed five times") in card["text"]
    assert await office.people.message(OFFICE, number) is not None
    await office.quiet()
    pseudonym = office.app.store.keys.pseudonym(ZHANG)
    assert pseudonym in (await office.said(SUPERVISORS))[0]["text"]


async def test_unreadable_update_is_reported(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.app.worker, "_retry_seconds", 0.01)
    await office.app.receive([Received(platform="telegram", update_id=77, payload=b"{broken")])
    alert = await office.people.wait_for(SUPERVISORS, lambda m: "77" in m["text"])
    title = office.t("⚠️ Something from the platform could not be handled")
    assert title in alert["text"]


# --- pictures that wait ---------------------------------------------------------------------------


async def test_picture_backlog_and_its_end_are_reported_once(office: Office) -> None:
    backlog = office.app.backlog
    age: timedelta | None = None

    async def oldest() -> datetime | None:
        return None if age is None else office.app.store.db.now() - age

    backlog._oldest = oldest

    async def told() -> list[str]:
        await backlog.check()
        await office.quiet()
        return [m["text"].splitlines()[0] for m in await office.said(SUPERVISORS)]

    begun = office.t("⏳ Pending inspection: pictures have to wait")
    over = office.t("✅ The pictures are inspected without delay again")
    assert await told() == []
    age = timedelta(minutes=4, seconds=55)
    assert await told() == []
    age = timedelta(minutes=5, seconds=5)
    assert await told() == [begun]
    age = timedelta(minutes=9)
    assert await told() == [begun]
    age = timedelta(minutes=3)
    assert await told() == [begun], "not over yet"
    await office.restart()
    backlog = office.app.backlog
    backlog._oldest = oldest
    age = timedelta(minutes=6)
    assert await told() == [begun], "the same episode"
    age = None
    assert await told() == [begun, over]
    assert await told() == [begun, over]
    age = timedelta(minutes=6)
    assert await told() == [begun, over, begun]


async def test_report_on_pictures_is_never_repeated(office: Office) -> None:
    async def oldest() -> datetime | None:
        return office.app.store.db.now() - timedelta(minutes=7)

    office.app.backlog._oldest = oldest
    await office.people.fault("sendMessage", chat_id=SUPERVISORS, drop_reply=True)
    await office.app.backlog.check()
    await office.quiet()
    first, second = (m["text"] for m in await office.said(SUPERVISORS))
    assert first.startswith(office.t("⏳ Pending inspection: pictures have to wait"))
    assert second.startswith("❔")


# --- figures ------------------------------------------------------------------------------------


async def figures(office: Office) -> dict[str, float]:
    """Return the figures of effects and exposure."""
    from bot.health.metrics import metrics

    text = (await metrics(office.app.health)).decode()
    rows = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {
        name: float(value)
        for name, value in rows
        if name.startswith(("shoukou_effects", "shoukou_exposure", "shoukou_cases"))
        and "_created" not in name
    }


async def test_figures_are_the_same_after_a_restart(office: Office) -> None:
    await office.people.fault("sendMessage", chat_id=OFFICE, drop_reply=True)
    await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    await office.outcome(await office.people.post(ZHANG, OFFICE, LEAK))
    before = await figures(office)
    assert before["shoukou_exposure_seconds_count"] == 2
    assert before['shoukou_exposure_seconds_bucket{le="5.0"}'] == 2
    assert 0 <= before["shoukou_exposure_seconds_sum"] < 10
    assert before['shoukou_effects{state="unknown"}'] == 1
    await office.restart()
    await office.quiet()
    assert await figures(office) == before
