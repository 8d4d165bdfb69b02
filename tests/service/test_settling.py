"""Texts of unknown outcome: what is found at the provider is taken for the right one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain.delivery import Done, Found, LookUp, RetryRules, Sent, Unsure, Verdict
from gateway.domain.pace import Pace
from gateway.domain.types import Lane, Outgoing
from gateway.service import budgets, claiming, notify, receipts, settling
from gateway.service.receipts import Receipt
from gateway.service.settling import Result
from store import addresses, fanouts, queue, routes
from store.routes import Route
from store.schema import deliveries, posts
from store.unit import Unit
from tests.service.conversing import OTHER_NUMBER, OURS, Town

LEASE = timedelta(minutes=2)
RULES = RetryRules()


async def claim(unit: Unit, route: Route, town: Town) -> list[Outgoing]:
    return (await claiming.claim(unit, route, Pace(), most=10, lease=LEASE, now=town.now)).deliveries


async def test_while_the_same_words_are_under_way_to_a_stranger_no_message_is_taken_for_an_earlier_one(
    town: Town,
) -> None:
    """The provider shows one message with these words: the second one's, whose own answer has not come yet."""
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        phone = await addresses.find_or_add(unit, "sms", "+15550001001", route=route.id, now=town.now)
        await notify.tell(unit, phone.id, "who are you?", now=town.now)
        (first,) = await claim(unit, route, town)
        unsure = Result(first, Unsure("silence"))
        await settling.settle(unit, town.site, route, [unsure], rules=RULES, now=town.now, dice=[0.5])
        await notify.tell(unit, phone.id, "who are you?", now=town.now)
        (second,) = await claim(unit, route, town)

        async def look_up() -> object:
            found = [Found("SM2", Sent("SM2"))]
            return await settling.settle_look_up(unit, town.site, first, found, rules=RULES, now=town.now, dice=0.5)

        assert isinstance(await look_up(), LookUp)
        sent = Result(second, Sent("SM2"))
        await settling.settle(unit, town.site, route, [sent], rules=RULES, now=town.now, dice=[0.5])
        assert not isinstance(await look_up(), Done | LookUp)
        rows = await unit.execute(select(deliveries.c.state, deliveries.c.remote_id).order_by(deliveries.c.id))
        assert [tuple(row) for row in rows] == [("queued", None), ("sent", "SM2")]


async def under_way(town: Town, route: Route, unit: Unit) -> Outgoing:
    """A text to a stranger, claimed and not answered yet."""
    phone = await addresses.find_or_add(unit, "sms", "+15550001001", route=route.id, now=town.now)
    await notify.tell(unit, phone.id, "who are you?", now=town.now)
    (text,) = await claim(unit, route, town)
    return text


async def hears(unit: Unit, town: Town, text: Outgoing, status: str = "delivered", code: str = "") -> None:
    receipt = Receipt("twilio", "SM1", status, code, text.id, text.attempt, town.now)
    await receipts.record(unit, town.site, receipt, rules=RULES, now=town.now)


async def settle(unit: Unit, town: Town, route: Route, text: Outgoing, outcome: Sent | Unsure) -> Verdict:
    results = [Result(text, outcome)]
    (verdict,) = await settling.settle(unit, town.site, route, results, rules=RULES, now=town.now, dice=[0.5])
    return verdict


async def billed(unit: Unit) -> int:
    return sum(line.texts for line in await budgets.bill_of(unit, 203001))


@pytest.mark.parametrize("outcome", [Unsure("silence"), Sent("SM1")])
async def test_a_text_whose_receipt_is_here_before_its_answer_is_billed_once(
    town: Town, outcome: Sent | Unsure
) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        text = await under_way(town, route, unit)
        await hears(unit, town, text)
        assert isinstance(await settle(unit, town, route, text, outcome), Done)
        await hears(unit, town, text)
        assert await billed(unit) == 1


@pytest.mark.parametrize(("status", "code"), [("delivered", ""), ("undelivered", "30007"), ("undelivered", "30008")])
async def test_a_text_whose_worker_went_away_is_billed_by_its_receipt(town: Town, status: str, code: str) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        text = await under_way(town, route, unit)
        await hears(unit, town, text, status, code)
        assert await billed(unit) == 1
        await settle(unit, town, route, text, Sent("SM1"))  # it was only slow
        assert await billed(unit) == 1


