"""What becomes of a delivery and its mailbox when a mail comes back, or is reported to have arrived.

Whoever saw a mail knows where it bounces to, and can write anything there. So a report counts once for each mail, only
for one that is out, and only for a while: the worst that anybody can do by it is to stop the mails to a mailbox whose
mails they see, and its owner is told.
"""

from datetime import datetime, timedelta

from gateway.domain import mail_codes
from gateway.domain.delivery import State
from gateway.domain.mail_codes import Meaning
from gateway.domain.types import Channel
from gateway.service import faults
from gateway.service.site import Site
from store import addresses, deliveries, queue, receipts
from store.unit import Reading, Unit

BELIEVED_FOR = timedelta(days=14)
"""How long after it was handed to the relay a mail may come back. Mail servers try for five days or so (RFC 5321
4.5.4.1), some for a week, and there may be two in a row."""

_OUT = [str(state) for state in (State.CLAIMED, State.SENT)]


async def record(unit: Unit, site: Site, delivery_id: int, reason: str, *, now: datetime) -> Meaning | None:
    """A mail came back: give its delivery up, and count against its mailbox what its ``reason`` is about, which begins
    with its status (RFC 3463).

    None when that changes nothing: it had come back before, was never sent, went out long ago, or is no longer kept."""
    if not await _is_out(unit, delivery_id, now):
        return None
    moved = await receipts.move(
        unit,
        delivery_id,
        from_states=_OUT,
        to_state=State.DEAD,
        due_at=now,
        remote_id=None,
        reason=reason,
        now=now,
    )
    if not moved:
        return None
    meaning = mail_codes.code_of(mail_codes.status_of(reason)).meaning
    for carried in await queue.details(unit, [delivery_id]):
        if carried.address_id is not None:
            fault = mail_codes.FAULTS[meaning]
            await faults.follow_up(unit, site, carried.address_id, Channel.EMAIL, fault, reason, now=now)
    return meaning


async def arrived(unit: Unit, delivery_id: int, *, now: datetime) -> bool:
    """A report says that the mail lies in its mailbox (``delivered``, RFC 3464 2.3.3): what came back from there before
    is forgotten. False when it is not out, or went out long ago."""
    if not await _is_out(unit, delivery_id, now):
        return False
    for carried in await queue.details(unit, [delivery_id]):
        if carried.address_id is not None:
            await addresses.mark_arrived(unit, carried.address_id)
    return True


async def _is_out(reading: Reading, delivery_id: int, now: datetime) -> bool:
    delivery = await deliveries.by_id(reading, delivery_id)
    if delivery is None or delivery.channel != Channel.EMAIL or delivery.state not in _OUT:
        return False
    return delivery.settled_at is None or delivery.settled_at >= now - BELIEVED_FOR
