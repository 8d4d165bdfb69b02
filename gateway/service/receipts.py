"""What a provider reports about a message after it took it, and what that makes of the delivery.

Reports come in any order, more than once, and sometimes before our own settle. So each is kept once, and a delivery
only moves forward: what was delivered stays delivered, whatever comes later.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import structlog

from gateway.domain import provider_codes
from gateway.domain.delivery import Bounced, Fault, RetryRules, State
from gateway.domain.provider_codes import Arrived, TryAgain, Underway
from gateway.domain.types import Channel
from gateway.service import faults
from gateway.service.site import Site
from store import deliveries, failover, queue, receipts
from store.unit import Unit

log = structlog.get_logger(__name__)

_OPEN = [State.CLAIMED, State.UNSURE, State.SENT]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One status callback.

    ``source``, ``remote_id``  the provider's name and its id of the message.
    ``status``                 the provider's word, e.g. ``delivered``; callbacks come in any order and more than once.
    ``error_code``             the provider's code when it failed, else empty.
    ``delivery_id``, ``attempt``  our own numbers from the callback's address; None if they were not in it.
    """

    source: str
    remote_id: str
    status: str
    error_code: str
    delivery_id: int | None
    attempt: int | None
    received_at: datetime


async def record(unit: Unit, site: Site, receipt: Receipt, *, rules: RetryRules, now: datetime) -> bool:
    """Keep the report and move its delivery; False when it is a repetition or about no delivery of ours."""
    is_new = await receipts.add(
        unit,
        source=receipt.source,
        remote_id=receipt.remote_id,
        status=receipt.status,
        error_code=receipt.error_code,
        delivery_id=receipt.delivery_id,
        received_at=receipt.received_at,
    )
    if not is_new or receipt.delivery_id is None:
        return False
    delivery = await deliveries.by_id(unit, receipt.delivery_id)
    if delivery is None or delivery.channel != Channel.SMS:
        log.warning("receipt for no delivery of ours", delivery=receipt.delivery_id, status=receipt.status)
        return False
    report = provider_codes.status_outcome(receipt.status, receipt.error_code)
    is_current = receipt.attempt in (None, delivery.attempt)
    match report:
        case Arrived():
            return await _move(unit, receipt, [State.QUEUED, *_OPEN, State.DEAD], State.DELIVERED, "", now, now)
        case Underway(_):
            # A claimed one is left to its worker, who knows more about it.
            return is_current and await _move(unit, receipt, [State.UNSURE], State.SENT, "", now, now)
        case TryAgain(reason, wait, most):
            tried = await receipts.failures(unit, delivery.id)
            if not is_current:
                return False
            if delivery.attempt >= rules.attempts or (most is not None and tried > most):
                return await _move(unit, receipt, _OPEN, State.DEAD, reason, now, now)
            if now + wait > delivery.queued_at + rules.max_age:
                return await _move(unit, receipt, _OPEN, State.DEAD, reason, now, now)
            return await _move(unit, receipt, _OPEN, State.QUEUED, reason, now + wait, now)
        case Bounced(reason, fault):
            moved = is_current and await _move(unit, receipt, _OPEN, State.DEAD, reason, now, now)
            if fault is not Fault.MESSAGE:
                for carried in await queue.details(unit, [delivery.id]):
                    if moved and fault is Fault.SENDER:
                        await failover.hand_on(unit, carried.route, [carried.id], now=now)
                    if carried.address_id is not None:
                        await faults.follow_up(unit, site, carried.address_id, Channel.SMS, fault, reason, now=now)
            return moved
        case _:
            assert_never(report)


async def _move(
    unit: Unit,
    receipt: Receipt,
    from_states: list[State],
    to_state: State,
    reason: str,
    due_at: datetime,
    now: datetime,
) -> bool:
    assert receipt.delivery_id is not None
    return await receipts.move(
        unit,
        receipt.delivery_id,
        from_states=[str(state) for state in from_states],
        to_state=to_state,
        due_at=due_at,
        remote_id=receipt.remote_id,
        reason=reason,
        now=now,
    )
