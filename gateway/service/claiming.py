"""Claim what may be sent or looked up now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from gateway.domain import carriage, departure, pace
from gateway.domain.delivery import Bounced, Deferred, State
from gateway.domain.departure import PutBack, Refuse, Send, ShelfLife, Terms
from gateway.domain.pace import Pace
from gateway.domain.types import Lane, Outgoing
from gateway.service import budgets, holding
from gateway.service.site import Site
from store import queue, routes
from store.queue import Settled
from store.routes import Route
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries to send now, and until when nothing more may be claimed (None: nothing holds it up), unless it is
    ``but_answers``, which may go out before."""

    deliveries: list[Outgoing]
    wait_until: datetime | None = None
    refused: int = 0
    but_answers: bool = False


async def lanes_due(reading: Reading, route: Route, *, now: datetime) -> list[Lane]:
    """In which lanes anything waits on the route: a look that holds up nobody, before a claim that writes."""
    return await queue.lanes_due(reading, route.id, now=now)


async def claim(
    unit: Unit,
    route: Route,
    rate: Pace,
    *,
    most: int,
    lease: timedelta,
    now: datetime,
    site: Site | None = None,
    shelf_life: ShelfLife | None = None,
) -> Batch:
    """Lease what is due on the route, within its pace and the budgets of ``site``; what may no longer go out is given
    up here, with its reason. ``shelf_life`` None leaves it to the provider how long it tries."""
    if await holding.held_since(unit) is not None:
        return Batch([])
    standing = await routes.standing(unit, route.id)
    urgent = pace.allowance(rate, standing, most=most, now=now, urgent=True)
    if isinstance(urgent, pace.Wait):
        return Batch([], urgent.until)
    ordinary = pace.allowance(rate, standing, most=most, now=now)
    others, room = (ordinary.units, ordinary.room) if isinstance(ordinary, pace.Go) else (0, 0)
    ids = await queue.claim(unit, route.id, most=urgent.units, ordinary=others, until=now + lease, now=now)
    carried = await queue.details(unit, ids)
    purse = None if site is None else await budgets.open_purse(unit, site, carried, now=now)
    budget = None if purse is None else purse.budget
    terms = Terms(now, route.sender, rate, standing, shelf_life, budget, room, urgent.room)
    spent = {} if purse is None else purse.spent
    deliveries: list[Outgoing] = []
    settled: list[Settled] = []
    booked = refused = 0
    for each in carried:
        verdict = departure.decide(each, terms, booked=booked, spent=spent)
        match verdict:
            case Send(delivery, units):
                booked += units
                deliveries.append(delivery)
                if purse is not None:
                    purse.spend(each, delivery.segments)
            case PutBack(until, reason, alone):
                refused += alone
                settled.append(Settled(each.id, each.attempt, State.QUEUED, now, until, reason=reason, excused=True))
            case Refuse(reason, of):
                refused += 1
                settled.append(Settled(each.id, each.attempt, State.DEAD, now, now, reason=reason))
                if purse is not None and of is not None:
                    purse.refuse(each, of)
            case _:
                assert_never(verdict)
    await queue.settle(unit, settled)
    if purse is not None:
        await purse.close(unit, now=now)
    if deliveries:
        await routes.advance(unit, route.id, pace.book(rate, standing, units=booked, now=now))
    if isinstance(ordinary, pace.Wait) and not deliveries and not refused:
        return Batch([], ordinary.until, but_answers=True)
    return Batch(deliveries, refused=refused)


async def still_allowed(reading: Reading, delivery: Outgoing, *, now: datetime) -> Bounced | Deferred | None:
    """Ask the rules again about a delivery that has waited since its claim; None when it may go out. Of what it answers
    it shows then what still may be shown."""
    for each in await queue.details(reading, [delivery.id]):
        reason = carriage.objection(each)
        if reason:
            return Bounced(reason)
        if carriage.asleep_until(each, now) is not None:
            return Deferred("quiet hours", 0.0, excused=True)
        if each.to == delivery.to:
            delivery.thread = each.thread
            return None
    return Deferred("the recipient has another address now", 0.0, excused=True)


async def claim_look_ups(unit: Unit, *, most: int, lease: timedelta, now: datetime) -> list[Outgoing]:
    """Lease deliveries whose outcome is unknown and whose look-up is due. One whose phone is nobody's any more, or
    whose words were forgotten, cannot be looked for, and is given up."""
    ids = await queue.claim_look_ups(unit, most=most, until=now + lease, now=now)
    sender_of = {route: sender for sender, route in (await routes.by_sender(unit)).items()}
    wanted: list[Outgoing] = []
    given_up: list[Settled] = []
    for each in await queue.details(unit, ids):
        if each.to is None:
            why = "its outcome is unknown and its recipient has no phone any more"
        elif each.post_id is None and each.notice is None:
            why = "its outcome is unknown and what it carried is gone"
        else:
            wanted.append(carriage.outgoing(each, sender_of.get(each.route, "")))
            continue
        given_up.append(Settled(each.id, each.attempt, State.DEAD, now, now, reason=why))
    await queue.settle(unit, given_up)
    return wanted
