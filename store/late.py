"""Texts that the provider took and is asked about later: for the last word, or for the price."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, literal_column, or_, select, update

from gateway.domain.late import Price
from store.schema import Instant, deliveries, receipts
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Late:
    """A text to be asked about; ``attempt`` is the one that was sent, at ``sent_at``, under ``remote_id``."""

    id: int
    attempt: int
    remote_id: str
    sent_at: datetime
    priced: bool


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A report that was kept without a delivery, whose message is known by now to be one's."""

    id: int
    source: str
    remote_id: str
    status: str
    error_code: str
    received_at: datetime
    delivery_id: int


_NOW = bindparam("now", type_=Instant())
_SENT_TEXT = (
    deliveries.c.channel == literal_column("'sms'"),
    or_(deliveries.c.state == literal_column("'sent'"), deliveries.c.state == literal_column("'delivered'")),
)
_TO_BE_ASKED = (*_SENT_TEXT, deliveries.c.lease_until.is_not(None), deliveries.c.lease_until <= _NOW)
_DUE = (
    select(deliveries.c.id)
    .where(*_TO_BE_ASKED)
    .order_by(deliveries.c.lease_until)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_IS_DUE = select(exists().where(*_TO_BE_ASKED))
_LEASE = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), *_SENT_TEXT)
    .values(lease_until=bindparam("until", type_=Instant()))
    .returning(
        deliveries.c.id,
        deliveries.c.attempt,
        func.coalesce(deliveries.c.remote_id, ""),
        func.coalesce(deliveries.c.settled_at, deliveries.c.queued_at),
        deliveries.c.price_micros,  # SQLite takes IS NOT NULL for true here, whatever is there
    )
)
_ASK_AT = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("of_id"), deliveries.c.remote_id == bindparam("remote"), *_SENT_TEXT)
    .values(lease_until=bindparam("at", type_=Instant()))
)
_PRICE = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("of_id"),
        deliveries.c.remote_id == bindparam("remote"),
        deliveries.c.price_micros.is_(None),
    )
    .values(price_micros=bindparam("micros"), price_unit=bindparam("unit"))
)
_UNMATCHED = (
    select(
        receipts.c.id,
        receipts.c.source,
        receipts.c.remote_id,
        receipts.c.status,
        receipts.c.error_code,
        receipts.c.received_at,
        deliveries.c.id,
    )
    .join(deliveries, deliveries.c.remote_id == receipts.c.remote_id)
    .where(
        deliveries.c.channel == literal_column("'sms'"),
        deliveries.c.remote_id.is_not(None),
        receipts.c.delivery_id.is_(None),
        receipts.c.received_at > bindparam("since", type_=Instant()),
    )
    .order_by(receipts.c.id, deliveries.c.id.desc())
    .limit(bindparam("most"))
)
_ADOPT = (
    update(receipts)
    .where(receipts.c.id == bindparam("of_id"), receipts.c.delivery_id.is_(None))
    .values(delivery_id=bindparam("delivery"))
)


async def is_due(reading: Reading, *, now: datetime) -> bool:
    """Whether there is any text to be asked about now: a look that holds up nobody."""
    return (await reading.execute(_IS_DUE, {"now": now})).scalar_one()


async def claim(unit: Unit, *, most: int, until: datetime, now: datetime) -> list[Late]:
    """Lease texts that are to be asked about now, so that one daemon alone asks."""
    ids = list((await unit.execute(_DUE, {"now": now, "most": most})).scalars())
    if not ids:
        return []
    rows: Iterable[Any] = await unit.execute(_LEASE, {"ids": ids, "until": until})
    return [
        Late(number, attempt, remote_id, sent_at, price is not None)
        for number, attempt, remote_id, sent_at, price in rows
    ]


async def ask_at(unit: Unit, delivery_id: int, remote_id: str, at: datetime | None) -> None:
    """Ask about it then, or never again; it must still be the same message."""
    await unit.execute(_ASK_AT, {"of_id": delivery_id, "remote": remote_id, "at": at})


async def set_price(unit: Unit, delivery_id: int, remote_id: str, price: Price) -> bool:
    """Keep what the message cost; False when it is known already, or the delivery is another message by now."""
    values = {"of_id": delivery_id, "remote": remote_id, "micros": price.micros, "unit": price.currency}
    return (await unit.execute(_PRICE, values)).rowcount > 0


async def unmatched(reading: Reading, *, since: datetime, most: int) -> list[Unmatched]:
    """Reports that came since then about messages that were nobody's, and are a delivery's now, the newest first where
    several had the same id."""
    rows: Iterable[Any] = await reading.execute(_UNMATCHED, {"since": since, "most": most})
    return [Unmatched(*row) for row in rows]


async def adopt(unit: Unit, receipt_id: int, delivery_id: int) -> bool:
    """Write down whose report it is; False when somebody else has done so."""
    return (await unit.execute(_ADOPT, {"of_id": receipt_id, "delivery": delivery_id})).rowcount > 0
