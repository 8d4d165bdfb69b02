"""Several carriers: numbers that stand still, texts that one refused to send, and texts that come in in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("routes", sa.Column("failing_since", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("refused_by", sa.Text(), nullable=True))
    op.create_table(
        "parted_texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("came", sa.SmallInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parted_texts")),
        sa.UniqueConstraint(
            "source",
            "sender",
            "recipient",
            "reference",
            "total",
            name=op.f("uq_parted_texts_source_sender_recipient_reference_total")
        ),
    )
    op.create_index(op.f("ix_parted_texts_last_at"), "parted_texts", ["last_at"])
