"""The platform fails: what people see of it."""

from __future__ import annotations

import time

import pytest
from aiohttp import ClientSession

from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.canary import NUMBER, SECRET
from tests.support.office import Office
from tests.support.people import OFFICE, PROJECT, SUPERVISORS, WANG, ZHANG, ZHAO

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEAK = f"请登记 {NUMBER}"
MARKED = f"机密★10年 {SECRET}"


async def moments(office: Office, method: str, chat_id: int) -> list[float]:
    """Return when the platform did what it was asked."""
    return [c["at"] for c in await office.people.calls(method, chat_id) if c["ok"]]


async def test_copy_waits_for_retry_after_and_is_sent_once(office: Office) -> None:
    people = office.people
    await people.fault("sendMessage", chat_id=OFFICE, retry_after=3)
    began = time.monotonic()
    first = await people.post(ZHANG, OFFICE, LEAK)
    other = await people.post(ZHANG, PROJECT, LEAK)
    await people.wait_gone(OFFICE, first, 2.5)
    await people.wait_gone(PROJECT, other, 2.5)
    await people.wait_for(PROJECT, lambda m: "█" in m["text"], 2.5)
    assert await office.said(OFFICE) == []
    later = await people.post(ZHANG, OFFICE, LEAK + "。")  # deletions go on meanwhile
    await people.wait_gone(OFFICE, later, 2.5)
    assert time.monotonic() - began < 3
    await office.quiet()
    assert len(await office.said(OFFICE)) == 2
    sent = (await moments(office, "sendMessage", OFFICE))[-2:]
    assert min(sent) - began >= 3


@pytest.mark.parametrize(
    "fault",
    [
        {"drop_reply": True},
        {"status": 502, "after_acting": True},
        {"error_code": 500, "description": "Internal Server Error", "after_acting": True},
    ],
    ids=["the reply is lost", "502", "500"],
)
async def test_a_copy_whose_reply_is_lost_is_not_sent_twice(
    office: Office, fault: dict[str, object]
) -> None:
    await office.people.fault("sendMessage", chat_id=OFFICE, **fault)
    await office.people.fault("sendMessage", chat_id=ZHANG, **fault)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    assert seen.message is None
    assert len(seen.group) == len(seen.sender) == 1
    [card] = seen.supervisors
    assert office.t("the platform did not answer; not repeated") in card["text"]
    await office.restart()
    await office.quiet()
    assert len(await office.said(OFFICE)) == len(await office.said(ZHANG)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"drop_reply": True},
        {"status": 502, "after_acting": True},
        {"status": 503, "times": 2},
        {"error_code": 500, "description": "Internal Server Error"},
        {"retry_after": 1},
    ],
    ids=["the reply is lost", "502 after the act", "503 twice", "500", "429"],
)
async def test_a_deletion_is_repeated_until_it_is_so(
    office: Office, fault: dict[str, object]
) -> None:
    await office.people.fault("deleteMessage", **fault)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    seen = await office.outcome(number)
    assert seen.message is None
    assert len(seen.group) == len(seen.sender) == 1
    [card] = seen.supervisors
    assert office.t("NOT REMOVED – still in the group") not in card["text"]
    assert office.t("it was removed already, not by me") not in card["text"]


async def test_a_card_whose_reply_is_lost_comes_again_with_its_number(office: Office) -> None:
    await office.people.fault("sendMessage", chat_id=SUPERVISORS, drop_reply=True)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    first, second = seen.supervisors
    assert first["text"].splitlines()[0] == second["text"].splitlines()[0]
    await office.people.press(WANG, SUPERVISORS, first, label=office.t("Take"))
    await office.people.wait_answer(WANG)
    await office.quiet()
    assert "王敏" in (await office.said(SUPERVISORS))[-1]["text"]


