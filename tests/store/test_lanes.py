"""From the inbox to the worker, on both engines: order, bounds, and missed rows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.ports import Received
from bot.store.database import Database
from bot.store.inbox import Inbox, InboxRow
from bot.store.keys import Keys
from bot.store.lanes import LANES, Claim, lane_of
from bot.workers import intake as module
from bot.workers.intake import Intake
from bot.workers.worker import Worker

from .rows import CHAT, received

OTHER = -1001000000003


class Direct:
    """Commits the worker's results to the inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.attempts: list[int] = []

    async def decide(self, results: Mapping[Claim, Mapping[int, str]]) -> set[Claim]:
        return await self.inbox.decide_for(results)

    async def attempt(self, ids: Sequence[int]) -> None:
        self.attempts += ids
        await self.inbox.attempt(None, ids)

    async def probe(self) -> None:
        pass


class Scene:
    """An inbox with a worker that records the rows it handles."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self.inbox = Inbox(db, keys.cipher)
        self.direct = Direct(self.inbox)
        self.handled: list[InboxRow] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.worker = Worker(self.handle, self.handle, self.direct)
        self.intake = Intake(self.inbox, self.worker)
        self.most = 0

    async def handle(self, row: InboxRow) -> str | None:
        await self.gate.wait()
        await asyncio.sleep(0)
        held = self.worker.waiting()
        self.most = max(self.most, held["text"].depth + held["picture"].depth)
        self.handled.append(row)
        return "clean"

    def of(self, chat_id: int) -> list[int]:
        return [row.update_id for row in self.handled if row.chat_id == chat_id]

    async def receive(self, rows: Sequence[Received]) -> None:
        self.intake.offer(await self.inbox.add(rows))

    @contextlib.asynccontextmanager
    async def running(self, lanes: Sequence[int] = tuple(range(LANES))) -> AsyncIterator[None]:
        await self.intake.open(lanes)
        task = asyncio.create_task(self.intake.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.worker.drain(1)

    async def until_empty(self) -> None:
        async with asyncio.timeout(20):
            while await self.inbox.depth():
                await asyncio.sleep(0.01)


@pytest.fixture
def scene(db: Database, keys: Keys) -> Scene:
    return Scene(db, keys)


async def test_rows_of_an_earlier_run_are_handled_in_order_before_new_ones(scene: Scene) -> None:
    await scene.inbox.add([received(n) for n in range(5)])
    async with scene.running():
        await scene.receive([received(n) for n in range(5, 10)])
        await scene.until_empty()
    assert scene.of(CHAT) == list(range(10))
    assert len(scene.direct.attempts) == 5, "only what an earlier run may have begun is marked"


async def test_a_flood_stays_in_the_database_and_in_order(scene: Scene) -> None:
    scene.gate.clear()
    async with scene.running():
        for start in range(0, 1000, 100):
            await scene.receive([received(n) for n in range(start, start + 100)])
            await scene.receive([received(5000 + start, chat_id=OTHER)])
        assert scene.worker.waiting()["text"].depth <= 2 * module.TEXTS[0]
        scene.gate.set()
        await scene.until_empty()
    assert scene.of(CHAT) == list(range(1000))
    assert scene.of(OTHER) == [5000 + n for n in range(0, 1000, 100)]
    assert scene.most <= 3 * module.TEXTS[0]
    assert scene.intake.idle


async def test_flood_of_pictures_leaves_room_for_texts(scene: Scene) -> None:
    scene.gate.clear()
    picture = b'{"file_id": "x"}'
    async with scene.running():
        await scene.receive([received(n, payload=picture) for n in range(600)])
        await scene.receive([received(1000)])
        async with asyncio.timeout(5):
            while not scene.worker.waiting()["text"].depth:
                await asyncio.sleep(0.01)
        assert scene.worker.waiting()["picture"].depth <= module.PICTURES[0]
        scene.gate.set()
        await scene.until_empty()
    assert sorted(scene.of(CHAT)) == [*range(600), 1000]


async def test_rows_in_memory_are_limited_over_all_chats(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEXTS", (8, 20))
    scene.gate.clear()
    async with scene.running():
        for start in range(0, 400, 40):
            rows = [received(n, chat_id=-1 - n % 10) for n in range(start, start + 40)]
            await scene.receive(rows)
        assert scene.worker.waiting()["text"].depth <= 20 + 10
        scene.gate.set()
        await scene.until_empty()
    for chat in range(10):
        assert scene.of(-1 - chat) == list(range(chat, 400, 10))


async def test_rows_of_another_process_are_read_at_a_wakeup(scene: Scene) -> None:
    async with scene.running():
        await asyncio.sleep(0.05)
        rows = await scene.inbox.add([received(n) for n in range(300)])
        scene.intake.wake([rows[0].lane])
        await scene.until_empty()
    assert scene.of(CHAT) == list(range(300))


async def test_sweep_finds_row_committed_out_of_order(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number committed out of order, after greater ones were handled."""
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    early, late = await scene.inbox.add([received(1), received(2)])
    async with scene.inbox._db.write() as tx:
        saved = (
            await tx.execute(text("SELECT payload FROM inbox WHERE id = :i"), {"i": early.id})
        ).scalar()
        await tx.execute(text("UPDATE inbox SET decided_at = 1 WHERE id = :i"), {"i": early.id})
    async with scene.running():
        await scene.until_empty()
        assert scene.of(CHAT) == [late.update_id]
        async with scene.inbox._db.write() as tx:
            await tx.execute(
                text("UPDATE inbox SET decided_at = NULL, payload = :p WHERE id = :i"),
                {"i": early.id, "p": saved},
            )
        await scene.until_empty()
    assert scene.of(CHAT) == [2, 1]


