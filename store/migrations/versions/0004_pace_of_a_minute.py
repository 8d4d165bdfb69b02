"""Routes keep a pace for a minute, too."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("routes", sa.Column("minute_tat", sa.BigInteger(), server_default="0", nullable=False))
