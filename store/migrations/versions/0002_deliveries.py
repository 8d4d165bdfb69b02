"""Deliveries name their post or notice without a foreign key, and leave counts when they go."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LAST_ID = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'")
_FORGET_LAST_ID = sa.text("DELETE FROM sqlite_sequence WHERE name = 'deliveries'")
_REMEMBER_LAST_ID = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('deliveries', :last)")


def upgrade() -> None:
    connection = op.get_bind()
    on_sqlite = connection.dialect.name == "sqlite"
    last = connection.execute(_LAST_ID).scalar_one_or_none() if on_sqlite else None
    # SQLite copies the table, all but the last id that it gave.
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_autoincrement": True}) as deliveries:
        deliveries.drop_constraint(op.f("fk_deliveries_post_id"), type_="foreignkey")
        deliveries.drop_constraint(op.f("fk_deliveries_notice_id"), type_="foreignkey")
    if last is not None:
        connection.execute(_FORGET_LAST_ID)
        connection.execute(_REMEMBER_LAST_ID, {"last": last})
    op.create_table(
        "delivery_counts",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_delivery_counts_post_id")),
        sa.PrimaryKeyConstraint("post_id", "channel", "state", "reason", name=op.f("pk_delivery_counts")),
    )
