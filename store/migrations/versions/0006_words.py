"""Search, tracked words and tags, groups, polls, nudges, reports, PINs, and lists that go on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE post_words USING fts5(words, content='posts', content_rowid='id', tokenize='ascii')",
    "CREATE TRIGGER post_words_added AFTER INSERT ON posts WHEN new.words <> '' BEGIN"
    " INSERT INTO post_words (rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER post_words_taken AFTER DELETE ON posts WHEN old.words <> '' BEGIN"
    " INSERT INTO post_words (post_words, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER post_words_changed AFTER UPDATE OF words ON posts WHEN old.words <> new.words BEGIN"
    " INSERT INTO post_words (post_words, rowid, words) SELECT 'delete', old.id, old.words WHERE old.words <> '';"
    " INSERT INTO post_words (rowid, words) SELECT new.id, new.words WHERE new.words <> ''; END",
)
_SEARCH_POSTGRESQL = (
    "CREATE INDEX ix_posts_words ON posts USING gin (array_to_tsvector(string_to_array(words, ' ')))"
    " WHERE words <> ''",
)

# Nobody need wait until the words of all older posts are folded: housekeeping does so afterwards, from this one on.
_LET_FOLD = "INSERT INTO facts (name, value) SELECT 'folded_up_to', '0' WHERE EXISTS (SELECT 1 FROM posts)"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("pin_hash", sa.String(length=64), server_default="", nullable=False))
    op.add_column("posts", sa.Column("group_name", sa.String(length=15), nullable=True))
    op.add_column("posts", sa.Column("words", sa.Text(), server_default="", nullable=False))
    op.add_column("fanouts", sa.Column("stage", sa.String(length=141), server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("via", sa.String(length=141), nullable=True))
    op.create_index(
        op.f("ix_posts_group_name_id"),
        "posts",
        ["group_name", "id"],
        sqlite_where=sa.text("group_name IS NOT NULL"),
        postgresql_where=sa.text("group_name IS NOT NULL"),
    )
    _add_listening()
    _add_polls()
    _add_conversing()
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SEARCH_SQLITE if on_sqlite else _SEARCH_POSTGRESQL:
        op.execute(statement)
    op.execute(_LET_FOLD)


def _add_listening() -> None:
    op.create_table(
        "listeners",
        sa.Column("key", sa.String(length=141), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("texts", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("mail", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_listeners_account_id")),
        sa.PrimaryKeyConstraint("key", "account_id", name=op.f("pk_listeners")),
    )
    op.create_index(op.f("ix_listeners_account_id_key"), "listeners", ["account_id", "key"], unique=True)
    op.create_table(
        "groups",
        sa.Column("name", sa.String(length=15), nullable=False),
        sa.Column("founder_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_groups")),
    )


def _add_polls() -> None:
    op.create_table(
        "polls",
        sa.Column("post_id", _ID, autoincrement=False, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), server_default="0", nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_polls_post_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_polls")),
    )
    op.create_index(
        "ix_polls_closing",
        "polls",
        ["closes_at"],
        sqlite_where=sa.text("told IS NOT NULL"),
        postgresql_where=sa.text("told IS NOT NULL"),
    )
    op.create_table(
        "poll_votes",
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("option", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["polls.post_id"], name=op.f("fk_poll_votes_post_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_poll_votes_account_id")),
        sa.PrimaryKeyConstraint("post_id", "account_id", name=op.f("pk_poll_votes")),
    )
    op.create_index(op.f("ix_poll_votes_account_id"), "poll_votes", ["account_id"])


def _add_conversing() -> None:
    op.create_table(
        "continuations",
        sa.Column("address_id", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("after", sa.String(length=141), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_continuations_address_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address_id", name=op.f("pk_continuations")),
    )
    op.create_table(
        "nudges",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("nudged_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_nudges_account_id")),
        sa.ForeignKeyConstraint(["other_id"], ["accounts.id"], name=op.f("fk_nudges_other_id")),
        sa.PrimaryKeyConstraint("account_id", "other_id", name=op.f("pk_nudges")),
    )
    op.create_index(op.f("ix_nudges_other_id"), "nudges", ["other_id"])
    op.create_table(
        "reports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("reporter_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["reporter_id"], ["accounts.id"], name=op.f("fk_reports_reporter_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reports_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_open",
        "reports",
        ["id"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_reports_reporter_id_reported_at"), "reports", ["reporter_id", "reported_at"])
