"""One post to a hundred thousand followers: Birdwire's pages beside the barest pages that fill the same table.

The bare limit is INSERT … SELECT over the follow rows alone, in pages of 5,000 with a commit each, on the same tables
and indexes, straight through the driver: it asks nobody's channel, mutes, blocks or suspension. Memory is the
process's own at its highest during a fan-out to as many followers and to three times as many.

    python -m benchmarks.fanout
"""

import asyncio
from collections import defaultdict
from time import perf_counter

from benchmarks.database import choose_databases, database, opened, raw_postgresql, raw_sqlite
from benchmarks.people import clear_queue, count_queue, settle_in, write_post
from benchmarks.table import finish, memory, options, show, show_facts
from gateway.daemon import loop_factory, now
from gateway.service import fanout
from store import fanouts
from store.schema import to_micros
from store.unit import Store

_BARE_PAGE = 5_000
_WANTED = {"Birdwire": "0.67 or more"}

_COLUMNS = "INSERT INTO deliveries (post_id, account_id, channel, route, lane, state, due_at, queued_at)"
_FOLLOWERS = "FROM follows WHERE followee_id = 1 AND follower_id > {after} AND state = 'accepted'"
_LAST = f"SELECT max(id) FROM (SELECT follower_id AS id {_FOLLOWERS.format(after='?')} ORDER BY 1 LIMIT {_BARE_PAGE})"
_PAGE_SQLITE = (
    f"{_COLUMNS} SELECT ?, follower_id, 'sms', 1, 5, 'queued', ?, ? {_FOLLOWERS.format(after='?')} AND follower_id <= ?"
)
_PAGE_POSTGRESQL = (
    f"WITH p AS (SELECT follower_id {_FOLLOWERS.format(after='$2')} ORDER BY follower_id LIMIT {_BARE_PAGE}),"
    f" i AS ({_COLUMNS} SELECT $1, follower_id, 'sms', 1, 5, 'queued', $3, $3 FROM p)"
    " SELECT max(follower_id) FROM p"
)


async def product(store: Store, post_id: int) -> tuple[float, float]:
    """Seconds that the fan-out's own steps take, and the most memory meanwhile, in megabytes."""
    async with store.unit() as unit:
        await fanouts.begin(unit, [post_id], now())
    took = most = 0.0
    while True:
        begun = perf_counter()
        async with store.unit(durable=False) as unit:
            step = await fanout.step(unit, now=now())
        took += perf_counter() - begun
        most = max(most, memory())
        if step is None or step.ended:
            return took, most


async def bare(url: str, post_id: int) -> float:
    """Seconds that the bare pages take."""
    return await (bare_on_postgresql(url, post_id) if url.startswith("postgresql") else bare_on_sqlite(url, post_id))


async def bare_on_sqlite(url: str, post_id: int) -> float:
    connection = raw_sqlite(url, durable=False)
    at = to_micros(now())
    begun = perf_counter()
    after = 0
    while True:
        connection.execute("BEGIN IMMEDIATE")
        last = connection.execute(_LAST, (after,)).fetchone()[0]
        if last is not None:
            connection.execute(_PAGE_SQLITE, (post_id, at, at, after, last))
        connection.execute("COMMIT")
        if last is None:
            break
        after = last
    took = perf_counter() - begun
    connection.close()
    return took


async def bare_on_postgresql(url: str, post_id: int) -> float:
    connection = await raw_postgresql(url, durable=False)
    page = await connection.prepare(_PAGE_POSTGRESQL)
    at = to_micros(now())
    begun = perf_counter()
    after: int | None = 0
    while after is not None:
        after = await page.fetchval(post_id, after, at)
    took = perf_counter() - begun
    await connection.close()
    return took


async def measure(url: str, kind: str, followers: int, runs: int) -> tuple[float, float]:
    """Both in turn, ``runs`` times, each into an empty table; the memory before, and at most, in megabytes."""
    rates: dict[str, list[float]] = defaultdict(list)
    async with opened(url) as store:
        await settle_in(store, followers)
        before = memory()
        peak = 0.0
        for _ in range(runs):
            for name in ("bare pages", "Birdwire"):
                await clear_queue(store)
                post_id = await write_post(store, now())
                if name == "Birdwire":
                    took, most = await product(store, post_id)
                    peak = max(peak, most)
                else:
                    took = await bare(url, post_id)
                assert await count_queue(store, "queued") == followers
                rates[name].append(followers / took)
        show(
            f"One post to {followers:,} followers, {kind}",
            "deliveries queued/s",
            rates,
            limit="bare pages",
            wanted=_WANTED,
        )
    return before, peak


async def measure_memory(url: str, followers: int) -> float:
    """The most memory during one fan-out to so many followers."""
    async with opened(url) as store:
        await settle_in(store, followers)
        return (await product(store, await write_post(store, now())))[1]


def main() -> None:
    parser = options(__doc__, followers=100_000, runs=5)
    choose_databases(parser)
    chosen = parser.parse_args()
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            before, peak = runner.run(measure(url, kind, chosen.followers, chosen.runs))
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            larger = runner.run(measure_memory(url, 3 * chosen.followers))
        facts = {
            "before": f"{before:.1f} MB",
            f"at most, {chosen.followers:,} followers": f"{peak:.1f} MB",
            f"at most, {3 * chosen.followers:,} followers": f"{larger:.1f} MB",
        }
        show_facts(f"Memory of the process meanwhile, {kind}", facts)
    finish("fanout", chosen)


if __name__ == "__main__":
    main()
