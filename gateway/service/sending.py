"""Claim what may be sent now, and write down what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from gateway.domain import carriage, pace
from gateway.domain.delivery import (
    Absent,
    Bounced,
    Deferred,
    Done,
    Fault,
    Finding,
    GiveUp,
    LookUp,
    Outcome,
    Retry,
    RetryRules,
    Sent,
    State,
    Verdict,
    after_attempt,
)
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, Outgoing
from gateway.service import faults, holding
from gateway.service.site import Site
from store import queue, receipts, routes
from store.queue import Settled
from store.routes import Route
from store.unit import Unit

PROVIDER = "twilio"
"""What receipts call the provider whose texts are looked up."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries to send now, and until when nothing more may be claimed (None: nothing holds it up)."""

    deliveries: list[Outgoing]
    wait_until: datetime | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a transport said about a delivery."""

    delivery: Outgoing
    outcome: Outcome


async def claim(unit: Unit, route: Route, rate: Pace, *, most: int, lease: timedelta, now: datetime) -> Batch:
    """Lease what is due on the route, within its pace; what may no longer go out is given up here, with its reason."""
    if await holding.held_since(unit) is not None:
        return Batch([])
    standing = await routes.standing(unit, route.id)
    match pace.allowance(rate, standing, most=most, now=now):
        case pace.Wait(until):
            return Batch([], until)
        case pace.Go(units):
            ids = await queue.claim(unit, route.id, most=units, until=now + lease, now=now)
    if not ids:
        return Batch([])
    deliveries: list[Outgoing] = []
    refused: list[Settled] = []
    for each in await queue.details(unit, ids):
        reason = carriage.objection(each)
        if reason:
            refused.append(Settled(each.id, each.attempt, State.DEAD, now, now, reason=reason))
        else:
            deliveries.append(carriage.outgoing(each, route.sender))
    await queue.settle(unit, refused)
    if deliveries:
        used = sum(each.segments for each in deliveries) if route.channel is Channel.SMS else len(deliveries)
        await routes.advance(unit, route.id, pace.book(rate, standing, units=used, now=now))
    return Batch(deliveries, refused=len(refused))


async def settle(
    unit: Unit,
    site: Site,
    route: Route,
    results: Sequence[Result],
    *,
    rules: RetryRules,
    now: datetime,
    dice: Sequence[float],
) -> list[Verdict]:
    """Write what became of sent deliveries and everything that follows from it; ``dice`` has one number for each."""
    settled: list[Settled] = []
    verdicts: list[Verdict] = []
    last_sent: dict[int, int] = {}
    for result, die in zip(results, dice, strict=True):
        delivery = result.delivery
        verdict = after_attempt(
            result.outcome,
            attempt=delivery.attempt,
            queued_at=delivery.queued_at,
            now=now,
            rules=rules,
            dice=die,
        )
        verdicts.append(verdict)
        settled.append(_settled(delivery, verdict, now))
        if isinstance(verdict, Done) and route.channel is Channel.SMS and delivery.post_id is not None:
            last_sent[delivery.address_id] = max(delivery.post_id, last_sent.get(delivery.address_id, 0))
    await queue.settle(unit, settled)
    await queue.remember_last_sent(unit, last_sent.items())
    for result, verdict in zip(results, verdicts, strict=True):
        if isinstance(verdict, GiveUp) and verdict.fault is not Fault.MESSAGE:
            await faults.follow_up(
                unit, site, result.delivery.address_id, route.channel, verdict.fault, verdict.reason, now=now
            )
        elif isinstance(verdict, Retry) and isinstance(result.outcome, Deferred) and result.outcome.route_wide:
            await routes.pause(unit, route.id, verdict.at)
    return verdicts


async def claim_look_ups(
    unit: Unit, sender_of: dict[int, str], *, most: int, lease: timedelta, now: datetime
) -> list[Outgoing]:
    """Lease deliveries whose outcome is unknown and whose look-up is due."""
    ids = await queue.claim_look_ups(unit, most=most, until=now + lease, now=now)
    return [
        carriage.outgoing(each, sender_of.get(each.route, ""))
        for each in await queue.details(unit, ids)
        if each.to is not None
    ]


async def settle_look_up(
    unit: Unit, site: Site, delivery: Outgoing, finding: Finding, *, rules: RetryRules, now: datetime
) -> None:
    """Write what a look-up found: it was sent, it failed there, it never got there, or we must ask again later.

    Two texts with the same words to the same phone look alike at the provider; the receipts tell them apart."""
    if isinstance(finding, Sent) and await receipts.belongs_to_another(unit, PROVIDER, finding.remote_id, delivery.id):
        finding = Absent()
    match finding:
        case Sent(remote_id):
            becomes = Settled(delivery.id, delivery.attempt, State.SENT, now, now, remote_id=remote_id)
        case Bounced(reason, fault):
            becomes = Settled(delivery.id, delivery.attempt, State.DEAD, now, now, reason=reason)
            if fault is not Fault.MESSAGE:
                await faults.follow_up(unit, site, delivery.address_id, delivery.channel, fault, reason, now=now)
        case Absent():
            # Due since it was queued: it goes before what was posted later, also to a worker whose clock is behind.
            due, why = delivery.queued_at, "the provider never had it"
            becomes = Settled(delivery.id, delivery.attempt, State.QUEUED, now, due, reason=why)
            unit.ring()
        case Deferred(reason, _, _) if now > delivery.queued_at + rules.max_age:
            why = f"its outcome stayed unknown: {reason}"
            becomes = Settled(delivery.id, delivery.attempt, State.DEAD, now, now, reason=why)
        case Deferred(reason, _, _):
            again = now + rules.look_up_after
            becomes = Settled(delivery.id, delivery.attempt, State.UNSURE, now, now, again, reason=reason)
        case _:
            assert_never(finding)
    await queue.settle(unit, [becomes], from_state=State.UNSURE)


def _settled(delivery: Outgoing, verdict: Verdict, now: datetime) -> Settled:
    match verdict:
        case Done(remote_id):
            return Settled(
                delivery.id, delivery.attempt, State.SENT, now, now, None, remote_id, segments=delivery.segments
            )
        case Retry(at, reason):
            return Settled(delivery.id, delivery.attempt, State.QUEUED, now, at, reason=reason)
        case LookUp(at, reason):
            return Settled(
                delivery.id, delivery.attempt, State.UNSURE, now, now, at, reason=reason, segments=delivery.segments
            )
        case GiveUp(reason, _):
            return Settled(delivery.id, delivery.attempt, State.DEAD, now, now, reason=reason)
        case _:
            assert_never(verdict)
