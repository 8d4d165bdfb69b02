"""Digests are due once a day on the calendar and once an hour on the clock, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.digest import by_conversation, next_digest
from gateway.domain.types import Channel, EmailMode, Outgoing

BERLIN, NEW_YORK, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("zone", "hour", "now", "due"),
    [
        (BERLIN, 8, "2026-11-23T06:59:59+00:00", "2026-11-23T08:00:00+01:00"),
        (BERLIN, 8, "2026-11-23T07:00:00+00:00", "2026-11-24T08:00:00+01:00"),
        (BERLIN, 0, "2026-11-23T23:30:00+00:00", "2026-11-25T00:00:00+01:00"),
        (BERLIN, 8, "2026-10-24T08:00:00+02:00", "2026-10-25T08:00:00+01:00"),  # a day of 25 hours
        (BERLIN, 2, "2026-10-24T12:00:00+02:00", "2026-10-25T02:00:00+02:00"),  # shown twice: the first time
        (BERLIN, 2, "2026-10-25T02:00:00+02:00", "2026-10-26T02:00:00+01:00"),  # and not again
        (BERLIN, 8, "2026-03-28T08:00:00+01:00", "2026-03-29T08:00:00+02:00"),  # a day of 23 hours
        (BERLIN, 2, "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00"),  # never shown: when clocks jump
        (NEW_YORK, 1, "2026-10-31T12:00:00-04:00", "2026-11-01T01:00:00-04:00"),
        (NEW_YORK, 2, "2026-03-07T12:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        (ZoneInfo("Africa/Cairo"), 0, "2026-04-23T12:00:00+02:00", "2026-04-24T01:00:00+03:00"),  # midnight is left out
        (ZoneInfo("Pacific/Apia"), 8, "2011-12-29T12:00:00-10:00", "2011-12-31T08:00:00+14:00"),  # a day is left out
    ],
)
def test_a_daily_one_is_due_at_its_hour(zone: ZoneInfo, hour: int, now: str, due: str) -> None:
    found = next_digest(EmailMode.DAILY, hour, zone, datetime.fromisoformat(now).astimezone(UTC))
    assert found == datetime.fromisoformat(due)
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        (BERLIN, "2026-11-23T06:59:59.5+00:00", "2026-11-23T07:00:00+00:00"),
        (BERLIN, "2026-11-23T07:00:00+00:00", "2026-11-23T08:00:00+00:00"),
        (BERLIN, "2026-10-25T00:30:00+00:00", "2026-10-25T01:00:00+00:00"),
        (KOLKATA, "2026-11-23T07:00:00+00:00", "2026-11-23T07:30:00+00:00"),
    ],
)
def test_an_hourly_one_is_due_at_the_next_full_hour(zone: ZoneInfo, now: str, due: str) -> None:
    assert next_digest(EmailMode.HOURLY, 8, zone, datetime.fromisoformat(now)) == datetime.fromisoformat(due)


def test_who_wants_posts_at_once_or_none_has_no_digest() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert next_digest(EmailMode.INSTANT, 8, BERLIN, now) is None
    assert next_digest(EmailMode.OFF, 8, BERLIN, now) is None


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata"]
)
TIMES = st.integers(0, 10 * 365 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(0, seconds))


@given(zone=ZONES, hour=st.integers(0, 23), start=TIMES)
def test_a_year_has_one_on_each_of_its_days(zone: str, hour: int, start: datetime) -> None:
    place, now = ZoneInfo(zone), start
    days = []
    for _ in range(400):
        due = next_digest(EmailMode.DAILY, hour, place, now)
        assert due is not None
        assert due > now
        days.append(due.astimezone(place).date())
        now = due
    assert days == [days[0] + timedelta(days=n) for n in range(400)]
    assert days[0] - start.astimezone(place).date() <= timedelta(days=1)


@given(zone=ZONES, start=TIMES)
def test_hourly_ones_are_an_hour_apart_and_never_in_the_past(zone: str, start: datetime) -> None:
    place, now = ZoneInfo(zone), start
    for _ in range(200):
        due = next_digest(EmailMode.HOURLY, 8, place, now)
        assert due is not None
        assert timedelta(0) < due - now <= timedelta(hours=1)
        now = due


def post(post_id: int, conversation_id: int | None) -> Outgoing:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Outgoing(post_id, 1, Channel.EMAIL, "", "", now, post_id=post_id, conversation_id=conversation_id)


def test_what_belongs_together_stands_together() -> None:
    posts = [post(9, 3), post(5, 5), post(3, 3), post(4, 4), post(7, 5)]
    assert [[each.post_id for each in group] for group in by_conversation(posts)] == [[3, 9], [4], [5, 7]]
