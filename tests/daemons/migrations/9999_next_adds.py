"""What a next release might add: columns to the busiest tables, a table, an index."""

import sqlalchemy as sa
from alembic import op

from tests.daemons.next_release import BEFORE

revision = "9999"
down_revision = BEFORE
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("posts", sa.Column("language", sa.String(16), nullable=True))
    op.add_column("accounts", sa.Column("mood", sa.Text(), server_default="", nullable=False))
    op.create_table("moods", sa.Column("mood", sa.Text(), primary_key=True), sa.Column("used", sa.BigInteger()))
    op.create_index("ix_posts_language", "posts", ["language"], if_not_exists=True)
