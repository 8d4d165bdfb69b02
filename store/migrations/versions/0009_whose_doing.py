"""Who caused words of ours that went to somebody else, so that a block keeps them from going out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("caused_by_id", sa.BigInteger(), nullable=True))
