"""The tables, defined once. Columns that are sealed hold AES-GCM bytes, never clear text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# SQLite has no type for times; whole numbers compare and subtract alike on both engines.
class Moment(TypeDecorator[datetime]):
    """A time with a zone, stored as whole microseconds since 1970 UTC; naive times are refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn a time into microseconds."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn microseconds into a UTC time."""
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite assigns ids only if the key's type is exactly INTEGER.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# AUTOINCREMENT: SQLite must not reuse the id of a purged row, because cases refer to it.
inbox = Table(
    "inbox",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("platform", String(32), nullable=False),
    Column("update_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger),
    Column("message_id", BigInteger),
    Column("album_id", String(64)),
    Column("lane", SmallInteger, nullable=False),
    Column("has_file", Boolean, nullable=False),
    Column("payload", LargeBinary),
    Column("received_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("decided_at", Moment),
    Column("result", String(16)),
    UniqueConstraint("platform", "update_id"),
    sqlite_autoincrement=True,
)
_undecided = inbox.c.decided_at.is_(None)
Index(
    "ix_inbox_undecided",
    inbox.c.lane,
    inbox.c.id,
    sqlite_where=_undecided,
    postgresql_where=_undecided,
)
_in_album = inbox.c.album_id.is_not(None)
Index(
    "ix_inbox_album",
    inbox.c.chat_id,
    inbox.c.album_id,
    sqlite_where=_in_album,
    postgresql_where=_in_album,
)
Index("ix_inbox_received_at", inbox.c.received_at)

groups = Table(
    "groups",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("title", LargeBinary),
    Column("status", String(16), nullable=False),
    Column("policy", String(64), nullable=False, default="standard"),
    Column("language", String(16)),
    Column("department", LargeBinary),
    Column("announced_at", Moment),
    Column("pending_since", Moment),
    Column("decided_by", BigInteger),
    Column("present", Boolean),
    Column("is_admin", Boolean),
    Column("can_delete", Boolean),
    Column("can_restrict", Boolean),
    Column("sees_all_messages", Boolean),
    Column("checked_at", Moment),
    Column("migrated_to", BigInteger),
)

group_keywords = Table(
    "group_keywords",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("term", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("added_by", BigInteger),
    Column("added_at", Moment, nullable=False),
    UniqueConstraint("chat_id", "digest"),
)

people = Table(
    "people",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", LargeBinary),
    Column("language", String(16)),
    Column("pseudonym", String(16), nullable=False),
    Column("can_write", Boolean, nullable=False, default=False),
    Column("roles", Json),
    Column("seen_at", Moment),
)

cases = Table(
    "cases",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("reference", String(32), nullable=False),
    Column("inbox_id", BigInteger),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("album_id", String(64)),
    Column("sender_id", BigInteger, nullable=False),
    Column("sender_kind", String(32), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("category", String(32)),
    Column("rule_ids", Json, nullable=False),
    Column("summary", Json, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("masked_text", LargeBinary),
    Column("has_picture", Boolean, nullable=False),
    Column("content_digests", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("message_sent_at", Moment),
    Column("removed_at", Moment),
    Column("assignee_id", BigInteger),
    Column("taken_at", Moment),
    Column("decided_at", Moment),
    Column("decided_by", BigInteger),
    Column("decision", String(16)),
    Column("appealed_at", Moment),
    Column("due_at", Moment),
    UniqueConstraint("number"),
    UniqueConstraint("inbox_id"),
    Index("ix_cases_chat_id_opened_at", "chat_id", "opened_at"),
    Index("ix_cases_sender_id", "sender_id"),
    sqlite_autoincrement=True,
)

effects = Table(
    "effects",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("case_id", BigInteger),
    Column("lane", SmallInteger, nullable=False),
    Column("key", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("payload", LargeBinary),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment),
    Column("detail", String(64)),
    Column("result_message_id", BigInteger),
    Column("planned_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("finished_at", Moment),
    Column("carrier_id", BigInteger),
    UniqueConstraint("key"),
    Index("ix_effects_case_id", "case_id"),
)
_not_final = effects.c.finished_at.is_(None)
Index("ix_effects_not_final", effects.c.id, sqlite_where=_not_final, postgresql_where=_not_final)
_carried = effects.c.carrier_id.is_not(None)
Index(
    "ix_effects_carrier_id",
    effects.c.carrier_id,
    sqlite_where=_carried,
    postgresql_where=_carried,
)

# With the second key PostgreSQL renews a lease beside transactions that rely on it (they lock it
# FOR KEY SHARE), while another process that acquires it, and so changes the token, waits for them.

leases = Table(
    "leases",
    metadata,
    Column("name", String(96), primary_key=True),
    Column("owner", String(64)),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", Moment),
    UniqueConstraint("name", "token"),
)

buttons = Table(
    "buttons",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("case_id", BigInteger),
    Column("chat_id", BigInteger),
    Column("subject", Json),
    Column("audience", String(16), nullable=False),
    Column("audience_user_id", BigInteger),
    Column("once", Boolean, nullable=False),
    Column("expires_at", Moment),
    Column("used_by", BigInteger),
    Column("used_at", Moment),
)

releases = Table(
    "releases",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("sender_id", BigInteger, nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Column("granted_by", BigInteger, nullable=False),
    Column("granted_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("ix_releases_digest", "digest"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor_id", BigInteger),
    Column("action", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", Json, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_autoincrement=True,
)

evidence = Table(
    "evidence",
    metadata,
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Json, nullable=False),
)
