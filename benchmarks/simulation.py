"""What nobody has a hundred million phones to measure: one account's post to its followers on 1 to 64 databases.

First every step is measured on a PostgreSQL of this machine, each by itself: a text in, a page of a fan-out, a claim, a
call, a settle. A model of the cluster (``benchmarks.cluster``) is fed with that. Then it must tell what a whole daemon
does with 100,000 followers, which is measured in the same run: a ratio far from 1 says how little to believe of the
rest. What is simulated afterwards has a database like this machine's for each partition, with a sender of its own, two
daemons, and people who go on writing: direct messages, and posts to a hundred readers anywhere.

    python -m benchmarks.simulation
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median
from time import monotonic, perf_counter

from sqlalchemy import text

from benchmarks.cluster import Cost, Costs, Scene, Story, simulate
from benchmarks.daemon import Running, free_port, process, running
from benchmarks.database import database, opened
from benchmarks.direct_meanwhile import ALICE, CELEBRITY, directs, make_friends
from benchmarks.drain import fill
from benchmarks.people import OUR_NUMBER, SITE, SMS_ROUTE, clear_queue, phone_of, settle_in, write_post
from benchmarks.sms_out import ACCOUNT, TOKEN, text_to
from benchmarks.sms_out import SITE as CALLS
from benchmarks.table import Points, curve, finish, number, options, percentile, show, show_facts
from gateway.daemon import loop_factory, now
from gateway.domain.delivery import RetryRules, Sent
from gateway.domain.fanout import PAGE
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, Outgoing
from gateway.service import claiming, fanout, settling
from gateway.service.settling import Result
from outbound.sms_twilio import TwilioSettings, TwilioTransport
from store import fanouts
from store.routes import Route
from store.unit import Store

KIND = "postgresql"
MEASURED = 100_000
MANY = 50
NOBODY = 4
"""An account without followers: its posts show what taking a text in costs."""

_ROUTE = Route(SMS_ROUTE, Channel.SMS, OUR_NUMBER)
_LEASE = timedelta(minutes=2)
_RULES = RetryRules(attempts=12, max_age=timedelta(days=2), look_up_after=timedelta(seconds=30))
_FIRST_PAGE = 100
_PATIENCE = 60
_BETWEEN = 0.1
"""Seconds between two texts, so that what follows from the one is over before the next."""


def cost(few: Sequence[float], many: Sequence[float], rows_of_few: int, rows_of_many: int) -> Cost:
    """What a step takes, of its times with few rows and with many."""
    each = max(0.0, (median(many) - median(few)) / (rows_of_many - rows_of_few))
    return Cost(tuple(max(0.0, took - each * rows_of_few) for took in few), each)


async def pages(store: Store, posts: int) -> Cost:
    """A page of a fan-out."""
    took: dict[str, list[float]] = defaultdict(list)
    for each in range(posts + 1):
        await clear_queue(store)
        post = await write_post(store, now())
        async with store.unit() as unit:
            await fanouts.begin(unit, [post], now())
        done, ended = 0, False
        while not ended:
            begun = perf_counter()
            async with store.unit(durable=False) as unit:
                step = await fanout.step(unit, now=now())
            spent = perf_counter() - begun
            assert step is not None
            done, ended = done + step.queued, step.ended
            if each and step.queued in (_FIRST_PAGE, PAGE):
                took["first" if step.queued == _FIRST_PAGE else "full"].append(spent)
    return cost(took["first"], took["full"], _FIRST_PAGE, PAGE)


async def claim(store: Store, most: int, pace: Pace) -> tuple[float, list[Outgoing]]:
    """Seconds for a look and a claim, as a worker does them, and what was claimed."""
    begun = perf_counter()
    async with store.glancing() as reading:
        assert await claiming.lanes_due(reading, _ROUTE, now=now())
    async with store.unit() as unit:
        batch = await claiming.claim(unit, _ROUTE, pace, most=most, lease=_LEASE, now=now())
    return perf_counter() - begun, batch.deliveries


async def settle(store: Store, deliveries: Sequence[Outgoing]) -> float:
    """Seconds for writing down that these were sent."""
    results = [Result(each, Sent(f"SM{each.id:032x}")) for each in deliveries]
    begun = perf_counter()
    async with store.unit(durable=False) as unit:
        dice = [0.5] * len(results)
        await settling.settle(unit, SITE, _ROUTE, results, rules=_RULES, now=now(), dice=dice)
    return perf_counter() - begun


async def claims(store: Store, runs: int) -> tuple[Cost, Cost, Cost]:
    """A claim, a claim before its time, and a settle, of a queue that is full."""
    await fill(store)
    took: dict[tuple[str, int], list[float]] = defaultdict(list)
    for most in (1, MANY):
        for each in range(runs + 3):
            spent, claimed = await claim(store, most, Pace())
            assert len(claimed) == most
            written = await settle(store, claimed)
            if each >= 3:
                took["claim", most].append(spent)
                took["settle", most].append(written)
    slow = Pace(1 / _PATIENCE)
    await claim(store, 1, slow)
    in_vain = []
    for _ in range(runs):
        spent, claimed = await claim(store, 1, slow)
        assert not claimed
        in_vain.append(spent)
    return (
        cost(took["claim", 1], took["claim", MANY], 1, MANY),
        Cost(tuple(in_vain)),
        cost(took["settle", 1], took["settle", MANY], 1, MANY),
    )


async def calls(count: int) -> Cost:
    """A call to a provider that answers at once, one after another."""
    port = free_port()
    async with process("benchmarks.bare_provider", str(port), answering=port):
        settings = TwilioSettings(account_sid=ACCOUNT, auth_token=TOKEN, base_url=f"http://127.0.0.1:{port}")
        transport = TwilioTransport(settings, CALLS)
        took = []
        for each in range(1, count + 11):
            begun = perf_counter()
            assert isinstance(await transport.send(text_to(each)), Sent)
            took.append(perf_counter() - begun)
        await transport.close()
    return Cost(tuple(took[10:]))


async def texts(daemon: Running, phone: str, words: str, count: int) -> Cost:
    """A text in, from the webhook to the 200."""
    took = []
    for each in range(count + 10):
        begun = perf_counter()
        result = await daemon.phones.text(phone, OUR_NUMBER, f"{words} {each}")
        took.append(perf_counter() - begun)
        assert result.status == 200
        await asyncio.sleep(_BETWEEN)
    return Cost(tuple(took[10:]))


async def measure_costs(url: str, runs: int) -> Costs:
    """Every step by itself."""
    async with opened(url) as store:
        await settle_in(store, MEASURED)
        page = await pages(store, 4)
        of_claim, in_vain, of_settle = await claims(store, 20 * runs)
        await clear_queue(store)
        await make_friends(store)
        async with store.unit() as unit:
            await unit.execute(text("UPDATE routes SET tat = 0"))
        call = await calls(100 * runs)
        async with running(url, pace=100) as daemon:
            intake = await texts(daemon, phone_of(NOBODY), "number", 20 * runs)
            direct = await texts(daemon, phone_of(ALICE), "D p3 number", 20 * runs)
    return Costs(intake=intake, direct=direct, page=page, claim=of_claim, in_vain=in_vain, call=call, settle=of_settle)


async def measure_whole(url: str, count: int, pace: int, measured: dict[str, list[float]]) -> None:
    """A whole daemon with the post to 100,000 followers, once."""
    async with opened(url) as store:
        await settle_in(store, MEASURED)
        await make_friends(store)
        async with running(url, pace=pace) as daemon:
            before = await directs(daemon, count, "before")
            begun = monotonic()
            result = await daemon.phones.text(phone_of(CELEBRITY), OUR_NUMBER, "the 7:40 is late")
            assert result.status == 200
            await until_queued(store)
            measured[QUEUED_IN].append(1000 * (monotonic() - begun))
            asked, begun = daemon.phones.asked, monotonic()
            meanwhile = await directs(daemon, count, "meanwhile")
            sent = daemon.phones.asked - asked - len(meanwhile)
            measured[RATE].append(sent / (monotonic() - begun))
    measured[BEFORE].append(percentile(before, 0.5))
    measured[MEANWHILE].append(percentile(meanwhile, 0.5))


async def until_queued(store: Store) -> None:
    """Return when no post waits for its next page."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            async with store.reading() as reading:
                if not await fanout.any_waits(reading):
                    return
            await asyncio.sleep(0.01)


