"""The people that the bot has seen in its chats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.engine import Row

from bot.store.database import Database, Tx, upsert
from bot.store.keys import Keys
from bot.store.tables import people


class ConfiguredPerson(Protocol):
    """A person in the settings."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person. ``can_write``: they opened the private chat, so the bot may write to them."""

    user_id: int
    name: str | None = field(repr=False)
    language: str | None
    pseudonym: str
    can_write: bool
    roles: tuple[str, ...]
    seen_at: datetime | None


class People:
    """The people. Names are sealed."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._keys = keys

    async def remember(
        self,
        tx: Tx | None,
        user_id: int,
        *,
        name: str | None = None,
        language: str | None = None,
        can_write: bool | None = None,
    ) -> None:
        """Record that a person was seen; None leaves a value unchanged."""
        given = {"name": self._seal(user_id, name), "language": language, "can_write": can_write}
        values = {key: value for key, value in given.items() if value is not None}
        async with self._db.within(tx) as tx:
            await self._put(tx, user_id, values | {"seen_at": self._db.now()})

    async def set_roles(self, tx: Tx | None, configured: Iterable[ConfiguredPerson]) -> None:
        """Set the roles of the people in the settings, and remove everyone else's."""
        async with self._db.within(tx) as tx:
            await tx.execute(update(people).where(people.c.roles.is_not(None)).values(roles=None))
            for person in configured:
                values: dict[str, Any] = {"roles": list(person.roles)}
                if person.name:
                    values["name"] = self._seal(person.id, person.name)
                await self._put(tx, person.id, values)

    async def get(self, user_id: int) -> Person | None:
        """Find a person."""
        query = select(people).where(people.c.user_id == user_id)
        async with self._db.look_up() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else self._person(row)

    async def by_role(self, role: str) -> list[Person]:
        """List the people who have a role."""
        query = select(people).where(people.c.roles.is_not(None)).order_by(people.c.user_id)
        async with self._db.read() as connection:
            known = [self._person(row) for row in await connection.execute(query)]
        return [person for person in known if role in person.roles]

    async def _put(self, tx: Tx, user_id: int, values: dict[str, Any]) -> None:
        pseudonym = self._keys.pseudonym(user_id)
        await tx.execute(
            upsert(tx.dialect.name, people)
            .values(user_id=user_id, pseudonym=pseudonym, **values)
            .on_conflict_do_update(index_elements=["user_id"], set_=values)
        )

    def _seal(self, user_id: int, name: str | None) -> bytes | None:
        return self._keys.cipher.seal_text(name, f"person/{user_id}/name")

    def _person(self, row: Row[Any]) -> Person:
        values = dict(row._mapping)
        about = f"person/{row.user_id}/name"
        values["name"] = self._keys.cipher.open_text(values["name"], about)
        values["roles"] = tuple(values["roles"] or ())
        return Person(**values)
