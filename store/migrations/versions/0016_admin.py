"""What administrators need: the audit log, which is only added to, invitations, default follows, counts by day."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ABOUT = sa.text("about_id IS NOT NULL")
_KEPT = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{what} BEFORE {what} ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
        for what in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
    ],
}


def upgrade() -> None:
    _add_audit()
    _add_invites()
    op.create_table(
        "default_follows",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("texts", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_default_follows_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_default_follows")),
    )
    op.create_table(
        "day_counts",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "what", name=op.f("pk_day_counts")),
    )


def _add_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(length=8), nullable=False),
        sa.Column("who_id", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.String(length=64), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_about_id", "audit", ["about_id", "id"], sqlite_where=_ABOUT, postgresql_where=_ABOUT)
    for statement in _KEPT[op.get_bind().dialect.name]:
        op.execute(statement)


def _add_invites() -> None:
    op.create_table(
        "invites",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=140), server_default="", nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invites_code_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_invites_made_by_created_at"), "invites", ["made_by", "created_at"])
    op.create_table(
        "invite_uses",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("invite_id", _ID, nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_invite_uses_account_id")),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name=op.f("fk_invite_uses_invite_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_invite_uses")),
    )
    op.create_index(op.f("ix_invite_uses_invite_id"), "invite_uses", ["invite_id"])
    op.add_column("signups", sa.Column("invite_id", sa.BigInteger(), nullable=True))
