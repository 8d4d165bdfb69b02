"""The worker over a small transport of its own and the real queue, on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DataError

from gateway.domain import breaker, smpp
from gateway.domain.alert import Alert
from gateway.domain.delivery import Bounced, Deferred, Halt, Outcome, Sent, Unsure, Verdict
from gateway.domain.failover import LONG_PAUSE
from gateway.domain.pace import Pace
from gateway.domain.provider_codes import refusal
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service import alerts, holding, posting, stopping, tending
from gateway.service.hush import Hush, Says
from gateway.service.settling import Result
from gateway.service.site import Site
from outbound.circuit import Circuit
from outbound.worker import DeliverySettings, Tools, Worker
from store import addresses, routes
from store.routes import Route
from store.schema import accounts, deliveries, follows, posts
from store.schema import routes as routes_table
from store.unit import Store, Unit

AUTHOR = 1
PEOPLE = range(2, 12)

Answer = Callable[[Outgoing], Awaitable[Outcome]]


def now() -> datetime:
    return datetime.now(UTC)


async def takes(delivery: Outgoing) -> Outcome:
    return Sent(f"SM{delivery.id}")


class Wire:
    """A transport that keeps what it was given, and answers as it is told."""

    def __init__(self, answer: Answer = takes) -> None:
        self.answer = answer
        self.given: list[Outgoing] = []
        self.came = asyncio.Event()

    async def send(self, delivery: Outgoing) -> Outcome:
        self.given.append(delivery)
        self.came.set()
        return await self.answer(delivery)


class Town:
    """A store with an author and her followers, and the routes out."""

    def __init__(self, store: Store, site: Site, mail: Route, sms: Route) -> None:
        self.store = store
        self.site = site
        self.routes = {Channel.EMAIL: mail, Channel.SMS: sms}

    async def queue(self, post: int, *people: int, channel: Channel = Channel.SMS, lane: Lane = Lane.FIRST) -> None:
        """Queue a post for these people."""
        rows = [
            {
                "post_id": post,
                "account_id": person,
                "channel": channel,
                "route": self.routes[channel].id,
                "lane": lane,
                "state": "queued",
                "due_at": now(),
                "queued_at": now(),
            }
            for person in people
        ]
        async with self.store.unit() as unit:
            await unit.execute(insert(deliveries), rows)
            unit.ring()

    async def states(self) -> list[str]:
        """What became of every delivery, in the order of queueing."""
        async with self.store.reading() as reading:
            found = await reading.execute(select(deliveries.c.state).order_by(deliveries.c.id))
            return list(found.scalars())

    async def reasons(self) -> set[str]:
        async with self.store.reading() as reading:
            return set((await reading.execute(select(deliveries.c.reason))).scalars())

    async def come_to(self, *states: str) -> None:
        """Wait until every delivery is in one of these states."""
        async with asyncio.timeout(20):
            while not set(await self.states()) <= set(states):  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)

    async def comes_to_say(self, *reasons: str) -> None:
        """Wait until these are the reasons that stand with the deliveries, and no others."""
        async with asyncio.timeout(20):
            while await self.reasons() != set(reasons):  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)

    async def sends(self, count: int) -> None:
        """Wait until at least so many deliveries are sent."""
        async with asyncio.timeout(20):
            while (await self.states()).count("sent") < count:  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)

    def worker(self, wire: Wire, *, channel: Channel = Channel.SMS, pace: Pace | None = None, **more: Any) -> Worker:
        settings = DeliverySettings(**{"poll": timedelta(milliseconds=20), **more.pop("settings", {})})
        tools = Tools(
            more.pop("store", self.store),
            self.site,
            settings,
            more.pop("clock", now),
            lambda: 0.5,
            more.pop("hush", Hush()),
        )
        return Worker(
            tools,
            more.pop("route", self.routes[channel]),
            pace or Pace(),
            wire,
            connections=more.pop("connections", 4),
            validity=more.pop("validity", None),
            circuit=more.pop("circuit", None),
        )


@pytest.fixture
async def town(store: Store, site: Site) -> Town:
    async with store.unit() as unit:
        mail, sms = await routes.ensure(unit, ["+15550009999"])
        names = [{"id": n, "name": f"p{n}", "created_at": now()} for n in (AUTHOR, *PEOPLE)]
        await unit.execute(insert(accounts), names)
        for person in PEOPLE:
            for kind, address in (("sms", f"+1555000{1000 + person}"), ("email", f"p{person}@mail.example")):
                row = await addresses.find_or_add(unit, kind, address, now=now())
                await addresses.attach(unit, row.id, person, proven_at=now())
        edges = [
            {"followee_id": AUTHOR, "follower_id": p, "state": "accepted", "texts": True, "created_at": now()}
            for p in PEOPLE
        ]
        await unit.execute(insert(follows), edges)
        written = [
            {"id": n, "author_id": AUTHOR, "kind": "post", "text": f"post {n}", "source": "sms", "created_at": now()}
            for n in range(1, 8)
        ]
        await unit.execute(insert(posts), written)
    return Town(store, site, mail, sms)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    """The workers at work; leaving tells them to stop and waits until they have."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)


