"""Lists of people that somebody reads apart from their home."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lists",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_lists_account_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_lists_account_id"), "lists", ["account_id"])
    op.create_table(
        "list_members",
        sa.Column("list_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("list_id", "account_id", name=op.f("pk_list_members")),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_list_members_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_list_members_account_id")),
    )
    op.create_index(op.f("ix_list_members_account_id"), "list_members", ["account_id"])
