"""Lanes, and leases on them."""

import sqlalchemy as sa
from alembic import op

from bot.store.lanes import NO_LANE, lane_of

revision = "0002"
down_revision = "0001"

_UNDECIDED = sa.text("decided_at IS NULL")


def upgrade() -> None:
    """Give every update and effect its lane, and make the leases."""
    zero, none, no = sa.text("0"), sa.text(str(NO_LANE)), sa.false()
    for table, column in (
        ("inbox", sa.Column("lane", sa.SmallInteger(), nullable=False, server_default=zero)),
        ("inbox", sa.Column("has_file", sa.Boolean(), nullable=False, server_default=no)),
        ("effects", sa.Column("lane", sa.SmallInteger(), nullable=False, server_default=none)),
    ):
        op.add_column(table, column)
    _fill("inbox", "decided_at")
    _fill("effects", "finished_at")
    op.drop_index("ix_inbox_undecided", table_name="inbox")
    op.create_index(
        "ix_inbox_undecided",
        "inbox",
        ["lane", "id"],
        unique=False,
        sqlite_where=_UNDECIDED,
        postgresql_where=_UNDECIDED,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        sa.UniqueConstraint("name", "token", name=op.f("uq_leases_name_token")),
    )


def _fill(name: str, end: str) -> None:
    """Compute the lanes of rows without an end; ended rows need none."""
    connection = op.get_bind()
    table = sa.table(name, sa.column("id"), sa.column("chat_id"), sa.column("lane"), sa.column(end))
    waiting = sa.select(table.c.id, table.c.chat_id).where(table.c[end].is_(None))
    rows = [{"row_id": i, "number": lane_of(chat)} for i, chat in connection.execute(waiting)]
    if rows:
        number = sa.bindparam("number", type_=sa.SmallInteger())
        statement = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
        connection.execute(statement.values(lane=number), rows)


def downgrade() -> None:
    """Drop what was added."""
    op.drop_table("leases")
    op.drop_index("ix_inbox_undecided", table_name="inbox")
    op.create_index(
        "ix_inbox_undecided",
        "inbox",
        ["id"],
        unique=False,
        sqlite_where=_UNDECIDED,
        postgresql_where=_UNDECIDED,
    )
    op.drop_column("effects", "lane")
    op.drop_column("inbox", "has_file")
    op.drop_column("inbox", "lane")
