"""What must be looked after now and then, and how often; the services do the work.

Every job takes what it does from the database, so any number of daemons may run all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import structlog

from gateway import metrics
from gateway.service import (
    alerts,
    budgets,
    failing_over,
    forgetting,
    holding,
    polling,
    receipts,
    scheduling,
    tending,
    waking,
)
from outbound import worker
from outbound.late import LateLooks
from outbound.transport import CanLookUp, CanTell
from outbound.worker import Tools
from store.trouble import is_away

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]

GRACE = 10.0
"""Seconds that jobs get to end when the daemon stops; one that is cut off then rolls back."""

SHARE = 0.05
"""Seconds of each second for pruning, give or take a step, and as many for folding older posts: however much is old,
the rest is for what is new."""


class House:
    """Jobs, and how many seconds lie between two runs of each. :meth:`start` runs them all, then :meth:`close`.

    The seconds are those of the loop, so no job waits because the machine's clock was set back.
    """

    def __init__(self, jobs: Iterable[tuple[Job, float]]) -> None:
        self._jobs = list(jobs)
        self._closing = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Run each job now, for whatever a crash has left behind, and again when its time comes."""
        self._keepers = [asyncio.create_task(self._keep(job, seconds)) for job, seconds in self._jobs]

    async def close(self) -> None:
        """Begin no more jobs, and let those at work end for up to GRACE seconds."""
        self._closing.set()
        _, left = await asyncio.wait(self._keepers, timeout=GRACE)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _keep(self, job: Job, seconds: float) -> None:
        while not self._closing.is_set():
            await _do(job)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._closing.wait()


async def _do(job: Job) -> None:
    """While the database is away the job waits for its next time, and so it does after a fault of ours."""
    try:
        await job()
    except Exception as error:
        if is_away(error):
            log.warning("housekeeping waits", job=job.__name__, error=type(error).__name__)
        else:
            log.exception("housekeeping failed", job=job.__name__)
        metrics.store_failed("housekeeping")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Our numbers in the operator's order, each with its provider, and how long one stands still before others take
    over (0: they never do)."""

    providers: Mapping[str, str]
    failover_after: timedelta


def keep_house(
    tools: Tools, provider: CanLookUp | None, teller: CanTell | None = None, *, numbers: Numbers | None = None
) -> House:
    """A house with every job in it, not yet started. ``provider`` is asked about texts of unknown outcome, ``teller``
    later about those that it took; of several ``numbers`` one takes over what waits for another that stands still."""
    store, now = tools.store, tools.now
    late_looks = None if teller is None else LateLooks(tools, teller)
    unfolded = True

    async def end_leases() -> None:
        async with store.unit() as unit:
            taken = await tending.end_leases(unit, now=now())
        if taken:
            log.warning("leases ended", deliveries=taken)

    async def bring_back() -> None:
        brought = 1
        while brought:
            async with store.unit() as unit:
                brought = await tending.bring_back(unit, lease=tools.settings.lease, now=now())
            if brought:
                log.warning("the clock was set back", deliveries=brought)

    async def post_what_is_due() -> None:
        async with store.unit() as unit:
            await scheduling.post_due(unit, tools.site, now=now())

    async def wake_people() -> None:
        async with store.glancing() as reading:
            any_sleepers = await waking.is_due(reading, now=now())
        woken = int(any_sleepers)
        while woken:
            async with store.unit() as unit:
                woken = await waking.wake_due(unit, tools.site, now=now())

    async def look_at_budgets() -> None:
        async with store.unit() as unit:
            standing = await budgets.look(unit, tools.site, now=now())
        for each in standing:
            metrics.budgets_stand(each.whose, each.near, each.used_up, each.most)

    async def tell_results() -> None:
        told = True
        while told:
            async with store.unit() as unit:
                told = await polling.tell_result(unit, now=now())

    async def look_up() -> None:
        assert provider is not None
        await worker.look_up(tools, provider)

    async def ask_late() -> None:
        assert late_looks is not None
        await late_looks.step()

    async def match_receipts() -> None:
        async with store.glancing() as reading:
            matched = int(await receipts.are_waiting(reading, now=now()))
        while matched:
            async with store.unit(durable=False) as unit:
                matched = await receipts.match(unit, tools.site, rules=tools.settings.retry_rules(), now=now())
                if matched:
                    unit.ring()

    async def give_up_parts() -> None:
        given_up = 1
        while given_up:
            async with store.unit() as unit:
                given_up = await tending.give_up_parts(unit, now=now())

    async def forget_who_left() -> None:
        async with store.glancing() as reading:
            more = await forgetting.is_due(reading)
        begun = perf_counter()
        while more and perf_counter() - begun < SHARE:
            async with store.unit(durable=False) as unit:
                more = await forgetting.step(unit, now=now())

    async def fail_over() -> None:
        assert numbers is not None
        moment = now()
        async with store.glancing() as reading:
            plan = await failing_over.plan(reading, numbers.providers, after=numbers.failover_after, now=moment)
        moved = 1
        while plan and moved:
            async with store.unit() as unit:
                moved = await failing_over.hand_over(unit, plan, now=moment)
            if moved:
                log.warning("another number takes over", deliveries=moved, routes=plan)

    async def wipe_old_messages() -> None:
        wiped = 1
        while wiped:
            async with store.unit(durable=False) as unit:
                wiped = await tending.wipe_old_messages(unit, now=now())

    async def prune() -> None:
        begun, gone = perf_counter(), 1
        while gone and perf_counter() - begun < SHARE:
            async with store.unit(durable=False) as unit:
                gone = await tending.prune(unit, kept=tools.settings.kept, now=now())

    async def fold_older_posts() -> None:
        nonlocal unfolded
        if not unfolded:
            return  # for good: nothing makes posts that are older than SEARCH
        async with store.glancing() as reading:
            unfolded = await tending.are_unfolded(reading)
        begun, more = perf_counter(), unfolded
        while more and perf_counter() - begun < SHARE:
            async with store.unit(durable=False) as unit:
                more = await tending.fold_older(unit)

    async def look_at_queue() -> None:
        async with store.reading() as reading:
            standings = await tending.look_at_queue(reading, now=now())
            metrics.queue_held(await holding.held_since(reading) is not None)
            stopped = await alerts.stopped(reading)
            metrics.senders_stand([each.route for each in stopped], await alerts.watched(reading))
        for standing in standings:
            metrics.queue_stands(standing.channel, standing.depth, standing.oldest)

    lease, look_up_after = tools.settings.lease.total_seconds(), tools.settings.look_up_after.total_seconds()
    jobs: list[tuple[Job, float]] = [
        (post_what_is_due, 1),
        (wake_people, 1),
        (tell_results, 5),
        (end_leases, min(5, lease / 4)),
        (bring_back, min(5, lease / 4)),
        (look_at_queue, 15),
        (look_at_budgets, 60),
        (wipe_old_messages, 60),
        (give_up_parts, 30),
        (forget_who_left, 2),
        (prune, 1),
        (fold_older_posts, 1),
        (match_receipts, 10),
    ]
    if provider is not None:
        jobs.append((look_up, min(2, look_up_after / 4)))
    if late_looks is not None:
        jobs.append((ask_late, 1))
    if numbers is not None and numbers.failover_after and len(numbers.providers) > 1:
        jobs.append((fail_over, min(5, numbers.failover_after.total_seconds() / 4)))
    return House(jobs)
