"""Claim what may be sent now, and write down what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

from gateway.domain import carriage, pace
from gateway.domain.alert import Alert
from gateway.domain.delivery import (
    Absent,
    Bounced,
    Deferred,
    Done,
    Fault,
    Finding,
    Found,
    GiveUp,
    LookUp,
    Outcome,
    Retry,
    RetryRules,
    Sent,
    State,
    Unsure,
    Verdict,
    after_attempt,
    after_look_up,
    pick,
    valid_for,
)
from gateway.domain.failover import LONG_PAUSE
from gateway.domain.late import first_look
from gateway.domain.pace import Pace
from gateway.domain.reason import USED_UP
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service import alerts, budgets, faults, holding
from gateway.service.site import Site
from store import failover, queue, routes
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


class Result(NamedTuple):
    """What a transport said about a delivery."""

    delivery: Outgoing
    outcome: Outcome


async def lanes_due(reading: Reading, route: Route, *, now: datetime) -> list[Lane]:
    """In which lanes anything waits on the route: a look that holds up nobody, before a claim that writes."""
    return await queue.lanes_due(reading, route.id, now=now)


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How long a text is good for once the provider has it, and how old any delivery may get."""

    validity: timedelta
    max_age: timedelta


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
    others = ordinary.units if isinstance(ordinary, pace.Go) else 0
    ids = await queue.claim(unit, route.id, most=urgent.units, ordinary=others, until=now + lease, now=now)
    deliveries: list[Outgoing] = []
    settled: list[Settled] = []
    used = refused = 0
    carried = await queue.details(unit, ids)
    purse = None if site is None else await budgets.open_purse(unit, site, carried, now=now)
    for each in carried:
        reason = carriage.objection(each)
        if reason:
            refused += 1
            settled.append(Settled(each.id, each.attempt, State.DEAD, now, now, reason=reason))
            continue
        asleep_until = carriage.asleep_until(each, now)
        if asleep_until is not None:
            refused += 1
            settled.append(
                Settled(each.id, each.attempt, State.QUEUED, now, asleep_until, reason="quiet hours", excused=True)
            )
            continue
        good_for = 0
        if shelf_life is not None and route.channel is Channel.SMS:
            good_for = valid_for(each.queued_at, validity=shelf_life.validity, max_age=shelf_life.max_age, now=now)
        delivery = carriage.outgoing(each, route.sender, good_for)
        units = delivery.segments if route.channel is Channel.SMS else 1
        if _is_over_the_day(rate, standing, used, units, urgent=each.lane == Lane.ANSWER, now=now):
            tomorrow, why = pace.midnight_after(now), "the day's limit is reached"
            settled.append(Settled(each.id, each.attempt, State.QUEUED, now, tomorrow, reason=why, excused=True))
            continue
        if purse is not None and purse.refuses(each, delivery.segments):
            refused += 1
            settled.append(Settled(each.id, each.attempt, State.DEAD, now, now, reason=USED_UP))
            continue
        used += units
        deliveries.append(delivery)
    await queue.settle(unit, settled)
    if purse is not None:
        await purse.close(unit, now=now)
    if deliveries:
        await routes.advance(unit, route.id, pace.book(rate, standing, units=used, now=now))
    if isinstance(ordinary, pace.Wait) and not deliveries and not refused:
        return Batch([], ordinary.until, but_answers=True)
    return Batch(deliveries, refused=refused)


def _is_over_the_day(
    rate: Pace, standing: pace.Standing, used: int, units: int, *, urgent: bool, now: datetime
) -> bool:
    """Whether these units do not fit the day any more, and would fit another one."""
    if not rate.per_day:
        return False
    booked = pace.book(rate, standing, units=used + units, now=now).used
    return booked > rate.day_for(urgent=urgent) >= units


async def still_allowed(reading: Reading, delivery: Outgoing, *, now: datetime) -> Bounced | Deferred | None:
    """Ask the rules again about a delivery that has waited since its claim; None when it may go out as it is."""
    for each in await queue.details(reading, [delivery.id]):
        reason = carriage.objection(each)
        if reason:
            return Bounced(reason)
        if carriage.asleep_until(each, now) is not None:
            return Deferred("quiet hours", 0.0)
        if each.to == delivery.to:
            return None
    return Deferred("the recipient has another address now", 0.0)


async def settle(
    unit: Unit,
    site: Site,
    route: Route,
    results: Sequence[Result],
    *,
    rules: RetryRules,
    now: datetime,
    dice: Sequence[float],
    alert: Alert | None = None,
) -> list[Verdict]:
    """Write what became of sent deliveries and everything that follows from it; ``dice`` has one number for each,
    ``alert`` is what was held against the sender when they were claimed."""
    settled: list[Settled] = []
    verdicts: list[Verdict] = []
    last_sent: dict[int, int] = {}
    for result, die in zip(results, dice, strict=True):
        delivery = result.delivery
        verdict = after_attempt(
            result.outcome,
            attempt=delivery.attempt - delivery.excused,
            queued_at=delivery.queued_at,
            now=now,
            rules=rules,
            dice=die,
        )
        verdicts.append(verdict)
        settled.append(_settled(delivery, verdict, now, rules))
        if isinstance(verdict, Done) and route.channel is Channel.SMS and delivery.post_id is not None:
            last_sent[delivery.address_id] = max(delivery.post_id, last_sent.get(delivery.address_id, 0))
    await queue.settle(unit, settled)
    await queue.remember_last_sent(unit, last_sent.items())
    refused = [each.id for each, verdict in zip(settled, verdicts, strict=True) if _is_refused(route, verdict)]
    handed_on = await failover.hand_on(unit, route.id, refused, now=now)
    if any(isinstance(outcome, Deferred | Unsure) and outcome.peer_down for _, outcome in results):
        await routes.pause(unit, route.id, now + LONG_PAUSE, now=now)
    for result, verdict in zip(results, verdicts, strict=True):
        if isinstance(verdict, GiveUp) and verdict.fault is not Fault.MESSAGE:
            await faults.follow_up(
                unit, site, result.delivery.address_id, route.channel, verdict.fault, verdict.reason, now=now
            )
        elif isinstance(verdict, Retry) and isinstance(result.outcome, Deferred) and result.outcome.route_wide:
            await routes.pause(unit, route.id, verdict.at, now=now)
    await _mind_alert(unit, route, results, alert, now)
    if route.channel is Channel.SMS:
        both = list(zip(results, verdicts, strict=True))
        sent = [result.delivery for result, verdict in both if isinstance(verdict, Done)]
        unsent = [result.delivery for result, verdict in both if isinstance(verdict, Retry | GiveUp)]
        await budgets.enter(unit, site, route.id, sent, now=now)
        await budgets.give_back(unit, site, unsent, now=now)
    return [
        Retry(now, verdict.reason) if each.id in handed_on and isinstance(verdict, GiveUp) else verdict
        for each, verdict in zip(settled, verdicts, strict=True)
    ]


