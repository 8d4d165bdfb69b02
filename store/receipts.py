"""What providers reported, and how it moves a delivery: forward only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, literal_column, select, update

from store.schema import Instant, deliveries, receipts, sender_alerts
from store.sql import insert_new, storable
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Subject:
    """The delivery that a report is about. ``settled_at`` is when it was last written down what became of it, which is
    when it was handed over if the provider has it. ``remote_id`` is the message that it was last known to be at the
    provider, ``alert`` the code that its sender is under suspicion for."""

    id: int
    attempt: int
    excused: int
    channel: str
    state: str
    route: int
    queued_at: datetime
    settled_at: datetime | None
    priced: bool
    remote_id: str | None
    alert: int | None


_SUBJECT = select(
    deliveries.c.id,
    deliveries.c.attempt,
    deliveries.c.excused,
    deliveries.c.channel,
    deliveries.c.state,
    deliveries.c.route,
    deliveries.c.queued_at,
    deliveries.c.settled_at,
    deliveries.c.price_micros.is_not(None),
    deliveries.c.remote_id,
    sender_alerts.c.code,
).join(sender_alerts, sender_alerts.c.route == deliveries.c.route, isouter=True)
_BY_ID = _SUBJECT.where(deliveries.c.id == bindparam("of_id"))
_BY_REMOTE_ID = (
    _SUBJECT.where(
        deliveries.c.remote_id == bindparam("remote"),
        deliveries.c.channel == literal_column("'sms'"),
        deliveries.c.remote_id.is_not(None),
    )
    .order_by(deliveries.c.id.desc())
    .limit(1)
)

_ADD = insert_new(receipts).returning(receipts.c.id)
_NOW = bindparam("now", type_=Instant())
_MOVE = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("of_id"),
        deliveries.c.state.in_(bindparam("from_states", expanding=True)),
    )
    .values(
        state=bindparam("to_state"),
        due_at=bindparam("due", type_=Instant()),
        lease_until=bindparam("look_up_at", type_=Instant()),
        settled_at=_NOW,
        remote_id=func.coalesce(bindparam("remote"), deliveries.c.remote_id),
        reason=bindparam("why"),
        attempt=deliveries.c.attempt + bindparam("again", type_=Integer()),
        excused=deliveries.c.excused + bindparam("again", type_=Integer()) + bindparam("excuse", type_=Integer()),
    )
)
_FAILURES = (
    select(func.count())
    .select_from(receipts)
    .where(
        receipts.c.delivery_id == bindparam("of_id"),
        receipts.c.status.in_((literal_column("'failed'"), literal_column("'undelivered'"))),
    )
)

_OLDEST = select(receipts.c.id).order_by(receipts.c.id).limit(2_000)
_PRUNE = delete(receipts).where(
    receipts.c.id.in_(_OLDEST.scalar_subquery()), receipts.c.received_at < bindparam("before", type_=Instant())
)


async def add(
    unit: Unit,
    *,
    source: str,
    remote_id: str,
    status: str,
    error_code: str,
    delivery_id: int | None,
    received_at: datetime,
) -> bool:
    """Remember a report; False when the same one had come before."""
    values = {
        "source": source,
        "remote_id": remote_id,
        "status": storable(status, 32),
        "error_code": storable(error_code, 16),
        "delivery_id": delivery_id,
        "received_at": received_at,
    }
    return (await unit.execute(_ADD, values)).scalar_one_or_none() is not None


async def subject(reading: Reading, delivery_id: int | None, remote_id: str) -> Subject | None:
    """The delivery with this number of ours or, when the report names none, the newest one that had this message: some
    carriers give an id again after a while."""
    if delivery_id is not None:
        row: Any = (await reading.execute(_BY_ID, {"of_id": delivery_id})).one_or_none()
    else:
        row = (await reading.execute(_BY_REMOTE_ID, {"remote": remote_id})).one_or_none()
    return None if row is None else Subject(*row)


async def failures(reading: Reading, delivery_id: int) -> int:
    """How many of a delivery's sends were reported as failed."""
    return (await reading.execute(_FAILURES, {"of_id": delivery_id})).scalar_one()


async def move(
    unit: Unit,
    delivery_id: int,
    *,
    from_states: list[str],
    to_state: str,
    due_at: datetime,
    remote_id: str | None,
    reason: str,
    now: datetime,
    look_up_at: datetime | None = None,
    excused: bool = False,
) -> bool:
    """Move a delivery to a state if it is in one of those it may come from; whether it was. ``look_up_at`` is when to
    ask about it, ``excused`` that the attempt was no fault of its own. What is queued again is behind the fence: the
    settle of an attempt that its own report overtook does not find it."""
    values = {
        "of_id": delivery_id,
        "from_states": from_states,
        "to_state": to_state,
        "due": due_at,
        "remote": remote_id,
        "why": storable(reason, 500),
        "look_up_at": look_up_at,
        "again": int(to_state == "queued"),
        "excuse": int(excused),
        "now": now,
    }
    return (await unit.execute(_MOVE, values)).rowcount > 0


async def prune(unit: Unit, *, before: datetime) -> int:
    """Take out reports that came before then, among the oldest few; how many went."""
    return (await unit.execute(_PRUNE, {"before": before})).rowcount
