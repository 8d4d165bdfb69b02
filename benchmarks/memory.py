"""What a whole daemon holds of the machine's memory: idle, after its first text, and with a million deliveries queued.

``birdwire serve`` in a process of its own, as where the development tools are not installed: with them structlog brings
rich, for tracebacks in colour, and with it 4 MB. The queue is filled by SQL, a thousand posts to a thousand people, and
drains at one text a second. Every run starts a new daemon.

    python -m benchmarks.memory
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from sqlalchemy import text

from benchmarks.daemon import Running, running
from benchmarks.database import choose_databases, database, opened
from benchmarks.people import SMS_ROUTE, phone_of, settle_in, tidy
from benchmarks.table import finish, memory, options, show
from gateway.daemon import loop_factory, now
from gateway.domain.types import Lane
from store.schema import to_micros
from store.unit import Store

IDLE, TEXTED, QUEUED = "idle", "after a text came and went", "with {:,} queued, at the most"
WANTED = {IDLE: "90 or less", TEXTED: "90 or less"}
PEOPLE = 1_000
_POSTS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {posts})"
    " INSERT INTO posts (author_id, kind, text, source, created_at)"
    " SELECT 1, 'post', 'number ' || i || ': the 7:40 is late', 'web', {now} FROM n"
)
_QUEUE = (
    "INSERT INTO deliveries (post_id, account_id, channel, route, lane, state, due_at, queued_at)"
    f" SELECT p.id, a.id, 'sms', {SMS_ROUTE}, {Lane.TAIL}, 'queued', {{now}}, {{now}}"
    " FROM posts p CROSS JOIN accounts a WHERE a.id > 1"
)


async def fill(store: Store, count: int) -> None:
    """Queue so many deliveries."""
    words = {"posts": count // PEOPLE, "now": to_micros(now())}
    async with store.unit() as unit:
        for statement in (_POSTS, _QUEUE):
            await unit.execute(text(statement.format(**words)))
    await tidy(store)


@asynccontextmanager
async def plain_daemon(url: str) -> AsyncIterator[Running]:
    """A daemon that has had two seconds to come to rest."""
    async with running(url, pace=1, program="benchmarks.installed") as daemon:
        await asyncio.sleep(2)
        yield daemon


async def most(pid: int, seconds: float) -> float:
    """The most megabytes that the process holds within so many seconds."""
    end, found = monotonic() + seconds, 0.0
    while monotonic() < end:
        found = max(found, memory(pid))
        await asyncio.sleep(0.1)
    return found


async def measure(url: str, kind: str, queued: int, seconds: int, runs: int) -> None:
    """Each figure ``runs`` times, each time by a new daemon."""
    held: dict[str, list[float]] = defaultdict(list)
    async with opened(url) as store:
        await settle_in(store, PEOPLE)
        for _ in range(runs):
            async with plain_daemon(url) as daemon:
                held[IDLE].append(memory(daemon.pid))
                await daemon.phones.until_called(phone_of(2), phone_of(2), "WHOIS p1")
                held[TEXTED].append(memory(daemon.pid))
        await fill(store, queued)
        for _ in range(runs):
            async with plain_daemon(url) as daemon:
                held[QUEUED.format(queued)].append(await most(daemon.pid, seconds))
    wanted = {**WANTED, QUEUED.format(queued): "150 or less"}
    show(f"Resident memory of a daemon, {kind}", "MB", held, limit=IDLE, wanted=wanted)


def main() -> None:
    parser = options(__doc__, queued=1_000_000, seconds=10, runs=5)
    choose_databases(parser)
    chosen = parser.parse_args()
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(url, kind, chosen.queued, chosen.seconds, chosen.runs))
    finish("memory", chosen)


if __name__ == "__main__":
    main()
