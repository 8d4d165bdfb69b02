"""SLEEP and WAKE: when no texts come but answers."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.domain import reply_quiet as reply
from gateway.domain.quiet import Hours
from gateway.service import waking
from gateway.service.answering.asked import Asked
from gateway.service.zones import zone_of
from store import addresses
from store.accounts import AccountRow

LONGEST_SLEEP = 99
"""Hours."""


async def sleep_daily(asked: Asked, me: AccountRow, start: time, until: time) -> str:
    """Quiet every day between these hours."""
    if start == until:
        return reply.no_hours()
    hours = Hours(start, until)
    await waking.set_daily(asked.unit, asked.site, me.id, hours, now=asked.now)
    return reply.quiet_daily(hours, str(await _zone(asked, me)))


async def sleep_for(asked: Asked, me: AccountRow, hours: int) -> str:
    """Quiet for so many hours from now."""
    if not 1 <= hours <= LONGEST_SLEEP:
        return reply.what_sleep_takes(LONGEST_SLEEP)
    window = await waking.sleep_for(asked.unit, asked.site, me.id, timedelta(hours=hours), now=asked.now)
    zone = await _zone(asked, me)
    ends = window.ends.astimezone(zone)
    return reply.quiet_until(ends, str(zone), today=_is_today(asked, ends, zone))


async def wake(asked: Asked, me: AccountRow) -> str:
    """End the quiet of now; daily hours begin again when it is their time."""
    if me.sleeps_at is None or me.sleeps_at > asked.now:
        return reply.not_asleep()
    window = await waking.wake(asked.unit, asked.site, me.id, now=asked.now)
    if window is None:
        return reply.awake(None, today=True)
    zone = await _zone(asked, me)
    begins = window.begins.astimezone(zone)
    return reply.awake(begins, today=_is_today(asked, begins, zone))


async def sleep_off(asked: Asked, me: AccountRow) -> str:
    """End the quiet for good."""
    if me.quiet_hours is None and me.sleeps_at is None:
        return reply.not_asleep()
    await waking.set_daily(asked.unit, asked.site, me.id, None, now=asked.now)
    return reply.no_more_quiet()


async def _zone(asked: Asked, me: AccountRow) -> ZoneInfo:
    phone = None if me.phone_id is None else await addresses.by_id(asked.unit, me.phone_id)
    return zone_of(me.time_zone, None if phone is None else phone.address, asked.site.time_zone)


def _is_today(asked: Asked, moment: datetime, zone: ZoneInfo) -> bool:
    return moment.date() == asked.now.astimezone(zone).date()