@pytest.mark.parametrize("channel", list(Channel))
async def test_everything_due_is_sent_and_settled(town: Town, channel: Channel) -> None:
    wire = Wire()
    for post in (1, 2, 3):
        await town.queue(post, *PEOPLE, channel=channel)
    async with running(town.worker(wire, channel=channel)):
        await town.come_to("sent")
    assert len(wire.given) == len({delivery.id for delivery in wire.given}) == 3 * len(PEOPLE)
    assert {delivery.channel for delivery in wire.given} == {channel}


async def test_what_is_queued_later_is_sent_when_the_bell_rings(town: Town) -> None:
    wire = Wire()
    worker = town.worker(wire, settings={"poll": timedelta(hours=1)})
    town.store.on_bell(worker.wake)
    async with running(worker):
        await town.queue(1, 2)
        async with asyncio.timeout(10):
            await wire.came.wait()
        await town.come_to("sent")


async def test_posts_reach_one_person_in_the_order_they_were_written(town: Town) -> None:
    wire = Wire()
    for post in (3, 1, 2, 5, 4):
        await town.queue(post, 2, 3, lane=Lane.TAIL if post % 2 else Lane.FIRST)
    async with running(town.worker(wire)):
        await town.come_to("sent")
    for person in (2, 3):
        assert [delivery.post_id for delivery in wire.given if delivery.account_id == person] == [1, 2, 3, 4, 5]


async def test_no_more_segments_are_claimed_than_the_pace_allows(town: Town) -> None:
    """With a clock that stands still, half a second's worth goes out, and nothing after it until the clock moves."""
    moment = now() + timedelta(seconds=1)
    wire = Wire()
    worker = town.worker(wire, pace=Pace(per_second=6), clock=lambda: moment)
    await town.queue(1, *PEOPLE)
    async with running(worker):
        await town.sends(3)
        assert len(wire.given) == 3
        moment += timedelta(seconds=0.5)
        await town.sends(6)
        assert len(wire.given) == 6


@pytest.mark.parametrize("pace", [Pace(per_second=8), Pace(per_second=1, burst=3), Pace(per_minute=30, burst=3)])
async def test_a_burst_is_counted_in_segments_not_in_texts(town: Town, pace: Pace) -> None:
    """Of the three or four segments that may go at once the second text takes the last one, and nothing goes behind it.
    What was claimed in vain keeps its place: the first to go is the first that was queued."""
    async with town.store.unit() as unit:
        await unit.execute(posts.update().values(text="x" * 300))
    moment = now() + timedelta(seconds=1)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    await town.queue(2, PEOPLE[-1])
    async with running(town.worker(wire, pace=pace, clock=lambda: moment)):
        await town.sends(2)
        assert len(wire.given) == 2
        for turn in range(2, len(PEOPLE) + 1):
            moment += timedelta(seconds=30)
            await town.sends(min(2 * turn, len(PEOPLE) + 1))
            assert len(wire.given) == min(2 * turn, len(PEOPLE) + 1)
    assert [d.post_id for d in wire.given if d.account_id == PEOPLE[-1]] == [1, 2]
    assert [d.account_id for d in wire.given if d.post_id == 1] == list(PEOPLE)
    assert {d.attempt - d.excused for d in wire.given} == {1}


