"""Coming into groups, leaving them, and what administrators can ask for."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.settings import GroupSettings
from bot.store.tables import groups
from tests.support.canary import NUMBER, SECRET
from tests.support.office import KEYWORD, Office
from tests.support.people import (
    BADMINTON,
    LI,
    NEW_GROUP,
    OFFICE,
    PROJECT,
    SUPERVISORS,
    WANG,
    ZHANG,
    ZHAO,
    Shown,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKED = f"机密★10年 {SECRET}"


async def added(office: Office, chat_id: int = NEW_GROUP) -> Shown:
    """Add the bot to a group that is not designated; return the supervisors' card."""
    await office.people.bot(ZHAO, chat_id, "add", can_delete_messages=True)
    await office.quiet()
    [card] = await office.said(SUPERVISORS)
    return card


async def press(office: Office, person: int, shown: Shown, label: str) -> str:
    before = len(office.people.answers(person))
    await office.people.press(person, SUPERVISORS, shown, label=office.t(label))
    answer = await office.people.wait_answer(person, after=before)
    await office.quiet()
    return str(answer["text"])


async def spoken(office: Office, chat_id: int) -> list[Shown]:
    """Return what the bot said, without the platform's own lines about it."""
    return [m for m in await office.said(chat_id) if m["service"] is None]


async def bot_in(office: Office, chat_id: int) -> str:
    return str((await office.people.chat(chat_id))["bot"]["status"])


async def answers(office: Office, person: int, chat_id: int, text: str) -> list[str]:
    """Post a command and return what the bot answers there."""
    before = len(await office.said(chat_id))
    await office.people.post(person, chat_id, text)
    await office.quiet()
    return [m["text"] for m in (await office.said(chat_id))[before:]]


# --- groups that are not designated -----------------------------------------------------------


async def test_nothing_is_read_in_a_group_that_nobody_approved(office: Office) -> None:
    card = await added(office)
    assert "新设工作组" in card["text"]
    assert len(await office.said(NEW_GROUP)) == 1
    number = await office.people.post(ZHANG, NEW_GROUP, MARKED)
    await office.quiet()
    assert await office.people.message(NEW_GROUP, number) is not None
    assert len(await office.said(NEW_GROUP)) == len(await office.said(SUPERVISORS)) == 1
    assert await office.said(ZHANG) == []


async def test_an_approved_group_is_introduced_once_and_protected(office: Office) -> None:
    card = await added(office)
    assert await press(office, WANG, card, "Approve") == office.t("Approved.")
    [decided] = await office.said(SUPERVISORS)
    assert "王敏" in decided["text"] and not decided["buttons"]
    _, hello = await office.said(NEW_GROUP)
    assert "守口" in hello["text"]
    number = await office.people.post(ZHANG, NEW_GROUP, MARKED)
    assert (await office.outcome(number, chat_id=NEW_GROUP)).message is None
    await office.restart()
    await office.quiet()
    assert len(await office.said(NEW_GROUP)) == 3
    number = await office.people.post(ZHANG, NEW_GROUP, MARKED)
    assert (await office.outcome(number, chat_id=NEW_GROUP)).message is None


async def test_approved_group_is_called_protected_only_with_complete_rights(
    office: Office,
) -> None:
    await office.people.bot(ZHAO, NEW_GROUP, "add", can_delete_messages=False)
    await office.quiet()
    [card] = await office.said(SUPERVISORS)
    await press(office, WANG, card, "Approve")
    decided = (await office.said(SUPERVISORS))[0]
    assert "王敏" in decided["text"] and "⏳" in decided["text"] and "✅" not in decided["text"]


async def test_a_refused_group_is_left_with_a_goodbye(office: Office) -> None:
    card = await added(office)
    assert await press(office, LI, card, "Refuse") == office.t("Refused.")
    assert await bot_in(office, NEW_GROUP) == "left"
    assert len(await spoken(office, NEW_GROUP)) == 2
    [decided] = await office.said(SUPERVISORS)
    assert "李强" in decided["text"]
    # It may be asked about once more when somebody adds it again.
    await office.people.bot(ZHAO, NEW_GROUP, "add", can_delete_messages=True)
    await office.quiet()
    assert len((await office.said(SUPERVISORS))[1:]) == 1


