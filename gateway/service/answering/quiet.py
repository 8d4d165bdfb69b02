"""SLEEP and WAKE: when no texts come but answers."""

from datetime import datetime, time, timedelta

from gateway.domain import reply_quiet as reply
from gateway.domain.quiet import Hours
from gateway.service import waking
from gateway.service.answering.asked import Asked
from store.accounts import AccountRow

LONGEST_SLEEP = 99
"""Hours."""


async def sleep_daily(asked: Asked, me: AccountRow, start: time, until: time) -> str:
    """Quiet every day between these hours."""
    if start == until:
        return reply.no_hours()
    hours = Hours(start, until)
    zone = await waking.set_daily(asked.unit, asked.site, me.id, hours, now=asked.now)
    return reply.quiet_daily(hours, str(zone))


async def sleep_for(asked: Asked, me: AccountRow, hours: int) -> str:
    """Quiet for so many hours from now."""
    if not 1 <= hours <= LONGEST_SLEEP:
        return reply.what_sleep_takes(LONGEST_SLEEP)
    ends = await waking.sleep_for(asked.unit, asked.site, me.id, timedelta(hours=hours), now=asked.now)
    return reply.quiet_until(ends, today=_is_today(asked, ends))


async def wake(asked: Asked, me: AccountRow) -> str:
    """End the quiet of now; daily hours begin again when it is their time."""
    if me.sleeps_at is None or me.sleeps_at > asked.now:
        return reply.not_asleep()
    begins = await waking.wake(asked.unit, asked.site, me.id, now=asked.now)
    return reply.awake(begins, today=begins is None or _is_today(asked, begins))


async def sleep_off(asked: Asked, me: AccountRow) -> str:
    """End the quiet for good."""
    if me.quiet_hours is None and me.sleeps_at is None:
        return reply.not_asleep()
    await waking.set_daily(asked.unit, asked.site, me.id, None, now=asked.now)
    return reply.no_more_quiet()


def _is_today(asked: Asked, moment: datetime) -> bool:
    return moment.date() == asked.now.astimezone(moment.tzinfo).date()
