"""What becomes of a delivery and its mailbox when a mail comes back."""

from datetime import datetime

from gateway.domain.delivery import Bounced, Fault, State
from gateway.domain.types import Channel
from gateway.service import faults
from gateway.service.site import Site
from store import queue, receipts
from store.unit import Unit

_OPEN = [str(state) for state in (State.CLAIMED, State.SENT, State.DELIVERED)]


async def record(unit: Unit, site: Site, delivery_id: int, bounced: Bounced, *, now: datetime) -> bool:
    """A mail came back for good: give its delivery up and count it against its mailbox. False when it had come back
    before or there is no such delivery."""
    moved = await receipts.move(
        unit,
        delivery_id,
        from_states=_OPEN,
        to_state=State.DEAD,
        due_at=now,
        remote_id=None,
        reason=bounced.reason,
        now=now,
    )
    if moved:
        for carried in await queue.details(unit, [delivery_id]):
            if carried.address_id is not None:
                await faults.follow_up(
                    unit, site, carried.address_id, Channel.EMAIL, Fault.ADDRESS, bounced.reason, now=now
                )
    return moved
