"""EMAIL: whether posts come by mail, each at once or together."""

from typing import assert_never

from gateway.domain import reply
from gateway.domain.types import EmailMode
from gateway.service import digests
from gateway.service.answering import mailbox
from gateway.service.answering.asked import Asked
from gateway.service.digests import Rhythm
from store.accounts import AccountRow

_HOURS = range(24)


async def switch(asked: Asked, me: AccountRow, mode: EmailMode, hour: int | None = None) -> str:
    """From now on mail comes in this mode; ``hour``: of the day, for a daily digest."""
    if hour is not None and hour not in _HOURS:
        return reply.what_daily_takes()
    rhythm = await digests.set_mode(asked.unit, asked.site, me.id, mode, hour=hour, now=asked.now)
    if me.mail_id is None and mode is not EmailMode.OFF:
        return await mailbox.ask(asked, me) or reply.no_mail(asked.operator)
    return words_for(rhythm)


def words_for(rhythm: Rhythm) -> str:
    """How mail comes now."""
    match rhythm.mode:
        case EmailMode.OFF:
            return reply.mail_off()
        case EmailMode.INSTANT:
            return reply.mail_on(flushed=rhythm.flushed)
        case EmailMode.HOURLY:
            return reply.mail_hourly(flushed=rhythm.flushed)
        case EmailMode.DAILY:
            place = str(rhythm.zone).rpartition("/")[2].replace("_", " ")
            return reply.mail_daily(rhythm.hour, place, flushed=rhythm.flushed)
        case _:
            assert_never(rhythm.mode)
