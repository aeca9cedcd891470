"""The meanings of buttons: Telegram allows 64 bytes, so a button carries only a random id."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import or_, select, update
from sqlalchemy.engine import Row

from bot.store.database import Database, Tx
from bot.store.tables import buttons

Audience = Literal["supervisor", "sender", "administrator", "anyone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewButton:
    """A button to be created. ``subject`` holds small values such as ids, never content."""

    action: str
    audience: Audience
    case_id: int | None = None
    chat_id: int | None = None
    subject: dict[str, Any] | None = None
    audience_user_id: int | None = None
    once: bool = True
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonRow:
    """A button and the person who used it."""

    id: str
    action: str
    audience: Audience
    case_id: int | None
    chat_id: int | None
    subject: dict[str, Any]
    audience_user_id: int | None
    once: bool
    expires_at: datetime | None
    used_by: int | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The result of a press: ``first`` if it counts; else ``used_by`` (None: it has expired)."""

    first: bool
    used_by: int | None


class ButtonMeanings:
    """The buttons. The caller checks whether somebody may press one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create(self, tx: Tx | None, new: Sequence[NewButton]) -> list[str]:
        """Create buttons; return their ids (22 characters, 128 random bits), in order."""
        if not new:
            return []
        rows = [
            {
                "id": secrets.token_urlsafe(16),
                "action": button.action,
                "audience": button.audience,
                "case_id": button.case_id,
                "chat_id": button.chat_id,
                "subject": button.subject or {},
                "audience_user_id": button.audience_user_id,
                "once": button.once,
                "expires_at": button.expires_at,
            }
            for button in new
        ]
        async with self._db.within(tx) as tx:
            await tx.execute(buttons.insert(), rows)
        return [str(row["id"]) for row in rows]

    async def get(self, id: str) -> ButtonRow | None:
        """Find a button that has not expired."""
        async with self._db.read() as connection:
            row = (await connection.execute(self._living(id))).one_or_none()
        return None if row is None else _button(row)

    async def use(self, tx: Tx | None, id: str, user_id: int) -> Use:
        """Record a press; only the first press of a single-use button counts."""
        # One statement both checks and records: of two presses at once, exactly one is first.
        statement = (
            update(buttons)
            .where(
                buttons.c.id == id,
                or_(buttons.c.used_by.is_(None), buttons.c.once.is_(False)),
                or_(buttons.c.expires_at.is_(None), buttons.c.expires_at > self._db.now()),
            )
            .values(used_by=user_id, used_at=self._db.now())
        )
        async with self._db.within(tx) as tx:
            if (await tx.execute(statement)).rowcount == 1:
                return Use(first=True, used_by=user_id)
            row = (await tx.execute(self._living(id))).one_or_none()
        return Use(first=False, used_by=None if row is None else row.used_by)

    def _living(self, id: str) -> Any:
        return select(buttons).where(
            buttons.c.id == id,
            or_(buttons.c.expires_at.is_(None), buttons.c.expires_at > self._db.now()),
        )


def _button(row: Row[Any]) -> ButtonRow:
    values = dict(row._mapping)
    values["subject"] = values["subject"] or {}
    return ButtonRow(**values)
