"""Drains one route: claims what is due, sends it over a transport, settles what became of it.

Purpose     one worker stands for one SMS sender number or for all mail; a worker of another daemon on the same
            database shares the work and the pace with it.
Guarantee   claim, send and settle are three steps, and no transaction is open across the network. A worker that dies
            between them leaves a lease that ends: mail is then sent again, a text is looked up at the provider first.
Trouble     while the database is away the worker waits and keeps what it has to settle; a peer that refuses or is
            silent is an outcome, decided in ``gateway.domain.delivery``.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

import structlog

from gateway import metrics
from gateway.domain.alert import Alert
from gateway.domain.delivery import (
    Bounced,
    Deferred,
    Done,
    Drop,
    GiveUp,
    LookUp,
    Outcome,
    Retry,
    RetryRules,
    Unsure,
    Verdict,
    Withdrawn,
)
from gateway.domain.departure import ShelfLife
from gateway.domain.late import TELLERS
from gateway.domain.pace import Pace
from gateway.domain.speech import mark
from gateway.domain.types import Channel, Lane, NoticeKind, Outgoing
from gateway.service import alerts, claiming, digests, settling
from gateway.service.hush import Hush, Says
from gateway.service.settling import Result
from gateway.service.site import Site
from outbound.circuit import Circuit
from outbound.transport import CanLookUp, Transport
from store.routes import Route
from store.trouble import is_away, trouble
from store.trouble import reason as in_words
from store.unit import Reading, Store

log = structlog.get_logger(__name__)

_FRESH = 1.0
"""Seconds after its claim for which the rules are not asked again before a delivery goes out."""

_PATIENCE = 1.0
"""Seconds between tries while the database is away."""

HUSHED = 1.0
"""Seconds for which a text waits whose phone's STOP is not known to hold yet. It may be the confirmation of that STOP,
which holds where only the answer to its commit was lost; or what looked like a STOP may turn out to be a post."""

_ALERT_KNOWN = 5.0
"""Seconds for which what is held against a sender is believed before it is looked at again."""

_OF_LEASE = 0.75
"""The part of a lease in which a delivery may be sent; the rest is for settling it before anybody takes it over."""

_TO_FINISH = 0.25
"""The part of it that must be left when a delivery is begun: one that is cut off in the middle may have arrived, and a
mail is then sent again. What a slow relay did not get to by then waits for another claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """``[delivery]``: how long to go on trying, and how much at once.

    ``attempts``, ``max_age``   after so many tries or so long a delivery is given up, with its reason kept.
    ``kept``         how long what was settled, and what came in, is kept.
    ``lease``        how long a worker may hold a delivery before another one takes it over.
    ``look_up_after``  how long a text of unknown outcome waits for its receipt before the provider is asked about it.
    ``receipt_after``  how long a text that was taken has for its receipts before the provider is asked; 0: never asked.
    ``prices``       whether the provider is also asked about texts that arrived, for what they cost.
    ``looks_per_second``  questions of these last two kinds, at the most.
    ``batch``        deliveries that a worker holds for sending at the most.
    ``connections``  texts under way to the provider at once; mail has ``mail.outbound.connections``.
    ``poll``         how often the queue is looked at when nothing rings.
    ``wake_burst``   texts sent at the end of quiet hours, before the rest becomes one summary.
    ``digest_hour``  the hour of the day for daily digests, in the person's time zone.
    """

    attempts: int = 12
    max_age: timedelta = timedelta(days=2)
    kept: timedelta = timedelta(days=90)
    lease: timedelta = timedelta(minutes=2)
    look_up_after: timedelta = timedelta(seconds=30)
    receipt_after: timedelta = timedelta(hours=1)
    prices: bool = True
    looks_per_second: int = 5
    batch: int = 500
    connections: int = 32
    poll: timedelta = timedelta(seconds=1)
    wake_burst: int = 3
    digest_hour: int = 8

    def retry_rules(self, source: str) -> RetryRules:
        """The part of it that decides what follows an attempt. ``source``: who carries for it, as receipts call them;
        nobody is asked later who could not tell."""
        return RetryRules(
            attempts=self.attempts,
            max_age=self.max_age,
            look_up_after=self.look_up_after,
            receipt_after=self.receipt_after if source in TELLERS else timedelta(0),
            prices=self.prices,
        )


