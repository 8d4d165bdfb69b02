"""The same full queue drained by Birdwire and by two queues for Python and PostgreSQL, each job doing nothing.

All on one PostgreSQL, filled before the clock starts. pgqueuer runs as in its own benchmark (five workers that fetch
ten jobs each) and as its tuning guide advises for short jobs (large batches, here of Birdwire's size); procrastinate
fetches one job at a time, so it gets as many at once as Birdwire has connections. Neither keeps an order within a
recipient or asks a rule; Birdwire does both here, too.

    python -m benchmarks.queues
"""

import asyncio
import logging
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from time import perf_counter

from benchmarks.database import database, opened, raw_postgresql
from benchmarks.drain import fill, product
from benchmarks.people import settle_in, tidy
from benchmarks.table import finish, options, show
from gateway.daemon import loop_factory
from store.unit import Store

try:
    from pgqueuer import AsyncpgDriver, PgQueuer, Queries
    from pgqueuer.models import Job
    from pgqueuer.types import QueueExecutionMode
    from procrastinate import App, PsycopgConnector
except ImportError:
    sys.exit("benchmarks.queues needs the queues to stand beside: pip install --group bench")

_CONNECTIONS = 32
_ENQUEUED_AT_ONCE = 1_000

Measured = Callable[[], Awaitable[float]]


class PgQueuerQueue:
    """pgqueuer, with its tables installed and tuned as its checklist says; one connection for each worker."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def install(self) -> None:
        connection = await raw_postgresql(self._url, durable=True)
        queries = Queries(AsyncpgDriver(connection))
        await queries.install()
        await queries.optimize_autovacuum()
        await connection.close()

    async def drain(self, store: Store, jobs: int, *, workers: int, batch: int) -> float:
        """Jobs a second, from the first worker's start to the last one's end."""
        connections = [await raw_postgresql(self._url, durable=True) for _ in range(workers)]
        done = 0

        async def nothing(_: Job) -> None:
            nonlocal done
            done += 1

        queues = [PgQueuer(AsyncpgDriver(connection)) for connection in connections]
        for queue in queues:
            queue.entrypoint("nothing")(nothing)
        for first in range(0, jobs, _ENQUEUED_AT_ONCE):
            size = min(_ENQUEUED_AT_ONCE, jobs - first)
            await queues[0].qm.queries.enqueue(["nothing"] * size, [None] * size, [0] * size)
        await tidy(store)
        begun = perf_counter()
        await asyncio.gather(*(queue.qm.run(batch_size=batch, mode=QueueExecutionMode.drain) for queue in queues))
        took = perf_counter() - begun
        assert done == jobs
        for connection in connections:
            await connection.close()
        return jobs / took


class Procrastinate:
    """procrastinate, with its tables installed."""

    def __init__(self, url: str) -> None:
        folder = url.partition("?host=")[2]
        connector = PsycopgConnector(conninfo=f"host={folder} user=postgres dbname=postgres", max_size=_CONNECTIONS + 1)
        self._app = App(connector=connector)
        self._done = 0
        self._task = self._app.task(name="nothing")(self._nothing)

    async def _nothing(self) -> None:
        self._done += 1

    async def install(self) -> None:
        async with self._app.open_async():
            await self._app.schema_manager.apply_schema_async()

    async def drain(self, store: Store, jobs: int) -> float:
        """Jobs a second, from the worker's start until it finds nothing more to do."""
        self._done = 0
        async with self._app.open_async():
            await self._task.batch_defer_async(*({} for _ in range(jobs)))
            await tidy(store)
            begun = perf_counter()
            await self._app.run_worker_async(
                concurrency=_CONNECTIONS, wait=False, listen_notify=False, install_signal_handlers=False
            )
            took = perf_counter() - begun
        assert self._done == jobs
        return jobs / took


async def measure(url: str, jobs: int, slow_jobs: int, batch: int, runs: int) -> None:
    """All of them in turn, ``runs`` times."""
    rates: dict[str, list[float]] = defaultdict(list)
    pgqueuer, procrastinate = PgQueuerQueue(url), Procrastinate(url)
    async with opened(url) as store:
        await settle_in(store, jobs)
        await pgqueuer.install()
        await procrastinate.install()

        async def birdwire() -> float:
            await fill(store)
            await tidy(store)
            return await product(store, jobs, batch)

        queues: dict[str, Measured] = {
            "procrastinate": lambda: procrastinate.drain(store, slow_jobs),
            "pgqueuer, five workers, batches of 10": lambda: pgqueuer.drain(store, jobs, workers=5, batch=10),
            f"pgqueuer, batches of {batch}": lambda: pgqueuer.drain(store, jobs, workers=1, batch=batch),
            f"pgqueuer, two workers, batches of {batch}": lambda: pgqueuer.drain(store, jobs, workers=2, batch=batch),
            f"Birdwire, batches of {batch}": birdwire,
        }
        for _ in range(runs):
            for name, drained in queues.items():
                rates[name].append(await drained())
    fastest = max((name for name in rates if not name.startswith("Birdwire")), key=lambda name: max(rates[name]))
    wanted = {f"Birdwire, batches of {batch}": "more than 1"}
    show(f"{jobs:,} jobs that do nothing, PostgreSQL", "jobs/s", rates, limit=fastest, wanted=wanted)


def main() -> None:
    parser = options(__doc__, jobs=20_000, slow_jobs=2_000, batch=500, runs=5)
    chosen = parser.parse_args()
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)
    with database("postgresql") as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measure(url, chosen.jobs, chosen.slow_jobs, chosen.batch, chosen.runs))
    finish("queues", chosen)


if __name__ == "__main__":
    main()