async def look_up(unit: Unit, town: Town, text: Outgoing, *found: Found) -> Verdict:
    return await settling.settle_look_up(unit, town.site, text, found, rules=RULES, now=town.now, dice=0.5)


async def worker_goes_away(unit: Unit, town: Town) -> None:
    town.now += 2 * LEASE
    assert await queue.take_back(unit, town.now) == 1


@pytest.mark.parametrize("late", [Unsure("silence"), Sent("SM1")])
@pytest.mark.parametrize("status", ["delivered", "sent"])
async def test_a_text_that_its_receipt_settled_is_not_billed_again_by_a_worker_that_comes_back(
    town: Town, status: str, late: Sent | Unsure
) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        text = await under_way(town, route, unit)
        await worker_goes_away(unit, town)
        await hears(unit, town, text, status)
        assert await billed(unit) == 1
        await settle(unit, town, route, text, late)
        assert await billed(unit) == 1


@pytest.mark.parametrize("worker_first", [False, True])
async def test_a_text_that_its_worker_and_its_look_up_settle_is_billed_by_the_first_of_them(
    town: Town, worker_first: bool
) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        text = await under_way(town, route, unit)
        await worker_goes_away(unit, town)
        if worker_first:
            await settle(unit, town, route, text, Sent("SM1"))
        await look_up(unit, town, text, Found("SM1", Sent("SM1")))
        await settle(unit, town, route, text, Sent("SM1"))
        assert await billed(unit) == 1


async def test_a_worker_that_comes_back_without_an_answer_bills_nothing_of_the_attempt_after_its_own(
    town: Town,
) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        first = await under_way(town, route, unit)
        await worker_goes_away(unit, town)
        await look_up(unit, town, first)
        (second,) = await claim(unit, route, town)
        await settle(unit, town, route, second, Sent("SM1"))
        await hears(unit, town, second)
        assert await billed(unit) == 1
        await settle(unit, town, route, first, Unsure("silence"))
        assert await billed(unit) == 1


async def test_two_messages_of_one_text_are_billed_as_two(town: Town) -> None:
    """The provider had the first after all, which arrives while the second is under way."""
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        first = await under_way(town, route, unit)
        await settle(unit, town, route, first, Unsure("silence"))
        await look_up(unit, town, first)
        (second,) = await claim(unit, route, town)
        await hears(unit, town, first)
        assert await billed(unit) == 1
        await settle(unit, town, route, second, Sent("SM2"))
        await settle(unit, town, route, second, Sent("SM2"))
        assert await billed(unit) == 2


async def test_a_text_that_its_look_up_did_not_find_and_that_arrived_all_the_same_is_billed_once(town: Town) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        text = await under_way(town, route, unit)
        assert isinstance(await settle(unit, town, route, text, Unsure("silence")), LookUp)
        await settling.settle_look_up(unit, town.site, text, [], rules=RULES, now=town.now, dice=0.5)
        assert await billed(unit) == 0
        await hears(unit, town, text)
        assert await billed(unit) == 1


async def test_a_text_that_failed_after_it_was_taken_and_arrived_after_all_is_billed_once(town: Town) -> None:
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        text = await under_way(town, route, unit)
        await settle(unit, town, route, text, Sent("SM1"))
        await hears(unit, town, text, "undelivered", "30008")
        await hears(unit, town, text)
        assert await billed(unit) == 1


async def test_a_post_whose_receipt_is_here_before_its_missing_answer_is_what_a_bare_answer_means(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "shall we meet?")
    async with town.store.unit() as unit:
        bob = await town.account("bob")
        (post_id,) = (await unit.execute(select(posts.c.id))).scalars()
        await fanouts.queue_for(unit, post_id, [bob.id], lane=Lane.FIRST, now=town.now)
        route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[2]
        (text,) = [each for each in await claim(unit, route, town) if each.post_id == post_id]
        await hears(unit, town, text)
        await settle(unit, town, route, text, Unsure("silence"))
    assert "alice" in await town.text("bob", "FAV")
