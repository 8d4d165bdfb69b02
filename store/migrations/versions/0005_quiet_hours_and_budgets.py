"""People have quiet hours."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("quiet_hours", sa.String(length=11), nullable=True))
    op.add_column("accounts", sa.Column("sleeps_at", sa.BigInteger(), nullable=True))
    op.add_column("accounts", sa.Column("wakes_at", sa.BigInteger(), nullable=True))
    awake_by_now = sa.text("wakes_at IS NOT NULL")
    op.create_index(
        "ix_accounts_wakes_at", "accounts", ["wakes_at"], sqlite_where=awake_by_now, postgresql_where=awake_by_now
    )
