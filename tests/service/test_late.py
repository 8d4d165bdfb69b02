"""Texts without a last word, and prices: asked about later, a few at a time, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from gateway.domain.delivery import Deferred, RetryRules, Sent
from gateway.domain.late import Gone, Price, Told
from gateway.domain.pace import Pace
from gateway.domain.types import Lane
from gateway.service import claiming, late, receipts, settling
from gateway.service.receipts import Receipt
from gateway.service.settling import Result
from gateway.service.site import Site
from store import addresses, routes
from store.late import Late
from store.schema import accounts as accounts_table
from store.schema import deliveries, posts
from store.schema import receipts as receipts_table
from store.unit import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRICE = Price(7_900, "USD")


class Sender:
    """Sends one text to each of a few phones, and asks about them later."""

    def __init__(self, store: Store, site: Site) -> None:
        self.store = store
        self.site = site
        self.rules = RetryRules()

    async def send(self, number: int = 1, *, now: datetime = NOW) -> list[int]:
        """Send so many texts, by the claim and settle that a worker makes; their ids."""
        async with self.store.unit() as unit:
            _, route = await routes.ensure(unit, ["+15550009999"])
            people = range(1, number + 1)
            await unit.execute(insert(accounts_table), [{"id": n, "name": f"p{n}", "created_at": now} for n in people])
            for n in people:
                row = await addresses.find_or_add(unit, "sms", f"+1555000{n:04}", now=now)
                await addresses.attach(unit, row.id, n, proven_at=now)
            post = {"id": 1, "author_id": 1, "kind": "direct", "text": "hi", "source": "sms", "created_at": now}
            await unit.execute(insert(posts), post)
            common = {"post_id": 1, "channel": "sms", "route": route.id, "lane": Lane.ANSWER, "state": "queued"}
            rows = [{**common, "account_id": n, "due_at": now, "queued_at": now} for n in people]
            await unit.execute(insert(deliveries), rows)
            batch = await claiming.claim(unit, route, Pace(), most=number, lease=HOUR, now=now)
            results = [Result(each, Sent(f"SM{each.id}")) for each in batch.deliveries]
            dice = [0.5] * len(results)
            await settling.settle(unit, self.site, route, results, rules=self.rules, now=now, dice=dice)
        return sorted(each.id for each in batch.deliveries)

    async def due(self, now: datetime, *, most: int = 100) -> list[Late]:
        async with self.store.unit() as unit:
            assert await late.is_due(unit, now=now) or not most
            return await late.claim(unit, most=most, lease=timedelta(minutes=2), now=now)

    async def nothing_is_due(self, now: datetime) -> bool:
        async with self.store.unit() as unit:
            return not await late.is_due(unit, now=now) and not await late.claim(unit, most=9, lease=HOUR, now=now)

    async def hears(self, text: Late, answer: Told | Gone | Deferred, now: datetime) -> Price | None:
        async with self.store.unit() as unit:
            return await late.settle(unit, self.site, "twilio", text, answer, rules=self.rules, now=now)

    async def receipt(self, delivery: int, status: str, *, now: datetime = NOW) -> None:
        async with self.store.unit() as unit:
            receipt = Receipt("twilio", f"SM{delivery}", status, "", delivery, 1, now)
            await receipts.record(unit, self.site, receipt, rules=self.rules, now=now)

    async def row(self, delivery: int) -> tuple[str, int | None, str | None]:
        async with self.store.reading() as reading:
            columns = deliveries.c.state, deliveries.c.price_micros, deliveries.c.price_unit
            found = (await reading.execute(select(*columns).where(deliveries.c.id == delivery))).one()
            return found[0], found[1], found[2]


@pytest.fixture
def sender(store: Store, site: Site) -> Sender:
    return Sender(store, site)


async def test_a_text_without_a_receipt_is_asked_about_when_its_time_has_come(sender: Sender) -> None:
    [text] = await sender.send()
    assert await sender.nothing_is_due(NOW + HOUR - timedelta(seconds=1))
    [due] = await sender.due(NOW + HOUR)
    assert (due.id, due.attempt, due.remote_id, due.sent_at) == (text, 1, f"SM{text}", NOW)
    assert await sender.nothing_is_due(NOW + HOUR)  # it is leased
    assert await sender.hears(due, Told("delivered", "", PRICE), NOW + HOUR) == PRICE
    assert await sender.row(text) == ("delivered", 7_900, "USD")
    assert await sender.nothing_is_due(NOW + 100 * HOUR)


async def test_what_is_heard_late_is_kept_as_if_a_receipt_had_said_it(sender: Sender) -> None:
    [text] = await sender.send()
    [due] = await sender.due(NOW + HOUR)
    await sender.hears(due, Told("undelivered", "30007", None), NOW + HOUR)
    assert (await sender.row(text))[0] == "dead"
    async with sender.store.reading() as reading:
        kept = select(receipts_table.c.remote_id, receipts_table.c.status, receipts_table.c.error_code)
        assert (await reading.execute(kept)).all() == [(f"SM{text}", "undelivered", "30007")]


async def test_a_failure_that_may_pass_is_tried_again_also_when_it_is_heard_late(sender: Sender) -> None:
    [text] = await sender.send()
    [due] = await sender.due(NOW + HOUR)
    await sender.hears(due, Told("undelivered", "30003", None), NOW + HOUR)
    assert (await sender.row(text))[0] == "queued"
    assert await sender.nothing_is_due(NOW + 100 * HOUR)


async def test_a_text_that_stays_under_way_is_asked_about_six_times_in_two_days(sender: Sender) -> None:
    [text] = await sender.send()
    asked = 0
    for hour in range(100):
        now = NOW + hour * HOUR
        if await sender.nothing_is_due(now):
            continue
        [due] = await sender.due(now + HOUR / 2)  # the lease of the look before is over
        await sender.hears(due, Told("sent", "", None), now)
        asked += 1
    assert asked == 6
    assert (await sender.row(text))[0] == "sent"


async def test_a_text_that_arrived_is_asked_about_for_its_price(sender: Sender) -> None:
    [text] = await sender.send()
    await sender.receipt(text, "delivered", now=NOW + HOUR / 60)
    assert await sender.nothing_is_due(NOW + HOUR)
    [due] = await sender.due(NOW + 2 * HOUR)
    assert await sender.hears(due, Told("delivered", "", None), NOW + 2 * HOUR) is None  # not fixed yet
    [due] = await sender.due(NOW + 5 * HOUR)
    assert await sender.hears(due, Told("delivered", "", PRICE), NOW + 5 * HOUR) == PRICE
    assert await sender.row(text) == ("delivered", 7_900, "USD")
    assert await sender.nothing_is_due(NOW + 100 * HOUR)


async def test_where_prices_are_not_wanted_what_arrived_is_not_asked_about(sender: Sender) -> None:
    sender.rules = RetryRules(prices=False)
    first, second = await sender.send(2)
    await sender.receipt(first, "delivered")
    assert [due.id for due in await sender.due(NOW + HOUR)] == [second]


async def test_where_nothing_is_to_be_asked_nothing_is(sender: Sender) -> None:
    sender.rules = RetryRules(receipt_after=timedelta(0))
    first, _ = await sender.send(2)
    await sender.receipt(first, "delivered")
    assert await sender.nothing_is_due(NOW + 1000 * HOUR)


async def test_a_price_is_counted_once(sender: Sender) -> None:
    [text] = await sender.send()
    [due] = await sender.due(NOW + HOUR)
    assert await sender.hears(due, Told("sent", "", PRICE), NOW + HOUR) == PRICE
    assert await sender.hears(due, Told("delivered", "", PRICE), NOW + HOUR) is None
    assert await sender.row(text) == ("delivered", 7_900, "USD")


async def test_only_so_many_are_asked_about_at_once_those_that_waited_longest_first(sender: Sender) -> None:
    texts = await sender.send(5)
    async with sender.store.unit() as unit:
        oldest = update(deliveries).where(deliveries.c.id == texts[4]).values(lease_until=NOW)
        await unit.execute(oldest)
    assert [due.id for due in await sender.due(NOW + HOUR, most=1)] == [texts[4]]
    assert len(await sender.due(NOW + HOUR, most=2)) == 2


async def test_what_the_provider_does_not_know_is_not_asked_about_again(sender: Sender) -> None:
    [text] = await sender.send()
    [due] = await sender.due(NOW + HOUR)
    await sender.hears(due, Gone(), NOW + HOUR)
    assert (await sender.row(text))[0] == "sent"
    assert await sender.nothing_is_due(NOW + 100 * HOUR)


async def test_what_could_not_be_asked_is_asked_when_the_provider_said(sender: Sender) -> None:
    await sender.send()
    [due] = await sender.due(NOW + HOUR)
    await sender.hears(due, Deferred("too many requests at once (20429)", 600.0), NOW + HOUR)
    assert await sender.nothing_is_due(NOW + HOUR + timedelta(seconds=599))
    assert len(await sender.due(NOW + HOUR + timedelta(seconds=600))) == 1


async def test_an_answer_about_an_earlier_attempt_changes_nothing(sender: Sender) -> None:
    [text] = await sender.send()
    [due] = await sender.due(NOW + HOUR)
    async with sender.store.unit() as unit:
        moved = update(deliveries).where(deliveries.c.id == text).values(state="claimed", attempt=2)
        await unit.execute(moved)
    await sender.hears(due, Told("undelivered", "30007", None), NOW + HOUR)
    assert (await sender.row(text))[0] == "claimed"
