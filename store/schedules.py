"""Posts that go out by themselves, once or again and again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from store.schema import Instant, accounts, schedules
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One scheduled post. ``cron`` is empty when it goes out once; ``next_at`` is None when it will not again."""

    id: int
    account_id: int
    name: str | None
    text: str
    cron: str
    time_zone: str
    next_at: datetime | None


_ROW = (
    schedules.c.id,
    schedules.c.account_id,
    accounts.c.name,
    schedules.c.text,
    schedules.c.cron,
    schedules.c.time_zone,
    schedules.c.next_at,
)
_ADD = insert(schedules).returning(schedules.c.id)
_WITH_NAME = select(*_ROW).join(accounts, accounts.c.id == schedules.c.account_id)
_LIST = _WITH_NAME.order_by(schedules.c.next_at)
_DUE = (
    _WITH_NAME.where(schedules.c.next_at <= bindparam("now", type_=Instant()))
    .order_by(schedules.c.next_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=schedules)
)
_SET_NEXT = (
    update(schedules).where(schedules.c.id == bindparam("of_id")).values(next_at=bindparam("at", type_=Instant()))
)
_REMOVE = delete(schedules).where(schedules.c.id == bindparam("of_id"))


async def add(
    unit: Unit, account_id: int, text: str, *, cron: str, time_zone: str, next_at: datetime, now: datetime
) -> int:
    """Keep a post for later; returns its schedule's id."""
    values = {
        "account_id": account_id,
        "text": text,
        "cron": cron,
        "time_zone": time_zone,
        "next_at": next_at,
        "created_at": now,
    }
    return (await unit.execute(_ADD, values)).scalar_one()


async def due(unit: Unit, *, now: datetime, most: int = 50) -> list[ScheduleRow]:
    """Those whose time has come, locked until this unit ends, so that each goes out from one daemon."""
    return [ScheduleRow(*row) for row in await unit.execute(_DUE, {"now": now, "most": most})]


async def all_of_them(reading: Reading) -> list[ScheduleRow]:
    """Every scheduled post, the next one first."""
    return [ScheduleRow(*row) for row in await reading.execute(_LIST)]


async def set_next(unit: Unit, schedule_id: int, at: datetime | None) -> None:
    """When it goes out next."""
    await unit.execute(_SET_NEXT, {"of_id": schedule_id, "at": at})


async def remove(unit: Unit, schedule_id: int) -> None:
    """It has gone out for the last time, or is not wanted any more."""
    await unit.execute(_REMOVE, {"of_id": schedule_id})