async def test_second_supervisor_learns_who_was_first(office: Office) -> None:
    card = await added(office)
    await asyncio.gather(
        office.people.press(WANG, SUPERVISORS, card, label=office.t("Approve")),
        office.people.press(LI, SUPERVISORS, card, label=office.t("Refuse")),
    )
    said = [(await office.people.wait_answer(who))["text"] for who in (WANG, LI)]
    await office.quiet()
    assert sum("王敏" in text or "李强" in text for text in said) == 1
    assert (await bot_in(office, NEW_GROUP) == "administrator") == (
        said[0] == office.t("Approved.")
    )


async def test_a_group_that_nobody_answers_for_is_left_after_a_day(office: Office) -> None:
    await added(office)
    await office.app.designation.leave_overdue()
    await office.quiet()
    assert await bot_in(office, NEW_GROUP) == "administrator"
    store = office.app.store
    async with store.db.write() as tx:  # as if a day had passed since
        waiting = store.db.now() - timedelta(hours=24, minutes=1)
        await tx.execute(
            update(groups).where(groups.c.chat_id == NEW_GROUP).values(pending_since=waiting)
        )
    await office.app.designation.leave_overdue()
    await office.quiet()
    assert await bot_in(office, NEW_GROUP) == "left"
    assert len(await spoken(office, NEW_GROUP)) == 2
    await office.app.designation.leave_overdue()
    await office.quiet()
    assert len(await spoken(office, NEW_GROUP)) == 2


async def test_a_group_it_was_in_before_it_ran_is_asked_about(office: Office) -> None:
    await office.stop()
    await office.people.bot(ZHAO, BADMINTON, "add", can_delete_messages=True)
    await office.people.post(ZHANG, BADMINTON, MARKED)
    await office.start()
    await office.quiet()
    [card] = await office.said(SUPERVISORS)
    assert "羽毛球群" in card["text"]


# --- commands ---------------------------------------------------------------------------------


async def test_start_help_and_id(office: Office) -> None:
    await office.people.start(5002)
    await office.quiet()
    assert len(await office.said(5002)) == 1
    assert "/status" in (await answers(office, ZHANG, ZHANG, "/help"))[0]
    assert str(ZHANG) in (await answers(office, ZHANG, ZHANG, "/id"))[0]
    [shown] = await answers(office, ZHANG, OFFICE, "/id")
    assert str(OFFICE) in shown and str(ZHANG) in shown
    [shown] = await answers(office, ZHANG, PROJECT, "/id")
    assert str(PROJECT) in shown


async def test_status_shows_missing_rights_and_the_week(office: Office) -> None:
    await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    [status] = await answers(office, ZHAO, OFFICE, "/status")
    assert "综合科工作群" in status and office.t("official marking") in status
    assert office.t("✅ The bot's rights are complete.") in status
    await office.people.bot(ZHAO, OFFICE, "rights", can_delete_messages=False)
    await office.quiet()
    [private] = await answers(office, ZHAO, ZHAO, "/status")
    assert "综合科工作群" in private and "项目协调群" in private
    assert office.t("⚠️ The bot cannot do all of its job:") in private
    assert "云杉" not in private


async def test_status_of_a_group_that_is_not_designated(office: Office) -> None:
    await added(office)
    [status] = await answers(office, ZHAO, NEW_GROUP, "/status")
    assert office.t("⏸ This group is not designated: nothing is read here.") in status


async def test_status_is_refused_to_a_member(office: Office) -> None:
    only = office.t("Only the group's administrators and supervisors can ask for this.")
    for chat in (OFFICE, ZHANG, PROJECT):
        assert await answers(office, ZHANG, chat, "/status") == [only]


