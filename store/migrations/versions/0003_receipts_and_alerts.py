"""Texts are asked about later and have a price, attempts may be excused, and senders that are stopped have an alert."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LATE = sa.text("channel = 'sms' AND (state = 'sent' OR state = 'delivered') AND lease_until IS NOT NULL")
_UNMATCHED = sa.text("delivery_id IS NULL")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("excused", sa.Integer(), server_default="0", nullable=False))
    op.add_column("deliveries", sa.Column("price_micros", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("price_unit", sa.String(length=3), nullable=True))
    op.create_index(
        "ix_deliveries_late",
        "deliveries",
        ["lease_until"],
        sqlite_where=_LATE,
        postgresql_where=_LATE,
        if_not_exists=True,
    )
    op.create_index(
        "ix_receipts_unmatched",
        "receipts",
        ["received_at"],
        sqlite_where=_UNMATCHED,
        postgresql_where=_UNMATCHED,
        if_not_exists=True,
    )
    op.create_table(
        "sender_alerts",
        sa.Column("route", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("route", name=op.f("pk_sender_alerts")),
    )
