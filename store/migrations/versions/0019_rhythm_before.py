"""How mail came to somebody before it was turned off, so that it can come so again."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("email_before", sa.String(length=8), nullable=True))