async def test_the_daily_limit_holds_the_rest_until_tomorrow(town: Town) -> None:
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, pace=Pace(per_day=4), clock=lambda: moment)):
        await town.sends(4)
        assert len(wire.given) == 4
        moment += timedelta(days=1)
        await town.sends(8)
        assert len(wire.given) == 8


async def test_stopping_finishes_what_is_held_and_claims_nothing_more(town: Town) -> None:
    gate = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await gate.wait()
        return await takes(delivery)

    wire = Wire(slowly)
    await town.queue(1, *PEOPLE)
    worker = town.worker(wire)
    task = asyncio.create_task(worker.run())
    await wire.came.wait()
    worker.stop()
    await town.queue(2, *PEOPLE)
    gate.set()
    async with asyncio.timeout(10):
        await task
    assert await town.states() == ["sent"] * len(PEOPLE) + ["queued"] * len(PEOPLE)


@pytest.mark.parametrize(("channel", "becomes"), [(Channel.SMS, "unsure"), (Channel.EMAIL, "queued")])
async def test_a_transport_that_raises_leaves_a_text_in_doubt_and_a_mail_for_later(
    town: Town, channel: Channel, becomes: str
) -> None:
    async def breaks(_: Outgoing) -> Outcome:
        raise RuntimeError("boom")

    wire = Wire(breaks)
    await town.queue(1, 2, 3, channel=channel)
    async with running(town.worker(wire, channel=channel)):
        async with asyncio.timeout(10):
            while len(wire.given) < 2:
                await wire.came.wait()
                wire.came.clear()
    assert await town.states() == [becomes, becomes]
    assert await town.reasons() == {"an error of ours: RuntimeError"}


async def test_each_outcome_is_settled_for_what_it_is(town: Town) -> None:
    outcomes: dict[int, Outcome] = {
        2: Sent("SM2"),
        3: Deferred("busy"),
        4: Unsure("silence"),
        5: Bounced("no such thing"),
    }

    async def variously(delivery: Outgoing) -> Outcome:
        return outcomes[delivery.account_id or 0]

    wire = Wire(variously)
    await town.queue(1, *outcomes)
    async with running(town.worker(wire)):
        async with asyncio.timeout(10):
            while len(wire.given) < 4:
                await wire.came.wait()
                wire.came.clear()
    assert sorted(await town.states()) == ["dead", "queued", "sent", "unsure"]


async def test_a_refusal_of_the_whole_route_pauses_it(town: Town) -> None:
    async def too_many(_: Outgoing) -> Outcome:
        return Deferred("429", 3600.0, route_wide=True)

    wire = Wire(too_many)
    await town.queue(1, 2)
    async with running(town.worker(wire)):
        async with asyncio.timeout(10):
            await wire.came.wait()
    await town.queue(2, 3)
    async with town.store.unit() as unit:
        standing = await routes.standing(unit, town.routes[Channel.SMS].id)
    assert standing.paused_until > now() + timedelta(minutes=59)
    assert await town.states() == ["queued", "queued"]


