"""Load the allow-list: harmless terms, patterns and rules, each with an owner and an end."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import ConfigurationError
from bot.policy.allow_list import AllowEntry, AllowList
from bot.rules.regex import translated
from bot.rules.schema import validate

_KINDS = ("term", "pattern", "rule")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    term: str | None = Field(default=None, min_length=1)
    pattern: str | None = Field(default=None, min_length=1)
    rule: str | None = Field(default=None, min_length=1)
    group: int | None = None
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: datetime | date


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[_Entry, ...] = ()


def load_allow_list(path: Path) -> AllowList:
    """Load a file of ``[[allow]]`` tables; one that does not exist allows nothing.

    Each has one of ``term``, ``pattern`` (RE2) and ``rule``, in all groups or in one ``group``; or
    ``group`` alone. ``owner``, ``reason`` and ``expires`` are needed; a date counts as a whole.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return AllowList()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not valid TOML: {error}", where=str(path)) from None
    schema = validate(_File, raw, str(path), _name)
    entries = [_entry(e, f"{path}: {_called(n, e.id)}", n) for n, e in enumerate(schema.allow, 1)]
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise ConfigurationError(
                "two entries have this id", where=f"{path}: entry {entry.id!r}", mend="rename one"
            )
        seen.add(entry.id)
    return AllowList(entries)


def _called(number: int, id: str | None) -> str:
    return f"entry {id!r}" if id else f"entry number {number}"


def _name(raw: Mapping[str, Any], place: tuple[object, ...]) -> str:
    if len(place) < 2 or place[0] != "allow" or not isinstance(place[1], int):
        return ""
    entry = raw["allow"][place[1]]
    return _called(place[1] + 1, entry.get("id") if isinstance(entry, dict) else None)


def _entry(raw: _Entry, where: str, number: int) -> AllowEntry:
    given = [kind for kind in _KINDS if getattr(raw, kind) is not None]
    if len(given) > 1 or (not given and raw.group is None):
        raise ConfigurationError(
            "what is allowed is not clear", where=where, mend="give one of term, pattern and rule"
        )
    if not (raw.owner.strip() and raw.reason.strip()):
        raise ConfigurationError("an owner and a reason are needed", where=where)
    value = str(getattr(raw, given[0])) if given else str(raw.group)
    return AllowEntry(
        id=raw.id or str(number),
        kind=given[0] if given else "group",  # type: ignore[arg-type]
        value=translated(value, where) if given == ["pattern"] else value,
        owner=raw.owner,
        reason=raw.reason,
        expires=_end(raw.expires),
        chat_id=raw.group,
    )


def _end(expires: datetime | date) -> datetime:
    """Return the moment at which an entry ends; a date's is the end of that day, here."""
    if isinstance(expires, datetime):
        return expires.astimezone(UTC)
    return datetime.combine(expires + timedelta(days=1), time()).astimezone(UTC)
