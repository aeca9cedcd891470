"""Updates pushed by the platform in place of polling."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from tests.support.canary import SECRET
from tests.support.office import Office
from tests.support.people import OFFICE, SUPERVISORS, WANG, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKED = f"机密★10年 {SECRET}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def pushed(office: Office) -> str:
    """Start the bot anew with a webhook; return its address."""
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}/telegram"
    await office.stop()
    changes = {"webhook_url": url, "console": address}
    office.settings = office.settings.model_copy(update=changes)
    await office.start()
    async with asyncio.timeout(5):
        while not await office.people.calls("setWebhook"):
            await asyncio.sleep(0.02)
    await office.quiet()
    await office.remember()
    return url


async def test_pushed_updates_take_the_same_way(office: Office) -> None:
    await pushed(office)
    polls = len(await office.people.calls("getUpdates"))
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    assert seen.message is None
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1
    await office.people.press(WANG, SUPERVISORS, seen.supervisors[0], label=office.t("Take"))
    assert (await office.people.wait_answer(WANG))["text"] == office.t("The case is yours.")
    assert len(await office.people.calls("getUpdates")) == polls


async def test_nobody_else_can_push(office: Office) -> None:
    url = await pushed(office)
    forged = {"update_id": 1, "callback_query": {"id": "1", "from": {"id": WANG}, "data": "x"}}
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
            async with session.post(url, json=forged, headers=headers) as reply:
                assert reply.status == 401
    await office.quiet()
    assert await office.acts() == []


async def test_what_came_while_the_bot_was_away_is_pushed_later(office: Office) -> None:
    await pushed(office)
    await office.stop()
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await office.start()
    await office.people.wait_gone(OFFICE, number, 10)
    assert len((await office.outcome(number)).group) == 1


async def test_polling_works_again_after_a_webhook(office: Office) -> None:
    await pushed(office)
    await office.stop()
    office.settings = office.settings.model_copy(update={"webhook_url": None})
    await office.start()
    number = await office.people.post(ZHANG, OFFICE, MARKED)
    await office.people.wait_gone(OFFICE, number, 10)
