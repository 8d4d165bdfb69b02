"""What was cut off the mails that became posts, kept for their authors."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, delete, insert, select

from store.schema import Instant, post_cuts, posts
from store.sql import given, rows
from store.unit import Reading, Unit

_new = given("new", post_id=BigInteger, words=Text)
_ADD = insert(post_cuts).from_select(
    ["post_id", "words", "cut_at"], select(_new.c.post_id, _new.c.words, bindparam("now", type_=Instant()))
)
_OF = (
    select(post_cuts.c.words)
    .join(posts, posts.c.id == post_cuts.c.post_id)
    .where(
        post_cuts.c.post_id == bindparam("post_id"),
        posts.c.author_id == bindparam("author_id"),
        posts.c.deleted_at.is_(None),
    )
)
_OLD = (
    select(post_cuts.c.post_id)
    .where(post_cuts.c.cut_at < bindparam("before", type_=Instant()))
    .order_by(post_cuts.c.cut_at)
    .limit(bindparam("most"))
)
_FORGET = delete(post_cuts).where(post_cuts.c.post_id.in_(_OLD.scalar_subquery()))


async def add_all(unit: Unit, cuts: Mapping[int, str], now: datetime) -> None:
    """Keep what was cut off, by post."""
    await unit.execute(_ADD, {"new": rows(cuts.items()), "now": now})


async def of(reading: Reading, post_id: int, author_id: int) -> str | None:
    """What was cut off a standing post of this author; None if nothing was, or it is no longer kept."""
    return (await reading.execute(_OF, {"post_id": post_id, "author_id": author_id})).scalar_one_or_none()


async def forget(unit: Unit, *, before: datetime, most: int = 1_000) -> int:
    """Forget what was cut off before then, the oldest first; how many rows went."""
    return (await unit.execute(_FORGET, {"before": before, "most": most})).rowcount
