"""What was cut off the mails that became posts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_cuts",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("cut_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_cuts_post_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_post_cuts")),
    )
    op.create_index(op.f("ix_post_cuts_cut_at"), "post_cuts", ["cut_at"])
