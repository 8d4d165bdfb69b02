"""The audit log: what those who look after the site did. Rows are only ever added: the database itself refuses to
change one or to take one out."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Integer, bindparam, insert, select

from store.schema import Instant, audit
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of ``audit``; its columns are told there."""

    id: int
    at: datetime
    door: str
    who_id: int | None
    who: str
    act: str
    about_id: int | None
    about: str
    words: str


_most = bindparam("most", type_=Integer)
_about = audit.c.about_id == bindparam("about", type_=BigInteger)
_ADD = insert(audit).returning(audit.c.id)
_NEWEST = select(audit).where(audit.c.id < bindparam("before", type_=BigInteger)).order_by(audit.c.id.desc())
_ALL = _NEWEST.limit(_most)
_ABOUT = _NEWEST.where(_about).limit(_most)
_OLDEST = select(audit).where(audit.c.id > bindparam("after")).order_by(audit.c.id).limit(_most)
_LATELY = (
    select(audit.c.id)
    .where(
        _about,
        audit.c.who_id == bindparam("who", type_=BigInteger),
        audit.c.act == bindparam("act"),
        audit.c.at > bindparam("since", type_=Instant()),
    )
    .order_by(audit.c.id.desc())
    .limit(1)
)


async def add(
    unit: Unit,
    *,
    at: datetime,
    door: str,
    who_id: int | None,
    who: str,
    act: str,
    about_id: int | None = None,
    about: str = "",
    words: str = "",
) -> int:
    """Enter what somebody did; the entry's id."""
    values = {
        "at": at,
        "door": door,
        "who_id": who_id,
        "who": who[:64],
        "act": act,
        "about_id": about_id,
        "about": about[:64],
        "words": words,
    }
    new_id: int = (await unit.execute(_ADD, values)).scalar_one()
    return new_id


async def newest(reading: Reading, *, before: int, most: int, about: int | None = None) -> list[AuditRow]:
    """Entries with an id below ``before``, the newest first; about one member alone if one is given."""
    values = {"before": before, "most": most, "about": about}
    rows = await reading.execute(_ALL if about is None else _ABOUT, values)
    return [AuditRow(**row._mapping) for row in rows]


async def page(reading: Reading, *, after: int, most: int) -> list[AuditRow]:
    """The next ``most`` entries behind the id ``after``, oldest first."""
    rows = await reading.execute(_OLDEST, {"after": after, "most": most})
    return [AuditRow(**row._mapping) for row in rows]


async def did_lately(reading: Reading, who: int, act: str, about: int, *, since: datetime) -> bool:
    """Whether somebody did this about a member since then."""
    found = await reading.execute(_LATELY, {"who": who, "act": act, "about": about, "since": since})
    return found.scalar_one_or_none() is not None