async def test_a_send_is_cut_off_before_its_lease_ends(town: Town) -> None:
    async def never(_: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    await town.queue(1, 2)
    async with running(town.worker(Wire(never), settings={"lease": timedelta(milliseconds=400)})):
        await town.come_to("unsure")
    assert await town.reasons() == {"no answer while the lease held"}


async def test_what_waited_too_long_for_its_turn_is_put_back_unsent(town: Town) -> None:
    async def never(_: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    wire = Wire(never)
    await town.queue(1, 2, 3)
    worker = town.worker(wire, settings={"lease": timedelta(seconds=2)}, connections=1)
    async with running(worker):
        async with asyncio.timeout(10):
            await wire.came.wait()
        worker.stop()
    assert len(wire.given) == 1
    assert sorted(await town.states()) == ["queued", "unsure"]


async def test_two_workers_on_one_database_send_nothing_twice(town: Town, store_url: str) -> None:
    async def gently(delivery: Outgoing) -> Outcome:
        await asyncio.sleep(0)
        return await takes(delivery)

    wire = Wire(gently)
    other = Store(store_url)
    for post in range(1, 8):
        await town.queue(post, *PEOPLE)
    try:
        async with running(
            town.worker(wire, settings={"batch": 5}), town.worker(wire, settings={"batch": 5}, store=other)
        ):
            await town.come_to("sent")
    finally:
        await other.close()
    assert len(wire.given) == len({delivery.id for delivery in wire.given}) == 7 * len(PEOPLE)
    for person in PEOPLE:
        assert [delivery.post_id for delivery in wire.given if delivery.account_id == person] == list(range(1, 8))


class Failing(Store):
    """A store whose next units for work that may be done again cannot be had."""

    failures = 0

    @asynccontextmanager
    async def unit(self, *, durable: bool = True) -> AsyncIterator[Unit]:
        if not durable and self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        async with super().unit(durable=durable) as unit:
            yield unit


async def test_while_the_database_is_away_what_was_sent_is_kept_and_settled_later(
    town: Town, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.worker._PATIENCE", 0.01)
    failing = Failing(store_url)
    failing.failures = 3
    wire = Wire()
    await town.queue(1, *PEOPLE)
    try:
        async with running(town.worker(wire, store=failing)):
            await town.come_to("sent")
    finally:
        await failing.close()
    assert failing.failures == 0
    assert len(wire.given) == len(PEOPLE)


async def test_a_lease_that_ends_while_a_mail_is_under_way_sends_no_second_one(town: Town) -> None:
    """The database was away for longer, or the clock jumped: the mail waits again, and is claimed again."""
    gate = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await gate.wait()
        return await takes(delivery)

    async def attempts() -> list[int]:
        async with town.store.reading() as reading:
            return list((await reading.execute(select(deliveries.c.attempt))).scalars())

    wire = Wire(slowly)
    await town.queue(1, 2, channel=Channel.EMAIL)
    async with running(town.worker(wire, channel=Channel.EMAIL)):
        await wire.came.wait()
        async with town.store.unit() as unit:
            assert await tending.end_leases(unit, now=now() + timedelta(hours=1)) == 1
        async with asyncio.timeout(10):
            while await attempts() != [2]:  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)
        gate.set()
        await town.come_to("sent")
    assert [delivery.attempt for delivery in wire.given] == [1]


async def test_while_the_queue_is_held_nothing_is_claimed(town: Town) -> None:
    wire = Wire()
    async with town.store.unit() as unit:
        await holding.hold(unit, now=now())
    await town.queue(1, *PEOPLE)
    looks: asyncio.Queue[None] = asyncio.Queue()

    def clock() -> datetime:
        looks.put_nowait(None)
        return now()

    async with running(town.worker(wire, clock=clock)), asyncio.timeout(10):
        for _ in range(3):
            await looks.get()
    assert not wire.given
    assert set(await town.states()) == {"queued"}
    async with town.store.unit() as unit:
        await holding.release(unit)
    async with running(town.worker(wire)):
        await town.come_to("sent")
    assert len(wire.given) == len(PEOPLE)


async def test_what_became_forbidden_while_it_waited_in_the_worker_does_not_go_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.worker._FRESH", 0.0)
    deleted = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await deleted.wait()
        return await takes(delivery)

    wire = Wire(slowly)
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, connections=1)):
        async with asyncio.timeout(10):
            await wire.came.wait()
        async with town.store.unit() as unit:
            await posting.delete(unit, 1, now=now())
        deleted.set()
        await town.come_to("sent", "dead")
    assert len(wire.given) == 1
    assert (await town.states()).count("dead") == len(PEOPLE) - 1
    assert "the post was deleted" in await town.reasons()


