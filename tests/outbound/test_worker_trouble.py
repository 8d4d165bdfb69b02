"""A provider that refuses a number, slows it down, or is down, on both databases."""

import asyncio
from datetime import timedelta

import pytest

from gateway.domain import breaker, smpp
from gateway.domain.alert import Alert
from gateway.domain.delivery import Bounced, Deferred, Halt, Outcome, Unsure
from gateway.domain.failover import LONG_PAUSE
from gateway.domain.provider_codes import refusal
from gateway.domain.types import Channel, Outgoing
from gateway.service import alerts
from outbound.circuit import Circuit
from store import routes
from store.schema import deliveries
from store.schema import routes as routes_table
from tests.outbound.working import PEOPLE, Town, Wire, now, running, takes
from tests.wiring import meanwhile


async def test_a_refusal_of_the_whole_route_pauses_it(town: Town) -> None:
    async def too_many(_: Outgoing) -> Outcome:
        return Deferred("429", 3600.0, route_wide=True)

    wire = Wire(too_many)
    await town.queue(1, 2)
    async with running(town.worker(wire)):
        async with asyncio.timeout(30):
            await wire.came.wait()
    await town.queue(2, 3)
    async with town.store.unit() as unit:
        standing = await routes.standing(unit, town.routes[Channel.SMS].id)
    assert standing.paused_until > now() + timedelta(minutes=59)
    assert await town.states() == ["queued", "queued"]


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
        async with meanwhile(pass_by(clock)):  # a try that was under way may open it once more
            await town.come_to("sent")
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
