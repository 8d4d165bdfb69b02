"""People have quiet hours, texts have budgets and a bill."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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
    op.create_table(
        "sms_usage",
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("of_id", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("warned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("month", "kind", "of_id", name=op.f("pk_sms_usage")),
    )
    op.create_table(
        "sms_costs",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("route", sa.SmallInteger(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "route", "country", name=op.f("pk_sms_costs")),
    )
