"""Quiet hours: setting them, and what happens at their end.

Somebody sleeps from ``accounts.sleeps_at`` until their window is moved forward, and that is done here alone: in one
transaction for a batch of people, together with letting go what waited for them. So a crash wakes nobody halfway, and
whichever daemon comes next goes on with those who are still to be woken. Of what waited at most ``burst`` texts are
sent, and one that says how many more there were and where to read them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain import quiet, reply_quiet
from gateway.domain.quiet import Hours, Window
from gateway.domain.types import Channel, Lane
from gateway.service.site import Site
from gateway.service.zones import zone_of
from store import deliveries, sleepers
from store.addresses import Way
from store.sleepers import Sleeper
from store.unit import Reading, Unit


async def is_due(reading: Reading, *, now: datetime) -> bool:
    """Whether anybody is to be woken: a look that holds up nobody, before a step that writes."""
    return await sleepers.any_due(reading, now=now)


async def wake_due(unit: Unit, site: Site, *, now: datetime, most: int = 200) -> int:
    """Wake people whose quiet hours are over; how many were, and those whose next have begun by now."""
    ended = await sleepers.due(unit, most=most, now=now)
    windows = {each.id: _next(site, each, now) for each in ended}
    await sleepers.move(unit, windows)
    await _release(unit, site, [each for each in ended if not _holds(windows[each.id], now)], now)
    return len(ended)


async def set_daily(unit: Unit, site: Site, account_id: int, hours: Hours | None, *, now: datetime) -> ZoneInfo:
    """Daily quiet hours from now on, or (None) none at all, not even for a while. What waited is let go if they do not
    hold now. Returns the zone whose clocks they go by."""
    await sleepers.set_hours(unit, account_id, None if hours is None else str(hours))
    sleeper = await sleepers.by_id(unit, account_id)
    await _put(unit, site, sleeper, _next(site, sleeper, now), now)
    return _zone(site, sleeper)


async def sleep_for(unit: Unit, site: Site, account_id: int, length: timedelta, *, now: datetime) -> datetime:
    """Quiet from now on for so long; when that ends, on the person's own clocks."""
    sleeper = await sleepers.by_id(unit, account_id)
    zone = _zone(site, sleeper)
    window = quiet.window_from(_hours(sleeper), zone, now, length)
    await _put(unit, site, sleeper, window, now)
    return window.ends.astimezone(zone)


async def wake(unit: Unit, site: Site, account_id: int, *, now: datetime) -> datetime | None:
    """End the quiet at once, and let go what waited. When daily quiet begins again, if there is any, on the person's
    own clocks."""
    sleeper = await sleepers.by_id(unit, account_id)
    hours, zone = _hours(sleeper), _zone(site, sleeper)
    window = None if hours is None else quiet.window_after(hours, zone, now)
    await _put(unit, site, sleeper, window, now)
    return None if window is None else window.begins.astimezone(zone)


async def _put(unit: Unit, site: Site, sleeper: Sleeper, window: Window | None, now: datetime) -> None:
    await sleepers.move(unit, {sleeper.id: window})
    if not _holds(window, now):
        await _release(unit, site, [sleeper], now)


async def _release(unit: Unit, site: Site, woken: Sequence[Sleeper], now: datetime) -> None:
    more = await sleepers.release(unit, [each.id for each in woken], burst=site.wake_burst, now=now)
    link = f"{site.public_url}/"
    summaries = [
        (Way(each.id, each.phone_id, Channel.SMS, each.route), reply_quiet.slept_through(more[each.id], link))
        for each in woken
        if more[each.id] and each.phone_id is not None and each.route is not None
    ]
    await deliveries.add_notices(unit, summaries, lane=Lane.FIRST, now=now)


def _next(site: Site, sleeper: Sleeper, now: datetime) -> Window | None:
    hours = None if sleeper.gone else _hours(sleeper)
    return None if hours is None else quiet.next_window(hours, _zone(site, sleeper), now)


def _hours(sleeper: Sleeper) -> Hours | None:
    return None if sleeper.quiet_hours is None else quiet.read(sleeper.quiet_hours)


def _zone(site: Site, sleeper: Sleeper) -> ZoneInfo:
    return zone_of(sleeper.time_zone, sleeper.phone, site.time_zone)


def _holds(window: Window | None, now: datetime) -> bool:
    return window is not None and window.begins <= now