async def test_whoever_moved_meanwhile_gets_it_at_the_new_address(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbound.worker._FRESH", 0.0)
    moved = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await moved.wait()
        return await takes(delivery)

    wire = Wire(slowly)
    await town.queue(1, 2, 3)
    async with running(town.worker(wire, connections=1)):
        async with asyncio.timeout(10):
            await wire.came.wait()
        async with town.store.unit() as unit:
            row = await addresses.find_or_add(unit, "sms", "+15550007777", now=now())
            await addresses.attach(unit, row.id, 3, proven_at=now())
        moved.set()
        await town.come_to("sent")
    assert [delivery.to for delivery in wire.given] == ["+15550001002", "+15550007777"]


async def test_a_days_limit_is_counted_in_segments_not_in_texts(town: Town) -> None:
    long = "x" * 300
    async with town.store.unit() as unit:
        await unit.execute(posts.update().values(text=long))
    await town.queue(1, *PEOPLE)
    wire = Wire()
    async with running(town.worker(wire, pace=Pace(per_day=5))):
        await town.sends(2)
    assert sum(delivery.segments for delivery in wire.given) == 4
    assert (await town.states()).count("queued") == len(PEOPLE) - 2


async def pass_by(clock: list[float]) -> None:
    """Let time pass, by half of the longest rest in each hundredth of a second."""
    while True:
        clock[0] += breaker.LONGEST / 2
        await asyncio.sleep(0.01)


async def test_a_provider_that_is_down_costs_no_delivery_its_tries(town: Town) -> None:
    clock = [0.0]
    circuit = Circuit("test", lambda: clock[0])
    is_down = True

    async def answer(delivery: Outgoing) -> Outcome:
        if not is_down:
            return await takes(delivery)
        return Deferred("the provider cannot be reached", 0.0, route_wide=True, peer_down=True)

    wire = Wire(answer)
    await town.queue(1, *PEOPLE)
    start = now()
    clocks = {"clock": lambda: start + timedelta(seconds=clock[0])}
    async with running(town.worker(wire, circuit=circuit, settings={"attempts": 1}, **clocks)):
        async with asyncio.timeout(20):
            for tries in range(1, 5):
                while not circuit.pause() or len(wire.given) < breaker.AFTER + tries - 1:
                    await asyncio.sleep(0.01)
                    clock[0] += 0.0 if circuit.pause() else 0.5
                clock[0] += max(circuit.pause(), LONG_PAUSE).total_seconds()
        tried_while_down = len(wire.given)
        is_down = False
        passing = asyncio.create_task(pass_by(clock))  # a try that was under way may open it once more
        await town.come_to("sent")
        passing.cancel()
    assert tried_while_down <= breaker.AFTER + 3 + 5  # some were under way when it opened, and one try each time after
    assert not circuit.is_open


async def test_what_fails_while_the_provider_is_down_is_excused_and_what_fails_alone_is_not() -> None:
    clock = [0.0]
    circuit = Circuit("test", lambda: clock[0])

    async def fails() -> Outcome:
        return Unsure("no answer", peer_down=True)

    outcomes = [await circuit.attempt(fails) for _ in range(breaker.AFTER)]
    assert outcomes == [*[Unsure("no answer")] * (breaker.AFTER - 1), Unsure("no answer", peer_down=True)]
    assert await circuit.attempt(fails) == Deferred(
        "the provider is down", breaker.FIRST, route_wide=True, peer_down=True
    )
    clock[0] += breaker.FIRST
    assert await circuit.attempt(fails) == Unsure("no answer", peer_down=True)
    clock[0] += 2 * breaker.FIRST

    async def refuses() -> Outcome:
        return Bounced("the text is too long")

    assert await circuit.attempt(refuses) == Bounced("the text is too long")  # an answer is an answer
    assert not circuit.is_open


async def test_a_try_that_is_cut_off_counts_as_one_that_failed() -> None:
    circuit = Circuit("test")
    for _ in range(breaker.AFTER):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await circuit.attempt(lambda: asyncio.Event().wait())  # type: ignore[arg-type,return-value]
    assert circuit.is_open


async def held_against(town: Town) -> Alert | None:
    async with town.store.reading() as reading:
        return await alerts.of_route(reading, town.routes[Channel.SMS].id)


async def is_stopped(town: Town) -> bool:
    alert = await held_against(town)
    return alert is not None and alert.stopped_at is not None


@pytest.mark.parametrize(
    "answered",
    [refusal(20003), smpp.refusal(0x0A), smpp.refusal(0x48), smpp.refusal(0x51)],
    ids=["20003", "0x0A", "0x48", "0x51"],
)
async def test_a_sender_that_is_refused_stops_and_goes_on_when_the_operator_says_so(
    town: Town, answered: Deferred
) -> None:
    refused = True
    assert answered.halt is not None

    async def answer(delivery: Outgoing) -> Outcome:
        return answered if refused else await takes(delivery)

    wire = Wire(answer)
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, settings={"attempts": 1})):
        async with asyncio.timeout(20):
            while not await is_stopped(town):  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)
        await town.come_to("queued")
        async with town.store.reading() as reading:
            [stopped] = await alerts.stopped(reading)
        assert (stopped.sender, stopped.code) == ("+15550009999", answered.halt.code)
        refused = False
        async with town.store.unit() as unit:
            assert await alerts.let_go(unit, now=now()) == ["+15550009999"]
        await town.come_to("sent")
    assert await held_against(town) is None


