"""While somebody sleeps no text goes out to them but answers; at the end a few do, and one that sums up the rest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from gateway.domain import reply_quiet
from gateway.domain.delivery import Expired, Found, Outcome, RetryRules, Sent, Unsure
from gateway.domain.departure import ShelfLife
from gateway.domain.pace import Pace
from gateway.domain.quiet import HELD
from gateway.domain.reason import SUMMED_UP
from gateway.domain.types import Channel, Outgoing
from gateway.service import claiming, fanout, notify, receipts, settling, waking
from gateway.service.receipts import Receipt
from gateway.service.settling import Result
from gateway.service.zones import of_number, zone_of
from store import accounts as accounts_store
from store import addresses, routes
from store import deliveries as deliveries_store
from store.schema import accounts, deliveries
from tests.service.conversing import OTHER_NUMBER, OURS, START, Town, number

LEASE = timedelta(minutes=2)


async def pass_on(town: Town) -> None:
    """Queue every post for its followers."""
    step: fanout.Step | None = fanout.Step(0, False)
    while step is not None:
        async with town.store.unit() as unit:
            step = await fanout.step(unit, now=town.now)


SHELF_LIFE = ShelfLife(timedelta(hours=4), timedelta(days=2))


async def send(town: Town, *, outcome: Outcome | None = None) -> list[Outgoing]:
    """Send what may be sent now by text; what that was."""
    given: list[Outgoing] = []
    while True:
        async with town.store.unit() as unit:
            route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[2]
            batch = await claiming.claim(unit, route, Pace(), most=50, lease=LEASE, now=town.now, shelf_life=SHELF_LIFE)
            results = [Result(each, outcome or Sent(f"SM{each.id}")) for each in batch.deliveries]
            dice = [0.5] * len(results)
            await settling.settle(unit, town.site, route, results, rules=RetryRules(), now=town.now, dice=dice)
        given += batch.deliveries
        if not batch.deliveries and not batch.refused:
            return given


async def wake(town: Town) -> int:
    async with town.store.unit() as unit:
        return await waking.wake_due(unit, town.site, now=town.now)


async def post(town: Town, *words: str) -> None:
    for each in words:
        await town.text("alice", each)
    await pass_on(town)


def words_of(given: list[Outgoing]) -> list[str]:
    return [each.text for each in given]


@pytest.fixture
async def night(town: Town) -> Town:
    """bob follows alice and sleeps from 22 to 7; it is ten in the evening and ten seconds."""
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    answer = await town.text("bob", "SLEEP 22-7")
    assert answer.startswith("Quiet from 22:00 to 07:00 (UTC time)")
    town.now = START.replace(hour=22)
    return town


MORNING = START.replace(day=2, hour=7)


async def test_a_burst_at_seven_in_the_morning(night: Town) -> None:
    """The newest three arrive in their order, one text stands for the rest, and nothing comes twice."""
    await post(night, *(f"news {n}" for n in range(1, 8)))
    assert await send(night) == []
    night.now = MORNING - timedelta(seconds=1)
    assert await wake(night) == 0
    assert await send(night) == []
    night.now = MORNING
    assert await send(night) == []  # nobody has woken bob yet
    assert await wake(night) == 1
    assert await wake(night) == 0
    summary, *kept = words_of(await send(night))
    assert summary == "4 more texts came in your quiet hours. Read on at https://birds.example/"
    assert kept == ["alice: news 5", "alice: news 6", "alice: news 7"]
    await post(night, "awake?")
    assert words_of(await send(night)) == ["alice: awake?"]
    night.now = MORNING.replace(hour=22)
    await post(night, "good night")
    assert await send(night) == []


async def test_no_more_than_the_burst_need_no_summary(night: Town) -> None:
    await post(night, "one", "two", "three")
    night.now = MORNING
    await wake(night)
    assert words_of(await send(night)) == ["alice: one", "alice: two", "alice: three"]


async def test_a_burst_of_none_is_a_summary(night: Town) -> None:
    night.site = replace(night.site, wake_burst=0)
    await post(night, "one")
    night.now = MORNING
    await wake(night)
    assert words_of(await send(night)) == ["1 more text came in your quiet hours. Read on at https://birds.example/"]


async def test_what_is_meant_for_one_alone_wakes_up_before_what_is_for_all(night: Town) -> None:
    await night.text("bob", "SLEEP OFF")
    await night.text("alice", "FOLLOW bob")
    await night.text("bob", "SLEEP 22-7")
    await night.text("alice", "D bob call me")
    await post(night, "hello @bob", *(f"news {n}" for n in range(1, 8)))
    bob = await night.account("bob")
    async with night.store.unit() as unit:
        assert await notify.tell_account(unit, night.site, bob.id, lambda: "carol asks to follow you.", now=night.now)
    assert await send(night) == []
    night.now = MORNING
    await wake(night)
    told = words_of(await send(night))
    assert sorted(told[:2]) == ["D alice: call me", "carol asks to follow you."]
    assert told[2] == "alice: hello @bob"
    assert told[3].startswith("7 more texts")
    assert len(told) == 4


async def test_what_was_queued_before_the_night_waits_as_well(night: Town) -> None:
    night.now = START.replace(hour=21, minute=59, second=40)
    await post(night, "so late")
    night.now = START.replace(hour=22)
    assert await send(night) == []
    night.now = MORNING
    await wake(night)
    assert words_of(await send(night)) == ["alice: so late"]


async def test_what_a_worker_holds_when_quiet_begins_is_not_sent(night: Town) -> None:
    night.now = START.replace(hour=21, minute=59, second=45)
    await post(night, "so late")
    async with night.store.unit() as unit:
        route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[2]
        (held,) = (await claiming.claim(unit, route, Pace(), most=50, lease=LEASE, now=night.now)).deliveries
        assert await claiming.still_allowed(unit, held, now=night.now) is None
        assert await claiming.still_allowed(unit, held, now=START.replace(hour=22)) is not None


async def expires(town: Town, text: Outgoing) -> None:
    """The provider reports that it could not hand on the text in time."""
    receipt = Receipt("twilio", f"SM{text.id}.{text.attempt}", "undelivered", "30036", text.id, text.attempt, town.now)
    async with town.store.unit() as unit:
        assert await receipts.record(unit, town.site, receipt, rules=RetryRules(), now=town.now)


async def test_a_text_of_the_evening_that_the_phone_was_not_there_for_comes_in_the_morning(night: Town) -> None:
    night.now = START.replace(hour=21, minute=30)
    await post(night, "goodnight")
    (evening,) = [each for each in await send(night) if each.post_id]
    assert 0 < evening.valid_for <= 1_800
    night.now = START.replace(hour=21, minute=59, second=59)
    await expires(night, evening)
    night.now = START.replace(hour=23)
    assert await send(night) == []
    night.now = MORNING
    await wake(night)
    assert words_of(await send(night)) == ["alice: goodnight"]


async def test_a_text_of_the_evening_goes_out_at_once_to_whoever_has_woken_before_it_expired(night: Town) -> None:
    night.now = START.replace(hour=21, minute=50)
    await post(night, "goodnight")
    (evening,) = [each for each in await send(night) if each.post_id]
    night.now = START.replace(hour=22)
    await night.text("bob", "WAKE")
    await expires(night, evening)
    assert "alice: goodnight" in words_of(await send(night))


async def looked_up(town: Town, *, wakes: bool = False) -> None:
    """A text of the evening goes out without an answer, and is found expired when the provider can be asked again."""
    town.now = START.replace(hour=21, minute=50)
    await post(town, "goodnight")
    await send(town, outcome=Unsure("silence"))
    town.now = START.replace(hour=22, minute=20)
    if wakes:
        await town.text("bob", "WAKE")
    async with town.store.unit() as unit:
        asked = await claiming.claim_look_ups(unit, most=9, lease=LEASE, now=town.now)
        for each in asked:
            found = [Found("SM1", Expired("old news"))] if each.post_id else []
            await settling.settle_look_up(unit, town.site, each, found, rules=RetryRules(), now=town.now, dice=0.5)


async def test_a_text_that_a_look_up_finds_expired_in_quiet_hours_comes_in_the_morning(night: Town) -> None:
    await looked_up(night)
    assert "alice: goodnight" not in words_of(await send(night))
    night.now = MORNING
    await wake(night)
    assert words_of(await send(night)) == ["alice: goodnight"]


async def test_a_text_that_a_look_up_finds_expired_goes_out_at_once_to_whoever_has_woken(night: Town) -> None:
    await looked_up(night, wakes=True)
    assert "alice: goodnight" in words_of(await send(night))


async def test_a_text_that_expires_by_day_is_old_news_and_one_that_does_so_every_evening_ends(night: Town) -> None:
    night.now = START.replace(hour=17)
    await post(night, "tea is ready")
    (text,) = [each for each in await send(night) if each.post_id]
    assert text.valid_for == 14_400
    night.now = START.replace(hour=21)
    await expires(night, text)
    async with night.store.reading() as reading:
        last = select(deliveries.c.state, deliveries.c.reason).order_by(deliveries.c.id.desc()).limit(1)
        state, reason = (await reading.execute(last)).one()
    assert (state, "30036" in reason) == ("dead", True)
    await post(night, "lights out")
    for day in range(1, 20):
        night.now = START.replace(day=day, hour=21, minute=59)
        if not (sent := [each for each in await send(night) if each.post_id]):
            break
        night.now += timedelta(minutes=5)
        await expires(night, sent[0])
        night.now = START.replace(day=day + 1, hour=7)
        await wake(night)
    assert day == RetryRules().attempts + 1


async def test_answers_come_at_any_time_and_mail_is_not_held(night: Town) -> None:
    bob = await night.account("bob")
    async with night.store.unit() as unit:
        mailbox = await addresses.find_or_add(unit, "email", "bob@mail.example", now=night.now)
        await addresses.attach(unit, mailbox.id, bob.id, proven_at=night.now)
        assert bob.phone_id is not None
        await notify.tell(unit, bob.phone_id, "You follow nobody.", answers=True, now=night.now)
    await post(night, "by night")
    assert words_of(await send(night)) == ["You follow nobody."]
    async with night.store.reading() as reading:
        due = select(deliveries.c.channel, deliveries.c.due_at).where(deliveries.c.state == "queued")
        assert {tuple(row) for row in await reading.execute(due)} == {("email", night.now), ("sms", MORNING + HELD)}


async def test_waking_early_lasts_until_the_next_night(night: Town) -> None:
    await post(night, *(f"news {n}" for n in range(1, 8)))
    night.now = START.replace(hour=23)
    answer = await night.text("bob", "WAKE")
    assert answer.startswith("You are awake: texts come again, until quiet begins Wed at 22:00 (UTC time).")
    assert len(await send(night)) == 4
    await post(night, "still up")
    assert words_of(await send(night)) == ["alice: still up"]
    night.now = START.replace(day=2, hour=22)
    await post(night, "the next night")
    assert await send(night) == []
    assert (await night.text("bob", "SLEEP OFF")).startswith("No more quiet hours")
    assert words_of(await send(night)) == ["alice: the next night"]


async def test_quiet_for_a_while_and_waking_from_it(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    assert await town.text("bob", "WAKE") == "It is not quiet now: texts come as usual."
    assert (await town.text("bob", "SLEEP 3")).startswith("Quiet until 15:00 (UTC time)")
    await post(town, "psst")
    assert await send(town) == []
    assert await town.text("bob", "WAKE") == "You are awake: texts come again."
    assert words_of(await send(town)) == ["alice: psst"]
    assert (await town.account("bob")).wakes_at is None
    await town.text("bob", "SLEEP 3")
    await post(town, "psst again")
    town.now += timedelta(hours=3)
    assert await wake(town) == 1
    assert words_of(await send(town)) == ["alice: psst again"]


async def test_other_hours_that_do_not_hold_now_wake_at_once(night: Town) -> None:
    await post(night, "one")
    await night.text("bob", "SLEEP 23:30-7")
    assert words_of(await send(night)) == ["alice: one"]
    assert await night.text("bob", "SLEEP 7-7") == (
        "That begins and ends at the same time. Text SLEEP 22-7, or OFF for no texts at all."
    )


@pytest.mark.parametrize("words", ["SLEEP 22-7", "SLEEP 23-6", "SLEEP OFF"])
async def test_what_waits_for_somebody_awake_is_not_summed_up(night: Town, words: str) -> None:
    """It waits for the pace of a busy number, and not for the end of any quiet."""
    night.now = START.replace(hour=21)
    await post(night, *(f"news {n}" for n in range(1, 8)))
    await night.text("bob", words)
    assert words_of(await send(night)) == [f"alice: news {n}" for n in range(1, 8)]


async def test_who_is_woken_late_in_the_next_night_sleeps_on(night: Town) -> None:
    """The daemons were away for a whole day."""
    await post(night, "one")
    night.now = START.replace(day=2, hour=23)
    assert await send(night) == []
    assert await wake(night) == 1
    assert await send(night) == []
    night.now = START.replace(day=3, hour=7)
    await wake(night)
    assert words_of(await send(night)) == ["alice: one"]


async def test_a_text_that_slipped_by_goes_out_a_little_later(night: Town) -> None:
    """A page of fan-out that began before its recipient was woken and committed after."""
    night.now = MORNING
    await wake(night)
    await post(night, "slipped")
    async with night.store.unit() as unit:
        await unit.execute(update(deliveries).values(due_at=MORNING + HELD))
    night.now += timedelta(seconds=1)
    assert await send(night) == []
    night.now = MORNING + HELD
    assert words_of(await send(night)) == ["alice: slipped"]


async def test_a_crash_while_waking_wakes_nobody_and_the_next_try_wakes_everybody_once(night: Town) -> None:
    await post(night, *(f"news {n}" for n in range(1, 8)))
    night.now = MORNING

    async def crash() -> None:
        async with night.store.unit() as unit:
            assert await waking.wake_due(unit, night.site, now=night.now) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await crash()
    assert await send(night) == []
    assert await wake(night) == 1
    assert len(await send(night)) == 4


async def test_summed_up_texts_are_accounted_for_and_are_not_tried_again(night: Town) -> None:
    await post(night, *(f"news {n}" for n in range(1, 8)))
    night.now = MORNING
    await wake(night)
    await send(night)
    async with night.store.reading() as reading:
        ended = await reading.execute(select(deliveries.c.reason, func.count()).group_by(deliveries.c.reason))
        assert dict([tuple(row) for row in ended]) == {"": 4, SUMMED_UP: 4}
        assert await deliveries_store.dead(reading, most=10) == []


async def test_whoever_left_is_not_woken(night: Town) -> None:
    await post(night, "one")
    bob = await night.account("bob")
    async with night.store.unit() as unit:
        await accounts_store.mark_deleted(unit, bob.id, night.now)
    night.now = MORNING
    assert await wake(night) == 0
    async with night.store.reading() as reading:
        assert (await reading.execute(select(func.count(accounts.c.wakes_at)))).scalar_one() == 0


def test_the_time_zone_is_the_accounts_else_the_numbers_else_the_sites() -> None:
    assert str(zone_of("Asia/Tokyo", "+491701234567", "America/New_York")) == "Asia/Tokyo"
    assert str(zone_of(None, "+491701234567", "America/New_York")) == "Europe/Berlin"
    assert str(zone_of(None, "+14155550123", "America/New_York")) == "America/Los_Angeles"
    assert str(zone_of(None, number("bob"), "America/New_York")) == "America/New_York"
    assert str(zone_of("Mars/Olympus", None, "America/New_York")) == "America/New_York"
    assert of_number("+61412345678") is None  # a mobile anywhere in Australia
    assert of_number("not a number") is None


async def test_the_night_is_that_of_the_phones_country(town: Town) -> None:
    await town.join("alice", "bob")
    bob = await town.account("bob")
    async with town.store.unit() as unit:
        phone = await addresses.find_or_add(unit, Channel.SMS, "+491701234567", now=town.now, route=2)
        await addresses.attach(unit, phone.id, bob.id, proven_at=town.now + timedelta(days=1))
        old = await addresses.find_or_add(unit, Channel.SMS, number("bob"), now=town.now)
        await addresses.detach(unit, old.id)
        await waking.set_daily(unit, town.site, bob.id, waking.quiet.read("22:00-07:00"), now=town.now)
    bob = await town.account("bob")
    assert bob.sleeps_at == datetime(2030, 1, 1, 21, tzinfo=UTC)


async def test_every_answer_names_the_clocks_that_quiet_hours_go_by(town: Town) -> None:
    """It is one in Berlin, where the phone is from; the site goes by other clocks, and the account may, too."""
    town.site = replace(town.site, time_zone="America/New_York")

    async def text(words: str) -> str:
        return await town._tell(Channel.SMS, "+491701234567", words, {})

    await text("JOIN berta")
    assert (await text("SLEEP 22-7")).startswith("Quiet from 22:00 to 07:00 (Europe/Berlin time)")
    assert (await town.account("berta")).sleeps_at == START.replace(hour=21)
    assert (await text("SLEEP 3")).startswith("Quiet until 16:00 (Europe/Berlin time)")
    assert "quiet begins at 22:00 (Europe/Berlin time)" in await text("WAKE")
    assert (await text("SLEEP 30")).startswith("Quiet until Wed 19:00 (Europe/Berlin time)")
    berta = await town.account("berta")
    async with town.store.unit() as unit:
        await unit.execute(update(accounts).where(accounts.c.id == berta.id).values(time_zone="Asia/Tokyo"))
    assert (await text("SLEEP 22-7")).startswith("Quiet from 22:00 to 07:00 (Asia/Tokyo time)")
    assert (await town.account("berta")).sleeps_at == START.replace(hour=13)
    await town.join("bob")
    assert (await town.text("bob", "SLEEP 22-7")).startswith("Quiet from 22:00 to 07:00 (America/New_York time)")


async def test_hours_that_do_not_fit_are_answered_and_never_posted(town: Town) -> None:
    await town.join("alice")
    for words in ("SLEEP 100", "SLEEP 0", "SLEEP 25-7"):
        assert await town.text("alice", words) == reply_quiet.what_sleep_takes(99)
    assert await town.posts() == []