@dataclass(frozen=True, slots=True)
class Tools:
    """What every worker of a daemon shares; ``now`` is the clock (aware UTC), ``dice`` gives numbers in [0, 1);
    ``hush`` knows who has just asked for no more texts; ``providers`` has our numbers, in the operator's order, each
    with who carries for it."""

    store: Store
    site: Site
    settings: DeliverySettings
    now: Callable[[], datetime]
    dice: Callable[[], float]
    hush: Hush = field(default_factory=Hush)
    providers: Mapping[str, str] = field(default_factory=dict)

    def rules_for(self, sender: str) -> RetryRules:
        """What decides what follows an attempt from this number; one that is no longer ours has nobody to ask."""
        return self.settings.retry_rules(self.providers.get(sender, ""))


class Worker:
    """One route's worker. :meth:`run` drains it until :meth:`stop` lets it finish what it holds.

    What it holds it sends once, also when a lease ends too early, because the database was away for longer or the
    clock jumped: a delivery that comes back meanwhile is settled as the new attempt, with what became of the first.
    """

    def __init__(
        self,
        tools: Tools,
        route: Route,
        pace: Pace,
        transport: Transport,
        *,
        connections: int,
        validity: timedelta | None = None,
        circuit: Circuit | None = None,
        may_talk: Callable[[], bool] = lambda: True,
    ) -> None:
        """``validity``: how long a text may be under way at the provider; None for as long as the provider likes.
        ``circuit`` is what all senders of one provider know of it together. ``may_talk``: whether there is any way to
        the peer now; while there is none, what is due is left to other daemons, and so is the pace."""
        self._rules = tools.rules_for(route.sender)
        max_age = tools.settings.max_age
        self._shelf_life = None if validity is None else ShelfLife(validity, max_age)
        self._tools = tools
        self._route = route
        self._pace = pace
        self._transport = transport
        self._connections = connections
        self._circuit = circuit
        self._may_talk = may_talk
        self._alert: Alert | None = None
        self._others_from = datetime.min.replace(tzinfo=UTC)  # when the pace lets others go than answers
        self._look_for_alert_at = 0.0
        self._in_lease = tools.settings.lease.total_seconds() * _OF_LEASE
        self._to_finish = tools.settings.lease.total_seconds() * _TO_FINISH
        self._ready: asyncio.Queue[tuple[deque[Outgoing], float]] = asyncio.Queue()
        self._done: list[Result] = []
        self._took: list[float] = []
        self._held = 0
        self._attempts: dict[int, int] = {}
        self._bell = asyncio.Event()
        self._results = asyncio.Event()
        self._stopping = False
        self._claimed_last = False

    def wake(self) -> None:
        """Something may be due: look now."""
        self._bell.set()

    def stop(self) -> None:
        """Claim nothing more; :meth:`run` returns when all that is held is settled."""
        self._stopping = True
        self._bell.set()

    async def run(self) -> None:
        """Drain the route."""
        async with asyncio.TaskGroup() as tasks:
            senders = [tasks.create_task(self._send()) for _ in range(self._connections)]
            settler = tasks.create_task(self._settle())
            await self._claim()
            self._claimed_last = True
            self._results.set()
            await settler
            for sender in senders:
                sender.cancel()

    async def _claim(self) -> None:
        settings = self._tools.settings
        while not self._stopping:
            room = settings.batch - self._held
            if self._held and (room < settings.batch // 2 or self._is_under_suspicion()):
                await self._rest(settings.poll)
                continue
            if not self._may_talk():
                await self._rest(settings.poll)
                continue
            if self._circuit is not None and (pause := self._circuit.pause()):
                await self._rest(min(pause, settings.poll), deaf=True)
                continue
            self._bell.clear()
            now = self._tools.now()
            until = asyncio.get_running_loop().time() + self._in_lease
            try:
                async with self._tools.store.glancing() as reading:
                    due = await claiming.lanes_due(reading, self._route, now=now)
                    await self._look_for_alert(reading)
                if not due:
                    await self._rest(settings.poll)
                    continue
                if Lane.ANSWER not in due and timedelta(0) < (left := self._others_from - now) <= settings.poll:
                    await self._rest(left)
                    continue
                async with self._tools.store.unit() as unit:
                    batch = await claiming.claim(
                        unit,
                        self._route,
                        self._pace,
                        most=1 if self._is_under_suspicion() else room,
                        lease=settings.lease,
                        now=now,
                        site=self._tools.site,
                        shelf_life=self._shelf_life,
                    )
            except trouble() as error:
                log.warning("cannot claim", route=self._route.id, error=type(error).__name__)
                metrics.store_failed("claim")
                await asyncio.sleep(_PATIENCE)
                continue
            ready = deque(each for each in batch.deliveries if each.id not in self._attempts)
            self._attempts.update((each.id, each.attempt) for each in batch.deliveries)
            self._held += len(ready)
            for _ in range(min(len(ready), self._connections)):
                self._ready.put_nowait((ready, until))
            if batch.wait_until is not None and batch.but_answers:
                self._others_from = min(batch.wait_until, now + settings.poll)
                await self._rest(self._others_from - self._tools.now())
            elif batch.wait_until is not None:
                await self._rest(min(batch.wait_until - self._tools.now(), settings.poll), deaf=True)
            elif not batch.deliveries and not batch.refused:
                await self._rest(settings.poll)

    async def _rest(self, at_most: timedelta, *, deaf: bool = False) -> None:
        """Wait for the bell; ``deaf`` when only time helps."""
        seconds = max(at_most.total_seconds(), 0.001)
        if deaf and not self._stopping:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        self._bell.clear()

    async def _send(self) -> None:
        """Send, one after another, what is left of a claim; other senders take of it, too. One timer watches over all
        of them, for a claim has one lease."""
        while True:
            ready, until = await self._ready.get()
            while ready:
                try:
                    async with asyncio.timeout_at(until):
                        while ready:
                            delivery = ready.popleft()
                            self._answered(delivery, await self._attempt(delivery, until))
                except TimeoutError:
                    self._answered(delivery, _without_answer(delivery, "no answer while the lease held"))

    def _answered(self, delivery: Outgoing, outcome: Outcome) -> None:
        self._done.append(Result(delivery, outcome))
        self._results.set()

    async def _attempt(self, delivery: Outgoing, until: float) -> Outcome:
        """One try, begun while there is time to end it: ``until`` is in the loop's time."""
        left = until - asyncio.get_running_loop().time()
        if left <= self._to_finish:
            return Deferred("its turn came too late", 0.0, route_wide=True)
        heard = self._tools.hush.says(delivery.to)
        if heard is Says.FORBIDDEN:
            return Deferred(mark("the recipient has just asked for no more texts"), HUSHED, excused=True)
        if heard is Says.ASK_AGAIN or left < self._in_lease - _FRESH:
            forbidden = await self._ask_again(delivery)
            if forbidden is not None:
                return forbidden
        if delivery.notice is NoticeKind.DIGEST:
            not_now = await self._fill(delivery)
            if not_now is not None:
                return not_now
        if self._circuit is None:
            return await self._try(delivery)
        return await self._circuit.attempt(lambda: self._try(delivery))

    async def _try(self, delivery: Outgoing) -> Outcome:
        started = perf_counter()
        try:
            return await self._transport.send(delivery)
        except Exception as error:
            log.exception("transport broke its promise", delivery=delivery.id)
            return _without_answer(delivery, f"an error of ours: {type(error).__name__}")
        finally:
            self._took.append(perf_counter() - started)

    async def _look_for_alert(self, reading: Reading) -> None:
        """What is held against the sender, by this daemon or another: one look in a while."""
        now = asyncio.get_running_loop().time()
        if self._route.channel is Channel.SMS and now >= self._look_for_alert_at:
            self._alert = await alerts.of_route(reading, self._route.id)
            self._look_for_alert_at = now + _ALERT_KNOWN

    def _is_under_suspicion(self) -> bool:
        """Whether one text at a time is to show if the sender, or the provider, works again."""
        stopped = self._alert is not None and self._alert.stopped_at is not None
        return stopped or (self._circuit is not None and self._circuit.is_open)

    async def _ask_again(self, delivery: Outgoing) -> Bounced | Deferred | None:
        """Whether what may go out at the claim still may: its post may be deleted since, its phone stopped."""
        try:
            async with self._tools.store.reading() as reading:
                return await claiming.still_allowed(reading, delivery, now=self._tools.now())
        except trouble() as error:
            return Deferred(f"the rules could not be asked again: {in_words(error)}", 0.0)

    async def _fill(self, delivery: Outgoing) -> Withdrawn | Deferred | None:
        """Look up what a digest brings, now that it goes out."""
        try:
            async with self._tools.store.reading() as reading:
                await digests.fill(reading, self._tools.site, delivery)
        except trouble() as error:
            return Deferred(f"what it brings could not be looked up: {in_words(error)}", 0.0)
        return None if delivery.digest and delivery.digest.posts else Withdrawn(digests.NOTHING_LEFT)

    async def _settle(self) -> None:
        while self._held or not self._claimed_last:
            await self._results.wait()
            self._results.clear()
            results, self._done = self._done, []
            if not results:
                continue
            self._held -= len(results)
            self._bell.set()  # the next may be claimed while these are written down
            verdicts = await self._write_down(results)
            self._count(results, verdicts)
            if self._alert is not None or any(isinstance(r.outcome, Deferred) and r.outcome.halt for r in results):
                self._look_for_alert_at = 0.0
            self._bell.set()

    async def _write_down(self, results: list[Result]) -> list[Verdict]:
        """Settle these results, waiting while the database is away. What it will never take is looked for among them,
        one by one, and given up alone."""
        while True:
            try:
                return await self._settle_together(results)
            except trouble() as error:
                metrics.store_failed("settle")
                if is_away(error):
                    log.warning("cannot settle", route=self._route.id, waiting=len(results), error=type(error).__name__)
                    await asyncio.sleep(_PATIENCE)
                    continue
                if len(results) > 1:
                    return [verdict for each in results for verdict in await self._write_down([each])]
                log.error("cannot be settled", delivery=results[0].delivery.id, error=type(error).__name__)
                refused = Bounced(f"what became of it could not be written down: {type(error).__name__}")
                return await self._settle_together([Result(results[0].delivery, refused)])

    async def _settle_together(self, results: list[Result]) -> list[Verdict]:
        tools = self._tools
        async with tools.store.unit(durable=False) as unit:
            verdicts = await settling.settle(
                unit,
                tools.site,
                self._route,
                [self._as_claimed_last(result) for result in results],
                rules=self._rules,
                now=tools.now(),
                dice=[tools.dice() for _ in results],
                alert=self._alert,
            )
            await digests.note_left_out(unit, [delivery for delivery, _ in results])
        for delivery, _ in results:  # at once: what is due again may be claimed again
            del self._attempts[delivery.id]
        return verdicts

    def _as_claimed_last(self, result: Result) -> Result:
        attempt = self._attempts[result.delivery.id]
        if attempt == result.delivery.attempt:
            return result
        return Result(replace(result.delivery, attempt=attempt), result.outcome)

    def _count(self, results: list[Result], verdicts: list[Verdict]) -> None:
        channel, now = self._route.channel, self._tools.now()
        delays: list[float] = []
        segments = 0
        for (delivery, _), verdict in zip(results, verdicts, strict=True):
            match verdict:
                case Done(_):
                    delays.append((now - delivery.queued_at).total_seconds())
                    segments += delivery.segments
                case Retry(_, reason, _):
                    metrics.delivery_settled(channel, "retry")
                    log.info("deferred", delivery=delivery.id, attempt=delivery.attempt, reason=reason)
                case LookUp(_, reason, _):
                    metrics.delivery_settled(channel, "unsure")
                    log.warning("outcome unknown", delivery=delivery.id, reason=reason)
                case GiveUp(reason, fault):
                    metrics.delivery_settled(channel, "dead")
                    log.warning("given up", delivery=delivery.id, fault=fault, reason=reason)
                case Drop(reason):
                    log.info("nothing to send", delivery=delivery.id, reason=reason)
        metrics.deliveries_sent(channel, segments=segments, delays=delays)
        took, self._took = self._took, []
        metrics.attempts_took(channel, took)


def _without_answer(delivery: Outgoing, reason: str) -> Outcome:
    """What follows when nobody knows whether the peer has it: mail is sent again, a text is looked up first."""
    return Unsure(reason) if delivery.channel is Channel.SMS else Deferred(reason)


async def look_up(tools: Tools, transport: CanLookUp, *, most: int = 20) -> int:
    """Ask the provider about texts whose sending ended without an answer and whose time has come; how many."""
    settings = tools.settings
    async with tools.store.unit() as unit:
        unsure = await claiming.claim_look_ups(unit, most=most, lease=settings.lease, now=tools.now())
    for delivery in unsure:
        found = await transport.look_up(delivery)
        async with tools.store.unit() as unit:
            verdict = await settling.settle_look_up(
                unit,
                tools.site,
                delivery,
                found,
                rules=tools.rules_for(delivery.sender),
                now=tools.now(),
                dice=tools.dice(),
            )
        log.info("looked up", delivery=delivery.id, verdict=type(verdict).__name__)
    return len(unsure)
