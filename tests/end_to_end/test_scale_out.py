"""Several processes on PostgreSQL and Redis: a feed and two workers, which end at bad moments."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy

from bot.store.lanes import LANES
from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.people import OFFICE, PROJECT, SUPERVISORS, WANG, ZHANG, People, Shown
from tests.support.postgres import PostgresServer
from tests.support.process import BotProcess
from tests.support.redis import RedisServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("scale out")]

STARTING = 30.0
"""Seconds in which a process has started, on a busy machine."""

TAKEOVER = 15.0
LEAK = "机密★10年 关于云杉工程选址的报告"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A feed and two workers, the people, and a look into the database."""

    people: People
    feed: BotProcess
    workers: tuple[BotProcess, BotProcess]
    database: sqlalchemy.Engine
    redis: RedisServer

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(query))]

    def shares(self) -> list[int]:
        """How many lanes each owner holds, the greatest share first."""
        counts = "SELECT count(*) FROM leases WHERE name LIKE 'lane/%' AND owner IS NOT NULL "
        rows = self.ask(counts + "GROUP BY owner ORDER BY 1 DESC")
        return [int(str(row[0])) for row in rows]

    async def until_shared(self, *shares: int) -> None:
        async with asyncio.timeout(STARTING):
            while self.shares() != list(shares):
                await asyncio.sleep(0.05)

    async def until_decided(self) -> None:
        async with asyncio.timeout(STARTING):
            while self.ask("SELECT id FROM inbox WHERE decided_at IS NULL"):
                await asyncio.sleep(0.05)

    async def said(self, chat_id: int) -> list[Shown]:
        shown = await self.people.messages(chat_id)
        return [m for m in shown if m["sender"]["kind"] == "bot"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, redis_server: RedisServer
) -> AsyncIterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("scale-out")
    server = RehearsalServer(limits=Limits.off())
    await server.start()
    url = postgres.new()
    environment = {
        "SHOUKOU_DATABASE_URL": url,
        "SHOUKOU_REDIS_URL": redis_server.url,
        "SHOUKOU_KEYS": str(folder / "keys"),
    }

    def process(name: str, only: str) -> BotProcess:
        return BotProcess(
            folder / name, server.url, server.token, only=only, environment=environment
        )

    try:
        async with (
            People(server.url) as people,
            process("feed", "feed") as feed,
            process("one", "worker") as one,
            process("two", "worker") as two,
        ):
            made = Scene(
                people=people,
                feed=feed,
                workers=(one, two),
                database=sqlalchemy.create_engine(url),
                redis=redis_server,
            )
            for chat in (OFFICE, PROJECT):
                await people.wait_for(chat, lambda m: m["sender"]["kind"] == "bot", STARTING)
            await made.until_shared(LANES // 2, LANES // 2)
            yield made
            made.database.dispose()
    finally:
        await server.stop()


async def test_a_leak_goes_at_once_though_others_received_it(scene: Scene) -> None:
    began = time.monotonic()
    number = await scene.people.post(ZHANG, OFFICE, LEAK)
    await scene.people.wait_gone(OFFICE, number)
    assert time.monotonic() - began < 3
    await scene.until_decided()


async def test_release_by_one_worker_counts_at_once_for_the_other(scene: Scene) -> None:
    """The supervisors' chat and the groups are worked on by whichever worker holds their lane."""
    for chat in (OFFICE, PROJECT):
        text = f"{LEAK} 放行{abs(chat)}"
        await scene.people.wait_gone(chat, await scene.people.post(ZHANG, chat, text))
        await scene.until_decided()
        number = scene.ask("SELECT max(number) FROM cases")[0][0]
        card = await scene.people.wait_for(
            SUPERVISORS, lambda m, number=number: f"#{number}" in m["text"], STARTING
        )
        await scene.people.press(WANG, SUPERVISORS, card, label="误报")
        decided = "SELECT id FROM cases WHERE decision = 'false_alarm' AND chat_id = " + str(chat)
        async with asyncio.timeout(STARTING):
            while not scene.ask(decided):
                await asyncio.sleep(0.001)
        again = await scene.people.post(ZHANG, chat, text)
        await scene.until_decided()
        assert await scene.people.message(chat, again) is not None


async def posts_and_leaks(scene: Scene, count: int, pause: float) -> dict[int, list[int]]:
    """Post in two groups, every eighth a leak; return the leaks' numbers by group."""
    leaks: dict[int, list[int]] = {OFFICE: [], PROJECT: []}
    for n in range(count):
        chat = (OFFICE, PROJECT)[n % 2]
        leaking = n % 16 in (2, 9)
        text = f"{LEAK} 第{n}号" if leaking else f"下午三点开会，第{n}号会议室"
        number = await scene.people.post(ZHANG, chat, text)
        if leaking:
            leaks[chat].append(number)
        await asyncio.sleep(pause)
    return leaks


async def assert_each_once(scene: Scene, leaks: dict[int, list[int]], before: int) -> None:
    """Every leak is gone, has one case, one notice in its group and no other warning."""
    for chat, numbers in leaks.items():
        for number in numbers:
            await scene.people.wait_gone(chat, number, TAKEOVER + STARTING)
    await scene.until_decided()
    count = sum(map(len, leaks.values()))
    assert scene.ask("SELECT count(*) FROM cases")[0][0] == before + count
    doubled = "SELECT key FROM effects GROUP BY key HAVING count(*) > 1"
    assert scene.ask(doubled) == []
    assert scene.ask("SELECT id FROM inbox WHERE result IN ('dead_letter', 'not_inspected')") == []


async def cases(scene: Scene) -> int:
    await scene.until_decided()
    return int(str(scene.ask("SELECT count(*) FROM cases")[0][0]))


async def test_a_killed_workers_lanes_are_taken_over_and_nothing_is_lost(scene: Scene) -> None:
    before = await cases(scene)
    victim = scene.workers[0]
    posting = asyncio.create_task(posts_and_leaks(scene, 80, 0.05))
    await asyncio.sleep(2)
    await victim.kill()
    killed = time.monotonic()
    while scene.shares() != [LANES]:
        await asyncio.sleep(0.05)
        assert time.monotonic() - killed < TAKEOVER
    await assert_each_once(scene, await posting, before)
    await victim.start()
    await scene.until_shared(LANES // 2, LANES // 2)


async def test_a_frozen_worker_can_do_no_harm_when_it_wakes(scene: Scene) -> None:
    before = await cases(scene)
    victim, _ = scene.workers
    posting = asyncio.create_task(posts_and_leaks(scene, 80, 0.02))
    await asyncio.sleep(0.8)
    victim.freeze()
    frozen = time.monotonic()
    while scene.shares() != [LANES]:
        await asyncio.sleep(0.05)
        assert time.monotonic() - frozen < TAKEOVER + 10
    victim.thaw()
    await assert_each_once(scene, await posting, before)
    await scene.until_shared(LANES // 2, LANES // 2)


async def test_a_worker_that_ends_in_order_gives_its_lanes_back_at_once(scene: Scene) -> None:
    victim, _ = scene.workers
    assert await victim.stop() == 0
    ended = time.monotonic()
    await scene.until_shared(LANES)
    assert time.monotonic() - ended < 5
    await victim.start()
    await scene.until_shared(LANES // 2, LANES // 2)


async def test_redis_may_be_flushed_and_away_and_nothing_is_lost(scene: Scene) -> None:
    before = await cases(scene)
    posting = asyncio.create_task(posts_and_leaks(scene, 120, 0.05))
    for _ in range(3):
        await asyncio.sleep(0.7)
        await asyncio.to_thread(scene.redis.flush)
    scene.redis.kill()
    await asyncio.sleep(2.5)
    scene.redis.start()
    await assert_each_once(scene, await posting, before)
    began = time.monotonic()
    number = await scene.people.post(ZHANG, OFFICE, LEAK)
    await scene.people.wait_gone(OFFICE, number)
    assert time.monotonic() - began < 3
    await scene.until_decided()


async def test_a_killed_feed_loses_nothing(scene: Scene) -> None:
    before = await cases(scene)
    posting = asyncio.create_task(posts_and_leaks(scene, 60, 0.03))
    await asyncio.sleep(0.7)
    await scene.feed.kill()
    await scene.feed.start()
    await assert_each_once(scene, await posting, before)


async def test_the_order_within_a_chat_is_kept(scene: Scene) -> None:
    """A message edited at once, again and again: the last version decides."""
    number = await scene.people.post(ZHANG, PROJECT, "第0版")
    for n in range(1, 15):
        await scene.people.edit(ZHANG, PROJECT, number, f"第{n}版")
    query = "SELECT decided_at FROM inbox WHERE message_id = :n AND chat_id = :c ORDER BY id"
    query = query.replace(":n", str(number)).replace(":c", str(PROJECT))
    async with asyncio.timeout(STARTING):
        # The feed may have been started anew just now: nothing has come in then.
        while len(scene.ask(query)) < 15:
            await asyncio.sleep(0.05)
    await scene.until_decided()
    moments = [row[0] for row in scene.ask(query)]
    assert len(moments) == 15
    assert moments == sorted(moments)  # type: ignore[type-var]


async def test_nothing_was_sent_twice_in_the_end(scene: Scene) -> None:
    # The cards of all leaks take minutes: only twenty a minute may be sent into a chat.
    left = f"SELECT id FROM effects WHERE finished_at IS NULL AND chat_id <> {SUPERVISORS}"
    async with asyncio.timeout(2 * STARTING):
        while scene.ask(left):
            await asyncio.sleep(0.1)
    counts = (
        "SELECT chat_id, count(DISTINCT result_message_id), count(*) FROM effects WHERE carrier_id "
        "IS NULL AND kind IN ('say', 'warn', 'repost') AND status IN ('done', 'unknown') GROUP BY 1"
    )
    for chat, known, perhaps in scene.ask(counts):
        if chat != SUPERVISORS:  # a card may be sent again, under the same number
            said = len(await scene.said(int(str(chat))))
            assert int(str(known)) <= said <= int(str(perhaps))


async def test_no_output_holds_content(scene: Scene) -> None:
    for process in (scene.feed, *scene.workers):
        assert "云杉" not in process.output
        assert "Traceback" not in process.output
    cards = [m["text"] for m in await scene.said(SUPERVISORS)]
    assert cards
    assert not any("云杉" in text for text in cards)
