"""What a provider reports about a message after it took it, and what that makes of the delivery.

Reports come in any order, more than once, and sometimes before our own settle. So each is kept once, and a delivery
only moves forward: what was delivered stays delivered, whatever comes later.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog

from gateway.domain import carriage, provider_codes
from gateway.domain.carriage import Carriage
from gateway.domain.delivery import IN_A_ROW, Bounced, Expired, Fault, RetryRules, State
from gateway.domain.late import first_look
from gateway.domain.provider_codes import Arrived, TryAgain, Underway
from gateway.domain.types import Channel, Outgoing
from gateway.service import alerts, budgets, failing_over, faults
from gateway.service.site import Site
from store import failover, late, queue, receipts
from store.receipts import Subject
from store.unit import Reading, Unit

log = structlog.get_logger(__name__)

MATCHED_WITHIN = timedelta(days=1)
"""How long a report about a message that is nobody's is compared with what is ours."""

_OPEN = [State.CLAIMED, State.UNSURE, State.SENT]
_SOME_EARLIER_ONE = -1


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


Record = Callable[[Receipt], Awaitable[bool]]
"""Commits a report; whether it moved a delivery."""

RulesOf = Callable[[str], RetryRules]
"""What decides what follows a report, by the source that it came from."""


async def record(unit: Unit, site: Site, receipt: Receipt, *, rules: RetryRules, now: datetime) -> bool:
    """Keep the report and move its delivery; False when it is a repetition or about no delivery of ours.

    One that names no delivery is about the one that had this message. When none had, it is kept for :func:`match`."""
    found = await receipts.subject(unit, receipt.delivery_id, receipt.remote_id)
    if found is not None and receipt.delivery_id is None:
        receipt = _named(receipt, found)
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
    if found is None or found.channel != Channel.SMS:
        log.warning("receipt for no delivery of ours", delivery=receipt.delivery_id, status=receipt.status)
        return False
    return await _follow(unit, site, receipt, found, rules=rules, now=now)


async def owner(reading: Reading, remote_id: str) -> tuple[int, int] | None:
    """Whose a message is that a carrier names by its own id: the newest delivery that had it, and its attempt; -1 when
    that is over. None when it is nobody's yet."""
    found = await receipts.subject(reading, None, remote_id)
    return None if found is None else (found.id, _attempt(found))


async def are_waiting(reading: Reading, *, now: datetime) -> bool:
    """Whether there is anything for :func:`match`: a look that holds up nobody."""
    return bool(await late.unmatched(reading, since=now - MATCHED_WITHIN, most=1))


async def match(unit: Unit, site: Site, *, rules: RulesOf, now: datetime, most: int = 100) -> int:
    """Do what reports say that came before their messages were known to be anybody's; rings when there were any. How
    many could be matched."""
    waiting = await late.unmatched(unit, since=now - MATCHED_WITHIN, most=most)
    for each in waiting:
        found = await receipts.subject(unit, each.delivery_id, each.remote_id)
        if found is None or not await late.adopt(unit, each.id, each.delivery_id):
            continue
        receipt = Receipt(each.source, each.remote_id, each.status, each.error_code, None, None, each.received_at)
        await _follow(unit, site, _named(receipt, found), found, rules=rules(each.source), now=now)
    if waiting:
        unit.ring()
    return len(waiting)


def _named(receipt: Receipt, found: Subject) -> Receipt:
    """The report with the numbers of the delivery that had its message."""
    return replace(receipt, delivery_id=found.id, attempt=_attempt(found))


def _attempt(found: Subject) -> int:
    """Which attempt a message of the delivery's was. It is the one at hand only while that one counts as sent: later
    the message's id stays with the delivery until another one replaces it."""
    return found.attempt if found.state == State.SENT else _SOME_EARLIER_ONE


