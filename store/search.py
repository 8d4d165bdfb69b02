"""Full text: posts with all of some words, the newest first.

Words are folded before they come here (``gateway.domain.folding``), so both databases have only to compare them. What
they look in is made by a migration, as no declaration in ``store.schema`` could say it. On SQLite ``post_words`` is an
FTS5 table over ``posts.words`` that triggers keep; on PostgreSQL ``ix_posts_words`` is a GIN index over the same column
as a tsvector. Writing and deleting a post need no statement more. Posts that are older than their words are given them
afterwards, in small steps.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from gateway.domain.types import PostKind
from store.schema import accounts, posts
from store.sql import given, rows
from store.timelines import NEWEST, PageRow, Statement, page_row, visible_to_me
from store.unit import Reading, Unit

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

_HAS_NO_WORDS = and_(posts.c.words == "", posts.c.deleted_at.is_(None))
_WRITTEN = (
    select(
        posts.c.id,
        case(
            (and_(_HAS_NO_WORDS, posts.c.kind == PostKind.POST), func.coalesce(posts.c.full_text, posts.c.text)),
        ),
    )
    .where(posts.c.id > bindparam("after"))
    .order_by(posts.c.id)
    .limit(bindparam("most"))
    .with_for_update(key_share=True)
)
"""On PostgreSQL locked, one by one in this order: whoever wipes all posts of an account at the same time goes the same
way, so that neither waits for the other in the middle of it."""
_given = given("found_by", id=BigInteger, words=Text)
_GIVE_WORDS = update(posts).where(posts.c.id == _given.c.id, _HAS_NO_WORDS).values(words=_given.c.words)


async def posts_with(
    reading: Reading, words: Sequence[str], *, reader_id: int = NOBODY, before: int = NEWEST, most: int
) -> list[PageRow]:
    """The posts with all of these folded words that the reader may see: of public accounts, and of the protected ones
    that the reader follows."""
    if not words:
        return []
    values = {"query": _query(words, reading.dialect), "me": reader_id, "before": before, "most": most}
    return [PageRow(*row) for row in await reading.execute(_SEARCH[reading.dialect], values)]


async def written_after(unit: Unit, post_id: int, *, most: int) -> list[tuple[int, str | None]]:
    """The posts after this one by id, whatever they are: their ids, and the whole text of those that should have words
    to be found by and have none."""
    values = {"after": post_id, "most": most}
    return [(number, text) for number, text in await unit.execute(_WRITTEN, values)]


async def give_words(unit: Unit, found_by: Sequence[tuple[int, str]]) -> None:
    """Let posts be found by these words, folded, a space between two; one that was deleted stays without."""
    if found_by:
        await unit.execute(_GIVE_WORDS, {"found_by": rows(found_by)})


def _query(words: Sequence[str], dialect: str) -> str:
    """The words in the dialect's own language of queries; they are letters and digits, so quotes hold them."""
    if dialect == "sqlite":
        return " ".join(f'"{word}"' for word in words)
    return " & ".join(f"'{word}'" for word in words)
