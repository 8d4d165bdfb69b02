"""One number takes over from another, on both databases: nothing is sent twice, and nothing waits for nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain.delivery import (
    Bounced,
    Deferred,
    Fault,
    Found,
    GiveUp,
    Outcome,
    Retry,
    RetryRules,
    Sent,
    Unsure,
    Verdict,
)
from gateway.domain.pace import Pace
from gateway.domain.provider_codes import reason, refusal
from gateway.domain.types import Lane, Outgoing, Source
from gateway.service import alerts, claiming, failing_over, notify, posting, receipts, settling
from gateway.service.receipts import Receipt
from gateway.service.settling import Result
from store import addresses, fanouts, routes
from store.routes import Route
from store.schema import deliveries
from store.unit import Store
from tests.service.conversing import Town

LEASE = timedelta(minutes=2)
AFTER = timedelta(seconds=30)
RULES = RetryRules()
FIRST, SECOND, THIRD = "+15550009991", "+15550009992", "+15550009993"
PROVIDERS = {FIRST: "twilio", SECOND: "twilio", THIRD: "kannel"}
DOWN = Deferred("the provider cannot be reached", 10.0, route_wide=True)


class Numbers:
    """Three numbers of ours, and texts that wait for the first."""

    def __init__(self, town: Town) -> None:
        self.town, self.now = town, town.now
        self.ways: list[Route] = []

    @property
    def store(self) -> Store:
        return self.town.store

    async def open(self, *senders: str) -> None:
        async with self.store.unit() as unit:
            self.ways = (await routes.ensure(unit, list(senders)))[1:]

    async def queue(self, number: int, way: int = 0) -> None:
        async with self.store.unit() as unit:
            phone = f"+1555000{number:04d}"
            address = await addresses.find_or_add(unit, "sms", phone, route=self.ways[way].id, now=self.now)
            await notify.tell(unit, address.id, f"text {number}", now=self.now)

    async def tell(self, number: int) -> str:
        """One more text to that phone, which says nothing; from which number it goes."""
        async with self.store.unit() as unit:
            address = await addresses.find(unit, "sms", f"+1555000{number:04d}")
            assert address is not None
            await notify.tell(unit, address.id, "one more", now=self.now)
        return (await self.stand())[-1][0]

    async def claim(self, way: int = 0) -> list[Outgoing]:
        async with self.store.unit() as unit:
            return (await claiming.claim(unit, self.ways[way], Pace(), most=10, lease=LEASE, now=self.now)).deliveries

    async def settle(self, deliveries: list[Outgoing], outcome: Outcome, way: int = 0) -> list[Verdict]:
        async with self.store.unit() as unit:
            results = [Result(each, outcome) for each in deliveries]
            dice = [0.5] * len(results)
            return await settling.settle(
                unit, self.town.site, self.ways[way], results, rules=RULES, now=self.now, dice=dice
            )

    async def take_over(self) -> int:
        async with self.store.unit() as unit:
            plan = await failing_over.plan(unit, PROVIDERS, after=AFTER, now=self.now)
            return await failing_over.hand_over(unit, plan, now=self.now)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def stand(self) -> list[tuple[str, str]]:
        """Each delivery's sender and state, in the order of queueing."""
        senders = {way.id: way.sender for way in self.ways}
        async with self.store.reading() as reading:
            found = await reading.execute(select(deliveries.c.route, deliveries.c.state).order_by(deliveries.c.id))
            return [(senders[route], state) for route, state in found]

    async def fail_for(self, seconds: float) -> None:
        """The first number's provider is down, and is tried as often as its pauses let it."""
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            await self.settle(await self.claim(), DOWN)
            self.wait(10.01)
        await self.settle(await self.claim(), DOWN)


@pytest.fixture
async def numbers(town: Town) -> Numbers:
    opened = Numbers(town)
    await opened.open(FIRST, SECOND, THIRD)
    return opened


