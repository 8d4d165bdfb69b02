"""What follows from a refusal beyond the one delivery: the phone or mailbox is no longer used."""

from datetime import datetime, timedelta
from functools import partial

import structlog

from gateway.domain import reply
from gateway.domain.delivery import Fault
from gateway.domain.types import Channel
from gateway.service import notify, stopping
from gateway.service.site import Site
from store import addresses
from store.sql import storable
from store.unit import Unit

BOUNCES = 3
"""Hard bounces of a mailbox before it is no longer written to."""

FORGOTTEN_AFTER = timedelta(days=30)
"""A bounce this long after the last one counts as the first."""

_LONGEST_REASON = 500
"""Characters kept of what the other side said."""

log = structlog.get_logger(__name__)


async def follow_up(
    unit: Unit, site: Site, address_id: int, channel: Channel, fault: Fault, reason: str, *, now: datetime
) -> None:
    """An opt-out holds at once; a phone that does not exist is dead at once, a mailbox after a few bounces, and its
    owner is told another way; a fault of our own number or account is the operator's to mend. What is known already
    changes nothing."""
    address = await addresses.by_id(unit, address_id)
    if address is None:
        return
    reason = storable(reason, _LONGEST_REASON)
    match fault:
        case Fault.OPTED_OUT:
            await stopping.opt_out(
                unit, address, how="provider", words=reason, why="the recipient has opted out", now=now
            )
        case Fault.ADDRESS if address.dead_at is None:
            if channel is Channel.EMAIL and await _bounced(unit, address_id, now) < BOUNCES:
                return
            await addresses.mark_dead(unit, address_id, reason, now=now)
            if address.account_id is not None:
                words = reply.phone_unreachable if channel is Channel.SMS else reply.mailbox_unreachable
                await notify.tell_account(unit, site, address.account_id, partial(words, site.name), now=now)
        case Fault.SENDER:
            log.error("sender refused", channel=channel, reason=reason)
        case Fault.ADDRESS | Fault.MESSAGE:
            pass


async def _bounced(unit: Unit, address_id: int, now: datetime) -> int:
    return await addresses.count_bounce(unit, address_id, since=now - FORGOTTEN_AFTER, now=now)