QUEUED_IN, RATE = "until all are queued, ms", "sent afterwards, per second"
BEFORE, MEANWHILE = "a direct message when idle, p50, ms", "a direct message meanwhile, p50, ms"


def tell(story: Story) -> dict[str, float]:
    """A story of the same scene, in the same words."""
    return {
        QUEUED_IN: 1000 * story.queued_in,
        RATE: story.rate,
        BEFORE: 1000 * percentile(story.before, 0.5),
        MEANWHILE: 1000 * percentile(story.directs, 0.5),
    }


def show_costs(costs: Costs) -> None:
    """What the model is fed with."""

    def said(each: Cost) -> str:
        rows = f", and {number(1e6 * each.each)} µs for each row" if each.each else ""
        return f"{number(1000 * median(each.samples))} ms{rows}"

    facts = {
        "a post in": said(costs.intake),
        "a direct message in": said(costs.direct),
        "a page of a fan-out": said(costs.page),
        "a claim": said(costs.claim),
        "a claim before the pace allows one": said(costs.in_vain),
        "a call": said(costs.call),
        "a settle": said(costs.settle),
    }
    show_facts(f"What each step takes, {KIND}", facts)


def show_validation(measured: dict[str, list[float]], costs: Costs, pace: int, seed: int) -> None:
    """Simulated beside measured, as many times."""
    scene = Scene(followers=MEASURED, pace=pace, directs=3, alone=20, linger=15)
    simulated: dict[str, list[float]] = defaultdict(list)
    for each in range(len(measured[QUEUED_IN])):
        for name, value in tell(simulate(scene, costs, seed=seed + each)).items():
            simulated[name].append(value)
    for name, values in measured.items():
        what, _, unit = name.rpartition(", ")
        show(
            f"A post to {MEASURED:,} followers: {what}",
            unit,
            {"measured": values, "simulated": simulated[name]},
            limit="measured",
        )