async def _follow(
    unit: Unit, site: Site, receipt: Receipt, delivery: Subject, *, rules: RetryRules, now: datetime
) -> bool:
    """Do what a report says that is new; whether its delivery was moved."""
    report = provider_codes.status_outcome(receipt.status, receipt.error_code)
    is_current = receipt.attempt in (None, delivery.attempt)
    ask_at = first_look(rules.receipt_after, now)
    move = partial(_move, unit, site, receipt, delivery, now)
    match report:
        case Arrived():
            price_at = ask_at if rules.prices and not delivery.priced else None
            from_states = [State.QUEUED, *_OPEN, State.DEAD]
            if delivery.alert is not None:
                await alerts.text_arrived(unit, delivery.route, now=now)
            return await move(from_states, State.DELIVERED, "", now, look_up_at=price_at)
        case Underway(_):
            # A claimed one is left to its worker, who knows more about it.
            return is_current and await move([State.UNSURE], State.SENT, "", now, look_up_at=ask_at)
        case TryAgain(reason, wait, most, halt):
            tried = await receipts.failures(unit, delivery.id)
            if not is_current:
                return False
            if halt is not None:
                await alerts.refused(unit, delivery.route, halt, reason, now=now)
            elif delivery.attempt - delivery.excused >= rules.attempts or (most is not None and tried > most):
                return await move(_OPEN, State.DEAD, reason, now)
            elsewhere = halt is not None and halt.may_be_the_phone
            due_at = now + (IN_A_ROW + wait if elsewhere else wait)
            if due_at > delivery.queued_at + rules.max_age:
                moved = await move(_OPEN, State.DEAD, reason, now)
            else:
                excused = halt is not None
                moved = await move(_OPEN, State.QUEUED, reason, due_at, excused=excused)
            if moved and elsewhere:
                await _hand_on(unit, site, delivery.id, now, of_the_phone=True)
            return moved
        case Expired(reason):
            if not is_current:
                return False
            again_at = None
            if delivery.attempt - delivery.excused < rules.attempts:
                found = await queue.details(unit, [delivery.id])
                handed_over_at = delivery.settled_at or delivery.queued_at
                again_at = carriage.after_quiet(found[0], handed_over_at, now) if found else None
            if again_at is None:
                return await move(_OPEN, State.DEAD, reason, now)
            return await move(_OPEN, State.QUEUED, "quiet hours", again_at)
        case Bounced(reason, fault):
            moved = is_current and await move(_OPEN, State.DEAD, reason, now)
            if moved and fault.is_of_the_number:
                await _hand_on(unit, site, delivery.id, now, of_the_phone=fault is Fault.ROUTE)
            if fault is not Fault.MESSAGE:
                for carried in await queue.details(unit, [delivery.id]):
                    if carried.address_id is not None:
                        await faults.follow_up(unit, site, carried.address_id, Channel.SMS, fault, reason, now=now)
            return moved
        case _:
            assert_never(report)


async def _hand_on(unit: Unit, site: Site, delivery_id: int, now: datetime, *, of_the_phone: bool) -> None:
    """Let a text that was refused from this number go by another one, if there is one, as if it had cost nothing.
    ``of_the_phone``: that number may never reach that phone."""
    for carried in await queue.details(unit, [delivery_id]):
        handed_on = await failover.hand_on(unit, carried.route, [carried.id], now=now)
        if handed_on and carried.to is not None:
            await budgets.give_back(unit, site, [_as_sent(carried)], now=now)
        if handed_on and carried.address_id is not None and of_the_phone:
            await failing_over.stay(unit, carried.route, [(carried.address_id, handed_on[carried.id])])


async def _enter(unit: Unit, site: Site, receipt: Receipt, delivery: Subject, to: State, now: datetime) -> None:
    """Do for a text that only its report tells of what is done for the others when they are answered: enter it into the
    bill, and let a bare answer mean it.

    That is one without an answer, be it that a look-up did not find it, so that it waits again or was given up, or that
    a worker still waits for it, which may go away. An earlier attempt's message is known if the delivery had its id."""
    is_current = receipt.attempt in (None, delivery.attempt)
    if not is_current and delivery.remote_id == receipt.remote_id:
        return
    attempt = delivery.attempt + (to is State.QUEUED)
    for carried in await queue.details(unit, [delivery.id]):
        if carried.to is None or carried.address_id is None:
            continue
        text = _as_sent(carried)
        if is_current and not await queue.note_taken(
            unit, delivery.id, attempt, segments=text.segments, address_id=carried.address_id
        ):
            continue
        await budgets.enter(unit, site, delivery.route, [text], now=now)
        if to in (State.SENT, State.DELIVERED) and carried.post_id is not None:
            await queue.remember_found(unit, carried.address_id, carried.post_id)


def _as_sent(carried: Carriage) -> Outgoing:
    """The text as it went out. Of one whose words were forgotten since, it is only known that it took a segment."""
    if carried.post_id is None and carried.notice is None:
        carried = replace(carried, notice="?")
    return carriage.outgoing(carried, "")


async def _move(
    unit: Unit,
    site: Site,
    receipt: Receipt,
    delivery: Subject,
    now: datetime,
    from_states: list[State],
    to_state: State,
    reason: str,
    due_at: datetime,
    *,
    look_up_at: datetime | None = None,
    excused: bool = False,
) -> bool:
    moved = await receipts.move(
        unit,
        delivery.id,
        from_states=[str(state) for state in from_states],
        to_state=to_state,
        due_at=due_at,
        remote_id=receipt.remote_id,
        reason=reason,
        now=now,
        look_up_at=look_up_at,
        excused=excused,
    )
    if moved and delivery.state != State.SENT:
        await _enter(unit, site, receipt, delivery, to_state, now)
    return moved
