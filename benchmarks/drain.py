"""A full queue, drained by a worker whose peer takes everything at once: what claiming and settling alone cost.

Beside it, in batches of the same size and straight through the driver: Birdwire's own statements (what Python adds
to them is the difference), and the least that a queue in a table can do: claim the oldest by UPDATE … RETURNING,
settle each by its id. The bare queue knows no order within a recipient, no blocks, no opt-outs and no withdrawn posts.

Then the same part of ever deeper queues is drained: posts to 100,000 followers, one upon the other.

    python -m benchmarks.drain
    python -m benchmarks.drain --depths 10000 100000 1000000 10000000     some gigabytes, some minutes
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from random import random
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Dialect, Executable, text
from sqlalchemy.dialects import postgresql, sqlite

from benchmarks.database import choose_databases, database, opened, raw_postgresql, raw_sqlite
from benchmarks.people import OUR_NUMBER, SITE, SMS_ROUTE, clear_queue, count_queue, settle_in, tidy, write_post
from benchmarks.table import Points, curve, finish, options, show
from gateway.daemon import calm_collector, loop_factory, now
from gateway.domain.delivery import Outcome, Sent
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service import claiming, fanout
from outbound.worker import DeliverySettings, Tools, Worker
from store import fanouts, queue
from store.routes import Route
from store.schema import to_micros
from store.sql import rows
from store.unit import Store

_LEASE = timedelta(minutes=2)
_BARE, _STATEMENTS, _WORKER = "bare queue", "Birdwire's statements alone", "Birdwire's worker"
_FOLLOWERS = 100_000
_VERY_DEEP = 10_000_000
"""From this depth on one run has to do, with its five claims: filling the queue takes minutes."""
_ADDRESS = -6
"""Where the id of the address stands in a row of the details; the last one is the post's."""
_OLDEST = (
    "SELECT id FROM deliveries WHERE route = 1 AND lane = ? AND state = 'queued' AND due_at <= ?"
    " ORDER BY due_at, id LIMIT ?"
)
_BARE_CLAIM = (
    "UPDATE deliveries SET state = 'claimed', attempt = attempt + 1, lease_until = ?"
    " WHERE id IN ({oldest}) RETURNING id"
)
_MORE = (
    "INSERT INTO deliveries (post_id, account_id, channel, route, lane, state, due_at, queued_at)"
    " SELECT {post}, follower_id, 'sms', 1, 5, 'queued', {now}, {now} FROM follows WHERE followee_id = 1"
    " ORDER BY follower_id LIMIT {most}"
)
_BARE_SETTLE = "UPDATE deliveries SET state = 'sent', lease_until = NULL, settled_at = ?, remote_id = ? WHERE id = ?"


class TakesAll:
    """The peer: takes each delivery at once, and says when it has had ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self.has_all = asyncio.Event()

    async def send(self, delivery: Outgoing) -> Outcome:
        self.taken += 1
        if self.taken == self.most:
            self.has_all.set()
        return Sent(f"SM{delivery.id:032x}")


async def product(store: Store, count: int, batch: int) -> float:
    """Deliveries a second, from the worker's first look to its last settle; it is stopped once ``count`` are sent."""
    peer = TakesAll(count)
    tools = Tools(store, SITE, DeliverySettings(batch=batch), now, random)
    worker = Worker(tools, Route(SMS_ROUTE, Channel.SMS, OUR_NUMBER), Pace(), peer, connections=32)
    begun = perf_counter()
    working = asyncio.create_task(worker.run())
    await peer.has_all.wait()
    worker.stop()
    await working
    return peer.taken / (perf_counter() - begun)


