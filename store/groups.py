"""The groups that there are; who belongs to one stands in ``store.listeners``."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select

from store.schema import groups, listeners
from store.sql import insert_new
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group, how many belong to it, and since when it is there."""

    name: str
    members: int
    created_at: datetime


_ADD = insert_new(groups)
_EXISTS = select(groups.c.name).where(groups.c.name == bindparam("name"))
_members: ColumnElement[int] = (
    select(func.count())
    .where(listeners.c.key == literal_column("'!'") + groups.c.name)
    .correlate(groups)
    .scalar_subquery()
)
_ALL = select(groups.c.name, _members, groups.c.created_at).order_by(groups.c.name)


async def add(unit: Unit, name: str, *, founder_id: int | None, now: datetime) -> bool:
    """Found a group; False if there is one of that name."""
    values = {"name": name, "founder_id": founder_id, "created_at": now}
    return (await unit.execute(_ADD, values)).rowcount == 1


async def there_is(reading: Reading, name: str) -> bool:
    """Whether there is a group of this name."""
    return (await reading.execute(_EXISTS, {"name": name})).first() is not None


async def everyone(reading: Reading) -> list[GroupRow]:
    """Every group, by name."""
    return [GroupRow(*row) for row in await reading.execute(_ALL)]
