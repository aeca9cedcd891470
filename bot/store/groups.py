"""The chat groups, and whether they may be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import delete, or_, select, update
from sqlalchemy.engine import Row

from bot.outgoing import BotRights
from bot.store.database import Database, Tx, upsert
from bot.store.key_values import mark_groups_changed
from bot.store.keys import Cipher
from bot.store.tables import buttons, cases, effects, group_keywords, groups, inbox, releases

GroupStatus = Literal["designated", "pending", "refused", "left"]


class ConfiguredGroup(Protocol):
    """A group in the settings."""

    @property
    def id(self) -> int: ...
    @property
    def policy(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def language(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group. ``rights`` is None until the bot's rights are checked."""

    chat_id: int
    status: GroupStatus
    title: str | None = field(repr=False)
    policy: str
    language: str | None
    department: str | None = field(repr=False)
    announced_at: datetime | None
    pending_since: datetime | None
    decided_by: int | None
    rights: BotRights | None
    checked_at: datetime | None
    migrated_to: int | None


class Groups:
    """The groups that the bot knows. Titles and departments are sealed."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self._db = db
        self._cipher = cipher

    async def get(self, chat_id: int) -> Group | None:
        """Find a group."""
        rows = await self._select(groups.c.chat_id == chat_id)
        return rows[0] if rows else None

    async def all(self) -> list[Group]:
        """List every group that the bot ever knew."""
        return await self._select(groups.c.chat_id.is_not(None))

    async def some(self, chat_ids: Collection[int]) -> list[Group]:
        """Find groups; unknown ids are left out."""
        return await self._select(groups.c.chat_id.in_(chat_ids))

    async def former_ids(self, chat_ids: Collection[int]) -> dict[int, list[int]]:
        """Map groups' ids to the ids that they had before they became supergroups."""
        columns = (groups.c.migrated_to, groups.c.chat_id)
        query = select(*columns).where(groups.c.migrated_to.in_(chat_ids)).order_by(columns[1])
        former: dict[int, list[int]] = {}
        async with self._db.read() as connection:
            for now, before in await connection.execute(query):
                former.setdefault(now, []).append(before)
        return former

    async def overdue(self, before: datetime) -> list[Group]:
        """List the groups that have waited for approval since before a time."""
        return await self._select(groups.c.status == "pending", groups.c.pending_since < before)

    async def designate(
        self,
        tx: Tx | None,
        chat_id: int,
        *,
        decided_by: int | None = None,
        policy: str | None = None,
        title: str | None = None,
        language: str | None = None,
        department: str | None = None,
    ) -> None:
        """Designate a group, so that its messages are inspected; None leaves a value unchanged."""
        given = {
            "policy": policy,
            "title": self._seal(chat_id, "title", title),
            "language": language,
            "department": self._seal(chat_id, "department", department),
            "decided_by": decided_by,
        }
        values = {name: value for name, value in given.items() if value is not None}
        fixed = {"status": "designated", "pending_since": None, "migrated_to": None}
        await self._put(tx, chat_id, values | fixed)

    async def designate_configured(
        self, tx: Tx | None, configured: Iterable[ConfiguredGroup]
    ) -> None:
        """Designate the groups in the settings, except old ids of groups that have migrated."""
        async with self._db.within(tx) as tx:
            query = select(groups.c.chat_id).where(groups.c.migrated_to.is_not(None))
            former = set((await tx.execute(query)).scalars())
            for group in configured:
                if group.id in former:
                    continue
                await self.designate(
                    tx,
                    group.id,
                    policy=group.policy,
                    language=group.language,
                    department=group.department or None,
                )

    async def pending(self, tx: Tx | None, chat_id: int, *, title: str | None = None) -> Group:
        """Record that a group waits for approval, unless it does or is designated; return it."""
        sealed = self._seal(chat_id, "title", title)
        waiting: dict[str, Any] = {"status": "pending", "pending_since": self._db.now()}
        again = waiting | {"decided_by": None, "announced_at": None, "migrated_to": None}
        async with self._db.within(tx) as tx:
            await tx.execute(
                upsert(tx.dialect.name, groups)
                .values(chat_id=chat_id, **waiting)
                .on_conflict_do_update(
                    index_elements=["chat_id"],
                    set_=again,
                    where=groups.c.status.in_(["refused", "left"]),
                )
            )
            if sealed is not None:
                await self._update(tx, chat_id, title=sealed)
            await mark_groups_changed(tx)
            query = select(groups).where(groups.c.chat_id == chat_id)
            return self._group((await tx.execute(query)).one())

    async def set_supervision(self, tx: Tx | None, configured: int | None) -> int | None:
        """Remove the supervisors' chat from pending and refused groups; return its present id."""
        if configured is None:
            return None
        async with self._db.within(tx) as tx:
            query = select(groups.c.migrated_to).where(groups.c.chat_id == configured)
            present: int = (await tx.execute(query)).scalar() or configured
            waits = groups.c.status.in_(["pending", "refused"])
            await tx.execute(
                update(groups)
                .where(groups.c.chat_id == present, waits)
                .values(status="left", pending_since=None)
            )
            await mark_groups_changed(tx)
            return present

    async def move_supervision(self, tx: Tx | None, old: int, new: int) -> None:
        """Record that the supervisors' chat has a new id, for those who know it by the old one."""
        async with self._db.within(tx) as tx:
            # The configured id must lead straight to the present one, however often it moved.
            await tx.execute(
                update(groups).where(groups.c.migrated_to == old).values(migrated_to=new)
            )
            await self._put(tx, old, {"status": "left", "migrated_to": new})

    async def refuse(self, tx: Tx | None, chat_id: int, *, decided_by: int | None) -> None:
        """Record that a group's messages must not be inspected."""
        await self._put(
            tx, chat_id, {"status": "refused", "pending_since": None, "decided_by": decided_by}
        )

    async def mark_left(self, tx: Tx | None, chat_id: int) -> None:
        """Record that the bot is no longer in a group; its return will be announced again."""
        async with self._db.within(tx) as tx:
            await self._update(
                tx, chat_id, status="left", announced_at=None, pending_since=None, present=False
            )
            await mark_groups_changed(tx)

    async def announced(self, tx: Tx | None, chat_id: int) -> bool:
        """Record the announcement; return True exactly once for each time that the bot joins."""
        statement = (
            update(groups)
            .where(groups.c.chat_id == chat_id, groups.c.announced_at.is_(None))
            .values(announced_at=self._db.now())
        )
        async with self._db.within(tx) as tx:
            return (await tx.execute(statement)).rowcount == 1

    async def set_title(self, tx: Tx | None, chat_id: int, title: str) -> None:
        """Store a group's new title."""
        async with self._db.within(tx) as tx:
            await self._update(tx, chat_id, title=self._seal(chat_id, "title", title))
            await mark_groups_changed(tx)

    async def set_rights(self, tx: Tx | None, chat_id: int, rights: BotRights) -> None:
        """Store the bot's rights in a group, as of now."""
        async with self._db.within(tx) as tx:
            await self._update(
                tx,
                chat_id,
                present=rights.present,
                is_admin=rights.is_admin,
                can_delete=rights.can_delete,
                can_restrict=rights.can_restrict,
                sees_all_messages=rights.sees_all_messages,
                checked_at=self._db.now(),
            )

    async def migrate(self, tx: Tx | None, old: int, new: int) -> None:
        """Change a group's id everywhere; repeating it changes nothing.

        Telegram gives a group a new id when it becomes a supergroup.
        """
        async with self._db.within(tx) as tx:
            row = (await tx.execute(select(groups).where(groups.c.chat_id == old))).one_or_none()
            if row is not None and row.migrated_to != new:
                await self._move_group(tx, row, new)
            await self._move_keywords(tx, old, new)
            await mark_groups_changed(tx)
            for table in (cases, releases, buttons):
                await tx.execute(update(table).where(table.c.chat_id == old).values(chat_id=new))
            for queue, waits in ((inbox, inbox.c.decided_at), (effects, effects.c.finished_at)):
                await tx.execute(
                    update(queue).where(queue.c.chat_id == old, waits.is_(None)).values(chat_id=new)
                )

    async def _move_group(self, tx: Tx, row: Row[Any], new: int) -> None:
        group = self._group(row)
        values = dict(row._mapping) | {
            "chat_id": new,
            "title": self._seal(new, "title", group.title),
            "department": self._seal(new, "department", group.department),
        }
        # An update from the new chat may have arrived before the one about the migration.
        await tx.execute(delete(groups).where(groups.c.chat_id == new))
        await tx.execute(groups.insert().values(**values))
        await self._update(tx, group.chat_id, status="left", pending_since=None, migrated_to=new)

    async def _move_keywords(self, tx: Tx, old: int, new: int) -> None:
        query = select(group_keywords).where(
            or_(group_keywords.c.chat_id == old, group_keywords.c.chat_id == new)
        )
        rows = (await tx.execute(query)).all()
        present = {row.digest for row in rows if row.chat_id == new}
        for row in rows:
            if row.chat_id != old or row.digest in present:
                continue
            term = self._cipher.open(row.term, f"keyword/{old}/{row.digest}")
            await tx.execute(
                update(group_keywords)
                .where(group_keywords.c.id == row.id)
                .values(chat_id=new, term=self._cipher.seal(term, f"keyword/{new}/{row.digest}"))
            )
        await tx.execute(delete(group_keywords).where(group_keywords.c.chat_id == old))

    async def _put(self, tx: Tx | None, chat_id: int, values: dict[str, Any]) -> None:
        async with self._db.within(tx) as tx:
            await tx.execute(
                upsert(tx.dialect.name, groups)
                .values(chat_id=chat_id, **values)
                .on_conflict_do_update(index_elements=["chat_id"], set_=values)
            )
            await mark_groups_changed(tx)

    async def _update(self, tx: Tx, chat_id: int, **values: Any) -> None:
        await tx.execute(update(groups).where(groups.c.chat_id == chat_id).values(**values))

    async def _select(self, *conditions: Any) -> list[Group]:
        query = select(groups).where(*conditions).order_by(groups.c.chat_id)
        async with self._db.read() as connection:
            return [self._group(row) for row in await connection.execute(query)]

    def _seal(self, chat_id: int, column: str, value: str | None) -> bytes | None:
        return self._cipher.seal_text(value, f"group/{chat_id}/{column}")

    def _group(self, row: Row[Any]) -> Group:
        values = dict(row._mapping)
        for column in ("title", "department"):
            about = f"group/{values['chat_id']}/{column}"
            values[column] = self._cipher.open_text(values[column], about)
        names = ("present", "is_admin", "can_delete", "can_restrict", "sees_all_messages")
        rights = {name: bool(values.pop(name)) for name in names}
        checked = values["checked_at"] is not None
        return Group(**values, rights=BotRights(**rights) if checked else None)
