"""Sealed and erased content is not found in the database's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.outgoing import EffectStatus
from bot.store.cases import Cases
from bot.store.database import Database
from bot.store.effects import Effects
from bot.store.group_terms import GroupTerms
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.keys import Keys
from bot.store.people import People

from .conftest import sqlite_only
from .rows import CHAT, new_case, new_effect, received

pytestmark = sqlite_only

Erased = Callable[[bytes], bool]


@pytest.fixture
def erased(tmp_path: Path) -> Erased:
    """Return True if bytes stand in none of the database's files."""

    def check(needle: bytes) -> bool:
        files = [f for f in (tmp_path / "data").iterdir() if f.is_file()]
        assert files
        return not any(needle in f.read_bytes() for f in files)

    return check


async def test_nothing_sealed_stands_in_clear_in_the_files(
    db: Database, keys: Keys, erased: Erased
) -> None:
    await Groups(db, keys.cipher).designate(
        None, CHAT, title="canary-title", department="canary-department"
    )
    await People(db, keys).remember(None, 3001, name="canary-person")
    await GroupTerms(db, keys).add(None, CHAT, "canary-keyword", 4001)
    await Cases(db, keys.cipher).open(None, new_case(masked_text="canary-masked"))
    await Inbox(db, keys.cipher).add([received(payload=b"canary-payload")])
    await Effects(db, keys.cipher).plan(None, [new_effect("k", payload=b"canary-effect")])
    assert erased(b"canary")
    assert await db.checkpoint()
    assert erased(b"canary")


async def test_decided_payload_is_erased_from_the_files(
    db: Database, keys: Keys, erased: Erased
) -> None:
    inbox, effects = Inbox(db, keys.cipher), Effects(db, keys.cipher)
    await inbox.add([received(n, payload=b"before" * 50) for n in range(5)])
    rows = await inbox.add([received(10, payload=b"canary" * 900), received(11, payload=b"c" * 40)])
    (effect,) = await effects.plan(None, [new_effect("k", payload=b"canary" * 900)])
    async with db.read() as connection:
        sealed = list((await connection.exec_driver_sql("SELECT payload FROM inbox")).scalars())[5:]
        sealed += (await connection.exec_driver_sql("SELECT payload FROM effects")).scalars()
    assert len(sealed) == 3
    # Pieces, because a long value is spread over pages.
    pieces = [s[i : i + 24] for s in sealed for i in range(0, len(s) - 24, 200)]
    assert not any(erased(s[:24]) for s in sealed)
    await inbox.decide(None, {row.id: "clean" for row in rows})
    await effects.sending(None, [effect.id])
    await effects.finish(None, effect.id, EffectStatus.DONE)
    assert await db.checkpoint()
    assert all(erased(piece) for piece in pieces)