def show_many(costs: Costs, followers: Sequence[int], partitions: Sequence[int], scene: Scene, seed: int) -> None:
    """The scenes that cannot be measured."""
    lines: dict[str, dict[str, Points]] = {name: {} for name in _CURVES}
    for many in followers:
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for parts in partitions:
            here = replace(scene, followers=many, partitions=parts, linger=max(5.0, 60 / parts))
            story = simulate(here, costs, seed=seed)
            found["queued"].append((parts, story.queued_in))
            found["sent"].append((parts, story.sent_in / 3600))
            found["p50"].append((parts, 1000 * percentile(story.directs, 0.5)))
            found["p99"].append((parts, 1000 * percentile(story.directs, 0.99)))
            found["deepest"].append((parts, story.deepest / parts))
        for name, points in found.items():
            lines[name][f"{many:,} followers"] = points
    for name, (title, y) in _CURVES.items():
        curve(title.format(pace=f"{scene.pace:g}"), x="partitions", y=y, lines=lines[name])


_CURVES = {
    "queued": ("Until all are queued", "seconds"),
    "sent": ("Until all are sent, {pace} segments a second by each partition's sender", "hours"),
    "p50": ("A direct message meanwhile, p50", "milliseconds"),
    "p99": ("A direct message meanwhile, p99", "milliseconds"),
    "deepest": ("The deepest queue of a partition", "deliveries"),
}


def main() -> None:
    parser = options(__doc__, runs=3, directs=30, pace=100, daemons=2, seed=140)
    parser.add_argument("--followers", nargs="+", type=int, default=[10**6, 10**7, 10**8], metavar="N", help="how many")
    parser.add_argument(
        "--partitions", nargs="+", type=int, default=[1, 2, 4, 8, 16, 32, 64], metavar="N", help="how many"
    )
    chosen = parser.parse_args()
    with database(KIND) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
        costs = runner.run(measure_costs(url, chosen.runs))
    measured: dict[str, list[float]] = defaultdict(list)
    for _ in range(chosen.runs):
        with database(KIND) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure_whole(url, chosen.directs, chosen.pace, measured))
    show_costs(costs)
    show_validation(measured, costs, chosen.pace, chosen.seed)
    scene = Scene(followers=0, daemons=chosen.daemons, pace=chosen.pace, directs=3, posts=0.1)
    show_many(costs, chosen.followers, chosen.partitions, scene, chosen.seed)
    finish("simulation", chosen)


if __name__ == "__main__":
    main()
