"""Who writes: reply addresses that can be renewed, and posting addresses that ask whose mail it is."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("reply_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("checks_sender", sa.Boolean(), server_default=sa.false(), nullable=False))
