"""Mails that come back: full mailboxes counted by the day, and complaints."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("addresses", sa.Column("soft_days", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("addresses", sa.Column("soft_at", sa.BigInteger(), nullable=True))
    op.add_column("addresses", sa.Column("complained_at", sa.BigInteger(), nullable=True))
