"""The inbox and the effects against plain models, by rules that hypothesis puts in any order.

The same machines run on every engine. A crash is a rule too: the database is left as a process
that ends at once leaves it, and opened anew.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.outgoing import EffectKind, EffectStatus
from bot.ports import Received
from bot.store.effects import REPEATABLE, Effects, NewEffect
from bot.store.inbox import Inbox
from tests.support.machines import ENGINES, START, Crashing, Machine, bound, try_orders

CHATS = (-1001, -1002, 5001)
RESULTS = ("clean", "case", "not_inspected", "ignored", "handled", "dead_letter")
FINAL = (EffectStatus.DONE, EffectStatus.FAILED)

numbers = st.integers(1, 25)


class InboxMachine(Crashing):
    """Updates come in any order and repeatedly, and are decided by whoever is first."""

    def made(self) -> None:
        self.inbox = Inbox(self.db, self.keys.cipher)

    @initialize()
    def begin(self) -> None:
        self.rows: dict[int, int] = {}  # update id -> row id
        self.payloads: dict[int, bytes] = {}
        self.results: dict[int, str] = {}
        self.attempts: dict[int, int] = {}

    @rule(batch=st.lists(st.tuples(numbers, st.binary(min_size=1, max_size=8)), max_size=6))
    def add(self, batch: list[tuple[int, bytes]]) -> None:
        received = [
            Received(
                platform="test",
                update_id=number,
                payload=payload,
                chat_id=CHATS[number % len(CHATS)],
                message_id=number,
            )
            for number, payload in batch
        ]
        new = self.run(self.inbox.add(received))
        expected = [n for n in dict.fromkeys(n for n, _ in batch) if n not in self.rows]
        assert [row.update_id for row in new] == expected
        for row in new:
            assert row.payload == next(p for n, p in batch if n == row.update_id)
            self.rows[row.update_id] = row.id
            self.payloads[row.id], self.attempts[row.id] = row.payload, 0

    @rule(picked=st.lists(st.tuples(numbers, st.sampled_from(RESULTS)), max_size=5))
    def decide(self, picked: list[tuple[int, str]]) -> None:
        known = {self.rows[n]: result for n, result in picked if n in self.rows}
        self.run(self.inbox.decide(None, known))
        for row, result in known.items():
            self.results.setdefault(row, result)  # a first decision stands

    @rule(number=numbers, result=st.sampled_from(RESULTS))
    def decide_and_lose_it(self, number: int, result: str) -> None:
        async def cut_short() -> None:
            async with self.db.write() as tx:
                await self.inbox.decide(tx, {self.rows.get(number, 0): result})
                raise ConnectionError

        with pytest.raises(ConnectionError):
            self.run(cut_short())

    @rule(picked=st.lists(numbers, max_size=4))
    def attempt(self, picked: list[int]) -> None:
        known = sorted({self.rows[n] for n in picked if n in self.rows})
        self.run(self.inbox.attempt(None, known))
        for row in known:
            self.attempts[row] += 1

    @rule(days=st.integers(0, 3))
    def purge(self, days: int) -> None:
        before = {row for row in self.rows.values() if row not in self.results}
        self.run(self.inbox.purge(None, self.time - timedelta(days=days)))
        left = {row.id for row in self.run(self.inbox.undecided())}
        assert left == before, "what is not decided is never erased"
        known = self.run(self.inbox.numbers(0, START + timedelta(days=9999)))
        kept = {row_id for row_id, _, _ in known}
        for number, row in list(self.rows.items()):
            if row not in kept:
                assert row in self.results
                del self.rows[number]

    @invariant()
    def what_waits_is_what_was_not_decided(self) -> None:
        if not hasattr(self, "rows"):
            return
        waiting = self.run(self.inbox.undecided())
        expected = sorted(row for row in self.rows.values() if row not in self.results)
        assert [row.id for row in waiting] == expected
        for row in waiting:
            assert (row.payload, row.attempts) == (self.payloads[row.id], self.attempts[row.id])


class EffectsMachine(Crashing):
    """Effects are planned, sent, postponed and ended in any order; nothing is said twice."""

    def made(self) -> None:
        self.effects = Effects(self.db, self.keys.cipher)

    @initialize()
    def begin(self) -> None:
        self.ids: dict[str, int] = {}
        self.kinds: dict[int, EffectKind] = {}
        self.status: dict[int, EffectStatus] = {}
        self.may_have_left: dict[int, bool] = {}
        """Whether a request left since nothing provably happened."""

    @rule(
        picked=st.lists(
            st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(list(EffectKind))), max_size=4
        ),
        leaving=st.booleans(),
    )
    def plan(self, picked: list[tuple[str, EffectKind]], leaving: bool) -> None:
        new = [
            NewEffect(key=key, kind=kind, chat_id=CHATS[0], payload=key.encode())
            for key, kind in picked
        ]
        rows = self.run((self.effects.begin if leaving else self.effects.plan)(None, new))
        fresh = [k for k in dict.fromkeys(k for k, _ in picked) if k not in self.ids]
        if leaving:
            assert [row.key for row in rows] == fresh, "what exists is another's to perform"
        else:
            assert [row.key for row in rows] == [key for key, _ in picked]
        for row in rows:
            if row.key in fresh:
                self.ids[row.key], self.kinds[row.id] = row.id, row.kind
                self.status[row.id] = EffectStatus.SENDING if leaving else EffectStatus.PLANNED
                self.may_have_left[row.id] = leaving
        assert all(self.ids[row.key] == row.id for row in rows)

    @rule(picked=st.lists(st.integers(1, 12), max_size=3))
    def send(self, picked: list[int]) -> None:
        ids = list(dict.fromkeys(picked))
        permitted = self.run(self.effects.sending(None, ids))
        for effect in ids:
            status = self.status.get(effect)
            repeat = status in (EffectStatus.SENDING, EffectStatus.UNKNOWN) and (
                self.kinds[effect] in REPEATABLE
            )
            assert (effect in permitted) == (status is EffectStatus.PLANNED or repeat)
            if effect in permitted:
                said_before = self.may_have_left[effect]
                assert not said_before or self.kinds[effect] in REPEATABLE, "said twice"
                self.status[effect], self.may_have_left[effect] = EffectStatus.SENDING, True

    @rule(effect=st.integers(1, 12), ended=st.sampled_from([*FINAL, EffectStatus.UNKNOWN]))
    def finish(self, effect: int, ended: EffectStatus) -> None:
        status = self.status.get(effect)
        final = status is None or status in FINAL
        told = self.run(self.effects.finish(None, effect, ended, detail="code"))
        assert told == (not final)
        if not final:
            self.status[effect] = ended

    @precondition(lambda self: bool(self.status))
    @rule(data=st.data())
    def nothing_happened(self, data: st.DataObject) -> None:
        effect = data.draw(st.sampled_from(sorted(self.status)))
        moved = self.run(self.effects.postpone(None, effect, self.time, "later"))
        status = self.status[effect]
        assert moved == (status in (EffectStatus.PLANNED, EffectStatus.SENDING))
        if moved:
            self.status[effect], self.may_have_left[effect] = EffectStatus.PLANNED, False

    @invariant()
    def the_records_are_those_of_the_model(self) -> None:
        for key, effect in getattr(self, "ids", {}).items():
            row = self.run(self.effects.by_key(key))
            assert (row.id, row.kind, row.status) == (
                effect,
                self.kinds[effect],
                self.status[effect],
            )
            assert (row.payload is None) == self._erased(effect)

    def _erased(self, effect: int) -> bool:
        status = self.status[effect]
        return status in FINAL or (
            status is EffectStatus.UNKNOWN and self.kinds[effect] not in REPEATABLE
        )

    @invariant()
    def what_is_unfinished_is_taken_up(self) -> None:
        left = {row.id for row in self.run(self.effects.unfinished())}
        assert left == {e for e in getattr(self, "status", {}) if not self._erased(e)}


@pytest.mark.parametrize("machine", [InboxMachine, EffectsMachine])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_order_of_steps(
    machine: type[Machine], engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    try_orders(bound(machine, engine, tmp_path, request))