def _is_refused(route: Route, verdict: Verdict) -> bool:
    """Whether the provider refuses our number, so that another one may do."""
    return route.channel is Channel.SMS and isinstance(verdict, GiveUp) and verdict.fault is Fault.SENDER


async def _mind_alert(unit: Unit, route: Route, results: Sequence[Result], alert: Alert | None, now: datetime) -> None:
    """Stop the sender when the provider refuses it as such; let it go when a text gets through."""
    if alert is not None and any(isinstance(outcome, Sent) for _, outcome in results):
        await alerts.text_taken(unit, route.id, now=now)
    for _, outcome in results:
        if isinstance(outcome, Deferred) and outcome.halt is not None:
            await alerts.refused(unit, route.id, outcome.halt, outcome.reason, now=now)


async def claim_look_ups(unit: Unit, *, most: int, lease: timedelta, now: datetime) -> list[Outgoing]:
    """Lease deliveries whose outcome is unknown and whose look-up is due; one whose phone is nobody's any more cannot
    be looked for, and is given up."""
    ids = await queue.claim_look_ups(unit, most=most, until=now + lease, now=now)
    found = await queue.details(unit, ids)
    why = "its outcome is unknown and its recipient has no phone any more"
    await queue.settle(
        unit, [Settled(each.id, each.attempt, State.DEAD, now, now, reason=why) for each in found if each.to is None]
    )
    sender_of = {route: sender for sender, route in (await routes.by_sender(unit)).items()}
    return [carriage.outgoing(each, sender_of.get(each.route, "")) for each in found if each.to is not None]


async def settle_look_up(
    unit: Unit,
    site: Site,
    delivery: Outgoing,
    found: Sequence[Found] | Deferred,
    *,
    rules: RetryRules,
    now: datetime,
    dice: float,
) -> Verdict:
    """Write what a look-up found.

    Texts with the same words to the same phone look alike at the provider: what is known to be another delivery, by its
    own answer or by a receipt, is not taken for this one; and while another one is in flight, none is."""
    if isinstance(found, Deferred):
        finding: Finding = found
    else:
        finding = pick(found, await queue.owned_by_others(unit, delivery.id, [each.remote_id for each in found]))
        if finding != Absent() and await queue.another_is_under_way(unit, delivery.id, delivery.address_id):
            finding = Deferred("what was found may be another text to that phone, which is under way")
    verdict = after_look_up(
        finding,
        attempt=delivery.attempt - delivery.excused,
        queued_at=delivery.queued_at,
        now=now,
        rules=rules,
        dice=dice,
    )
    await queue.settle(unit, [_settled(delivery, verdict, now, rules)])
    if isinstance(verdict, Done):
        route = (await routes.by_sender(unit)).get(delivery.sender)
        if route is not None:
            await budgets.enter(unit, site, route, [delivery], now=now)
    elif isinstance(verdict, Retry | GiveUp) and not isinstance(finding, Deferred):
        await budgets.give_back(unit, site, [delivery], now=now)
    if isinstance(verdict, GiveUp) and verdict.fault is not Fault.MESSAGE:
        await faults.follow_up(
            unit, site, delivery.address_id, delivery.channel, verdict.fault, verdict.reason, now=now
        )
    unit.ring()
    return verdict


def _settled(delivery: Outgoing, verdict: Verdict, now: datetime, rules: RetryRules) -> Settled:
    number, attempt = delivery.id, delivery.attempt
    segments, sent_to = delivery.segments, delivery.address_id or None
    match verdict:
        case Done(remote_id):
            ask_at = first_look(rules.receipt_after, now) if delivery.channel is Channel.SMS else None
            return Settled(
                number, attempt, State.SENT, now, now, ask_at, remote_id, segments=segments, sent_to_id=sent_to
            )
        case Retry(at, reason, excused):
            return Settled(number, attempt, State.QUEUED, now, at, reason=reason, excused=excused)
        case LookUp(at, reason, excused):
            return Settled(
                number,
                attempt,
                State.UNSURE,
                now,
                now,
                at,
                reason=reason,
                segments=segments,
                sent_to_id=sent_to,
                excused=excused,
            )
        case GiveUp(reason, _):
            return Settled(number, attempt, State.DEAD, now, now, reason=reason, segments=segments, sent_to_id=sent_to)
        case _:
            assert_never(verdict)
