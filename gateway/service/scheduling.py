"""Posts that go out by themselves: a reminder at a given time, a tip of the day.

What is scheduled lives in a table. Whichever daemon looks first takes the row, posts and sets the next time in one
transaction: nothing goes out twice with several daemons, and with none for a while it goes out late, once.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from gateway.domain import reply_posts
from gateway.domain.types import Source
from gateway.service import notify, posting
from gateway.service.posting import SAME_TEXT, Duplicate, Nothing, Published, TooLong, TooMany
from gateway.service.site import Site
from store import accounts, schedules
from store.schedules import ScheduleRow
from store.unit import Unit

log = structlog.get_logger(__name__)

LATER = timedelta(hours=1)
"""When a post is tried again that could not go out now."""

_SAME_TEXT = SAME_TEXT / 2
"""Within this time a recurring post is not repeated. It may be due each minute, and one that went out a moment late is
less than a minute ago when the next one is due."""

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""What crontab(5) calls them."""

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBERED = re.compile(r"([0-7])(?:-([0-7])(?:/([1-9]))?)?")
_EACH = re.compile(r"\*/([1-9])")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """It will go out at ``next_at`` for the first time."""

    id: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class NotSchedulable:
    """It can't be scheduled, and why, in words for whoever asked."""

    why: str


async def at(unit: Unit, account_id: int, text: str, when: datetime, *, now: datetime) -> Scheduled | NotSchedulable:
    """Post ``text`` once at ``when`` (aware)."""
    if when <= now:
        return NotSchedulable("that time has passed")
    schedule_id = await schedules.add(unit, account_id, text, cron="", time_zone="UTC", next_at=when, now=now)
    return Scheduled(schedule_id, when)


async def every(
    unit: Unit, account_id: int, text: str, cron: str, time_zone: str, *, now: datetime
) -> Scheduled | NotSchedulable:
    """Post ``text`` whenever the five fields of ``cron`` say so on the clocks of ``time_zone`` (an IANA name)."""
    try:
        first = next_time(cron, time_zone, now)
    except (ValueError, ZoneInfoNotFoundError) as error:
        return NotSchedulable(f"not a cron expression in a time zone: {error}")
    if first is None:
        return NotSchedulable("it would never go out")
    schedule_id = await schedules.add(unit, account_id, text, cron=cron, time_zone=time_zone, next_at=first, now=now)
    return Scheduled(schedule_id, first)


def next_time(cron: str, time_zone: str, after: datetime) -> datetime | None:
    """The next moment (UTC) after ``after`` that ``cron`` names. In an hour that the clocks repeat, what goes out at
    certain hours goes out once. Where both a day of the month and a weekday are given, either is enough, as crontab(5)
    has it. Raises ValueError or ZoneInfoNotFoundError."""
    minute, hour, day, month, weekday = _fields(cron)
    days = ",".join(map(_weekdays, weekday.split(",")))
    if day.startswith("*") or weekday.startswith("*"):
        return _next(minute, hour, day, month, days, time_zone, after)
    either = [(day, "*"), ("*", days)]
    return min(filter(None, (_next(minute, hour, d, month, w, time_zone, after) for d, w in either)), default=None)


def _next(
    minute: str, hour: str, day: str, month: str, weekday: str, time_zone: str, after: datetime
) -> datetime | None:
    from apscheduler.triggers.cron import CronTrigger  # only now: most is scheduled once, or not at all

    trigger = CronTrigger(
        minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=ZoneInfo(time_zone)
    )
    moment = after
    while True:
        found: datetime | None = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
        if found is None:
            return None
        moment = found.astimezone(UTC)
        if not found.fold or hour.startswith("*"):
            return moment


def _fields(cron: str) -> list[str]:
    """The five fields."""
    fields = _NAMED.get(cron.strip().lower(), cron.lower()).split()
    if len(fields) != 5:
        raise ValueError("it needs five fields: minute hour day month weekday")
    return fields


def _weekdays(part: str) -> str:
    """One day or range of a weekday field by name, since cron counts from Sunday and APScheduler from Monday: 0-3 is
    sun,mon,tue,wed, and */2 is sun,tue,thu,sat."""
    numbers = _NUMBERED.fullmatch(_EACH.sub(r"0-6/\1", part))
    if numbers is None:
        return part
    first, last, step = numbers.groups()
    days = range(int(first), int(last or first) + 1, int(step or 1))
    return ",".join(_WEEKDAYS[day % 7] for day in days)


async def post_due(unit: Unit, site: Site, *, now: datetime) -> int:
    """Post what is due and set the next times; returns how many were posted. The author hears of what was not.

    What fails is undone alone and tried again later, so that it holds up nothing else."""
    posted = 0
    for due in await schedules.due(unit, now=now):
        try:
            async with unit.savepoint():
                posted += await _post(unit, site, due, now)
        except Exception:
            log.exception("scheduled post failed", schedule=due.id)
            await schedules.set_next(unit, due.id, now + LATER)
    return posted


async def _post(unit: Unit, site: Site, due: ScheduleRow, now: datetime) -> int:
    """Post it and set its next time; how many posts that made. While its author is suspended a recurring one passes
    over its times, and one for a given time waits."""
    author = await accounts.by_id(unit, due.account_id)
    following = next_time(due.cron, due.time_zone, now) if due.cron else None
    if author is None or author.deleted_at is not None:
        await schedules.remove(unit, due.id)
        return 0
    if author.suspended_at is not None:
        await schedules.set_next(unit, due.id, following or now + LATER)
        return 0
    if following is None:
        await schedules.remove(unit, due.id)
    else:
        await schedules.set_next(unit, due.id, following)
    same_within = _SAME_TEXT if due.cron else SAME_TEXT
    outcome = await posting.publish(
        unit, site, due.account_id, due.text, source=Source.SCHEDULE, now=now, same_within=same_within
    )
    match outcome:
        case Published():
            return 1
        case TooLong() | Duplicate() | Nothing() | TooMany():
            reason = type(outcome).__name__
            log.warning("scheduled post refused", schedule=due.id, reason=reason)
            await notify.tell_account(unit, site, due.account_id, partial(_refused, site, outcome), now=now)
            return 0


def _refused(site: Site, outcome: TooLong | Duplicate | Nothing | TooMany) -> str:
    match outcome:
        case TooLong(over):
            why = reply_posts.too_long(over)
        case Duplicate():
            why = reply_posts.duplicate()
        case Nothing():
            why = reply_posts.empty()
        case TooMany(limit):
            why = reply_posts.too_many_posts(limit)
        case _:
            assert_never(outcome)
    return reply_posts.schedule_refused(site.name, why)
