"""Posts that go out by themselves: once, on time or late, whichever daemon looks first, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from gateway.domain.types import Source
from gateway.service import posting, scheduling
from gateway.service.scheduling import NotSchedulable, Scheduled
from gateway.service.site import Site
from store import accounts, addresses, routes, schedules
from store import schema as tables
from store.schema import notices, posts
from store.unit import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALICE = 1


@pytest.fixture
async def alice(store: Store) -> Store:
    """A store with alice in it, who has a phone."""
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        await unit.execute(insert(tables.accounts), {"id": ALICE, "name": "alice", "created_at": NOW})
        phone = await addresses.find_or_add(unit, "sms", "+15550001001", now=NOW)
        await addresses.attach(unit, phone.id, ALICE, proven_at=NOW)
    return store


async def look(store: Store, site: Site, now: datetime) -> int:
    async with store.unit() as unit:
        return await scheduling.post_due(unit, site, now=now)


async def posted(store: Store) -> list[tuple[str, str]]:
    async with store.reading() as reading:
        found = await reading.execute(select(posts.c.text, posts.c.source).order_by(posts.c.id))
        return [(text, source) for text, source in found]


async def test_a_post_for_a_given_time_goes_out_then_and_once(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        made = await scheduling.at(unit, ALICE, "lunch!", NOW + HOUR, now=NOW)
    assert isinstance(made, Scheduled)
    assert await look(alice, site, NOW + HOUR - timedelta(seconds=1)) == 0
    assert await look(alice, site, NOW + HOUR) == 1
    assert await look(alice, site, NOW + HOUR) == 0
    assert await posted(alice) == [("lunch!", "schedule")]
    async with alice.reading() as reading:
        assert await schedules.all_of_them(reading) == []


async def test_a_recurring_post_goes_out_on_the_clocks_of_its_time_zone(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        made = await scheduling.every(unit, ALICE, "tip of the day", "30 7 * * *", "Europe/Berlin", now=NOW)
    assert isinstance(made, Scheduled)
    first = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
    assert made.next_at == first
    assert await look(alice, site, first) == 1
    assert await look(alice, site, first) == 0
    assert await look(alice, site, first + timedelta(days=1)) == 1
    assert len(await posted(alice)) == 2


async def test_what_is_due_each_minute_goes_out_though_the_last_one_was_late(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        await scheduling.every(unit, ALICE, "tick", "* * * * *", "UTC", now=NOW)
    minute = NOW + timedelta(minutes=1)
    assert await look(alice, site, minute + timedelta(seconds=0.9)) == 1
    assert await look(alice, site, minute + timedelta(minutes=1)) == 1
    assert await posted(alice) == [("tick", "schedule")] * 2


async def test_what_was_just_posted_is_not_posted_by_the_clock_as_well(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        await scheduling.every(unit, ALICE, "tick", "* * * * *", "UTC", now=NOW)
        await posting.publish(unit, site, ALICE, "tick", source=Source.SMS, now=NOW + timedelta(seconds=45))
    assert await look(alice, site, NOW + timedelta(minutes=1)) == 0
    assert len(await posted(alice)) == 1


async def test_after_a_downtime_a_recurring_post_goes_out_late_and_once(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        await scheduling.every(unit, ALICE, "tip of the day", "0 * * * *", "UTC", now=NOW)
    late = NOW + timedelta(days=2, minutes=20)
    assert await look(alice, site, late) == 1
    async with alice.reading() as reading:
        (left,) = await schedules.all_of_them(reading)
    assert left.next_at == NOW + timedelta(days=2, hours=1)
    assert await look(alice, site, late) == 0


async def test_two_daemons_that_look_at_once_post_once(alice: Store, site: Site, store_url: str) -> None:
    async with alice.unit() as unit:
        for number in range(5):
            await scheduling.at(unit, ALICE, f"number {number}", NOW + HOUR, now=NOW)
    other = Store(store_url)
    try:
        counts = await asyncio.gather(*(look(each, site, NOW + HOUR) for each in (alice, other, alice, other)))
    finally:
        await other.close()
    assert sum(counts) == 5
    assert sorted(text for text, _ in await posted(alice)) == [f"number {number}" for number in range(5)]


async def test_the_author_hears_of_what_was_refused_and_the_schedule_goes_on(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        await scheduling.every(unit, ALICE, "again", "* * * * *", "UTC", now=NOW)
        await scheduling.at(unit, ALICE, "again", NOW + timedelta(minutes=1), now=NOW)
    assert await look(alice, site, NOW + timedelta(minutes=1)) == 1
    assert len(await posted(alice)) == 1
    async with alice.reading() as reading:
        words = (await reading.execute(select(notices.c.text))).scalar_one()
        (left,) = await schedules.all_of_them(reading)
    assert "scheduled post did not go out" in words
    assert left.next_at == NOW + timedelta(minutes=2)


async def test_while_the_author_is_suspended_nothing_goes_out_and_nobody_is_told(alice: Store, site: Site) -> None:
    due = NOW + timedelta(minutes=1)
    async with alice.unit() as unit:
        await scheduling.every(unit, ALICE, "every minute", "* * * * *", "UTC", now=NOW)
        await scheduling.at(unit, ALICE, "once", due, now=NOW)
        await accounts.set_suspended(unit, ALICE, NOW)
    assert await look(alice, site, due) == 0
    async with alice.unit() as unit:
        assert (await unit.execute(select(notices.c.text))).all() == []
        left = await schedules.all_of_them(unit)
        await accounts.set_suspended(unit, ALICE, None)
    assert [(each.text, each.next_at) for each in left] == [
        ("every minute", due + timedelta(minutes=1)),
        ("once", due + scheduling.LATER),
    ]
    assert await look(alice, site, due + scheduling.LATER) == 2


async def test_what_a_deleted_account_had_scheduled_goes_without_a_word(alice: Store, site: Site) -> None:
    async with alice.unit() as unit:
        await scheduling.every(unit, ALICE, "every minute", "* * * * *", "UTC", now=NOW)
        await accounts.mark_deleted(unit, ALICE, NOW)
    assert await look(alice, site, NOW + HOUR) == 0
    async with alice.reading() as reading:
        assert await schedules.all_of_them(reading) == []
        assert (await reading.execute(select(notices.c.text))).all() == []


async def test_a_schedule_that_fails_is_tried_later_and_holds_up_no_other(alice: Store, site: Site) -> None:
    due = NOW + timedelta(minutes=1)
    async with alice.unit() as unit:
        broken = {"cron": "0 8 * * *", "time_zone": "Mars/Olympus", "next_at": NOW, "now": NOW}
        await schedules.add(unit, ALICE, "never", **broken)  # type: ignore[arg-type]  # of mixed types
        await scheduling.at(unit, ALICE, "lunch!", due, now=NOW)
    assert await look(alice, site, due) == 1
    assert await posted(alice) == [("lunch!", "schedule")]
    async with alice.reading() as reading:
        (left,) = await schedules.all_of_them(reading)
    assert (left.text, left.next_at) == ("never", due + scheduling.LATER)


@pytest.mark.parametrize(
    ("cron", "time_zone"),
    [("every day", "UTC"), ("99 * * * *", "UTC"), ("* * * *", "UTC"), ("* * * * *", "Mars/Olympus"), ("", "UTC")],
)
async def test_what_no_clock_can_keep_is_refused_in_words(alice: Store, cron: str, time_zone: str) -> None:
    async with alice.unit() as unit:
        made = await scheduling.every(unit, ALICE, "never", cron, time_zone, now=NOW)
    assert isinstance(made, NotSchedulable)
    assert made.why
    async with alice.reading() as reading:
        assert await schedules.all_of_them(reading) == []


async def test_a_time_that_has_passed_is_refused(alice: Store) -> None:
    async with alice.unit() as unit:
        assert isinstance(await scheduling.at(unit, ALICE, "late", NOW, now=NOW), NotSchedulable)
        never = await scheduling.every(unit, ALICE, "never", "0 0 30 2 *", "UTC", now=NOW)
    assert isinstance(never, NotSchedulable)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        # The hour that is left out in spring, and the one that comes twice in autumn.
        ("30 2 * * *", datetime(2027, 3, 28, 0, 0, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("30 2 * * *", datetime(2027, 10, 31, 0, 0, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ("30 2 * * *", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 11, 1, 1, 30, tzinfo=UTC)),
        ("30 2 * * *", datetime(2027, 10, 31, 1, 10, tzinfo=UTC), datetime(2027, 11, 1, 1, 30, tzinfo=UTC)),
        ("0 * * * *", datetime(2027, 10, 31, 0, 0, tzinfo=UTC), datetime(2027, 10, 31, 1, 0, tzinfo=UTC)),
        ("0 9 * * *", datetime(2027, 3, 27, 12, 0, tzinfo=UTC), datetime(2027, 3, 28, 7, 0, tzinfo=UTC)),
        # Weekdays as cron counts them: 0 and 7 are Sunday, 1 is Monday.
        ("0 12 * * 0", NOW, datetime(2026, 11, 29, 11, 0, tzinfo=UTC)),
        ("0 12 * * 7", NOW, datetime(2026, 11, 29, 11, 0, tzinfo=UTC)),
        ("0 12 * * 1-5", datetime(2026, 11, 27, 12, tzinfo=UTC), datetime(2026, 11, 30, 11, 0, tzinfo=UTC)),
        ("0 12 * * 6-7", NOW, datetime(2026, 11, 28, 11, 0, tzinfo=UTC)),
        ("0 12 * * */2", NOW, datetime(2026, 11, 24, 11, 0, tzinfo=UTC)),
        ("0 12 * * */2", datetime(2026, 11, 26, 12, tzinfo=UTC), datetime(2026, 11, 28, 11, 0, tzinfo=UTC)),
        ("0 12 * * mon", NOW, datetime(2026, 11, 30, 11, 0, tzinfo=UTC)),
        # A day of the month or a weekday, where both are given.
        ("0 12 13 * 5", datetime(2026, 11, 27, 12, tzinfo=UTC), datetime(2026, 12, 4, 11, 0, tzinfo=UTC)),
        ("0 12 13 * 5", datetime(2026, 12, 11, 12, tzinfo=UTC), datetime(2026, 12, 13, 11, 0, tzinfo=UTC)),
        ("0 12 24 * */2", NOW, datetime(2026, 11, 24, 11, 0, tzinfo=UTC)),  # but for one that begins with a star: both
        ("0 12 24 * */2", datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 12, 24, 11, 0, tzinfo=UTC)),
        ("0 12 30 2 1", datetime(2027, 1, 30, tzinfo=UTC), datetime(2027, 2, 1, 11, 0, tzinfo=UTC)),
        ("@daily", NOW, datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),
        (" @Weekly ", NOW, datetime(2026, 11, 28, 23, 0, tzinfo=UTC)),
    ],
)
def test_the_next_time_is_what_a_clock_on_the_wall_would_say(cron: str, after: datetime, expected: datetime) -> None:
    assert scheduling.next_time(cron, "Europe/Berlin", after) == expected


CHANGES = (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC), datetime(2027, 11, 7, tzinfo=UTC))
"""Days on which some of the clocks below change."""


@given(
    day=st.sampled_from((*CHANGES, NOW)),
    seconds=st.integers(-86_400, 86_400),
    cron=st.sampled_from(["* * * * *", "30 2 * * *", "*/7 1-3 * * *", "0 0 1 * *", "15 3 * * 0"]),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_the_next_time_is_always_in_the_future(day: datetime, seconds: int, cron: str, time_zone: str) -> None:
    after = day + timedelta(seconds=seconds)
    following = scheduling.next_time(cron, time_zone, after)
    assert following is not None
    assert after < following < after + timedelta(days=62)
