"""What a provider reports later: in any order, more than once, about anything, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from gateway.domain.delivery import RetryRules, own_id
from gateway.domain.types import Channel, Lane
from gateway.service import alerts, claiming, late, receipts
from gateway.service.receipts import Receipt
from gateway.service.site import Site
from outbound.worker import DeliverySettings
from store import accounts, addresses, queue, routes
from store import deliveries as deliveries_store
from store.addresses import AddressRow
from store.queue import Settled
from store.schema import accounts as accounts_table
from store.schema import consents, deliveries, notices, posts, sms_costs
from store.schema import receipts as receipts_table
from store.schema import routes as routes_table
from store.unit import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PHONE, MAIL = "+15550001002", "bob@mail.example"


class Outbox:
    """Bob's phone, a delivery to it, and the provider's reports about that."""

    def __init__(self, store: Store, site: Site) -> None:
        self.store = store
        self.site = site
        self.delivery = 0

    async def set_up(self) -> None:
        async with self.store.unit() as unit:
            _, sms = await routes.ensure(unit, ["+15550009999"])
            people = [{"id": n, "name": name, "created_at": NOW} for n, name in ((1, "alice"), (2, "bob"))]
            await unit.execute(insert(accounts_table), people)
            for channel, address in (("sms", PHONE), ("email", MAIL)):
                row = await addresses.find_or_add(unit, channel, address, now=NOW)
                await addresses.attach(unit, row.id, 2, proven_at=NOW)
            await unit.execute(
                insert(posts),
                [
                    {"id": n, "author_id": 1, "kind": "post", "text": "hi", "source": "sms", "created_at": NOW}
                    for n in (1, 2)
                ],
            )
            common = {"account_id": 2, "channel": "sms", "route": sms.id, "lane": Lane.FIRST, "due_at": NOW}
            rows = [
                {**common, "post_id": 1, "state": "sent", "attempt": 1, "queued_at": NOW},
                {**common, "post_id": 2, "state": "queued", "attempt": 0, "queued_at": NOW},
            ]
            added = await unit.execute(insert(deliveries).returning(deliveries.c.id), rows)
            self.delivery = min(added.scalars())

    async def put(self, state: str, *, attempt: int = 1) -> None:
        """Bring the delivery into a state, and forget all reports."""
        async with self.store.unit() as unit:
            await unit.execute(receipts_table.delete())
            await unit.execute(
                update(deliveries).where(deliveries.c.id == self.delivery).values(state=state, attempt=attempt)
            )

    async def hears(
        self,
        status: str,
        code: str = "",
        *,
        sid: str = "SM1",
        attempt: int | None = 1,
        delivery: int | None = 0,
        source: str = "twilio",
        now: datetime = NOW,
    ) -> bool:
        """One report; ``delivery`` 0 is ours."""
        receipt = Receipt(source, sid, status, code, self.delivery if delivery == 0 else delivery, attempt, now)
        async with self.store.unit() as unit:
            return await receipts.record(unit, self.site, receipt, rules=RetryRules(), now=now)

    async def matches(self, now: datetime = NOW) -> int:
        """Housekeeping compares kept reports with what is ours."""
        async with self.store.unit() as unit:
            return await receipts.match(unit, self.site, rules=DeliverySettings().retry_rules, now=now)

    async def state(self, delivery: int = 0) -> str:
        async with self.store.reading() as reading:
            found = select(deliveries.c.state).where(deliveries.c.id == (delivery or self.delivery))
            return (await reading.execute(found)).scalar_one()

    async def phone(self) -> AddressRow:
        async with self.store.reading() as reading:
            found = await addresses.find(reading, "sms", PHONE)
        assert found is not None
        return found

    async def words_to_bob(self) -> list[str]:
        async with self.store.reading() as reading:
            return list((await reading.execute(select(notices.c.text))).scalars())


@pytest.fixture
async def outbox(store: Store, site: Site) -> Outbox:
    made = Outbox(store, site)
    await made.set_up()
    return made


@pytest.mark.parametrize(
    ("before", "status", "code", "after"),
    [
        ("sent", "delivered", "", "delivered"),
        ("sent", "sent", "", "sent"),
        ("sent", "queued", "", "sent"),
        ("sent", "a word of next year", "", "sent"),
        ("sent", "undelivered", "30007", "dead"),
        ("sent", "undelivered", "30008", "queued"),
        ("sent", "failed", "", "queued"),
        ("sent", "canceled", "", "dead"),
        ("claimed", "delivered", "", "delivered"),
        ("claimed", "sent", "", "claimed"),
        ("claimed", "undelivered", "30007", "dead"),
        ("unsure", "sent", "", "sent"),
        ("unsure", "queued", "", "sent"),
        ("unsure", "delivered", "", "delivered"),
        ("unsure", "undelivered", "30008", "queued"),
        ("queued", "delivered", "", "delivered"),
        ("queued", "undelivered", "30007", "queued"),
        ("dead", "delivered", "", "delivered"),
        ("dead", "undelivered", "30008", "dead"),
        ("delivered", "undelivered", "30008", "delivered"),
        ("delivered", "undelivered", "30007", "delivered"),
        ("delivered", "sent", "", "delivered"),
    ],
)
async def test_a_report_moves_a_delivery_forward_only(
    outbox: Outbox, before: str, status: str, code: str, after: str
) -> None:
    await outbox.put(before)
    assert await outbox.hears(status, code) is (before != after or (before, status) == ("delivered", "delivered"))
    assert await outbox.state() == after


async def test_a_doubled_report_is_kept_and_counted_once(outbox: Outbox) -> None:
    assert await outbox.hears("delivered")
    assert not await outbox.hears("delivered")
    async with outbox.store.reading() as reading:
        assert len((await reading.execute(select(receipts_table.c.id))).all()) == 1


async def test_a_report_about_nothing_of_ours_is_kept_and_moves_nothing(outbox: Outbox) -> None:
    assert not await outbox.hears("delivered", delivery=None, sid="SM2")
    assert not await outbox.hears("delivered", delivery=999_999, sid="SM3")
    assert await outbox.state() == "sent"
    async with outbox.store.reading() as reading:
        assert len((await reading.execute(select(receipts_table.c.id))).all()) == 2


async def test_a_report_that_names_no_delivery_is_about_the_one_that_had_this_message(outbox: Outbox) -> None:
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == outbox.delivery).values(remote_id="SM7"))
    assert await outbox.hears("delivered", delivery=None, attempt=None, sid="SM7")
    assert await outbox.state() == "delivered"
    assert await outbox.state(outbox.delivery + 1) == "queued"


@pytest.mark.parametrize(
    ("status", "code", "after"),
    [("delivered", "", "delivered"), ("undelivered", "30007", "dead"), ("sent", "", "sent")],
)
async def test_a_report_that_came_before_its_message_was_known_is_kept_and_matched_later(
    outbox: Outbox, status: str, code: str, after: str
) -> None:
    await outbox.put("claimed")
    assert not await outbox.hears(status, code, delivery=None, attempt=None, sid="SM7")
    assert await outbox.matches() == 0
    assert await outbox.state() == "claimed"
    async with outbox.store.unit() as unit:
        await queue.settle(unit, [Settled(outbox.delivery, 1, "sent", NOW, NOW, remote_id="SM7")])
    assert await outbox.matches() == 1
    assert await outbox.state() == after
    assert await outbox.matches() == 0


async def test_an_id_that_a_carrier_gives_again_is_the_newest_texts(outbox: Outbox) -> None:
    newest = outbox.delivery + 1
    assert not await outbox.hears("delivered", delivery=None, attempt=None, sid="SM7")
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).values(remote_id="SM7", state="sent", attempt=3))
        assert await receipts.owner(unit, "SM7") == (newest, 3)
        await unit.execute(update(deliveries).where(deliveries.c.id == newest).values(state="delivered"))
        assert await receipts.owner(unit, "SM7") == (newest, -1)
        assert await receipts.owner(unit, "SM8") is None
        await unit.execute(update(deliveries).values(state="sent"))
    await outbox.matches()
    assert [await outbox.state(each) for each in (outbox.delivery, newest)] == ["sent", "delivered"]
    assert not await outbox.hears("undelivered", "30007", delivery=None, attempt=None, sid="SM7")
    assert await outbox.state() == "sent"


@pytest.mark.parametrize(("source", "asked"), [("twilio", True), ("kannel", False), ("smpp", False)])
async def test_what_a_late_match_moves_is_asked_about_later_only_where_its_provider_can_tell(
    outbox: Outbox, source: str, asked: bool
) -> None:
    await outbox.hears("delivered", delivery=None, attempt=None, sid="7.1", source=source)
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == outbox.delivery).values(remote_id="7.1"))
    assert await outbox.matches() == 1
    assert await outbox.state() == "delivered"
    async with outbox.store.reading() as reading:
        assert await late.is_due(reading, now=NOW + timedelta(hours=1)) is asked


async def test_a_report_of_an_earlier_message_does_not_end_the_try_that_follows_it(outbox: Outbox) -> None:
    for state in ("queued", "claimed", "unsure"):
        await outbox.put(state, attempt=2)
        async with outbox.store.unit() as unit:
            await unit.execute(update(deliveries).where(deliveries.c.id == outbox.delivery).values(remote_id="SM7"))
        assert not await outbox.hears("undelivered", "30007", delivery=None, attempt=None, sid="SM7")
        assert await outbox.state() == state


async def test_what_has_been_nobodys_for_a_day_is_not_matched_any_more(outbox: Outbox) -> None:
    await outbox.hears("delivered", delivery=None, attempt=None, sid="SM7")
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == outbox.delivery).values(remote_id="SM7"))
    assert await outbox.matches(NOW + timedelta(days=2)) == 0
    assert await outbox.state() == "sent"


async def test_a_report_that_comes_before_our_settle_is_not_overwritten_by_it(outbox: Outbox) -> None:
    await outbox.put("claimed")
    assert await outbox.hears("delivered")
    async with outbox.store.unit() as unit:
        await queue.settle(unit, [Settled(outbox.delivery, 1, "sent", NOW, NOW, remote_id="SM1")])
    assert await outbox.state() == "delivered"


async def test_a_receipt_that_overtakes_its_settle_says_what_was_sent_and_where(outbox: Outbox) -> None:
    phone = await outbox.phone()
    await outbox.put("claimed")
    assert await outbox.hears("delivered", now=NOW + timedelta(seconds=1))
    for segments, state in ((2, "sent"), (3, "dead")):
        async with outbox.store.unit() as unit:
            settled = Settled(outbox.delivery, 1, state, NOW, NOW, remote_id="SM2", reason="x", segments=segments)
            assert await queue.settle(unit, [settled]) == set()
    async with outbox.store.reading() as reading:
        columns = deliveries.c.state, deliveries.c.segments, deliveries.c.sent_to_id, deliveries.c.reason
        row = (await reading.execute(select(*columns).where(deliveries.c.id == outbox.delivery))).one()
        settled_at = select(deliveries.c.settled_at).where(deliveries.c.id == outbox.delivery)
        assert (await reading.execute(settled_at)).scalar_one() == NOW + timedelta(seconds=1)
    assert tuple(row) == ("delivered", 1, phone.id, "")


async def test_a_failure_of_an_earlier_attempt_does_not_disturb_the_present_one(outbox: Outbox) -> None:
    await outbox.put("sent", attempt=2)
    assert not await outbox.hears("undelivered", "30008", attempt=1)
    assert not await outbox.hears("undelivered", "30007", attempt=1, sid="SM9")
    assert await outbox.state() == "sent"


async def test_an_earlier_attempt_that_arrived_after_all_ends_the_later_ones(outbox: Outbox) -> None:
    await outbox.put("queued", attempt=1)
    assert await outbox.hears("delivered", attempt=1)
    assert await outbox.state() == "delivered"


async def test_a_failure_that_may_pass_is_tried_only_as_often_as_it_is_worth(outbox: Outbox) -> None:
    assert await outbox.hears("undelivered", "30008", sid="SM1", attempt=1)
    assert await outbox.state() == "queued"
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == outbox.delivery).values(state="sent", attempt=2))
    assert await outbox.hears("undelivered", "30008", sid="SM2", attempt=2)
    assert await outbox.state() == "dead"


async def test_a_number_that_is_refused_in_receipts_stops_and_no_text_is_lost_by_it(outbox: Outbox) -> None:
    for attempt in (1, 3, 5):  # what is queued again by a report has one attempt more, so that no late settle finds it
        await outbox.put("sent", attempt=attempt)
        assert await outbox.hears("undelivered", "30034", sid=f"SM{attempt}", attempt=attempt)
        assert await outbox.state() == "queued"
    async with outbox.store.reading() as reading:
        [stopped] = await alerts.stopped(reading)
        counts = select(deliveries.c.attempt, deliveries.c.excused).where(deliveries.c.id == outbox.delivery)
        assert (await reading.execute(counts)).one() == (6, 6)
        paused = (await reading.execute(select(routes_table.c.paused_until))).scalars()
        assert max(paused) > NOW
    assert (stopped.sender, stopped.since, stopped.code) == ("+15550009999", NOW, 30034)
    await outbox.put("sent", attempt=7)
    assert await outbox.hears("delivered", sid="SM7", attempt=7)
    async with outbox.store.reading() as reading:
        assert await alerts.stopped(reading) == []
        assert max((await reading.execute(select(routes_table.c.paused_until))).scalars()) < NOW


async def test_a_report_of_before_is_not_about_what_an_operator_had_tried_again(outbox: Outbox) -> None:
    """Some carriers give a text no id, so that its delivery and attempt are one: no other text may have the same."""
    await outbox.put("claimed")
    assert await outbox.hears("failed", "30007", sid=own_id(outbox.delivery, 1))
    async with outbox.store.unit() as unit:
        assert await deliveries_store.retry(unit, [outbox.delivery], now=NOW) == [outbox.delivery]
        assert outbox.delivery in await queue.claim(unit, 1, most=9, until=NOW, now=NOW)
        [again] = await queue.details(unit, [outbox.delivery])
        await queue.settle(unit, [Settled(outbox.delivery, 1, "dead", NOW, NOW, reason="a late worker's")])
    assert again.attempt - again.excused == 1
    assert await outbox.state() == "claimed"
    assert not await outbox.hears("undelivered", "30008", sid=own_id(outbox.delivery, 1), attempt=1)
    assert await outbox.state() == "claimed"
    sid = own_id(outbox.delivery, again.attempt)
    assert await outbox.hears("failed", "30007", sid=sid, attempt=again.attempt)
    assert await outbox.state() == "dead"


async def test_what_is_too_old_is_not_tried_again(outbox: Outbox) -> None:
    assert await outbox.hears("undelivered", "30003", now=NOW + timedelta(days=3))
    assert await outbox.state() == "dead"


async def test_an_opt_out_that_the_provider_tells_of_holds_at_once(outbox: Outbox) -> None:
    assert await outbox.hears("failed", "21610")
    assert (await outbox.phone()).opted_out_at == NOW
    async with outbox.store.reading() as reading:
        assert (await reading.execute(select(consents.c.action, consents.c.how))).all() == [("refused", "provider")]
        bob = await accounts.by_name(reading, "bob")
    assert bob is not None
    assert (bob.phone_id, bob.sms_route) == (None, None)
    assert await outbox.state(outbox.delivery + 1) == "dead"


async def test_a_phone_that_does_not_exist_is_dead_and_its_owner_hears_of_it_by_mail(outbox: Outbox) -> None:
    assert await outbox.hears("undelivered", "30005")
    assert (await outbox.phone()).dead_at == NOW
    assert [("phone could not be reached" in words) for words in await outbox.words_to_bob()] == [True]
    async with outbox.store.reading() as reading:
        told = select(deliveries.c.channel).where(deliveries.c.notice_id.is_not(None))
        assert (await reading.execute(told)).scalar_one() == "email"


async def test_a_dead_phone_is_told_of_once_however_many_reports_come(outbox: Outbox) -> None:
    assert await outbox.hears("undelivered", "30005", sid="SM1")
    await outbox.hears("undelivered", "30005", sid="SM2")
    assert len(await outbox.words_to_bob()) == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    reports=st.lists(
        st.sampled_from([("queued", ""), ("sent", ""), ("undelivered", "30008"), ("failed", "30007"), ("x", "")]),
        max_size=6,
    ),
    at=st.integers(0, 6),
    before=st.sampled_from(["claimed", "unsure", "sent"]),
)
async def test_whatever_else_is_reported_what_arrived_stays_delivered(
    outbox: Outbox, reports: list[tuple[str, str]], at: int, before: str
) -> None:
    await outbox.put(before)
    reports = [*reports[:at], ("delivered", ""), *reports[at:]]
    for number, (status, code) in enumerate(reports):
        await outbox.hears(status, code, sid=f"SM{number}")
    assert await outbox.state() == "delivered"


async def test_a_report_is_about_the_phone_that_the_text_went_to_wherever_its_owner_is_now(outbox: Outbox) -> None:
    old = await outbox.phone()
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == outbox.delivery).values(sent_to_id=old.id))
        new = await addresses.find_or_add(unit, "sms", "+15550007777", now=NOW)
        await addresses.attach(unit, new.id, 2, proven_at=NOW + timedelta(hours=1))
    assert await outbox.hears("undelivered", "30005")
    async with outbox.store.reading() as reading:
        assert ((await addresses.by_id(reading, old.id)) or old).dead_at is not None
        assert ((await addresses.by_id(reading, new.id)) or new).dead_at is None


async def test_a_code_longer_than_any_does_not_keep_a_report_from_being_taken(outbox: Outbox) -> None:
    assert await outbox.hears("undelivered", "9" * 300)
    assert await outbox.state() in ("queued", "dead")


async def forgotten(outbox: Outbox, state: str) -> None:
    """A nudge on its way, whose words are gone: whoever nudged has deleted their account."""
    phone = await outbox.phone()
    async with outbox.store.unit() as unit:
        notice_id = await deliveries_store.add_notice(
            unit, address_id=phone.id, account_id=2, channel=Channel.SMS, route=2, text="carol nudges you", now=NOW
        )
        nudge = deliveries.c.notice_id == notice_id
        await unit.execute(update(deliveries).where(nudge).values(state=state, attempt=1, lease_until=NOW))
        outbox.delivery = (await unit.execute(select(deliveries.c.id).where(nudge))).scalar_one()
        await unit.execute(notices.delete())


@pytest.mark.parametrize("before", ["unsure", "claimed", "dead"])
async def test_a_report_about_words_that_were_forgotten_since_is_taken_and_its_text_is_in_the_bill(
    outbox: Outbox, before: str
) -> None:
    await forgotten(outbox, before)
    assert await outbox.hears("delivered")
    assert await outbox.state() == "delivered"
    async with outbox.store.reading() as reading:
        assert (await reading.execute(select(func.sum(sms_costs.c.segments)))).scalar_one() == 1


async def test_words_that_were_forgotten_are_not_looked_for_and_hold_up_no_other_look_up(outbox: Outbox) -> None:
    await outbox.put("unsure")
    known = outbox.delivery
    async with outbox.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == known).values(lease_until=NOW))
    await forgotten(outbox, "unsure")
    async with outbox.store.unit() as unit:
        asked = await claiming.claim_look_ups(unit, most=10, lease=timedelta(minutes=1), now=NOW)
    assert [each.id for each in asked] == [known]
    assert await outbox.state() == "dead"