class Raw:
    """A driver's connections, one that commits durably for claims and one that does not for settles."""

    def __init__(self, url: str, batch: int) -> None:
        self.url = url
        self.batch = batch
        self.is_sqlite = url.startswith("sqlite")
        self._dialect: Dialect = sqlite.dialect(paramstyle="qmark") if self.is_sqlite else postgresql.asyncpg.dialect()
        self._known: dict[int, tuple[str, list[str], dict[str, Any]]] = {}

    async def open(self) -> None:
        if self.is_sqlite:
            self.claims, self.settles = (raw_sqlite(self.url, durable=durable) for durable in (True, False))
        else:
            self.claims = await raw_postgresql(self.url, durable=True)
            self.settles = await raw_postgresql(self.url, durable=False)

    async def close(self) -> None:
        for connection in (self.claims, self.settles):
            if self.is_sqlite:
                connection.close()
            else:
                await connection.close()

    async def begin(self, connection: Any) -> None:
        await self._run(connection, "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")

    async def commit(self, connection: Any) -> None:
        await self._run(connection, "COMMIT")

    async def rows(self, connection: Any, words: str, values: Sequence[Any]) -> list[Any]:
        """Run one statement with ``?`` or ``$n`` in it."""
        if self.is_sqlite:
            return list(connection.execute(words, values).fetchall())
        return list(await connection.fetch(words, *values))

    async def many(self, connection: Any, words: str, values: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of ``values``."""
        done = connection.executemany(words, values)
        if not self.is_sqlite:
            await done

    def compiled(self, statement: Any, sample: dict[str, Any]) -> tuple[str, list[str], dict[str, Any]]:
        """One of the store's statements as the driver takes it, its values' names in order, and those it brings."""
        if id(statement) not in self._known:
            state = statement.compile(dialect=self._dialect).construct_expanded_state(sample)
            self._known[id(statement)] = (state.statement, list(state.positiontup), dict(state.parameters))
        return self._known[id(statement)]

    async def ask(self, connection: Any, statement: Executable, values: dict[str, Any]) -> list[Any]:
        """Run one of the store's statements."""
        words, names, brought = self.compiled(statement, values)
        return await self.rows(connection, words, [(brought | values)[name] for name in names])

    async def _run(self, connection: Any, words: str) -> None:
        done = connection.execute(words)
        if not self.is_sqlite:
            await done


async def own_statements(raw: Raw, count: int) -> float:
    """Deliveries a second by Birdwire's statements without Birdwire."""
    begun = perf_counter()
    left = count
    while left > 0:
        at = to_micros(now())
        await raw.begin(raw.claims)
        ids: list[int] = []
        for lane in Lane:
            first, last = (lane, lane) if lane < Lane.FIRST else (Lane.FIRST, Lane.TAIL)
            claim = {"on_route": SMS_ROUTE, "on_lane": int(lane), "first_lane": int(first), "last_lane": int(last)}
            claim |= {"most": raw.batch - len(ids), "until": at + 120_000_000, "now": at}
            ids += [row[0] for row in await raw.ask(raw.claims, queue._CLAIM, claim)]
            if len(ids) >= raw.batch:
                break
        found = await raw.ask(raw.claims, queue._DETAILS, {"ids": rows([each] for each in ids)})
        posts = rows([post_id] for post_id in {row[-1] for row in found})
        await raw.ask(raw.claims, queue._CONTENTS, {"ids": posts})
        await raw.commit(raw.claims)
        await raw.begin(raw.settles)
        settled = [[row[0], 1, "sent", at, at, None, f"SM{row[0]:032x}", "", 1, row[_ADDRESS], 0] for row in found]
        await raw.ask(raw.settles, queue._SETTLE, {"settled": rows(settled)})
        await raw.ask(raw.settles, queue._LAST_SENT, {"sent": rows((row[_ADDRESS], row[-1]) for row in found)})
        await raw.commit(raw.settles)
        left -= len(ids)
    return (count - left) / (perf_counter() - begun)


async def bare(raw: Raw, count: int) -> float:
    """Deliveries a second by the least that could do."""
    claim, settle = _BARE_CLAIM.format(oldest=_OLDEST), _BARE_SETTLE
    if not raw.is_sqlite:
        claim, settle = (
            _numbered(words) for words in (_BARE_CLAIM.format(oldest=f"{_OLDEST} FOR UPDATE SKIP LOCKED"), settle)
        )
    begun = perf_counter()
    left = count
    for lane in Lane:
        while left:
            at = to_micros(now())
            await raw.begin(raw.claims)
            ids = [row[0] for row in await raw.rows(raw.claims, claim, [at + 120_000_000, int(lane), at, raw.batch])]
            await raw.commit(raw.claims)
            if not ids:
                break
            await raw.begin(raw.settles)
            await raw.many(raw.settles, settle, [(at, f"SM{each:032x}", each) for each in ids])
            await raw.commit(raw.settles)
            left -= len(ids)
    return count / (perf_counter() - begun)


def _numbered(words: str) -> str:
    """``?`` as PostgreSQL's ``$1``, ``$2`` and so on."""
    first, *others = words.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))


