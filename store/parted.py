"""Texts that come in in parts, until they are whole or their time is over.

Parts come in any order, twice, and by way of any daemon. A text is a row, and whoever adds a part holds that row: so
exactly one of them finds the text whole. What was joined stays for a while, for parts that are handed over once more.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, select, update

from gateway.domain.sms_wire import Part, joined
from store.schema import Instant, parted_texts
from store.sql import insert_new
from store.unit import Reading, Unit

MOST_OF_SENDER = 20
"""Texts of one phone that may wait for parts; of more than that the oldest goes without a word."""

_KEY = ("source", "sender", "recipient", "reference", "total")
_BEGIN = insert_new(parted_texts)
_HOLD = (
    select(parted_texts.c.id, parted_texts.c.parts)
    .where(*(parted_texts.c[name] == bindparam(name) for name in _KEY))
    .with_for_update()
)
_PUT = (
    update(parted_texts)
    .where(parted_texts.c.id == bindparam("of_id"))
    .values(
        parts=bindparam("all_parts"),
        came=bindparam("so_many"),
        last_at=bindparam("now", type_=Instant()),
        joined=bindparam("is_joined"),
    )
)
_OF_SENDER = parted_texts.c.sender == bindparam("of_sender")
_COUNT = select(func.count()).select_from(parted_texts).where(_OF_SENDER, parted_texts.c.joined.is_(False))
_OLDEST = (
    select(parted_texts.c.id)
    .where(_OF_SENDER, parted_texts.c.joined.is_(False))
    .order_by(parted_texts.c.last_at, parted_texts.c.id)
    .limit(1)
)
_DROP_OLDEST = delete(parted_texts).where(parted_texts.c.id.in_(_OLDEST.scalar_subquery()))
_IS_OVERDUE = parted_texts.c.last_at < bindparam("before", type_=Instant())
_ANY_OVERDUE = select(exists().where(_IS_OVERDUE))
_OVERDUE = (
    select(parted_texts.c.id)
    .where(_IS_OVERDUE)
    .order_by(parted_texts.c.last_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE_OUT = (
    delete(parted_texts)
    .where(parted_texts.c.id.in_(_OVERDUE.scalar_subquery()))
    .returning(
        parted_texts.c.sender,
        parted_texts.c.recipient,
        parted_texts.c.came,
        parted_texts.c.total,
        parted_texts.c.joined,
    )
)


@dataclass(frozen=True, slots=True)
class Overdue:
    """A text whose time was over: how many of its parts came, and whether it had been joined."""

    sender: str
    recipient: str
    came: int
    total: int
    joined: bool


async def add(unit: Unit, source: str, sender: str, recipient: str, part: Part, *, now: datetime) -> str | None:
    """Keep a part; the whole text's words when this was the last one that it lacked.

    The same part once more changes nothing. Other words under the same number begin another text, for phones count
    their texts to 255 and then begin anew."""
    key = {
        "source": source,
        "sender": sender,
        "recipient": recipient,
        "reference": part.reference,
        "total": part.total,
    }
    if (await unit.execute(_BEGIN, {**key, "parts": "{}", "came": 0, "last_at": now})).rowcount:
        await _make_room(unit, sender)
    row = (await unit.execute(_HOLD, key)).one()
    parts: dict[str, str] = json.loads(row.parts)
    number = str(part.number)
    if parts.get(number) == part.words:
        return None
    parts = {number: part.words} if number in parts else {**parts, number: part.words}
    whole = len(parts) == part.total
    values = {"all_parts": json.dumps(parts), "so_many": len(parts), "now": now, "is_joined": whole}
    await unit.execute(_PUT, {"of_id": row.id, **values})
    return joined(parts[str(n)] for n in range(1, part.total + 1)) if whole else None


async def _make_room(unit: Unit, sender: str) -> None:
    if (await unit.execute(_COUNT, {"of_sender": sender})).scalar_one() > MOST_OF_SENDER:
        await unit.execute(_DROP_OLDEST, {"of_sender": sender})


async def any_overdue(reading: Reading, *, before: datetime) -> bool:
    """Whether there is any text of which nothing came since then: a look that holds up nobody."""
    return (await reading.execute(_ANY_OVERDUE, {"before": before})).scalar_one()


async def take_overdue(unit: Unit, *, before: datetime, most: int = 100) -> list[Overdue]:
    """Take out texts of which nothing came since then, the oldest first."""
    found = await unit.execute(_TAKE_OUT, {"before": before, "most": most})
    return [Overdue(*row) for row in found]
