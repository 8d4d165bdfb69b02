"""Routes keep a pace for a minute, too; what stands in the ledger of consent can only be added to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_ASKED = sa.text("action = 'asked'")
_LEDGER = {
    "sqlite": [
        f"CREATE TRIGGER consents_no_{what} BEFORE {what} ON consents"
        " BEGIN SELECT RAISE(ABORT, 'the ledger of consent is only added to'); END"
        for what in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION consents_are_kept() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the ledger of consent is only added to'; END $$",
        "CREATE TRIGGER consents_no_change BEFORE UPDATE OR DELETE ON consents"
        " FOR EACH ROW EXECUTE FUNCTION consents_are_kept()",
    ],
}


def upgrade() -> None:
    op.add_column("routes", sa.Column("minute_tat", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_consents_asked"), "consents", ["words", "at"], sqlite_where=_ASKED, postgresql_where=_ASKED)
    for statement in _LEDGER[op.get_bind().dialect.name]:
        op.execute(statement)
