"""Quiet hours begin and end when the clocks of the place say so, on both hemispheres and all days of the year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.quiet import HELD, Hours, Window, held_until, next_window, read, window_after, window_from

NIGHT = Hours(time(22), time(7))
BERLIN, SYDNEY, SANTIAGO, LORD_HOWE = map(
    ZoneInfo, ("Europe/Berlin", "Australia/Sydney", "America/Santiago", "Australia/Lord_Howe")
)


def utc(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hours", "now", "begins", "ends"),
    [
        pytest.param(UTC, "22:00-07:00", "2026-03-10 12:00", "2026-03-10 22:00", "2026-03-11 07:00", id="ahead"),
        pytest.param(UTC, "22:00-07:00", "2026-03-10 22:00", "2026-03-10 22:00", "2026-03-11 07:00", id="beginning"),
        pytest.param(
            UTC, "22:00-07:00", "2026-03-11 06:59", "2026-03-10 22:00", "2026-03-11 07:00", id="after midnight"
        ),
        pytest.param(UTC, "22:00-07:00", "2026-03-11 07:00", "2026-03-11 22:00", "2026-03-12 07:00", id="end"),
        pytest.param(UTC, "13:00-15:30", "2026-03-10 14:00", "2026-03-10 13:00", "2026-03-10 15:30", id="a nap"),
        pytest.param(
            UTC, "00:00-07:00", "2026-03-10 23:00", "2026-03-11 00:00", "2026-03-11 07:00", id="from midnight"
        ),
        pytest.param(UTC, "22:00-00:00", "2026-03-10 23:00", "2026-03-10 22:00", "2026-03-11 00:00", id="to midnight"),
        # Spring in Berlin: at 01:00 UTC the clocks go from 02:00 to 03:00.
        pytest.param(
            BERLIN,
            "22:00-07:00",
            "2026-03-28 23:00",
            "2026-03-28 21:00",
            "2026-03-29 05:00",
            id="a night of eight hours",
        ),
        pytest.param(
            BERLIN, "22:00-02:30", "2026-03-28 23:00", "2026-03-28 21:00", "2026-03-29 01:00", id="end at the jump"
        ),
        pytest.param(
            BERLIN,
            "02:30-07:00",
            "2026-03-29 00:00",
            "2026-03-29 01:00",
            "2026-03-29 05:00",
            id="beginning at the jump",
        ),
        pytest.param(
            BERLIN, "02:10-02:50", "2026-03-29 00:00", "2026-03-30 00:10", "2026-03-30 00:50", id="a nap that never was"
        ),
        # Autumn in Berlin: at 01:00 UTC the clocks go from 03:00 back to 02:00.
        pytest.param(
            BERLIN, "22:00-07:00", "2026-10-24 22:00", "2026-10-24 20:00", "2026-10-25 06:00", id="a night of ten hours"
        ),
        pytest.param(
            BERLIN, "22:00-02:30", "2026-10-25 00:45", "2026-10-24 20:00", "2026-10-25 01:30", id="half past two again"
        ),
        pytest.param(
            BERLIN, "02:30-07:00", "2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 06:00", id="half past two first"
        ),
        # Spring in Sydney: at 16:00 UTC the clocks go from 02:00 to 03:00.
        pytest.param(
            SYDNEY, "22:00-07:00", "2026-10-03 14:00", "2026-10-03 12:00", "2026-10-03 20:00", id="eight hours, south"
        ),
        pytest.param(
            SYDNEY, "22:00-02:30", "2026-10-03 14:00", "2026-10-03 12:00", "2026-10-03 16:00", id="jump, south"
        ),
        # Autumn in Sydney: at 16:00 UTC the clocks go from 03:00 back to 02:00.
        pytest.param(
            SYDNEY, "22:00-07:00", "2026-04-04 14:00", "2026-04-04 11:00", "2026-04-04 21:00", id="ten hours, south"
        ),
        pytest.param(
            SYDNEY, "22:00-02:30", "2026-04-04 15:45", "2026-04-04 11:00", "2026-04-04 16:30", id="fold, south"
        ),
        # Chile jumps at midnight, Lord Howe by half an hour.
        pytest.param(
            SANTIAGO, "00:00-07:00", "2026-09-06 03:00", "2026-09-06 04:00", "2026-09-06 10:00", id="no midnight at all"
        ),
        pytest.param(
            LORD_HOWE,
            "22:00-02:15",
            "2026-10-03 14:00",
            "2026-10-03 11:30",
            "2026-10-03 15:30",
            id="half an hour's jump",
        ),
    ],
)
def test_the_window_of_now_or_the_next_one(zone, hours, now, begins, ends):
    assert next_window(read(hours), zone, utc(now)) == Window(utc(begins), utc(ends))


def test_who_is_awake_before_the_end_stays_awake_until_the_next_beginning():
    assert window_after(NIGHT, BERLIN, utc("2026-03-28 23:00")) == Window(
        utc("2026-03-29 20:00"), utc("2026-03-30 05:00")
    )


@pytest.mark.parametrize(
    ("hours", "length", "ends"),
    [
        (None, 3, "2026-06-01 21:00"),
        (NIGHT, 3, "2026-06-01 21:00"),
        (NIGHT, 4, "2026-06-02 07:00"),
        (NIGHT, 6, "2026-06-02 07:00"),
        (NIGHT, 14, "2026-06-02 08:00"),
    ],
)
def test_quiet_for_some_hours_goes_on_into_the_daily_ones(hours, length, ends):
    now = utc("2026-06-01 18:00")
    assert window_from(hours, UTC, now, timedelta(hours=length)) == Window(now, utc(ends))


def test_a_text_for_a_sleeper_is_due_after_whoever_wakes_them_has_decided():
    wakes_at = utc("2026-06-02 07:00")
    assert held_until(wakes_at, utc("2026-06-02 03:00")) == wakes_at + HELD
    assert held_until(wakes_at, utc("2026-06-02 08:00")) == utc("2026-06-02 08:00") + HELD


TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(
    start=TIMES,
    until=TIMES,
    zone=st.sampled_from([BERLIN, SYDNEY, SANTIAGO, LORD_HOWE, ZoneInfo("America/New_York"), UTC]),
    minutes=st.integers(0, 2 * 365 * 24 * 60),
)
def test_windows_follow_each_other_whatever_the_clocks_do(start, until, zone, minutes):
    now = utc("2026-01-01 00:00") + timedelta(minutes=minutes)
    if start == until:
        return
    hours = Hours(start, until)
    assert read(str(hours)) == hours
    first = next_window(hours, zone, now)
    assert first.begins < first.ends > now
    after = window_after(hours, zone, now)
    assert after.begins > now
    assert after == (first if first.begins > now else next_window(hours, zone, first.ends))
    assert after.begins - now <= timedelta(hours=49)
    for moment in (first.begins, first.begins + (first.ends - first.begins) / 2):
        assert next_window(hours, zone, moment) == first