async def test_a_copy_refused_with_5xx_leaves_the_rest_of_the_case_whole(office: Office) -> None:
    await office.people.fault("sendMessage", chat_id=OFFICE, status=503)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    assert seen.message is None
    assert seen.group == []
    assert len(seen.sender) == len(seen.supervisors) == 1
    assert office.t("the platform did not answer; not repeated") in seen.supervisors[0]["text"]


async def test_an_unreachable_platform_is_waited_for(office: Office) -> None:
    for method in ("getUpdates", "deleteMessage"):
        await office.people.fault(method, times=2, status=502)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await office.people.wait_gone(OFFICE, number, 10)
    await office.quiet()
    assert len(await office.said(OFFICE)) == 1


async def test_a_press_whose_answer_fails_counts(office: Office) -> None:
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    await office.people.fault(
        "answerCallbackQuery",
        error_code=400,
        description=(
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        ),
    )
    await office.people.press(WANG, SUPERVISORS, seen.supervisors[0], label=office.t("Take"))
    await office.quiet()
    assert "王敏" in (await office.said(SUPERVISORS))[0]["text"]


async def test_rights_that_cannot_be_asked_are_asked_again(office: Office) -> None:
    await office.people.fault("getChatMember", status=502)
    await office.people.bot(ZHAO, OFFICE, "rights", can_delete_messages=False)
    await office.quiet()
    await office.people.fault("getChatAdministrators", status=502)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    seen = await office.outcome(number)
    assert seen.message is not None
    assert office.t("NOT REMOVED – still in the group") in seen.supervisors[-1]["text"]


async def test_the_bot_goes_on_when_it_is_alone_again(office: Office) -> None:
    await _poll_once(office.server)
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await office.people.wait_gone(OFFICE, number, 15)
    await office.quiet()
    assert len(await office.said(OFFICE)) == 1


async def _poll_once(server: RehearsalServer) -> None:
    """Poll as a second process would: the bot's own poll ends with a 409."""
    address = f"{server.url}/bot{server.token}/getUpdates"
    async with ClientSession() as session, session.post(address, json={"timeout": 1}) as reply:
        assert reply.status in (200, 409)


@pytest.mark.parametrize("office", [{"limits": Limits()}], indirect=True)
async def test_a_flood_is_removed_at_once_and_answered_as_the_platform_permits(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workers.send_limits.SPACING", 1.0)
    numbers = [await office.people.post(ZHANG, OFFICE, f"{LEAK} 第{n}次") for n in range(9)]
    began = time.monotonic()
    for number in numbers:
        await office.people.wait_gone(OFFICE, number, 3)
    assert time.monotonic() - began < 3  # the notices take longer
    await office.quiet()
    notices = await office.said(OFFICE)
    assert len(notices) < 9  # those that had to wait became one
    told = "\n".join(m["text"] for m in notices)
    assert [told.count(f"第{n}次") for n in range(9)] == [1] * 9


async def test_an_update_that_is_delivered_twice_is_handled_once(office: Office) -> None:
    await office.people.fault("getUpdates", times=2, drop_reply=True)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    await office.people.wait_for(SUPERVISORS, lambda m: bool(m["buttons"]), 15)
    await office.quiet()
    seen = await office.outcome(seen.group[0]["id"])
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1


async def test_the_card_shows_in_the_end_what_came_of_a_slow_note(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workers.outbox.CARD_PATIENCE", 0.05)
    await office.people.fault("sendMessage", chat_id=ZHANG, delay=0.3)
    await office.people.fault("sendMessage", chat_id=SUPERVISORS, delay=0.6)
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    [card] = seen.supervisors
    assert "…" not in card["text"]


async def test_the_card_of_a_held_up_copy_comes_without_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workers.outbox.CARD_PATIENCE", 0.05)
    await office.people.fault("sendMessage", chat_id=OFFICE, retry_after=2)
    await office.people.post(ZHANG, OFFICE, MARKED)
    card = await office.people.wait_for(SUPERVISORS, lambda m: bool(m["buttons"]))
    assert "…" in card["text"]
    await office.quiet()
    assert "…" not in (await office.said(SUPERVISORS))[0]["text"]
