"""Posts can wait for a digest; words of our own say what they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("digest_hour", sa.SmallInteger(), nullable=True))
    op.add_column("accounts", sa.Column("digest_at", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("digest_id", sa.BigInteger(), nullable=True))
    op.add_column("notices", sa.Column("kind", sa.String(length=8), server_default="notice", nullable=False))
    wants_digests = sa.text("digest_at IS NOT NULL")
    op.create_index(
        "ix_accounts_digest_at", "accounts", ["digest_at"], sqlite_where=wants_digests, postgresql_where=wants_digests
    )
    gathered, bundled = sa.text("state = 'gathered'"), sa.text("digest_id IS NOT NULL")
    op.create_index(
        "ix_deliveries_gathered",
        "deliveries",
        ["account_id", "id"],
        sqlite_where=gathered,
        postgresql_where=gathered,
    )
    op.create_index(
        "ix_deliveries_bundled", "deliveries", ["digest_id", "id"], sqlite_where=bundled, postgresql_where=bundled
    )
    op.execute("UPDATE accounts SET digest_at = 0 WHERE email_mode IN ('hourly', 'daily')")
