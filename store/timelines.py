"""Reads of many posts, newest first, each paged by the id it goes on before."""

from sqlalchemy import func, select

from store.schema import posts
from store.unit import Reading

_newest = select(func.max(posts.c.id))


async def newest_id(reading: Reading) -> int:
    """The newest post's id, 0 when there is none yet."""
    return (await reading.execute(_newest)).scalar_one() or 0