async def test_a_supervisor_sees_every_group(office: Office) -> None:
    [shown] = await answers(office, WANG, WANG, "/status")
    assert "综合科工作群" in shown and "项目协调群" in shown


async def test_an_administrators_own_terms_work_at_once(office: Office) -> None:
    async def goes(text: str) -> bool:
        number = await office.people.post(ZHANG, OFFICE, text)
        return (await office.outcome(number)).message is None

    add = f"/keywords {OFFICE} add 银杏行动"
    assert not await goes("讨论银杏行动的安排")
    assert "银杏行动" not in (await answers(office, ZHAO, ZHAO, add))[0]
    assert await goes("讨论银杏行动的安排")
    [listed] = await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} list")
    assert "银杏行动" in listed and KEYWORD in listed
    await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} remove 银杏行动")
    assert not await goes("讨论银杏行动的安排")
    [which] = await answers(office, ZHAO, ZHAO, "/keywords")
    assert str(OFFICE) in which and str(PROJECT) in which


async def test_terms_stand_one_a_line_and_unknown_ones_are_reported(office: Office) -> None:
    add = f"/keywords {OFFICE} add 银杏 行动\n白鹭计划"
    await answers(office, ZHAO, ZHAO, add)
    [listed] = await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} list")
    assert "• 银杏 行动" in listed and "• 白鹭计划" in listed
    [refused] = await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} add 红枫计划\n的")
    assert refused.startswith("❌")
    [removed] = await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} remove 白鹭计划\n没有的词")
    assert removed.count("1") == 2 and "⚠️" in removed
    [listed] = await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} list")
    assert "白鹭" not in listed and "红枫" not in listed


async def test_status_in_the_supervisors_chat_explains_that_chat(office: Office) -> None:
    [status] = await answers(office, WANG, SUPERVISORS, "/status")
    assert office.t("A supervisor can approve it in the supervisors' chat.") not in status
    assert "监督群" in status


async def test_terms_hold_when_the_groups_name_becomes_known(office: Office) -> None:
    await answers(office, ZHAO, ZHAO, f"/keywords {OFFICE} add 银杏行动")
    await office.restart()
    number = await office.people.post(ZHANG, OFFICE, "讨论银杏行动的安排")
    assert (await office.outcome(number)).message is None


async def test_terms_are_not_taken_in_a_group_nor_from_members(office: Office) -> None:
    only = office.t("Only the group's administrators and supervisors can ask for this.")
    assert await answers(office, ZHANG, ZHANG, f"/keywords {OFFICE} add 银杏") == [only]
    [refused] = await answers(office, ZHAO, OFFICE, "/keywords add 银杏行动")
    assert "银杏" not in refused
    number = await office.people.post(ZHANG, OFFICE, "讨论银杏行动的安排")
    assert (await office.outcome(number)).message is not None


async def test_a_leak_in_a_command_is_a_leak(office: Office) -> None:
    number = await office.people.post(ZHANG, OFFICE, f"/help {NUMBER}")
    seen = await office.outcome(number)
    assert seen.message is None and len(seen.group) == 1


# --- migration --------------------------------------------------------------------------------


async def test_a_group_that_becomes_a_supergroup_stays_protected(office: Office) -> None:
    people = office.people
    old = await people.group(ZHAO, "临时小组", type="group")
    card = await added(office, old)
    await press(office, WANG, card, "Approve")
    await answers(office, ZHAO, ZHAO, f"/keywords {old} add 银杏行动")
    await office.outcome(await people.post(ZHANG, old, MARKED), chat_id=old)
    await office.remember()
    new = await people.migrate(old)
    number = await people.post(ZHANG, new, "讨论银杏行动的安排")
    seen = await office.outcome(number, chat_id=new)
    assert seen.message is None
    assert len(seen.group) == 1 and seen.supervisors == []  # neither introduced nor asked again
    [status] = await answers(office, ZHAO, new, "/status")
    assert office.t("official marking") in status and office.t("protected term") in status


