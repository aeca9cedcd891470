"""The bot as an operator's tools see it from outside."""

from __future__ import annotations

import asyncio
import logging
import socket
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.errors import DatabaseAway
from tests.support.canary import SECRET
from tests.support.office import Office
from tests.support.people import OFFICE, SUPERVISORS, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def with_address(office: Office, **changes: Any) -> str:
    """Start the bot anew on a free port of its own; return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    await office.stop()
    office.settings = office.settings.model_copy(update={"console": address, **changes})
    await office.start()
    async with asyncio.timeout(10):
        while not await listening(f"http://{address}", polls=office.app.health.polls):
            await asyncio.sleep(0.02)
    return f"http://{address}"


async def listening(url: str, *, polls: bool) -> bool:
    try:
        text = (await get(f"{url}/metrics"))[1]
    except aiohttp.ClientConnectorError:
        return False
    return not polls or figures(text)["shoukou_last_poll_timestamp_seconds"] > 0


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status, await reply.text()


def figures(text: str) -> dict[str, float]:
    rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


async def test_a_working_bot_lives_and_is_ready(office: Office) -> None:
    url = await with_address(office)
    assert await get(f"{url}/healthz") == (200, '{"status": "ok"}')
    assert await get(f"{url}/readyz") == (200, '{"status": "ok", "problems": {}}')
    assert (await get(f"{url}/elsewhere"))[0] == 404


async def test_what_keeps_it_from_being_ready_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await with_address(office)
    await office.quiet()
    health = office.app.health
    now = office.app.store.db.now()
    assert health.pulse.at is not None
    late = health.pulse.at + timedelta(seconds=61)
    monkeypatch.setattr(office.app.store.db, "now", lambda: late)
    status, text = await get(f"{url}/readyz")
    assert status == 503
    assert '"poll": "the last answer is' in text
    assert '"database"' not in text
    monkeypatch.setattr(office.app.store.db, "now", lambda: now)

    async def full(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(office.app.store.key_values, "put", full)
    status, text = await get(f"{url}/readyz")
    assert status == 503
    assert '"database": "cannot be written: OSError"' in text
    assert (await get(f"{url}/healthz"))[0] == 200


async def test_database_lost_between_two_questions_is_reported(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await with_address(office)
    await office.quiet()

    async def away() -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(office.app.store.inbox, "waiting", away)
    status, text = await get(f"{url}/readyz")
    assert status == 503
    assert '"database": "cannot be read: DatabaseAway"' in text
    assert await get(f"{url}/metrics") == (503, "no figures: DatabaseAway\n")
    assert (await get(f"{url}/healthz"))[0] == 200


async def test_a_text_that_waits_too_long_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await with_address(office)
    held = asyncio.Event()
    handle = office.app.worker._handle

    async def slow(row: Any) -> str | None:
        await held.wait()
        return await handle(row)

    monkeypatch.setattr(office.app.worker, "_handle", slow)
    await office.people.post(ZHANG, OFFICE, "下午三点开会")
    async with asyncio.timeout(5):
        while not office.app.worker.backlog:
            await asyncio.sleep(0.01)
    seen = figures((await get(f"{url}/metrics"))[1])
    assert seen['shoukou_lane_depth{lane="text"}'] == 1
    late = office.app.store.db.now() + timedelta(seconds=31)
    monkeypatch.setattr(office.app.store.db, "now", lambda: late)
    status, text = await get(f"{url}/readyz")
    assert status == 503
    assert '"text": "the oldest is undecided for' in text
    held.set()
    await office.quiet()
    assert '"text"' not in (await get(f"{url}/readyz"))[1]


async def test_the_figures_tell_what_happened_and_nothing_of_whom(office: Office) -> None:
    url = await with_address(office)
    leak = await office.people.post(ZHANG, OFFICE, f"机密★10年 {SECRET}")
    await office.people.post(ZHANG, OFFICE, "下午三点开会")
    await office.outcome(leak)
    await asyncio.sleep(0.1)
    _, text = await get(f"{url}/metrics")
    seen = figures(text)
    assert seen['shoukou_cases_total{severity="high"}'] == 1
    assert seen['shoukou_updates_last_hour{result="clean"}'] >= 1
    assert seen['shoukou_effects{state="done"}'] >= 4
    assert seen['shoukou_effects{state="unknown"}'] == 0
    assert seen["shoukou_exposure_seconds_count"] == 1
    assert seen['shoukou_exposure_seconds_bucket{le="60.0"}'] == 1
    assert seen['shoukou_exposure_seconds_bucket{le="+Inf"}'] == 1
    assert seen['shoukou_lane_depth{lane="picture"}'] == 0
    assert seen["shoukou_last_poll_timestamp_seconds"] > 0
    names = [person.name for person in office.server.world.people.values()]
    for secret in (SECRET, str(OFFICE), str(SUPERVISORS), str(ZHANG), *names):
        assert secret not in text


async def test_the_webhook_and_the_health_share_a_server(office: Office) -> None:
    url = await with_address(office, webhook_url="https://bot.example/telegram")
    assert (await get(f"{url}/readyz"))[0] == 200
    assert "shoukou_last_poll" not in (await get(f"{url}/metrics"))[1]
    async with aiohttp.ClientSession() as session, session.post(f"{url}/telegram") as reply:
        assert reply.status == 401


async def test_without_its_port_the_bot_goes_on(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken, caplog.at_level(logging.WARNING):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        await office.stop()
        office.settings = office.settings.model_copy(update={"console": address})
        await office.start()
        number = await office.people.post(ZHANG, OFFICE, f"机密★10年 {SECRET}")
        await office.people.wait_gone(OFFICE, number, 10)
    assert f"cannot listen on {address}" in caplog.text
    assert "going on without" in caplog.text
