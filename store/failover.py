"""What waits for a number that stands still, or was refused with it, goes by another one: many rows in a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, bindparam, case, cast, func, literal_column, select, update

from store.routes import OUR_NUMBERS
from store.schema import Instant, deliveries, routes
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number stands."""

    route: int
    sender: str
    paused_until: datetime
    failing_since: datetime | None


_STANDINGS = (
    select(routes.c.id, routes.c.sender, routes.c.paused_until, routes.c.failing_since)
    .where(*OUR_NUMBERS)
    .order_by(routes.c.id)
)
_SMS = deliveries.c.channel == literal_column("'sms'")
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_NOW = bindparam("now", type_=Instant())

_REFUSED_BY = func.coalesce(deliveries.c.refused_by, "")
"""The routes whose number was refused for the delivery: ``,1,2,``."""

_WAITING = (
    select(deliveries.c.id)
    .where(
        deliveries.c.route == bindparam("from_route"),
        deliveries.c.state == _QUEUED,
        _SMS,
        _REFUSED_BY.not_like(bindparam("of_to_route", type_=Text)),
    )
    .order_by(deliveries.c.lane, deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_PAUSED_UNTIL = select(routes.c.paused_until).where(routes.c.id == bindparam("from_route")).scalar_subquery()
_HAND_OVER = (
    update(deliveries)
    .where(deliveries.c.id.in_(_WAITING.scalar_subquery()), deliveries.c.state == _QUEUED)
    .values(
        route=bindparam("to_route"),
        # One that was tried waits for the end of the pause; one that was not may wait for a moment of its own.
        due_at=case(
            (
                (deliveries.c.attempt > 0) & (deliveries.c.due_at > _NOW) & (deliveries.c.due_at <= _PAUSED_UNTIL),
                _NOW,
            ),
            else_=deliveries.c.due_at,
        ),
    )
)
_NEXT = (
    select(routes.c.id)
    .where(
        *OUR_NUMBERS,
        routes.c.id != bindparam("from_route"),
        _REFUSED_BY.not_like(literal_column("'%,'") + cast(routes.c.id, Text) + literal_column("',%'")),
    )
    .order_by(routes.c.paused_until > _NOW, routes.c.id)
    .limit(1)
    .correlate(deliveries)
    .scalar_subquery()
)
_REFUSED = (
    deliveries.c.id.in_(bindparam("ids", expanding=True)),
    deliveries.c.state.in_((literal_column("'dead'"), _QUEUED)),
    deliveries.c.route == bindparam("from_route"),
    deliveries.c.settled_at == _NOW,
)
_HAND_ON = (
    update(deliveries)
    .where(*_REFUSED, _NEXT.is_not(None))
    .values(
        route=_NEXT,
        state=_QUEUED,
        attempt=deliveries.c.attempt + 1,  # the fence: a settle that a report overtook must not find it
        excused=deliveries.c.excused + 1,
        due_at=_NOW,
        refused_by=func.coalesce(deliveries.c.refused_by, ",") + bindparam("of_from_route", type_=Text),
    )
    .returning(deliveries.c.id, deliveries.c.route)
)


async def standings(reading: Reading) -> list[Standing]:
    """How each of our numbers stands."""
    return [Standing(*row) for row in await reading.execute(_STANDINGS)]


async def hand_over(unit: Unit, from_route: int, to_route: int, *, now: datetime, most: int = 2_000) -> int:
    """Let what waits for one route go by another; how many, at most ``most``, the foremost first. Nothing among it is
    at a provider: what is queued was never sent, or is known not to have been taken."""
    pattern = f"%,{to_route},%"
    values = {"from_route": from_route, "to_route": to_route, "of_to_route": pattern, "most": most, "now": now}
    return (await unit.execute(_HAND_OVER, values)).rowcount


async def hand_on(unit: Unit, from_route: int, ids: Sequence[int], *, now: datetime) -> dict[int, int]:
    """Queue again, by the next number that was not refused for it, what has just been given up or put off
    (``settled_at`` is ``now``) since the provider refuses this number; the route of each for which there was one."""
    if not ids:
        return {}
    values = {"from_route": from_route, "of_from_route": f"{from_route},", "ids": list(ids), "now": now}
    found = await unit.execute(_HAND_ON, values)
    return {row.id: row.route for row in found}
