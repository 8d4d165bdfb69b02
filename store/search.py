"""Full text: posts with all of some words, the newest first.

Words are folded before they come here (``gateway.domain.folding``), so both databases have only to compare them. What
they look in is made by a migration, as no declaration in ``store.schema`` could say it. On SQLite ``post_words`` is an
FTS5 table over ``posts.words`` that triggers keep; on PostgreSQL ``ix_posts_words`` is a GIN index over the same column
as a tsvector. Writing and deleting a post need no statement more.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    literal_column,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from store.schema import accounts, posts
from store.timelines import NEWEST, PageRow, Statement, page_row, visible_to_me
from store.unit import Reading

NOBODY = 0
"""The reader who has not said who it is: an id that no account has."""

_p, _a = posts.alias("p"), accounts.alias("a")


def _found(source: FromClause, post_id: ColumnElement[int], *rules: ColumnElement[bool]) -> Statement:
    return (
        page_row(_p, _a)
        .select_from(source.join(_a, _a.c.id == _p.c.author_id))
        .where(*rules, post_id < bindparam("before", type_=BigInteger), visible_to_me(_p, _a))
        .order_by(post_id.desc())
        .limit(bindparam("most", type_=Integer))
    )


_post_words = table("post_words", column("rowid", BigInteger))
_VECTOR: ColumnElement[str] = literal_column("array_to_tsvector(string_to_array(p.words, ' '))")
_QUERY = bindparam("query", type_=Text)
_MATCH = literal_column("post_words").bool_op("MATCH")(_QUERY)
_CONTAINS = _VECTOR.bool_op("@@")(cast(_QUERY, TSQUERY))
_SEARCH = {
    "sqlite": _found(_post_words.join(_p, _p.c.id == _post_words.c.rowid), _post_words.c.rowid, _MATCH),
    "postgresql": _found(_p, _p.c.id, _p.c.words != "", _CONTAINS),
}


async def posts_with(
    reading: Reading, words: Sequence[str], *, reader_id: int = NOBODY, before: int = NEWEST, most: int
) -> list[PageRow]:
    """The posts with all of these folded words that the reader may see: of public accounts, and of the protected ones
    that the reader follows."""
    if not words:
        return []
    values = {"query": _query(words, reading.dialect), "me": reader_id, "before": before, "most": most}
    return [PageRow(*row) for row in await reading.execute(_SEARCH[reading.dialect], values)]


def _query(words: Sequence[str], dialect: str) -> str:
    """The words in the dialect's own language of queries; they are letters and digits, so quotes hold them."""
    if dialect == "sqlite":
        return " ".join(f'"{word}"' for word in words)
    return " & ".join(f"'{word}'" for word in words)
