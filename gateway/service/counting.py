"""How much there was of what on each day, for the graphs of those who look after the site: posts, what was sent, what
was given up.

Nothing that must be quick counts anything. Posts and what was given up are counted afterwards, by housekeeping, in
small steps that begin where the last one ended. What was sent is counted by each daemon in its own memory, as it is for
its metrics, and added now and then: a daemon that is killed takes the last of it along. Days are those of the site's
time zone.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.domain.types import Channel, PostKind
from gateway.service.site import Site
from store import day_counts, facts
from store.unit import Reading, Unit


class What(StrEnum):
    """What is counted."""

    POSTS = "posts"
    TEXTS_SENT = "texts sent"
    MAILS_SENT = "mails sent"
    TEXTS_LOST = "texts lost"
    MAILS_LOST = "mails lost"


SETTLED = timedelta(minutes=1)
"""What is younger is left for the next step: a transaction may still be adding to it."""

STEP = 2_000
"""Posts that one step counts."""

_POSTS_UP_TO, _LOST_UP_TO = "counted_posts", "counted_lost"
_WINDOW = timedelta(hours=1)
_REACH = timedelta(days=31)
_SENT = {Channel.SMS: What.TEXTS_SENT, Channel.EMAIL: What.MAILS_SENT}
_LOST = {Channel.SMS: What.TEXTS_LOST, Channel.EMAIL: What.MAILS_LOST}


async def is_due(reading: Reading, *, now: datetime) -> bool:
    """Whether there is anything to count afterwards: a look that holds up nobody."""
    after = int(await facts.get(reading, _POSTS_UP_TO) or 0)
    if await day_counts.posts_after(reading, after, until=now - SETTLED, most=1):
        return True
    return await _first_lost(reading, await facts.get(reading, _LOST_UP_TO), now) is not None


async def count_posts(unit: Unit, site: Site, *, now: datetime) -> int:
    """Count some more posts; how many were looked at, none when another daemon is at it."""
    await facts.add(unit, _POSTS_UP_TO, "0")
    after = await facts.take(unit, _POSTS_UP_TO)
    if after is None:
        return 0
    found = await day_counts.posts_after(unit, int(after), until=now - SETTLED, most=STEP)
    if found:
        zone = ZoneInfo(site.time_zone)
        posts = Counter(_day(at, zone) for _, kind, at in found if kind == PostKind.POST)
        await day_counts.add(unit, {(day, What.POSTS): number for day, number in posts.items()})
        await facts.put(unit, _POSTS_UP_TO, str(found[-1][0]))
    return len(found)


async def count_lost(unit: Unit, site: Site, *, now: datetime) -> int:
    """Count what was given up within an hour from the first that was not counted yet; 1 if there was any. The first
    time it looks a month back."""
    await facts.add(unit, _LOST_UP_TO, (now - _REACH).isoformat())
    first = await _first_lost(unit, await facts.take(unit, _LOST_UP_TO), now)
    if first is None:
        return 0
    zone = ZoneInfo(site.time_zone)
    until = min(first + _WINDOW, now - SETTLED, _end_of_day(first, zone))
    found = await day_counts.given_up_between(unit, first, until)
    day = _day(first, zone)
    await day_counts.add(unit, {(day, _LOST[Channel(channel)]): number for channel, number in found.items()})
    await facts.put(unit, _LOST_UP_TO, until.isoformat())
    return 1


async def _first_lost(reading: Reading, counted: str | None, now: datetime) -> datetime | None:
    """When the first delivery was given up that is not counted yet, and may be."""
    after = now - _REACH if counted is None else datetime.fromisoformat(counted)
    return await day_counts.first_given_up(reading, after=after, until=now - SETTLED)


async def add_sent(unit: Unit, site: Site, sent: Mapping[str, int], *, now: datetime) -> None:
    """So many more were sent on each channel, just now."""
    day = _day(now, ZoneInfo(site.time_zone))
    await day_counts.add(unit, {(day, _SENT[Channel(channel)]): number for channel, number in sent.items()})


async def by_day(reading: Reading, site: Site, *, days: int, now: datetime) -> dict[date, dict[What, int]]:
    """What was counted on each of so many days up to today, the oldest first."""
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    wanted = [today - timedelta(days=back) for back in reversed(range(days))]
    found = await day_counts.since(reading, wanted[0].isoformat())
    return {day: {what: found.get((day.isoformat(), what), 0) for what in What} for day in wanted}


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()


def _end_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last moment of the day that ``moment`` is in."""
    tomorrow = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC) - timedelta(microseconds=1)