async def test_a_stopped_sender_sends_one_text_to_see_and_goes_on_by_itself_when_it_gets_through(town: Town) -> None:
    sms = town.routes[Channel.SMS].id
    at_once, most_at_once, first = 0, 0, asyncio.Event()

    async def answer(delivery: Outgoing) -> Outcome:
        nonlocal at_once, most_at_once
        at_once += 1
        if not first.is_set():
            most_at_once = max(most_at_once, at_once)
            await asyncio.sleep(0)
            async with asyncio.timeout(20):
                while await held_against(town) is None:  # noqa: ASYNC110 - the database rings no bell for readers
                    await asyncio.sleep(0.01)
            first.set()
        at_once -= 1
        return await takes(delivery)

    async with town.store.unit() as unit:
        await alerts.refused(unit, sms, Halt(20003, 1), "the account is not active (20005)", now=now())
        await unit.execute(routes_table.update().values(paused_until=now()))
    await town.queue(1, *PEOPLE)
    async with running(town.worker(Wire(answer))):
        await town.come_to("sent")
    assert most_at_once == 1
    assert await held_against(town) is None


async def test_too_many_requests_slow_one_sender_and_no_other(town: Town) -> None:
    async with town.store.unit() as unit:
        _, sms, other = await routes.ensure(unit, ["+15550009999", "+15550008888"])

    async def answer(delivery: Outgoing) -> Outcome:
        return refusal(20429) if delivery.sender == sms.sender else await takes(delivery)

    wire = Wire(answer)
    await town.queue(1, *PEOPLE)
    async with town.store.unit() as unit:
        half = deliveries.c.account_id.in_(list(PEOPLE)[::2])
        await unit.execute(deliveries.update().where(half).values(route=other.id))
    circuit = Circuit("test")
    workers = [town.worker(wire, route=each, circuit=circuit, connections=1) for each in (sms, other)]
    async with running(*workers):
        await town.sends(len(PEOPLE) // 2)
    assert (await town.states()).count("sent") == len(PEOPLE) // 2
    assert {each.sender for each in wire.given} == {sms.sender, other.sender}
    assert not circuit.is_open
    assert await held_against(town) is None


class Choosy(Store):
    """A store that will never take one delivery's outcome, whatever it is settled with."""

    refuses = "SM3"

    @asynccontextmanager
    async def unit(self, *, durable: bool = True) -> AsyncIterator[Unit]:
        async with super().unit(durable=durable) as unit:
            yield unit
            if not durable:
                found = await unit.execute(
                    select(deliveries.c.id).where(deliveries.c.remote_id == self.refuses, deliveries.c.state == "sent")
                )
                if found.scalar_one_or_none() is not None:
                    await unit.execute(insert(accounts), {"id": AUTHOR, "created_at": now()})


async def test_an_outcome_that_can_never_be_written_down_holds_up_no_other(town: Town, store_url: str) -> None:
    choosy = Choosy(store_url)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    try:
        async with running(town.worker(wire, store=choosy)):
            await town.come_to("sent", "dead")
    finally:
        await choosy.close()
    assert (await town.states()).count("dead") == 1
    assert "what became of it could not be written down: IntegrityError" in await town.reasons()


async def test_posts_that_used_up_their_share_of_the_day_leave_the_rest_to_answers(town: Town) -> None:
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, pace=Pace(per_day=6, reserved=0.5), clock=lambda: moment)):
        await town.sends(3)
        await town.queue(2, *PEOPLE[:4], lane=Lane.ANSWER)
        await town.sends(6)
    assert [delivery.post_id for delivery in wire.given] == [1, 1, 1, 2, 2, 2]


