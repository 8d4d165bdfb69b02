"""How far a post has come: its deliveries by channel, state and reason, what they cost, and whether more are made."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, literal, select, union_all

from store.schema import deliveries, delivery_counts, fanouts
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Standing:
    """So many deliveries of a post on a channel are in a state, for a reason; the ``segments`` that they take, and
    what the provider asked for those that it has priced, in millionths of a ``currency``."""

    channel: str
    state: str
    reason: str
    number: int
    segments: int
    price_micros: int
    currency: str


_of_post: Any = bindparam("of_post", type_=BigInteger)
_STANDING: Any = union_all(
    select(
        deliveries.c.channel,
        deliveries.c.state,
        deliveries.c.reason,
        func.count(),
        func.coalesce(func.sum(deliveries.c.segments), 0),
        func.coalesce(func.sum(deliveries.c.price_micros), 0),
        func.coalesce(deliveries.c.price_unit, ""),
    )
    .where(deliveries.c.post_id == _of_post)
    .group_by(deliveries.c.channel, deliveries.c.state, deliveries.c.reason, deliveries.c.price_unit),
    select(
        delivery_counts.c.channel,
        delivery_counts.c.state,
        delivery_counts.c.reason,
        delivery_counts.c.number,
        literal(0),
        literal(0),
        literal(""),
    ).where(delivery_counts.c.post_id == _of_post),
)
_SPREADING = select(fanouts.c.done).where(fanouts.c.post_id == _of_post)


async def of_post(reading: Reading, post_id: int) -> list[Standing]:
    """A post's deliveries, counted. Those whose rows are no longer kept count without what they cost."""
    rows = await reading.execute(_STANDING, {"of_post": post_id})
    return [
        Standing(channel, state, reason, int(number), int(segments), int(price), currency)
        for channel, state, reason, number, segments, price, currency in rows
    ]


async def spreading(reading: Reading, post_id: int) -> bool:
    """Whether more followers are still to be looked at."""
    return (await reading.execute(_SPREADING, {"of_post": post_id})).first() is not None
