"""The bot without its rights: who is told, and how often."""

from __future__ import annotations

import pytest

from tests.support.canary import NUMBER, SECRET
from tests.support.office import Office
from tests.support.people import (
    CHEN,
    OFFICE,
    PROJECT,
    SUPERVISORS,
    WANG,
    ZHANG,
    ZHAO,
)
from tests.support.pictures import encode, note

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKED = f"机密★10年 {SECRET}"


async def without_delete_right(office: Office, chat_id: int = OFFICE) -> None:
    await office.people.bot(ZHAO, chat_id, "rights", can_delete_messages=False)
    await office.quiet()
    await office.remember()


async def test_failed_removal_is_reported_at_once(office: Office) -> None:
    await without_delete_right(office)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    seen = await office.outcome(number)
    assert seen.message is not None
    [alert] = seen.group  # no masked copy, and one alert that answers the message
    assert alert["reply_to"]["id"] == number
    assert not alert["buttons"]
    [card] = seen.supervisors
    assert office.t("NOT REMOVED – still in the group") in card["text"]
    [administrator] = await office.said(ZHAO)
    assert "综合科工作群" in administrator["text"]
    [note_] = seen.sender
    assert office.t("About your message in “{group}”:", group="综合科工作群") in note_["text"]
    assert SECRET not in seen.texts + administrator["text"]


async def test_medium_findings_get_a_card_when_they_stay(office: Office) -> None:
    await without_delete_right(office)
    number = await office.people.post(CHEN, OFFICE, f"请登记 {NUMBER}")
    seen = await office.outcome(number, sender=CHEN)
    [card] = seen.supervisors
    assert office.t("NOT REMOVED – still in the group") in card["text"]
    assert len([b for row in card["buttons"] for b in row]) == 4
    assert NUMBER not in seen.texts
    assert not seen.sender
    assert await office.said(ZHAO)


async def test_no_masked_copy_of_a_picture_that_stays(office: Office) -> None:
    await without_delete_right(office)
    picture = encode(note("会议下午三点", "地点二楼"), "JPEG")
    number = await office.people.photo(ZHANG, OFFICE, picture, f"请登记 {NUMBER}")
    seen = await office.outcome(number)
    assert seen.message is not None
    assert [m["media"] for m in seen.group] == [None]
    assert len(seen.supervisors) == 1
    assert len(seen.sender) == 1
    await office.people.press(WANG, SUPERVISORS, seen.supervisors[0], label=office.t("More"))
    await office.quiet()
    [card] = await office.said(SUPERVISORS)
    assert office.t("Details") in card["text"]


async def test_lost_and_regained_rights_are_reported_once(office: Office) -> None:
    people = office.people
    await people.bot(ZHAO, OFFICE, "rights", can_delete_messages=False)
    await office.quiet()
    assert len(await office.said(OFFICE)) == len(await office.said(SUPERVISORS)) == 1
    await people.bot(ZHAO, OFFICE, "rights", can_restrict_members=False)  # it needs not this one
    await office.quiet()
    await people.post(ZHANG, OFFICE, "早上好")
    await office.restart()
    await office.quiet()
    assert len(await office.said(OFFICE)) == len(await office.said(SUPERVISORS)) == 1
    await people.bot(ZHAO, OFFICE, "demote")
    await office.quiet()
    told = len(await office.said(OFFICE))
    assert told <= 2  # it may see less of the group now
    await people.bot(ZHAO, OFFICE, "promote")
    await office.quiet()
    group, supervisors = await office.said(OFFICE), await office.said(SUPERVISORS)
    assert len(group) == len(supervisors) == told + 1
    assert (
        office.t("✅ Thank you. All rights are there; this group is protected.")
        in (group[-1]["text"])
    )
    number = await people.post(ZHANG, OFFICE, MARKED)
    assert (await office.outcome(number)).message is None


async def test_group_that_the_bot_cannot_see_is_reported(office: Office) -> None:
    await without_delete_right(office)
    await office.people.privacy(True)
    await office.restart()
    await office.people.bot(ZHAO, OFFICE, "demote")
    await office.quiet()
    assert len(await office.said(OFFICE)) == 1
    assert len(await office.said(SUPERVISORS)) == 1


async def test_removed_and_added_again(office: Office) -> None:
    people = office.people
    await people.bot(ZHAO, OFFICE, "remove")
    await office.quiet()
    [told] = await office.said(SUPERVISORS)
    assert "综合科工作群" in told["text"]
    assert await office.said(OFFICE) == []
    await people.bot(ZHAO, OFFICE, "add", can_delete_messages=True, can_restrict_members=True)
    await office.quiet()
    [hello] = await office.said(OFFICE)
    assert "守口" in hello["text"]
    assert len(await office.said(SUPERVISORS)) == 2
    number = await people.post(ZHANG, OFFICE, MARKED)
    assert (await office.outcome(number)).message is None


async def test_the_introduction_comes_once_over_restarts(office: Office) -> None:
    for _ in range(2):
        await office.restart()
        await office.quiet()
    for chat in (OFFICE, PROJECT, SUPERVISORS):
        assert await office.said(chat) == []
    shown = await office.people.messages(OFFICE)
    assert len([m for m in shown if m["sender"]["kind"] == "bot"]) == 1


async def test_what_had_to_stand_is_removed_when_the_right_is_back(office: Office) -> None:
    await without_delete_right(office)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await office.outcome(number)
    await office.people.bot(ZHAO, OFFICE, "rights", can_delete_messages=True)
    await office.quiet()
    assert await office.people.message(OFFICE, number) is None
    cards = await office.said(SUPERVISORS)
    [card] = [c for c in cards if c["buttons"]]
    assert office.t("NOT REMOVED – still in the group") not in card["text"]
    assert office.t("{seconds} s, then removed", seconds="").strip() in card["text"]
