"""A deletion is requested before its commit: a kill in between loses and repeats nothing."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support.deployment import EVERYTHING, Deployment, open_deployment
from tests.support.postgres import PostgresServer

BEFORE_THE_RECEIPT = ("left the request: deletion", "before the commit: receipt")
BEFORE_THE_CASE = ("after the commit: receipt", "before the commit: take-down")
AFTER_THE_CASE = ("after the commit: take-down", "before the commit: end of the deletion")
ONE_PROCESS = (*BEFORE_THE_RECEIPT, *BEFORE_THE_CASE, *AFTER_THE_CASE)
FEED, WORKER = ("run", "--only", "feed"), ("run", "--only", "worker")


async def _settled(deployment: Deployment, *layout: tuple[str, ...]) -> None:
    """Let the bot introduce itself, and end it by a kill: nothing is on record of its end."""
    for arguments in layout:
        await deployment.start(arguments)
    await deployment.introduced()
    await deployment.quiet()
    await deployment.kill()


async def _killed_and_restarted(deployment: Deployment, at: str, *, kind: str) -> None:
    process = await deployment.start(at=at)
    post = await deployment.office.post(kind)
    assert await process.ended(), f"{at!r} was never reached"
    assert process.at == at
    await deployment.start()
    await deployment.until(lambda: not deployment.office.is_there(post), 30)
    await deployment.quiet()
    assert deployment.office.compare(deployment.records(), [post]) == []


@pytest.mark.parametrize("at", ONE_PROCESS)
@pytest.mark.parametrize("kind", ["mark", "number"])
async def test_kill_while_polling(tmp_path: Path, at: str, kind: str) -> None:
    async with open_deployment(tmp_path, groups=2) as deployment:
        await _settled(deployment, EVERYTHING)
        await _killed_and_restarted(deployment, at, kind=kind)


@pytest.mark.parametrize("at", ONE_PROCESS)
async def test_kill_with_a_webhook(tmp_path: Path, at: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {
        "SHOUKOU_WEBHOOK_URL": f"http://{address}/telegram",
        "SHOUKOU_CONSOLE": address,
    }
    async with open_deployment(tmp_path, groups=2, environment=environment) as deployment:
        await _settled(deployment, EVERYTHING)
        await _killed_and_restarted(deployment, at, kind="mark")


@pytest.mark.parametrize("at", (*BEFORE_THE_CASE[1:], "left the request: deletion"))
async def test_kill_of_a_worker_apart_from_its_feed(
    tmp_path: Path, postgres: PostgresServer, at: str
) -> None:
    async with open_deployment(tmp_path, groups=2, database_url=postgres.new()) as deployment:
        await _settled(deployment, FEED, WORKER)
        await deployment.start(FEED)
        worker = await deployment.start(WORKER, at=at)
        post = await deployment.office.post("mark")
        assert await worker.ended(), f"{at!r} was never reached"
        await deployment.start(WORKER)
        await deployment.quiet()
        assert deployment.office.compare(deployment.records(), [post]) == []


async def test_message_that_its_author_deleted_while_the_bot_was_stopped_is_not_announced(
    tmp_path: Path,
) -> None:
    async with open_deployment(tmp_path, groups=2) as deployment:
        process = await deployment.start()
        await deployment.introduced()
        await deployment.quiet()
        await process.stop()
        post = await deployment.office.post("mark")
        del deployment.server.world.chats[post.chat_id].messages[post.message_id]
        await deployment.start()
        await deployment.quiet()
        assert deployment.office.told(post)[0] == 0
