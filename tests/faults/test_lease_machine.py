"""Leases against a plain model: who has one, until when, and whose writing is accepted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from bot.errors import LeaseLost
from bot.ports import Received
from bot.store.inbox import Inbox
from bot.store.lanes import Claim, working_for
from bot.store.leases import Leases
from bot.store.tables import leases
from tests.support.machines import ENGINES, Crashing, bound, try_orders

OWNERS = ("one", "two", "three")
NAMES = ("lane/0", "lane/1", "lane/2", "timers")
LASTING = 1000.0
"""Seconds: an order of steps takes far less, so only the rule `time_passes` ends a lease."""

owners = st.sampled_from(OWNERS)
names = st.sampled_from(NAMES)


class LeaseMachine(Crashing):
    """Processes take, keep, use, lose and give back leases; ``held`` is what each believes."""

    def made(self) -> None:
        self.leases = Leases(self.db)
        self.inbox = Inbox(self.db, self.keys.cipher)

    @initialize()
    def begin(self) -> None:
        self.run(self.leases.prepare(NAMES))
        received = [
            Received(platform="test", update_id=n, payload=b"x", chat_id=-n) for n in range(1, 40)
        ]
        self.undecided = [row.id for row in self.run(self.inbox.add(received))]
        self.owner: dict[str, str | None] = dict.fromkeys(NAMES)
        self.left: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self.token: dict[str, int] = dict.fromkeys(NAMES, 0)
        self.held: dict[str, dict[str, Claim]] = {owner: {} for owner in OWNERS}

    def free(self, name: str) -> bool:
        return self.owner[name] is None or self.left[name] < 0

    @rule(owner=owners, wanted=st.sets(names), limit=st.integers(1, 3))
    def take(self, owner: str, wanted: set[str], limit: int) -> None:
        span = timedelta(seconds=LASTING)
        taken = self.run(self.leases.acquire(sorted(wanted), owner, span, limit))
        free = {name for name in wanted if self.free(name)}
        assert {claim.name for claim in taken} <= free
        assert len(taken) == min(limit, len(free))
        self.now_has(owner, taken)

    def now_has(self, owner: str, taken: Sequence[Claim]) -> None:
        for claim in taken:
            assert claim.token == self.token[claim.name] + 1, "the token grows with each change"
            self.token[claim.name], self.owner[claim.name] = claim.token, owner
            self.left[claim.name] = LASTING
            self.held[owner][claim.name] = claim

    @rule(owner=owners)
    def renew(self, owner: str) -> None:
        """What has ended and was taken by nobody is still its owner's."""
        asked = set(self.held[owner].values())
        kept = self.run(self.leases.renew(owner, asked, timedelta(seconds=LASTING)))
        assert kept == {claim for claim in asked if self.is_of(owner, claim)}
        self.held[owner] = {claim.name: claim for claim in kept}
        for claim in kept:
            self.left[claim.name] = LASTING

    def is_of(self, owner: str, claim: Claim) -> bool:
        return self.owner[claim.name] == owner and self.token[claim.name] == claim.token

    @rule(owner=owners)
    def give_back(self, owner: str) -> None:
        claims = list(self.held[owner].values())
        self.run(self.leases.release(owner, claims))
        for claim in claims:
            if self.is_of(owner, claim):
                self.owner[claim.name] = None
        self.held[owner] = {}

    @rule(seconds=st.sampled_from((LASTING * 0.3, LASTING * 0.8, LASTING * 1.5)))
    def time_passes(self, seconds: float) -> None:
        """On PostgreSQL the clock is the server's: the leases are made that much older instead."""

        async def age() -> None:
            async with self.db.write() as tx:
                for row in (await tx.execute(sqlalchemy.select(leases))).all():
                    if row.expires_at is not None:
                        moment = row.expires_at - timedelta(seconds=seconds)
                        mine = leases.c.name == row.name
                        await tx.execute(leases.update().where(mine).values(expires_at=moment))

        self.run(age())
        for name in NAMES:
            self.left[name] -= seconds

    @rule(owner=owners, name=names)
    def decide(self, owner: str, name: str) -> None:
        """Only the newest token may write, however sure a process is of its lease."""
        claim = self.held[owner].get(name)
        if claim is None or not self.undecided:
            return
        row = self.undecided[0]
        lost = self.token[name] != claim.token

        async def write() -> None:
            with working_for(claim):
                await self.inbox.decide(None, {row: "clean"})

        with pytest.raises(LeaseLost) if lost else contextlib.nullcontext():
            self.run(write())
        if not lost:
            self.undecided.pop(0)

    @rule(data=st.data())
    def decide_for_several(self, data: st.DataObject) -> None:
        """Results of lost claims are left out; those beside them are recorded."""
        every = [claim for claims in self.held.values() for claim in claims.values()]
        if not every:
            return
        claims = data.draw(st.lists(st.sampled_from(every), unique=True, max_size=4))
        results = dict(zip(claims, ({row: "clean"} for row in list(self.undecided)), strict=False))
        lost = self.run(self.inbox.decide_for(results))
        assert lost == {c for c in results if self.token[c.name] != c.token}
        for claim, found in results.items():
            if claim not in lost:
                self.undecided = [row for row in self.undecided if row not in found]

    @rule(owner=owners, other=owners, name=names)
    def take_what_is_being_used(self, owner: str, other: str, name: str) -> None:
        """A lease cannot change hands in the midst of a transaction that was let in for it."""
        claim = self.held[owner].get(name)
        if claim is None or self.token[name] != claim.token or not self.undecided:
            return
        row = self.undecided.pop(0)
        sqlite, free = self.url.startswith("sqlite"), self.free(name)

        async def both() -> list[Claim]:
            inside, go_on = asyncio.Event(), asyncio.Event()

            async def use() -> None:
                with working_for(claim):
                    async with self.db.write() as tx:
                        await self.inbox.decide(tx, {row: "clean"})
                        inside.set()
                        await go_on.wait()

            using = asyncio.create_task(use())
            await inside.wait()
            span = timedelta(seconds=LASTING)
            taking = asyncio.create_task(self.leases.acquire([name], other, span))
            if not sqlite:  # there one transaction waits for the other's end
                assert await taking == []
            go_on.set()
            await using
            return await taking

        taken = self.run(both())
        assert len(taken) == (1 if sqlite and free else 0)
        self.now_has(other, taken)

    @invariant()
    def nobody_has_decided_what_was_not_its(self) -> None:
        if hasattr(self, "undecided"):
            waiting = self.run(self.inbox.undecided())
            assert [row.id for row in waiting] == self.undecided

    @invariant()
    def the_free_ones_are_those_of_the_model(self) -> None:
        if hasattr(self, "owner"):
            assert self.run(self.leases.free(NAMES)) == sum(map(self.free, NAMES))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_order_of_steps(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    try_orders(bound(LeaseMachine, engine, tmp_path, request))