async def test_what_waits_for_a_number_that_is_down_goes_by_another_provider_at_once(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.fail_for(20)
    await numbers.queue(2)
    assert await numbers.take_over() == 0  # not yet
    numbers.wait(10.01)
    await numbers.settle(await numbers.claim(), DOWN)
    assert await numbers.take_over() == 2
    assert await numbers.stand() == [(THIRD, "queued"), (THIRD, "queued")]
    assert [each.text for each in await numbers.claim(2)] == ["text 1", "text 2"]


async def test_what_the_first_may_have_stays_with_it(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.queue(2)
    first, second = await numbers.claim()
    await numbers.settle([first], Unsure("silence"))
    await numbers.settle([second], DOWN)
    await numbers.queue(3)
    await numbers.fail_for(40)
    assert await numbers.take_over() == 2
    assert await numbers.stand() == [(FIRST, "unsure"), (THIRD, "queued"), (THIRD, "queued")]


async def test_what_is_in_a_workers_hand_is_not_taken_from_it(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.queue(2)
    held, other = await numbers.claim()
    await numbers.settle([other], DOWN)
    await numbers.fail_for(40)
    await numbers.take_over()
    assert (await numbers.stand())[0] == (FIRST, "claimed")
    await numbers.settle([held], DOWN)
    assert await numbers.take_over() == 1


async def test_a_number_that_is_slowed_down_again_and_again_is_left_alone(numbers: Numbers) -> None:
    await numbers.queue(1)
    for _ in range(10):
        await numbers.settle(await numbers.claim(), Deferred("429", 5.0, route_wide=True))
        assert await numbers.take_over() == 0
        numbers.wait(5.01)
    assert await numbers.stand() == [(FIRST, "queued")]


async def test_an_outage_of_yesterday_is_forgotten(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.fail_for(40)
    numbers.wait(86_400)
    await numbers.settle(await numbers.claim(), DOWN)
    assert await numbers.take_over() == 0


async def test_a_text_that_may_not_go_out_yet_waits_by_the_other_number_too(numbers: Numbers) -> None:
    later = numbers.now + timedelta(hours=8)
    await numbers.queue(1)
    await numbers.queue(2)
    async with numbers.store.unit() as unit:
        await unit.execute(deliveries.update().where(deliveries.c.id == 2).values(due_at=later))
    await numbers.fail_for(40)
    assert await numbers.take_over() == 2
    assert [each.text for each in await numbers.claim(2)] == ["text 1"]


async def test_a_number_that_is_refused_is_followed_by_each_other_one_and_then_given_up(numbers: Numbers) -> None:
    await numbers.queue(1)
    refused = Bounced("not a number of this account", Fault.SENDER)
    for way in (0, 1):
        claimed = await numbers.claim(way)
        assert [type(each) for each in await numbers.settle(claimed, refused, way)] == [Retry]
    assert await numbers.stand() == [(THIRD, "queued")]
    assert [type(each) for each in await numbers.settle(await numbers.claim(2), refused, 2)] == [GiveUp]
    assert await numbers.stand() == [(THIRD, "dead")]


async def test_a_phone_that_one_number_does_not_reach_is_tried_from_each_other_one(numbers: Numbers) -> None:
    """Another one may have taken over that is bound to other countries."""
    await numbers.queue(1)
    assert [type(each) for each in await numbers.settle(await numbers.claim(), refusal(21612))] == [Retry]
    [sent] = await numbers.claim(1)
    await numbers.settle([sent], Sent("SM1"), 1)
    receipt = Receipt("twilio", "SM1", "failed", "21612", sent.id, sent.attempt, numbers.now)
    async with numbers.store.unit() as unit:
        await receipts.record(unit, numbers.town.site, receipt, rules=RULES, now=numbers.now)
    assert await numbers.stand() == [(THIRD, "queued")]
    assert [type(each) for each in await numbers.settle(await numbers.claim(2), refusal(21612), 2)] == [GiveUp]
    assert await numbers.stand() == [(THIRD, "dead")]


@pytest.mark.parametrize("code", [21606, 21659, 21612])
async def test_a_phone_that_one_number_does_not_reach_is_texted_from_another_until_it_writes_again(
    numbers: Numbers, code: int
) -> None:
    await numbers.queue(1)
    await numbers.settle(await numbers.claim(), refusal(code))
    assert await numbers.tell(1) == SECOND
    first, _ = await numbers.claim(1)
    await numbers.settle([first], refusal(code), 1)
    assert await numbers.tell(1) == THIRD
    await numbers.queue(1)
    assert (await numbers.stand())[-1] == (FIRST, "queued")


async def test_a_reader_whom_the_first_number_does_not_reach_gets_the_next_post_from_another(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    numbers = Numbers(town)
    await numbers.open(FIRST, SECOND)
    bob = (await town.account("bob")).id
    for words, way in (("one", 0), ("two", 1)):
        async with town.store.unit() as unit:
            alice = (await town.account("alice")).id
            made = await posting.publish(unit, town.site, alice, words, source=Source.WEB, now=numbers.now)
            assert isinstance(made, posting.Published)
            await fanouts.queue_for(unit, made.post_ids[0], [bob], lane=Lane.FIRST, now=numbers.now)
        [claimed] = [each for each in await numbers.claim(way) if each.post_id is not None]
        await numbers.settle([claimed], Sent("SM1") if way else refusal(21612), way)
        if not way:
            await numbers.settle(await numbers.claim(1), Sent("SM0"), 1)
    assert (await numbers.stand())[-1] == (SECOND, "sent")


async def test_a_phone_that_has_written_to_yet_another_number_meanwhile_stays_with_that(numbers: Numbers) -> None:
    await numbers.queue(1)
    claimed = await numbers.claim()
    await numbers.queue(1, way=2)
    await numbers.settle(claimed, refusal(21612))
    assert await numbers.tell(1) == THIRD


async def test_what_is_refused_for_all_phones_moves_none_of_them(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.settle(await numbers.claim(), Bounced("not a number of this account", Fault.SENDER))
    assert await numbers.tell(1) == FIRST


async def test_a_refused_text_is_never_handed_back_to_who_refused_it(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.settle(await numbers.claim(), Bounced("no", Fault.SENDER))
    numbers.ways = [numbers.ways[1], numbers.ways[0], numbers.ways[2]]
    await numbers.fail_for(40)
    async with numbers.store.unit() as unit:
        await failing_over.hand_over(unit, {numbers.ways[0].id: numbers.ways[1].id}, now=numbers.now)
    assert await numbers.stand() == [(SECOND, "queued")]


async def test_other_refusals_are_final(numbers: Numbers) -> None:
    await numbers.queue(1)
    [verdict] = await numbers.settle(await numbers.claim(), Bounced("no such phone", Fault.ADDRESS))
    assert isinstance(verdict, GiveUp)
    assert await numbers.stand() == [(FIRST, "dead")]


async def test_a_number_that_is_refused_in_a_receipt_is_followed_by_another_one(numbers: Numbers) -> None:
    await numbers.queue(1)
    [sent] = await numbers.claim()
    await numbers.settle([sent], Sent("SM1"))
    receipt = Receipt("twilio", "SM1", "failed", "21408", sent.id, sent.attempt, numbers.now)
    async with numbers.store.unit() as unit:
        await receipts.record(unit, numbers.town.site, receipt, rules=RULES, now=numbers.now)
    assert await numbers.stand() == [(SECOND, "queued")]


async def test_what_waits_for_a_number_that_was_stopped_goes_by_another_one(numbers: Numbers) -> None:
    await numbers.queue(1)
    [sent] = await numbers.claim()
    await numbers.settle([sent], Sent("SM1"))
    receipt = Receipt("twilio", "SM1", "failed", "30034", sent.id, sent.attempt, numbers.now)
    async with numbers.store.unit() as unit:
        await receipts.record(unit, numbers.town.site, receipt, rules=RULES, now=numbers.now)
    assert await numbers.stand() == [(FIRST, "queued")]
    assert await numbers.take_over() == 0
    numbers.wait(31)
    assert await numbers.take_over() == 1
    assert await numbers.stand() == [(THIRD, "queued")]  # of another provider
    assert len(await numbers.claim(2)) == 1


@pytest.mark.parametrize(("code", "sender"), [("21408", SECOND), ("30034", FIRST)])
async def test_a_refusal_that_overtakes_the_answer_is_not_taken_back_by_it(
    numbers: Numbers, code: str, sender: str
) -> None:
    await numbers.queue(1)
    [claimed] = await numbers.claim()
    receipt = Receipt("twilio", "SM1", "failed", code, claimed.id, claimed.attempt, numbers.now)
    async with numbers.store.unit() as unit:
        await receipts.record(unit, numbers.town.site, receipt, rules=RULES, now=numbers.now)
    await numbers.settle([claimed], Sent("SM1"))
    assert await numbers.stand() == [(sender, "queued")]


async def test_a_provider_that_answers_nothing_but_errors_is_followed_by_another(numbers: Numbers) -> None:
    moved = 0
    await numbers.queue(1)
    for _ in range(6):
        await numbers.settle(await numbers.claim(), Unsure("the provider answered 503", peer_down=True))
        await numbers.queue(1)
        moved += await numbers.take_over()
        numbers.wait(9)
    assert moved == 1
    assert (THIRD, "queued") in await numbers.stand()


async def test_with_one_number_all_waits_for_it(town: Town) -> None:
    alone = Numbers(town)
    await alone.open(FIRST)
    await alone.queue(1)
    await alone.fail_for(60)
    assert await alone.take_over() == 0
    alone.wait(10.01)
    [verdict] = await alone.settle(await alone.claim(), Bounced("no", Fault.SENDER))
    assert isinstance(verdict, GiveUp)


@pytest.mark.parametrize("code", [21606, 21659])
async def test_a_number_that_cannot_text_to_one_phone_is_followed_by_each_other_one_at_once(
    numbers: Numbers, code: int
) -> None:
    """Both codes are also said of a short code and a phone of another country."""
    await numbers.queue(1)
    for way in (0, 1):
        [verdict] = await numbers.settle(await numbers.claim(way), refusal(code), way)
        assert verdict == Retry(numbers.now, reason(code))
    assert await numbers.stand() == [(THIRD, "queued")]
    await numbers.settle(await numbers.claim(2), Sent("SM1"), 2)
    assert await numbers.stand() == [(THIRD, "sent")]
    async with numbers.store.reading() as reading:
        assert await alerts.stopped(reading) == []


async def test_a_phone_that_no_number_can_text_to_is_given_up_in_words_and_stops_none_of_them(numbers: Numbers) -> None:
    await numbers.queue(1)
    for way in (0, 1):
        await numbers.settle(await numbers.claim(way), refusal(21606), way)
    tries = 0
    while (THIRD, "queued") in await numbers.stand():
        if claimed := await numbers.claim(2):
            await numbers.settle(claimed, refusal(21606), 2)
            tries += 1
        async with numbers.store.reading() as reading:
            assert await alerts.stopped(reading) == []
        numbers.wait(600)
    assert 3 < tries < RULES.attempts
    async with numbers.store.reading() as reading:
        given_up = (await reading.execute(select(deliveries.c.state, deliveries.c.reason))).one()
    assert tuple(given_up) == ("dead", f"given up after {RULES.attempts} attempts: {reason(21606)}")


async def test_several_phones_in_a_row_stop_the_number_and_all_their_texts_go_by_another(numbers: Numbers) -> None:
    for who in (1, 2, 3, 4):
        await numbers.queue(who)
    claimed = await numbers.claim()
    await numbers.settle(claimed, refusal(21606))
    assert await numbers.stand() == [(SECOND, "queued")] * 4
    async with numbers.store.reading() as reading:
        assert [each.sender for each in await alerts.stopped(reading)] == [FIRST]
    assert [await numbers.tell(who) for who in (1, 2, 3, 4)] == [FIRST] * 4  # it is the number's fault, not theirs


async def test_where_there_is_no_other_number_a_text_waits_for_the_one_to_be_mended(town: Town) -> None:
    alone = Numbers(town)
    await alone.open(FIRST)
    await alone.queue(1)
    [verdict] = await alone.settle(await alone.claim(), refusal(21659))
    assert isinstance(verdict, Retry)
    assert verdict.at > alone.now
    assert await alone.stand() == [(FIRST, "queued")]


async def test_a_number_that_cannot_text_to_a_phone_by_a_later_report_is_followed_by_another_one(
    numbers: Numbers,
) -> None:
    await numbers.queue(1)
    [sent] = await numbers.claim()
    await numbers.settle([sent], Sent("SM1"))
    receipt = Receipt("twilio", "SM1", "failed", "21606", sent.id, sent.attempt, numbers.now)
    async with numbers.store.unit() as unit:
        assert await receipts.record(unit, numbers.town.site, receipt, rules=RULES, now=numbers.now)
    assert await numbers.stand() == [(SECOND, "queued")]
    assert len(await numbers.claim(1)) == 1
    assert await numbers.tell(1) == SECOND


async def test_a_look_up_that_finds_no_way_to_the_phone_lets_another_number_try(numbers: Numbers) -> None:
    await numbers.queue(1)
    await numbers.settle(await numbers.claim(), Unsure("silence"))
    numbers.wait(60)
    async with numbers.store.unit() as unit:
        [asked] = await claiming.claim_look_ups(unit, most=10, lease=LEASE, now=numbers.now)
        found = [Found("SM1", Bounced(reason(21612), Fault.ROUTE))]
        verdict = await settling.settle_look_up(
            unit, numbers.town.site, asked, found, rules=RULES, now=numbers.now, dice=0.5
        )
    assert verdict == Retry(numbers.now, reason(21612))
    assert await numbers.stand() == [(SECOND, "queued")]
    assert await numbers.tell(1) == SECOND
