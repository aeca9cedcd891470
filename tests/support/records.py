"""The bot's records, read from its database without its own code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy.engine import Connection

from bot.store.tables import cases, effects, inbox

Key = tuple[int, int]
"""A chat and a message in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An effect of a case, as it is recorded."""

    kind: str
    status: str
    detail: str | None
    chat_id: int
    result_message_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The results of each message's updates, its cases' numbers, and the effects of each number."""

    results: dict[Key, list[str | None]]
    cases: dict[Key, list[int]]
    effects: dict[int, list[Recorded]]


def read_records(connection: Connection) -> Records:
    """Read all that is recorded."""
    results, numbers = defaultdict(list), defaultdict(list)
    for row in connection.execute(_columns(inbox, "chat_id", "message_id", "result")):
        results[row.chat_id, row.message_id].append(row.result)
    by_id: dict[int, int] = {}
    for row in connection.execute(_columns(cases, "id", "number", "chat_id", "message_id")):
        numbers[row.chat_id, row.message_id].append(row.number)
        by_id[row.id] = row.number
    acts = defaultdict(list)
    names = ("case_id", "kind", "status", "detail", "chat_id", "result_message_id")
    for row in connection.execute(_columns(effects, *names)):
        if row.case_id is not None:
            values = {name: getattr(row, name) for name in names[1:]}
            acts[by_id[row.case_id]].append(Recorded(**values))
    return Records(results=dict(results), cases=dict(numbers), effects=dict(acts))


def _columns(table: sqlalchemy.Table, *names: str) -> Any:
    columns: Iterable[Any] = (table.c[name] for name in names)
    return sqlalchemy.select(*columns).order_by(table.c.id)
