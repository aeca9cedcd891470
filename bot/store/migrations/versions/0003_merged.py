"""Merged effects point to the effect that carries them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_CARRIED = sa.text("carrier_id IS NOT NULL")


def upgrade() -> None:
    """Add the pointer."""
    op.add_column("effects", sa.Column("carrier_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_effects_carrier_id",
        "effects",
        ["carrier_id"],
        unique=False,
        sqlite_where=_CARRIED,
        postgresql_where=_CARRIED,
    )


def downgrade() -> None:
    """Drop what was added."""
    op.drop_index("ix_effects_carrier_id", table_name="effects")
    op.drop_column("effects", "carrier_id")
