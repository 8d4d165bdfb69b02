"""What becomes of a delivery and its mailbox when a mail comes back."""

from datetime import datetime

from gateway.domain.delivery import Fault, State
from gateway.domain.types import Channel
from gateway.service import faults
from gateway.service.site import Site
from store import queue, receipts
from store.unit import Unit

_OPEN = [str(state) for state in (State.CLAIMED, State.SENT, State.DELIVERED)]


async def record(unit: Unit, site: Site, delivery_id: int, reason: str, *, now: datetime) -> bool:
    """A mail came back: give its delivery up, and count it against its mailbox unless the ``reason`` begins with a
    temporary status (4.x.x, RFC 3463): then somebody on the way gave up waiting, and the mailbox may be fine.

    False when it had come back before or there is no such delivery."""
    moved = await receipts.move(
        unit,
        delivery_id,
        from_states=_OPEN,
        to_state=State.DEAD,
        due_at=now,
        remote_id=None,
        reason=reason,
        now=now,
    )
    if moved and not reason.startswith("4."):
        for carried in await queue.details(unit, [delivery_id]):
            if carried.address_id is not None:
                await faults.follow_up(unit, site, carried.address_id, Channel.EMAIL, Fault.ADDRESS, reason, now=now)
    return moved
