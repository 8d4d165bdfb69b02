"""Who listens by text alone has not said no to mails. For those of before nobody can tell, so they get none."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("listeners") as listeners:
        listeners.alter_column("mail", existing_type=sa.Boolean(), nullable=True, server_default=None)
