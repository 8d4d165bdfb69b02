"""How much there was of something on each day, and the steps by which it is counted: each reads a bounded part of what
came since the last one, along an index."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Integer, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import Insert

from gateway.domain.reason import SUMMED_UP, USED_UP
from store.schema import Instant, day_counts, deliveries, posts
from store.unit import Reading, Unit

_add = Insert(day_counts)
_ADD = _add.on_conflict_do_update(
    index_elements=list(day_counts.primary_key), set_={"number": day_counts.c.number + _add.excluded.number}
)
_SINCE = select(day_counts.c.day, day_counts.c.what, day_counts.c.number).where(day_counts.c.day >= bindparam("first"))
_POSTS = (
    select(posts.c.id, posts.c.kind, posts.c.created_at)
    .where(
        posts.c.id > bindparam("after", type_=BigInteger),
        posts.c.created_at <= bindparam("until", type_=Instant()),
    )
    .order_by(posts.c.id)
    .limit(bindparam("most", type_=Integer))
)
_GIVEN_UP = (
    select(deliveries.c.channel, func.count())
    .where(
        deliveries.c.state == literal_column("'dead'"),
        deliveries.c.settled_at >= bindparam("first", type_=Instant()),
        deliveries.c.settled_at <= bindparam("until", type_=Instant()),
        deliveries.c.reason.not_in([SUMMED_UP, USED_UP]),
    )
    .group_by(deliveries.c.channel)
)
_FIRST_GIVEN_UP = (
    select(deliveries.c.settled_at)
    .where(
        deliveries.c.state == literal_column("'dead'"),
        deliveries.c.settled_at > bindparam("after", type_=Instant()),
        deliveries.c.settled_at <= bindparam("until", type_=Instant()),
    )
    .order_by(deliveries.c.settled_at)
    .limit(1)
)


async def add(unit: Unit, numbers: Mapping[tuple[str, str], int]) -> None:
    """Count so many more, by day and what."""
    rows = [{"day": day, "what": what, "number": number} for (day, what), number in sorted(numbers.items()) if number]
    if rows:
        await unit.execute(_ADD, rows)


async def since(reading: Reading, first: str) -> dict[tuple[str, str], int]:
    """What was counted from the day ``first`` on, by day and what."""
    return {(day, what): number for day, what, number in await reading.execute(_SINCE, {"first": first})}


async def posts_after(
    reading: Reading, after: int, *, until: datetime, most: int
) -> Sequence[tuple[int, str, datetime]]:
    """The next posts behind an id that were written up to a moment, deleted ones too: id, kind and moment of each."""
    rows = await reading.execute(_POSTS, {"after": after, "until": until, "most": most})
    return [(post_id, kind, created_at) for post_id, kind, created_at in rows]


async def first_given_up(reading: Reading, *, after: datetime, until: datetime) -> datetime | None:
    """When the first delivery was given up after one moment and up to another."""
    return (await reading.execute(_FIRST_GIVEN_UP, {"after": after, "until": until})).scalar_one_or_none()


async def given_up_between(reading: Reading, first: datetime, until: datetime) -> dict[str, int]:
    """How many deliveries were given up from one moment up to another, by channel, but for those in whose place
    something else came."""
    rows = await reading.execute(_GIVEN_UP, {"first": first, "until": until})
    return {row[0]: row[1] for row in rows}