async def test_sweep_finds_rows_whose_wakeup_was_lost(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    async with scene.running():
        await asyncio.sleep(0.1)
        await scene.inbox.add([received(n) for n in range(3)])
        await scene.until_empty()
    assert scene.of(CHAT) == [0, 1, 2]


async def test_lanes_of_other_processes_are_left_alone(scene: Scene) -> None:
    mine = lane_of(CHAT)
    assert lane_of(OTHER) != mine
    async with scene.running([mine]):
        rows = await scene.inbox.add([received(1), received(2, chat_id=OTHER)])
        assert [r.chat_id for r in scene.intake.offer(rows)] == [OTHER]
        async with asyncio.timeout(5):
            while await scene.inbox.depth() > 1:
                await asyncio.sleep(0.01)
        scene.intake.close(mine)
        assert scene.intake.offer(rows) == rows
    assert scene.of(OTHER) == []


async def test_closed_lane_leaves_no_running_task(scene: Scene) -> None:
    async with scene.running([1, 2]):
        scene.intake.wake([1])
        scene.intake.close(1)
        async with asyncio.timeout(1):
            await asyncio.sleep(0.05)
    assert scene.intake.lanes == [2]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=12),
            st.sampled_from(["offered", "told", "untold"]),
        ),
        max_size=8,
    )
)
async def test_every_row_is_handled_once_and_in_order(
    fresh: object, keys: Keys, batches: list[tuple[list[tuple[int, bool]], str]]
) -> None:
    db = await Database.open(fresh())  # type: ignore[operator]
    scene, number = Scene(db, keys), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TEXTS", (2, 4))
        patch.setattr(module, "PICTURES", (2, 3))
        patch.setattr(module, "SWEEP_SECONDS", 0.03)
        async with scene.running():
            for batch, way in batches:
                rows = []
                for chat, file in batch:
                    payload = b'{"file_id": 1}' if file else b"{}"
                    rows.append(received(number, chat_id=-chat, payload=payload))
                    number += 1
                added = await scene.inbox.add(rows)
                if way == "offered":
                    scene.intake.offer(added)
                else:
                    scene.intake.wake({r.lane for r in added} if way == "told" else ())
            await scene.until_empty()
    assert sorted(r.update_id for r in scene.handled) == list(range(number))
    for chat in (1, 2, 3):
        texts = [r.id for r in scene.handled if r.chat_id == -chat and not r.has_file]
        assert texts == sorted(texts) or any(way == "untold" for _, way in batches)
    await db.close()
