"""Decisions of supervisors and appeals of senders; nobody else may press."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.canary import NUMBER, SECRET
from tests.support.office import CONFIG, Office, marked
from tests.support.people import (
    CHEN,
    LI,
    LIU,
    NEW_GROUP,
    OFFICE,
    SUPERVISORS,
    WANG,
    ZHANG,
    ZHAO,
    Shown,
)
from tests.support.pictures import encode, id_table, official_page, resident_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKED = f"机密★10年 {SECRET}"
LEAK = f"请登记 {NUMBER}"


async def leak(office: Office, text: str = MARKED, person: int = ZHANG) -> tuple[Shown, Shown]:
    """Post a leaking text; return the notice in the group and the card."""
    await office.people.post(person, OFFICE, text)
    await office.quiet()
    return (await office.said(OFFICE))[-1], (await office.said(SUPERVISORS))[-1]


async def press(office: Office, person: int, chat: int, shown: Shown, label: str) -> str:
    """Press a button; return the answer that the person gets to read."""
    before = len(office.people.answers(person))
    await office.people.press(person, chat, shown, label=office.t(label))
    answer = await office.people.wait_answer(person, after=before)
    await office.quiet()
    return str(answer["text"])


async def card_of(office: Office) -> Shown:
    return (await office.said(SUPERVISORS))[-1]


def labels(shown: Shown) -> list[str]:
    return [b["text"] for row in shown["buttons"] for b in row]


async def test_why_is_answered_to_anybody(office: Office) -> None:
    notice, _ = await leak(office)
    for person in (ZHANG, LIU):
        answer = await press(office, person, OFFICE, notice, "Why?")
        assert answer and SECRET not in answer and len(answer) <= 200
    assert len(await office.said(OFFICE)) == 1


async def test_an_appeal_goes_to_the_supervisors(office: Office) -> None:
    notice, card = await leak(office)
    says_mistake = office.t("✋ The sender says that this is a mistake.")
    assert says_mistake not in card["text"]
    refused = await press(office, LIU, OFFICE, notice, "This is a mistake")
    assert refused == office.t("Only the person who sent the message can say this.")
    assert says_mistake not in (await card_of(office))["text"]
    first = await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    assert says_mistake in (await card_of(office))["text"]
    second = await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    assert first != second and first and second
    assert len(await office.said(SUPERVISORS)) == 1


async def test_an_appeal_brings_a_recorded_case_to_the_supervisors(office: Office) -> None:
    await office.people.post(ZHANG, OFFICE, LEAK)
    await office.quiet()
    assert await office.said(SUPERVISORS) == []
    [notice] = await office.said(OFFICE)
    await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    [card] = await office.said(SUPERVISORS)
    assert office.t("✋ The sender says that this is a mistake.") in card["text"]
    assert labels(card) == [office.t(x) for x in ("Take", "Confirm", "False alarm", "More")]
    assert NUMBER not in card["text"] and "█" * 18 in card["text"]
    assert await press(office, WANG, SUPERVISORS, card, "Take") == office.t("The case is yours.")


async def test_take_then_confirm(office: Office) -> None:
    _, card = await leak(office)
    assert await press(office, WANG, SUPERVISORS, card, "Take")
    card = await card_of(office)
    assert "王敏" in card["text"] and office.t("Take") not in labels(card)
    refused = await press(office, LI, SUPERVISORS, card, "Confirm")
    assert "王敏" in refused
    assert office.t("Confirm") in labels(await card_of(office))
    assert await press(office, WANG, SUPERVISORS, card, "Confirm") == office.t("Confirmed.")
    card = await card_of(office)
    assert labels(card) == [office.t("More")]
    assert len(await office.said(SUPERVISORS)) == 1


@pytest.mark.parametrize("label", ["Take", "Confirm", "False alarm"])
async def test_second_of_two_presses_learns_who_was_first(office: Office, label: str) -> None:
    _, card = await leak(office)
    await asyncio.gather(
        *(office.people.press(who, SUPERVISORS, card, label=office.t(label)) for who in (WANG, LI))
    )
    answers = {who: (await office.people.wait_answer(who))["text"] for who in (WANG, LI)}
    await office.quiet()
    told = [who for who, answer in answers.items() if "王敏" in answer or "李强" in answer]
    assert len(told) == 1, "exactly one was second"
    first = "李强" if told == [WANG] else "王敏"
    assert first in answers[told[0]]
    assert first in (await card_of(office))["text"]


@pytest.mark.parametrize("label", ["Take", "Confirm", "False alarm"])
async def test_the_same_button_twice(office: Office, label: str) -> None:
    _, card = await leak(office)
    for _ in range(2):
        await office.people.press(WANG, SUPERVISORS, card, label=office.t(label))
    answers = [(await office.people.wait_answer(WANG, after=n))["text"] for n in (0, 1)]
    await office.quiet()
    assert "王敏" not in answers[1], "nobody else was first"
    assert len(await office.said(SUPERVISORS)) == 1
    assert len(await office.said(ZHANG)) == (2 if label == "False alarm" else 1)


async def test_a_false_alarm_lets_the_sender_post_that_text_again(office: Office) -> None:
    _, card = await leak(office)
    await press(office, LI, SUPERVISORS, card, "False alarm")
    _, told = await office.said(ZHANG)
    assert "综合科工作群" in told["text"]
    assert len(await office.said(OFFICE)) == 1  # told privately, not before everybody
    assert "李强" in (await card_of(office))["text"]
    again = await office.people.post(ZHANG, OFFICE, MARKED)
    assert (await office.outcome(again)).message is not None
    for who, text in ((CHEN, MARKED), (ZHANG, MARKED + "，请转发")):
        other = await office.people.post(who, OFFICE, text)
        assert (await office.outcome(other)).message is None


async def test_false_alarm_is_announced_in_the_group_where_no_private_note_is_possible(
    office: Office,
) -> None:
    _, card = await leak(office, person=CHEN)
    await press(office, WANG, SUPERVISORS, card, "False alarm")
    _, told = await office.said(OFFICE)
    assert marked(told, "bold") == ["陈洁"]
    again = await office.people.post(CHEN, OFFICE, MARKED)
    assert (await office.outcome(again, sender=CHEN)).message is not None


async def test_false_alarm_is_announced_in_the_group_for_a_sender_who_blocked_the_bot(
    office: Office,
) -> None:
    _, card = await leak(office)
    await office.people.fault(
        "sendMessage",
        chat_id=ZHANG,
        error_code=403,
        description=("Forbidden: bot was blocked by the user"),
    )
    await press(office, WANG, SUPERVISORS, card, "False alarm")
    _, told = await office.said(OFFICE)
    assert marked(told, "bold") == ["张晓华"]
    assert not told["buttons"]


async def test_a_false_alarm_lets_the_sender_post_that_picture_again(office: Office) -> None:
    page = encode(official_page(), "JPEG", quality=90)
    first = await office.people.photo(ZHANG, OFFICE, page)
    seen = await office.outcome(first)
    assert seen.message is None
    [card] = seen.supervisors
    assert card["media"] is None  # the mark says that all of the page is secret
    await press(office, WANG, SUPERVISORS, card, "False alarm")
    again = await office.people.photo(ZHANG, OFFICE, page)
    assert (await office.outcome(again)).message is not None
    other = await office.people.photo(CHEN, OFFICE, page)
    assert (await office.outcome(other)).message is None


async def test_confirmation_after_an_appeal_notifies_the_sender(office: Office) -> None:
    notice, card = await leak(office)
    await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    await press(office, WANG, SUPERVISORS, card, "Confirm")
    _, told = await office.said(ZHANG)
    assert "综合科工作群" in told["text"]
    late = await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    assert late == office.t("A supervisor has decided this case already.")


async def test_confirming_without_an_appeal_bothers_nobody(office: Office) -> None:
    _, card = await leak(office)
    await press(office, WANG, SUPERVISORS, card, "Confirm")
    assert len(await office.said(ZHANG)) == 1


async def test_more_and_less(office: Office) -> None:
    _, card = await leak(office)
    await press(office, WANG, SUPERVISORS, card, "More")
    detailed = await card_of(office)
    assert detailed["id"] == card["id"] and "cn-markings/" in detailed["text"]
    assert SECRET not in detailed["text"]
    await press(office, LI, SUPERVISORS, detailed, "Less")
    assert (await card_of(office))["text"] == card["text"]


async def test_the_card_of_a_span_finding_shows_the_masked_text(office: Office) -> None:
    numbers = [resident_id(random.Random(n)) for n in (1, 2, 3)]
    _, card = await leak(office, "人员：" + "，".join(numbers) + "，本周到岗")
    assert not any(number in card["text"] for number in numbers)
    assert "本周到岗" in card["text"] and "█" * 18 in card["text"]


async def test_the_card_of_a_span_finding_shows_the_masked_picture(office: Office) -> None:
    table, _ = id_table(random.Random(5))
    await office.people.photo(ZHANG, OFFICE, encode(table, "JPEG", quality=92))
    await office.quiet()
    card = await card_of(office)
    assert card["media"]["kind"] == "photo"
    await press(office, WANG, SUPERVISORS, card, "Take")
    assert "王敏" in (await card_of(office))["text"]
    await press(office, WANG, SUPERVISORS, card, "Confirm")
    card = await card_of(office)
    assert card["media"]["kind"] == "photo" and labels(card) == [office.t("More")]


async def test_the_supervisors_never_read_the_senders_name(office: Office) -> None:
    notice, card = await leak(office)
    await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    await press(office, WANG, SUPERVISORS, card, "More")
    await press(office, WANG, SUPERVISORS, card, "False alarm")
    await leak(office, LEAK + " 绝密★长期")
    for shown in await office.said(SUPERVISORS):
        assert "张晓华" not in shown["text"] and str(ZHANG) not in shown["text"]


async def test_the_same_sender_has_the_same_pseudonym(office: Office) -> None:
    _, first = await leak(office)
    _, second = await leak(office, MARKED + "二")
    _, other = await leak(office, MARKED, person=CHEN)
    names = [marked(card, "code")[0] for card in (first, second, other)]
    assert names[0] == names[1] != names[2]


async def test_card_shows_that_the_sender_could_not_be_notified(office: Office) -> None:
    notice, card = await leak(office, person=CHEN)
    assert marked(notice, "bold") == ["陈洁"]
    assert office.t("this person has not opened a chat with the bot") in card["text"]
    await office.people.start(CHEN)
    await office.quiet()
    _, card = await leak(office, person=CHEN)
    assert office.t("this person has not opened a chat with the bot") not in card["text"]
    assert len(await office.said(CHEN)) == 2  # the welcome, and the explanation


MEMBERS_AMONG = CONFIG.replace(str(SUPERVISORS), str(NEW_GROUP))


@pytest.mark.parametrize("office", [{"config": MEMBERS_AMONG}], indirect=True)
async def test_a_member_cannot_press_a_supervisors_button(office: Office) -> None:
    await office.people.bot(ZHAO, NEW_GROUP, "add", can_delete_messages=True)
    await office.quiet()
    assert await office.said(NEW_GROUP) == []  # the supervisors' own chat asks for no approval
    await office.people.post(ZHANG, OFFICE, MARKED)
    await office.quiet()
    [card] = await office.said(NEW_GROUP)
    for label in ("Take", "Confirm", "False alarm", "More"):
        answer = await press(office, ZHANG, NEW_GROUP, card, label)
        assert answer == office.t("Only supervisors can do this.")
    assert (await office.said(NEW_GROUP)) == [card]


async def test_a_private_check_is_not_a_case(office: Office) -> None:
    await office.people.post(ZHANG, ZHANG, MARKED)
    await office.quiet()
    assert len(await office.said(ZHANG)) == 1
    assert SECRET not in (await office.said(ZHANG))[0]["text"]
    assert await office.said(SUPERVISORS) == await office.said(OFFICE) == []


async def test_who_blocks_the_bot_is_not_written_to(office: Office) -> None:
    await office.people.bot(ZHANG, ZHANG, "remove")
    _, card = await leak(office)
    assert office.t("this person has not opened a chat with the bot") in card["text"]
    await press(office, WANG, SUPERVISORS, card, "False alarm")
    assert len(await office.said(OFFICE)) == 2
    assert await office.said(ZHANG) == []
    await office.people.start(ZHANG)
    await office.quiet()
    await leak(office, MARKED + "二")
    assert len(await office.said(ZHANG)) == 2  # the welcome, and the explanation


async def test_administrators_speak_for_who_posts_anonymously(office: Office) -> None:
    await office.people.post(ZHAO, OFFICE, MARKED, as_="anonymous")
    await office.quiet()
    [notice], [card] = await office.said(OFFICE), await office.said(SUPERVISORS)
    refused = await press(office, ZHANG, OFFICE, notice, "This is a mistake")
    assert refused == office.t("Only an administrator of this group can say this.")
    await press(office, ZHAO, OFFICE, notice, "This is a mistake")
    await press(office, WANG, SUPERVISORS, card, "False alarm")
    assert len(await office.said(OFFICE)) == 2  # nobody else can be told
    again = await office.people.post(ZHAO, OFFICE, MARKED, as_="anonymous")
    assert (await office.outcome(again, sender=ZHAO)).message is not None
    own = await office.people.post(ZHAO, OFFICE, MARKED)
    assert (await office.outcome(own, sender=ZHAO)).message is None


async def test_a_decision_is_kept_over_a_restart(office: Office) -> None:
    _, card = await leak(office)
    await press(office, WANG, SUPERVISORS, card, "Take")
    await office.restart()
    assert "王敏" in await press(office, LI, SUPERVISORS, await card_of(office), "Confirm")
    await press(office, WANG, SUPERVISORS, await card_of(office), "False alarm")
    await office.restart()
    again = await office.people.post(ZHANG, OFFICE, MARKED)
    assert (await office.outcome(again)).message is not None
