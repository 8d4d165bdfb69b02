"""What must be looked after now and then, and how often; the services do the work.

Every job takes what it does from the database, so any number of daemons may run all of them.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from time import perf_counter

import structlog

from gateway import metrics
from gateway.service import (
    alerts,
    announcing,
    budgets,
    counting,
    digests,
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
from outbound.websub import Hub
from outbound.worker import Tools
from store.trouble import is_away
from store.unit import Reading, Unit

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]

GRACE = 10.0
"""Seconds that jobs get to end when the daemon stops; one that is cut off then rolls back."""

SHARE = 0.05
"""Seconds of each second for pruning, give or take a step, and as many for folding older posts: however much is old,
the rest is for what is new."""


_NEVER = timedelta(0)


DIGESTING = 0.3
"""The same for making digests: those of a hundred thousand people are due at one moment, and are made in a minute or
two, while everything else goes on."""


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

    async def close(self, *, once_more: bool = False) -> None:
        """Begin no more jobs, or each of them ``once_more``, and let those at work end for up to GRACE seconds."""
        self._closing.set()
        _, left = await asyncio.wait(self._keepers, timeout=GRACE)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        if once_more:
            for job, _ in self._jobs:
                await _do(job)

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


def keep_house(
    tools: Tools,
    provider: CanLookUp | None,
    teller: CanTell | None = None,
    *,
    failover_after: timedelta = _NEVER,
    hub: Hub | None = None,
) -> House:
    """A house with every job in it, not yet started. ``provider`` is asked about texts of unknown outcome, ``teller``
    later about those that it took. A number that stands still for longer than ``failover_after`` (0: never) leaves what
    waits for it to another one. ``hub`` is told of public posts."""
    store, now = tools.store, tools.now
    late_looks = None if teller is None else LateLooks(tools, teller)
    unfolded = True

    async def to_the_end(
        step: Callable[[Unit], Awaitable[int]], *, durable: bool = True, seconds: float = math.inf
    ) -> int:
        """Take one step after another, each in a unit of its own, until one finds nothing to do, or so much time has
        gone by; how much all of them did."""
        begun, done, last = perf_counter(), 0, 1
        while last and perf_counter() - begun < seconds:
            async with store.unit(durable=durable) as unit:
                last = await step(unit)
            done += last
        return done

    async def when_due(
        is_due: Callable[[Reading], Awaitable[bool]],
        step: Callable[[Unit], Awaitable[int]],
        *,
        durable: bool = True,
        seconds: float = math.inf,
    ) -> None:
        """The same, after a look that holds nobody up, so that no unit is opened in vain."""
        async with store.glancing() as reading:
            due = await is_due(reading)
        if due:
            await to_the_end(step, durable=durable, seconds=seconds)

    async def end_leases() -> None:
        async with store.unit() as unit:
            taken = await tending.end_leases(unit, now=now())
            moved = await tending.leave_retired_numbers(unit)
        if taken:
            log.warning("leases ended", deliveries=taken)
        if moved:
            log.warning("texts waited for a number that is no longer ours", deliveries=moved)

    async def bring_back() -> None:
        lease = tools.settings.lease

        async def step(unit: Unit) -> int:
            await digests.bring_back(unit, now=now())
            return await tending.bring_back(unit, lease=lease, now=now())

        brought = await to_the_end(step)
        if brought:
            log.warning("the clock was set back", deliveries=brought)

    async def post_what_is_due() -> None:
        async with store.unit() as unit:
            await scheduling.post_due(unit, tools.site, now=now())

    async def wake_people() -> None:
        await when_due(
            lambda reading: waking.is_due(reading, now=now()),
            lambda unit: waking.wake_due(unit, tools.site, now=now()),
        )

    async def make_digests() -> None:
        await when_due(
            lambda reading: digests.is_due(reading, now=now()),
            lambda unit: digests.make_due(unit, tools.site, now=now()),
            durable=False,  # a claim, which is durable, comes before anything is sent
            seconds=DIGESTING,
        )

    async def look_at_budgets() -> None:
        async with store.unit() as unit:
            standing = await budgets.look(unit, tools.site, now=now())
        for each in standing:
            metrics.budgets_stand(each.whose, each.near, each.used_up, each.most)

    async def tell_results() -> None:
        await when_due(
            lambda reading: polling.is_due(reading, now=now()),
            lambda unit: polling.tell_result(unit, tools.site, now=now()),
        )

    async def look_up() -> None:
        assert provider is not None
        await worker.look_up(tools, provider)

    async def ask_late() -> None:
        assert late_looks is not None
        await late_looks.step()

    async def match_receipts() -> None:
        rules = tools.settings.retry_rules
        await when_due(
            lambda reading: receipts.are_waiting(reading, now=now()),
            lambda unit: receipts.match(unit, tools.site, rules=rules, now=now()),
            durable=False,
        )

    async def give_up_parts() -> None:
        await when_due(
            lambda reading: tending.are_parts_overdue(reading, now=now()),
            lambda unit: tending.give_up_parts(unit, tools.site, now=now()),
        )

    async def count_up() -> None:
        async with store.reading() as reading:
            due = await counting.is_due(reading, now=now())
        if due:
            site = tools.site
            await to_the_end(lambda unit: counting.count_posts(unit, site, now=now()), durable=False, seconds=SHARE)
            await to_the_end(lambda unit: counting.count_lost(unit, site, now=now()), durable=False, seconds=SHARE)

    async def forget_who_left() -> None:
        await when_due(forgetting.is_due, lambda unit: forgetting.step(unit, now=now()), durable=False, seconds=SHARE)

    async def fail_over() -> None:
        moment = now()
        async with store.glancing() as reading:
            plan = await failing_over.plan(reading, tools.providers, after=failover_after, now=moment)
        moved = await to_the_end(lambda unit: failing_over.hand_over(unit, plan, now=moment)) if plan else 0
        if moved:
            log.warning("another number takes over", deliveries=moved, routes=plan)

    async def tell_hub() -> None:
        assert hub is not None
        async with store.glancing() as reading:
            news = await announcing.news(reading, tools.site)
        if news is not None and await hub.tell(news.feeds):
            async with store.unit(durable=False) as unit:
                await announcing.told(unit, news.up_to)

    async def wipe_old_messages() -> None:
        await to_the_end(lambda unit: tending.wipe_old_messages(unit, now=now()), durable=False)

    async def forget_visits() -> None:
        async with store.unit(durable=False) as unit:
            await tending.forget_visits(unit, now=now())

    async def prune() -> None:
        kept = tools.settings.kept
        await to_the_end(lambda unit: tending.prune(unit, kept=kept, now=now()), durable=False, seconds=SHARE)

    async def fold_older_posts() -> None:
        nonlocal unfolded
        if not unfolded:
            return  # for good: nothing makes posts that are older than SEARCH
        async with store.glancing() as reading:
            unfolded = await tending.are_unfolded(reading)
        if unfolded:
            await to_the_end(tending.fold_older, durable=False, seconds=SHARE)

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
        (make_digests, 1),
        (tell_results, 5),
        (end_leases, min(5, lease / 4)),
        (bring_back, min(5, lease / 4)),
        (look_at_queue, 15),
        (look_at_budgets, 60),
        (wipe_old_messages, 60),
        (forget_visits, 3600),
        (give_up_parts, 30),
        (forget_who_left, 2),
        (prune, 1),
        (fold_older_posts, 1),
        (match_receipts, 10),
        (count_up, 15),
    ]
    if provider is not None:
        jobs.append((look_up, min(2, look_up_after / 4)))
    if late_looks is not None:
        jobs.append((ask_late, 1))
    if failover_after and len(tools.providers) > 1:
        jobs.append((fail_over, min(5, failover_after.total_seconds() / 4)))
    if hub is not None:
        jobs.append((tell_hub, 5))
    return House(jobs)


def count_sent(tools: Tools) -> Job:
    """A job that adds to the day's counts what this process sent since it ran last; what could not be written is added
    the next time."""
    written = metrics.sent_so_far()

    async def count_what_was_sent() -> None:
        so_far = metrics.sent_so_far()
        more = {channel: total - written.get(channel, 0) for channel, total in so_far.items()}
        if any(more.values()):
            async with tools.store.unit(durable=False) as unit:
                await counting.add_sent(unit, tools.site, more, now=tools.now())
            written.update(so_far)

    return count_what_was_sent
