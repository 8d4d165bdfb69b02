"""Write down what became of what was sent or looked up, and do what follows from it."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import NamedTuple, assert_never

from gateway.domain import carriage
from gateway.domain.alert import Alert
from gateway.domain.delivery import (
    Absent,
    Deferred,
    Done,
    Drop,
    Expired,
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
)
from gateway.domain.failover import LONG_PAUSE
from gateway.domain.late import first_look
from gateway.domain.types import Channel, Outgoing
from gateway.service import alerts, budgets, failing_over, faults
from gateway.service.site import Site
from store import failover, queue, routes
from store.queue import Settled
from store.routes import Route
from store.unit import Unit


class Result(NamedTuple):
    """What a transport said about a delivery."""

    delivery: Outgoing
    outcome: Outcome


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
            last_sent[delivery.address_id] = delivery.post_id
    written = await queue.settle(unit, settled)
    await queue.remember_last_sent(unit, last_sent.items())
    taken = await _taken(unit, results, verdicts, written) if route.channel is Channel.SMS else []
    verdicts = await _with_arrivals(unit, results, verdicts, written)
    refused = [each.id for each, verdict in zip(settled, verdicts, strict=True) if _is_refused(route.channel, verdict)]
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
    unreached = [
        (result.delivery.address_id, handed_on[result.delivery.id])
        for result, verdict in zip(results, verdicts, strict=True)
        if result.delivery.id in handed_on and _is_of_the_phone(verdict)
    ]
    if unreached:
        await failing_over.stay(unit, route.id, unreached)
    if route.channel is Channel.SMS:
        both = zip(results, verdicts, strict=True)
        unsent = [result.delivery for result, verdict in both if isinstance(verdict, Retry | GiveUp)]
        await budgets.enter(unit, site, route.id, taken, now=now)
        await budgets.give_back(unit, site, unsent, now=now)
    return [
        Retry(now, verdict.reason) if each.id in handed_on and isinstance(verdict, GiveUp | Retry) else verdict
        for each, verdict in zip(settled, verdicts, strict=True)
    ]


async def _taken(
    unit: Unit, results: Sequence[Result], verdicts: Sequence[Verdict], written: Set[int]
) -> list[Outgoing]:
    """Those that the provider took and that are not in the bill yet: where a report or a look-up was here before the
    answer, it is there already."""
    taken = []
    for (delivery, _), verdict in zip(results, verdicts, strict=True):
        if isinstance(verdict, Done) and (delivery.id in written or await _is_news(unit, delivery)):
            taken.append(delivery)
    return taken


async def _is_news(unit: Unit, delivery: Outgoing) -> bool:
    return await queue.note_taken(
        unit, delivery.id, delivery.attempt, segments=delivery.segments, address_id=delivery.address_id or None
    )


async def _with_arrivals(
    unit: Unit, results: Sequence[Result], verdicts: list[Verdict], written: Set[int]
) -> list[Verdict]:
    """The verdicts, but that a text without an answer is done when its receipt was here first: nobody looks it up."""
    unsure = [
        delivery.id
        for (delivery, _), verdict in zip(results, verdicts, strict=True)
        if isinstance(verdict, LookUp) and delivery.id not in written
    ]
    arrived = await queue.delivered_among(unit, unsure)
    return [
        Done("") if delivery.id in arrived and isinstance(verdict, LookUp) else verdict
        for (delivery, _), verdict in zip(results, verdicts, strict=True)
    ]


def _is_refused(channel: Channel, verdict: Verdict) -> bool:
    """Whether the provider refuses our number, be it for this phone alone, so that another one may do."""
    match verdict:
        case GiveUp(_, fault):
            return channel is Channel.SMS and fault.is_of_the_number
        case Retry():
            return channel is Channel.SMS and verdict.elsewhere
        case _:
            return False


def _is_of_the_phone(verdict: Verdict) -> bool:
    """Whether our number was refused for its phone, which it may never reach."""
    match verdict:
        case GiveUp(_, fault):
            return fault is Fault.ROUTE
        case Retry():
            return verdict.elsewhere
        case _:
            return False


async def _mind_alert(unit: Unit, route: Route, results: Sequence[Result], alert: Alert | None, now: datetime) -> None:
    """Stop the sender when the provider refuses it as such; let it go when a text gets through."""
    if alert is not None and any(isinstance(outcome, Sent) for _, outcome in results):
        await alerts.text_taken(unit, route.id, now=now)
    for _, outcome in results:
        if isinstance(outcome, Deferred) and outcome.halt is not None:
            await alerts.refused(unit, route.id, outcome.halt, outcome.reason, now=now)


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
        after_quiet=await _after_quiet(unit, delivery, now) if isinstance(finding, Expired) else None,
    )
    if not await queue.settle(unit, [_settled(delivery, verdict, now, rules)]):
        return verdict  # its worker has come back with an answer, or its receipt was here first
    route = (await routes.by_sender(unit)).get(delivery.sender)
    if isinstance(verdict, Done):
        if route is not None:
            await budgets.enter(unit, site, route, [delivery], now=now)
        if delivery.post_id is not None:
            await queue.remember_found(unit, delivery.address_id, delivery.post_id)
    elif isinstance(verdict, Retry | GiveUp) and not isinstance(finding, Deferred):
        await budgets.give_back(unit, site, [delivery], now=now)
    if isinstance(verdict, GiveUp) and verdict.fault is not Fault.MESSAGE:
        await faults.follow_up(
            unit, site, delivery.address_id, delivery.channel, verdict.fault, verdict.reason, now=now
        )
    unit.ring()
    if isinstance(verdict, GiveUp) and _is_refused(delivery.channel, verdict) and route is not None:
        handed_on = await failover.hand_on(unit, route, [delivery.id], now=now)
        if handed_on and _is_of_the_phone(verdict):
            await failing_over.stay(unit, route, [(delivery.address_id, handed_on[delivery.id])])
        return Retry(now, verdict.reason) if handed_on else verdict
    return verdict


async def _after_quiet(unit: Unit, delivery: Outgoing, now: datetime) -> datetime | None:
    """When a text that expired is due again, if quiet hours had cut it short. It was handed over when it had waited for
    a moment only, or else it is taken for old news."""
    found = await queue.details(unit, [delivery.id])
    return carriage.after_quiet(found[0], delivery.queued_at, now) if found else None


def _settled(delivery: Outgoing, verdict: Verdict, now: datetime, rules: RetryRules) -> Settled:
    number, attempt = delivery.id, delivery.attempt
    sent_to = delivery.address_id or None
    match verdict:
        case Done(remote_id):
            ask_at = first_look(rules.receipt_after, now) if delivery.channel is Channel.SMS else None
            return Settled(
                number, attempt, State.SENT, now, now, ask_at, remote_id, segments=delivery.segments, sent_to_id=sent_to
            )
        case Retry(at, reason, excused):
            return Settled(number, attempt, State.QUEUED, now, at, reason=reason, excused=excused)
        case LookUp(at, reason, excused):
            return Settled(
                number, attempt, State.UNSURE, now, now, at, reason=reason, sent_to_id=sent_to, excused=excused
            )
        case GiveUp(reason, _) | Drop(reason):
            return Settled(number, attempt, State.DEAD, now, now, reason=reason, sent_to_id=sent_to)
        case _:
            assert_never(verdict)
