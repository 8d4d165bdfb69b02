"""What the provider holds against our numbers, and the pause of those that are stopped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.domain.alert import Alert
from gateway.domain.types import Lane
from store.routes import OUR_NUMBERS
from store.schema import Instant, deliveries, routes, sender_alerts
from store.sql import storable
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Stopped:
    """A number of ours that is stopped, since when, and why."""

    route: int
    sender: str
    since: datetime
    code: int
    reason: str


_COLUMNS = (
    sender_alerts.c.code,
    sender_alerts.c.reason,
    sender_alerts.c.strikes,
    sender_alerts.c.stopped_at,
    sender_alerts.c.last_at,
)
_OF_ROUTE = select(*_COLUMNS).where(sender_alerts.c.route == bindparam("of_route"))
_insert = insert(sender_alerts)
_PUT = _insert.on_conflict_do_update(
    index_elements=["route"], set_={column.name: _insert.excluded[column.name] for column in _COLUMNS}
)
_DROP = delete(sender_alerts).where(sender_alerts.c.route == bindparam("of_route"))
_STOPPED = (
    select(
        sender_alerts.c.route,
        routes.c.sender,
        sender_alerts.c.stopped_at,
        sender_alerts.c.code,
        sender_alerts.c.reason,
    )
    .join(routes, routes.c.id == sender_alerts.c.route)
    .where(sender_alerts.c.stopped_at.is_not(None), routes.c.active)
    .order_by(sender_alerts.c.route)
)
_WATCHED = select(routes.c.id).where(*OUR_NUMBERS)
_NOW = bindparam("now", type_=Instant())
_FORWARD = (
    update(deliveries)
    .where(
        deliveries.c.route == bindparam("of_route"),
        deliveries.c.lane.in_([literal_column(str(int(lane))) for lane in Lane]),
        deliveries.c.state == literal_column("'queued'"),
        deliveries.c.due_at > _NOW,
        deliveries.c.reason == bindparam("why"),
    )
    .values(due_at=_NOW)
)
_GO_ON = update(routes).where(routes.c.id == bindparam("of_route")).values(paused_until=literal_column("0"))


async def of_route(reading: Reading, route: int) -> Alert | None:
    """What is held against a number."""
    row: Any = (await reading.execute(_OF_ROUTE, {"of_route": route})).one_or_none()
    return None if row is None else Alert(*row)


async def put(unit: Unit, route: int, alert: Alert) -> None:
    """Hold this against a number, in place of what was."""
    values = {
        "route": route,
        "code": alert.code,
        "reason": storable(alert.reason, 500),
        "strikes": alert.strikes,
        "stopped_at": alert.stopped_at,
        "last_at": alert.last_at,
    }
    await unit.execute(_PUT, values)


async def drop(unit: Unit, route: int) -> bool:
    """Hold nothing against it any more; whether anything was."""
    return (await unit.execute(_DROP, {"of_route": route})).rowcount > 0


async def go_on(unit: Unit, route: int, reason: str, *, now: datetime) -> None:
    """End whatever pause the number has; what was put off for this reason is due."""
    await unit.execute(_GO_ON, {"of_route": route})
    await unit.execute(_FORWARD, {"of_route": route, "why": reason, "now": now})


async def stopped(reading: Reading) -> list[Stopped]:
    """The numbers that are stopped."""
    rows: Any = await reading.execute(_STOPPED)
    return [Stopped(*row) for row in rows]


async def watched(reading: Reading) -> list[int]:
    """The routes of all our numbers."""
    return list((await reading.execute(_WATCHED)).scalars())
