"""What must be looked after now and then, and how often: APScheduler keeps the times, the services do the work.

Every job takes what it does from the database, so any number of daemons may run all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway import metrics
from gateway.service import holding, scheduling, tending
from outbound import worker
from outbound.transport import CanLookUp
from outbound.worker import Tools
from store.trouble import is_away

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]


GRACE = 10.0
"""Seconds that jobs get to end when the daemon stops; one that is cut off then rolls back."""


class House:
    """Jobs, and how many seconds lie between two runs of each. :meth:`start`, then :meth:`close`."""

    def __init__(self, jobs: Iterable[tuple[Job, float]]) -> None:
        self._at_work: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for job, seconds in jobs:
            self._scheduler.add_job(self._patiently(job), "interval", seconds=seconds, name=job.__name__)

    def start(self) -> None:
        """Run each job when its time comes."""
        self._scheduler.start()

    async def close(self) -> None:
        """Begin no more jobs, and let those at work end for up to GRACE seconds."""
        self._scheduler.pause()
        if self._at_work:
            _, left = await asyncio.wait(self._at_work, timeout=GRACE)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left)
        self._scheduler.shutdown(wait=False)

    def _patiently(self, job: Job) -> Job:
        """While the database is away the job waits for its next time, and so it does after a fault of ours."""

        @wraps(job)
        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._at_work.add(task)
            try:
                await job()
            except Exception as error:
                if is_away(error):
                    log.warning("housekeeping waits", job=job.__name__, error=type(error).__name__)
                else:
                    log.exception("housekeeping failed", job=job.__name__)
                metrics.store_failed("housekeeping")
            finally:
                self._at_work.discard(task)

        return run


def keep_house(tools: Tools, provider: CanLookUp | None) -> House:
    """A house with every job in it, not yet started. ``provider`` is asked about texts of unknown outcome."""
    store, now = tools.store, tools.now

    async def end_leases() -> None:
        async with store.unit() as unit:
            taken = await tending.end_leases(unit, now=now())
        if taken:
            log.warning("leases ended", deliveries=taken)

    async def post_what_is_due() -> None:
        async with store.unit() as unit:
            await scheduling.post_due(unit, tools.site, now=now())

    async def look_up() -> None:
        assert provider is not None
        await worker.look_up(tools, provider)

    async def wipe_old_messages() -> None:
        wiped = 1
        while wiped:
            async with store.unit(durable=False) as unit:
                wiped = await tending.wipe_old_messages(unit, now=now())

    async def prune() -> None:
        gone = 1
        while gone:
            async with store.unit(durable=False) as unit:
                gone = await tending.prune(unit, kept=tools.settings.kept, now=now())

    async def look_at_queue() -> None:
        async with store.reading() as reading:
            standings = await tending.look_at_queue(reading, now=now())
            metrics.queue_held(await holding.held_since(reading) is not None)
        for standing in standings:
            metrics.queue_stands(standing.channel, standing.depth, standing.oldest)

    lease, look_up_after = tools.settings.lease.total_seconds(), tools.settings.look_up_after.total_seconds()
    jobs: list[tuple[Job, float]] = [
        (post_what_is_due, 1),
        (end_leases, min(5, lease / 4)),
        (look_at_queue, 15),
        (wipe_old_messages, 60),
        (prune, 60),
    ]
    if provider is not None:
        jobs.append((look_up, min(2, look_up_after / 4)))
    return House(jobs)