async def test_a_text_goes_out_with_how_long_it_is_good_for_and_a_mail_with_nothing(town: Town) -> None:
    for channel, expected in ((Channel.SMS, 3600), (Channel.EMAIL, 0)):
        wire = Wire()
        await town.queue(1, 2, channel=channel)
        async with running(town.worker(wire, channel=channel, validity=timedelta(hours=1))):
            await town.come_to("sent")
        assert [delivery.valid_for for delivery in wire.given] == [expected]


async def test_whoever_asked_for_no_more_texts_a_moment_ago_gets_none_that_was_claimed(town: Town) -> None:
    """The first text goes out; while it does, one phone's STOP comes in and another's is committed."""
    hush = Hush()
    begun, held = PEOPLE[1], PEOPLE[2]

    async def stop_both(_: Outgoing) -> Outcome:
        if hush.says(phone_of(begun)) is Says.NOTHING:
            hush.begins(phone_of(begun))
            hush.begins(phone_of(held))
            async with town.store.unit() as unit:
                row = await addresses.find(unit, "sms", phone_of(held))
                assert row is not None
                assert await stopping.opt_out(unit, row, how="sms", words="STOP", why="stopped", now=now())
            hush.holds(phone_of(held), now=now())
        return Sent("SM1")

    await town.queue(1, *PEOPLE[:3])
    worker = town.worker(Wire(stop_both), hush=hush, connections=1)
    async with running(worker):
        await town.comes_to_say("", HUSHED, "the recipient has no phone any more")
    assert sorted(await town.states()) == ["dead", "queued", "sent"]


async def test_the_confirmation_of_a_stop_waits_until_it_is_known_that_it_holds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit came through and its acknowledgement did not: the door tries again, and knows no better till then."""
    monkeypatch.setattr("outbound.worker.HUSHED", 0.01)
    hush, wire = Hush(), Wire()
    hush.begins(phone_of(PEOPLE[0]))
    await town.queue(1, PEOPLE[0], lane=Lane.ANSWER)
    async with running(town.worker(wire, hush=hush)):
        await town.comes_to_say(HUSHED)
        assert wire.given == []
        hush.holds(phone_of(PEOPLE[0]), now=now())
        await town.come_to("sent")
    assert len(wire.given) == 1


HUSHED = "the recipient has just asked for no more texts"


def phone_of(person: int) -> str:
    return f"+1555000{1000 + person}"


async def test_what_is_settled_alone_may_be_claimed_again_while_others_are_still_settled(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, alone = Worker._settle_together, 0

    async def one_by_one(worker: Worker, results: list[Result]) -> list[Verdict]:
        nonlocal alone
        if len(results) > 1:
            raise DataError("settle", None, Exception("will never take it"))
        alone += 1
        if alone == 2:
            await retried.wait()
        return await settle(worker, results)

    async def not_at_once(delivery: Outgoing) -> Outcome:
        tries[delivery.id] += 1
        if tries[delivery.id] == 2:
            retried.set()
        return Deferred("its turn came too late", 0.0, route_wide=True) if delivery.attempt == 1 else Sent("SM1")

    tries: Counter[int] = Counter()
    retried = asyncio.Event()
    monkeypatch.setattr(Worker, "_settle_together", one_by_one)
    await town.queue(1, *PEOPLE[:2])
    async with running(town.worker(Wire(not_at_once), settings={"lease": timedelta(minutes=1)})):
        await town.come_to("sent")
    assert list(tries.values()) == [2, 2]


async def test_an_answer_does_not_wait_until_enough_posts_may_go_together(town: Town) -> None:
    wire = Wire()
    await town.queue(1, *PEOPLE[1:])
    async with running(town.worker(wire, pace=Pace(per_second=4, burst=2))):
        await town.sends(2)
        before = len(wire.given)
        await town.queue(1, PEOPLE[0], lane=Lane.ANSWER)
        async with asyncio.timeout(10):
            while all(each.account_id != PEOPLE[0] for each in wire.given):
                wire.came.clear()
                await wire.came.wait()
    assert [each.account_id for each in wire.given].index(PEOPLE[0]) <= before + 1