async def test_a_configured_group_keeps_its_terms_over_migration_and_restart(
    office: Office,
) -> None:
    people = office.people
    old = await people.group(ZHAO, "临时小组", type="group")
    own = GroupSettings(id=old, keywords=("银杏行动",))
    configured = {"groups": (*office.settings.groups, own)}
    office.settings = office.settings.model_copy(update=configured)
    await people.bot(ZHAO, old, "add", can_delete_messages=True)
    await office.restart()
    await office.quiet()
    new = await people.migrate(old)
    await office.quiet()
    for _ in range(2):
        number = await people.post(ZHANG, new, "讨论银杏行动的安排")
        assert (await office.outcome(number, chat_id=new)).message is None
        await office.restart()
        await office.quiet()
    [status] = await answers(office, WANG, WANG, "/status")
    assert "临时小组" in status


async def test_a_message_to_a_group_that_has_just_migrated_is_sent_to_its_new_id(
    office: Office,
) -> None:
    people = office.people
    old = await people.group(ZHAO, "临时小组", type="group")
    card = await added(office, old)
    await press(office, WANG, card, "Approve")
    await office.remember()
    await people.fault("sendMessage", chat_id=old, retry_after=1)
    await people.post(ZHANG, old, MARKED)
    with contextlib.suppress(AssertionError):
        await people.wait_for(old, lambda m: False, 0.4)
    new = await people.migrate(old)
    await office.quiet()
    assert len(await office.said(new)) == 1


# --- the supervisors' own chat ------------------------------------------------------------------


async def configure(office: Office, chat_id: int | None) -> None:
    supervision = office.settings.supervision.model_copy(update={"chat": chat_id})
    office.settings = office.settings.model_copy(update={"supervision": supervision})
    await office.restart()
    await office.quiet()


async def a_day_passes(office: Office, chat_id: int) -> None:
    store = office.app.store
    async with store.db.write() as tx:
        waiting = store.db.now() - timedelta(hours=24, minutes=1)
        await tx.execute(
            update(groups).where(groups.c.chat_id == chat_id).values(pending_since=waiting)
        )
    await office.app.designation.leave_overdue()
    await office.quiet()


async def test_supervisors_chat_that_had_the_bot_before_it_was_configured_is_not_left(
    office: Office,
) -> None:
    await configure(office, None)
    await office.people.bot(ZHAO, NEW_GROUP, "add", can_delete_messages=True)
    await office.quiet()
    [waiting] = await spoken(office, NEW_GROUP)
    assert "/id" in waiting["text"] and "24" not in waiting["text"]
    await a_day_passes(office, NEW_GROUP)
    assert await bot_in(office, NEW_GROUP) == "administrator"
    await configure(office, NEW_GROUP)
    await a_day_passes(office, NEW_GROUP)
    assert await bot_in(office, NEW_GROUP) == "administrator"
    await office.remember()
    await office.people.post(ZHANG, OFFICE, MARKED)
    await office.quiet()
    [card] = await office.said(NEW_GROUP)
    assert "综合科工作群" in card["text"]


async def test_supervisors_chat_that_becomes_a_supergroup_goes_on(office: Office) -> None:
    people = office.people
    old = await people.group(WANG, "监督小组", type="group")
    await people.bot(WANG, old, "add", can_delete_messages=True)
    await office.quiet()
    await configure(office, old)
    await office.remember()
    new = await people.migrate(old)
    await office.quiet()
    for _ in range(2):  # and after a restart, with the old number in the settings
        await people.post(WANG, new, "大家好")
        await office.quiet()
        await a_day_passes(office, new)
        assert await bot_in(office, new) != "left"
        assert await office.said(new) == []
        await people.post(ZHANG, OFFICE, MARKED)
        await office.quiet()
        [card] = await office.said(new)
        assert "综合科工作群" in card["text"]
        await office.remember()
        await office.restart()
        await office.quiet()
