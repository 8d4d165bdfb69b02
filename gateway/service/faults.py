"""What follows from a refusal beyond the one delivery: the phone or mailbox is no longer used."""

from datetime import datetime

import structlog

from gateway.domain.delivery import Fault
from gateway.domain.types import Channel
from gateway.service import mailboxes, notify, stopping
from gateway.service.mailboxes import LONGEST_REASON
from gateway.service.site import Site
from store import addresses
from store.sql import storable
from store.unit import Unit

log = structlog.get_logger(__name__)


async def follow_up(
    unit: Unit, site: Site, address_id: int, channel: Channel, fault: Fault, reason: str, *, now: datetime
) -> None:
    """An opt-out holds at once; a phone that does not exist is dead at once, and its owner is told another way; what is
    held against a mailbox is counted (``gateway.service.mailboxes``); a fault of our own number, account or mail is the
    operator's to mend. What is known already changes nothing."""
    address = await addresses.by_id(unit, address_id)
    if address is None:
        return
    reason = storable(reason, LONGEST_REASON)
    match fault:
        case Fault.OPTED_OUT:
            await stopping.opt_out(
                unit, address, how="provider", words=reason, why="the recipient has opted out", now=now
            )
        case Fault.ADDRESS | Fault.NOT_NOW if channel is Channel.EMAIL:
            await mailboxes.came_back(unit, site, address, fault, reason, now=now)
        case Fault.ADDRESS if address.dead_at is None:
            await addresses.mark_dead(unit, address_id, reason, now=now)
            if address.account_id is not None:
                await notify.tell_account(
                    unit,
                    address.account_id,
                    f"{site.name}: your phone could not be reached, so we stopped using it. "
                    f"Write to us from it to turn it on again.",
                    now=now,
                )
        case Fault.SENDER:
            log.error("sender refused", channel=channel, reason=reason)
        case Fault.ADDRESS | Fault.NOT_NOW | Fault.MESSAGE:
            pass
