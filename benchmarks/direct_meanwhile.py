"""A direct message while a post to 100,000 followers drains at the provider's pace: does it wait? And memory?

A whole daemon in a process of its own, the carrier here. First on the idle daemon, then with the queue full: from the
webhook with ``D p3 …`` to the provider's call for p3's phone. The idle daemon of the same run is the limit.

    python -m benchmarks.direct_meanwhile
"""

import asyncio
from time import monotonic

from sqlalchemy import insert

from benchmarks.daemon import Running, running
from benchmarks.database import choose_databases, database, opened
from benchmarks.people import OUR_NUMBER, count_queue, phone_of, settle_in
from benchmarks.table import finish, memory, number, options, show, show_facts
from gateway.daemon import loop_factory, now
from store.schema import follows
from store.unit import Store

CELEBRITY, ALICE, BOB = 1, 2, 3
_FAN_OUT_PATIENCE = 120
_BETWEEN = 0.25
"""Seconds between two direct messages, so that each finds the queue as it is and not the one before."""


class Memory:
    """The most that a process held while this ran."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.most = 0.0

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        while True:
            self.most = max(self.most, memory(self._pid))
            await asyncio.sleep(0.05)


async def directs(daemon: Running, count: int, words: str) -> list[float]:
    """Milliseconds that each of ``count`` direct messages took, after three that do not count."""
    took = []
    for each in range(count + 3):
        took.append(1000 * await daemon.phones.until_called(phone_of(ALICE), phone_of(BOB), f"D p3 {words} {each}"))
        await asyncio.sleep(_BETWEEN)
    return took[3:]


async def until_queued(store: Store, followers: int) -> None:
    """Return when every follower's delivery has been written."""
    async with asyncio.timeout(_FAN_OUT_PATIENCE):
        while True:
            waiting = [await count_queue(store, state) for state in ("queued", "claimed", "sent", "delivered")]
            if sum(waiting) >= followers:
                return
            await asyncio.sleep(0.1)


async def measure(url: str, kind: str, followers: int, count: int, pace: int) -> None:
    """Idle, then meanwhile, on one daemon."""
    async with opened(url) as store:
        await settle_in(store, followers)
        await make_friends(store)
        async with running(url, pace=pace) as daemon, asyncio.TaskGroup() as tasks:
            idle = await directs(daemon, count, "idle")
            before = memory(daemon.pid)
            watched = Memory(daemon.pid)
            watching = tasks.create_task(watched.watch())
            begun = monotonic()
            result = await daemon.phones.text(phone_of(CELEBRITY), OUR_NUMBER, "the 7:40 is late")
            assert result.status == 200
            await until_queued(store, followers)
            queued_in = monotonic() - begun
            calls, begun = daemon.phones.asked, monotonic()
            meanwhile = await directs(daemon, count, "meanwhile")
            drained = (daemon.phones.asked - calls) / (monotonic() - begun)
            left = await count_queue(store, "queued")
            watching.cancel()
    assert left > followers / 10, "the queue ran empty: give it more followers or a slower pace"
    show(
        f"A direct message's way from webhook to call, {kind}",
        "ms",
        {"idle daemon": idle, f"while {followers:,} deliveries drain": meanwhile},
        limit="idle daemon",
    )
    facts = {
        "slowest, idle": f"{number(max(idle))} ms",
        "slowest, meanwhile": f"{number(max(meanwhile))} ms",
        "from the post's webhook until all are queued": f"{number(queued_in)} s",
        f"calls to the provider meanwhile, its pace being {pace}/s": f"{number(drained)}/s",
        "still queued at the end": f"{left:,}",
        "memory of the daemon before": f"{number(before)} MB",
        "at most": f"{number(watched.most)} MB",
    }
    show_facts(f"Meanwhile, {kind}", facts)


async def make_friends(store: Store) -> None:
    """p3 follows p2, who may therefore write to p3."""
    async with store.unit() as unit:
        await unit.execute(
            insert(follows),
            {"followee_id": ALICE, "follower_id": BOB, "state": "accepted", "texts": True, "created_at": now()},
        )


def main() -> None:
    parser = options(__doc__, followers=100_000, directs=40, pace=100)
    choose_databases(parser)
    chosen = parser.parse_args()
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(url, kind, chosen.followers, chosen.directs, chosen.pace))
    finish("direct_meanwhile", chosen)


if __name__ == "__main__":
    main()