async def fill(store: Store) -> None:
    """Queue a new post for all followers, by the fan-out itself, and no other."""
    await clear_queue(store)
    post_id = await write_post(store, now())
    async with store.unit() as unit:
        await fanouts.begin(unit, [post_id], now())
        while (step := await fanout.step(unit, now=now())) is not None and not step.ended:
            pass
        await unit.execute(text("UPDATE addresses SET last_post_id = NULL"))


async def measure(url: str, kind: str, count: int, batch: int, runs: int) -> None:
    """All three in turn, ``runs`` times, each with a queue as full."""
    rates: dict[str, list[float]] = defaultdict(list)
    async with opened(url) as store:
        await settle_in(store, count)
        raw = Raw(url, batch)
        for _ in range(runs):
            for name in (_BARE, _STATEMENTS, _WORKER):
                await fill(store)
                await raw.open()
                if name == _BARE:
                    rate = await bare(raw, count)
                elif name == _WORKER:
                    rate = await product(store, count, batch)
                else:
                    rate = await own_statements(raw, count)
                await raw.close()
                assert await count_queue(store, "sent") == count, name
                rates[name].append(rate)
    show(f"{count:,} deliveries drained in batches of {batch}, {kind}", "deliveries/s", rates, limit=_BARE)
    rates.pop(_BARE)
    wanted = {_WORKER: "0.5 or more"}
    show(f"What Python adds to the statements, {kind}", "deliveries/s", rates, limit=_STATEMENTS, wanted=wanted)


async def deepen(store: Store, depth: int) -> None:
    """Queue posts to everybody, or to some for the last one, until ``depth`` deliveries wait."""
    missing = depth - await count_queue(store, "queued")
    while missing > 0:
        post = await write_post(store, now())
        async with store.unit() as unit:
            words = _MORE.format(post=post, now=to_micros(now()), most=missing)
            missing -= (await unit.execute(text(words))).rowcount
    await tidy(store)


async def claim_once(store: Store, batch: int) -> float:
    """Milliseconds for one claim with all that belongs to it but its commit: it is undone."""
    route = Route(SMS_ROUTE, Channel.SMS, OUR_NUMBER)
    begun = perf_counter()
    with suppress(_Undone):
        async with store.unit() as unit:
            claimed = await claiming.claim(unit, route, Pace(), most=batch, lease=_LEASE, now=now())
            took = perf_counter() - begun
            assert len(claimed.deliveries) == batch
            raise _Undone
    return took * 1000


class _Undone(Exception):
    """A claim that was made to be measured only."""


async def measure_depths(url: str, depths: Sequence[int], count: int, batch: int, runs: int) -> dict[str, Points]:
    """For each depth the median claim, in milliseconds, and the median rates of the statements and of the worker."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    async with opened(url) as store:
        await settle_in(store, _FOLLOWERS)
        raw = Raw(url, batch)
        for depth in sorted(depths):
            taken: dict[str, list[float]] = defaultdict(list)
            for _ in range(runs if depth < _VERY_DEEP else 1):
                await deepen(store, depth)
                taken["claim"] += [await claim_once(store, batch) for _ in range(5)]
                await deepen(store, depth)
                await raw.open()
                taken[_STATEMENTS].append(await own_statements(raw, min(count, depth)))
                await raw.close()
                await deepen(store, depth)
                taken[_WORKER].append(await product(store, min(count, depth), batch))
            for name, values in taken.items():
                points[name].append((depth, median(values)))
    return dict(points)


def main() -> None:
    parser = options(__doc__, deliveries=20_000, batch=500, runs=5)
    parser.add_argument(
        "--depths", nargs="*", type=int, default=[10_000, 100_000, 1_000_000], metavar="N", help="how deep queues are"
    )
    choose_databases(parser)
    chosen = parser.parse_args()
    calm_collector()
    deep: dict[str, dict[str, Points]] = {}
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(url, kind, chosen.deliveries, chosen.batch, chosen.runs))
        if chosen.depths:
            with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
                work = measure_depths(url, chosen.depths, chosen.deliveries, chosen.batch, chosen.runs)
                deep[kind] = runner.run(work)
    if deep:
        curve(
            f"Claiming {chosen.batch} deliveries of a deep queue",
            x="queued",
            y="milliseconds",
            lines={kind: points["claim"] for kind, points in deep.items()},
        )
        curve(
            f"Draining {chosen.deliveries:,} deliveries of a deep queue",
            x="queued",
            y="deliveries/s",
            lines={f"{name}, {kind}": deep[kind][name] for kind in deep for name in (_STATEMENTS, _WORKER)},
        )
    finish("drain", chosen)


if __name__ == "__main__":
    main()
