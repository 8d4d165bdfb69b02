"""The pace of a route: never faster than told, over any stretch of time, whoever asks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pace import BURST, Go, Pace, Standing, Wait, allowance, book

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
TODAY = NOW.toordinal()
FRESH = Standing(EPOCH, EPOCH, 0, 0)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("pace", "standing", "most", "expected"),
    [
        (Pace(), FRESH, 500, Go(500)),
        (Pace(per_second=1), FRESH, 500, Go(1)),
        (Pace(per_second=100), FRESH, 500, Go(50)),
        (Pace(per_second=100), FRESH, 20, Go(20)),
        (Pace(per_second=1), Standing(NOW + SECOND, EPOCH, 0, 0), 500, Wait(NOW + SECOND)),
        (Pace(per_second=0.1), Standing(NOW, EPOCH, 0, 0), 500, Go(1)),
        (Pace(), Standing(EPOCH, NOW + SECOND, 0, 0), 500, Wait(NOW + SECOND)),
        (Pace(per_day=10), Standing(EPOCH, EPOCH, TODAY, 7), 500, Go(3, 3)),
        (Pace(per_day=10), Standing(EPOCH, EPOCH, TODAY, 10), 500, Wait(NOW + 60 * SECOND)),
        (Pace(per_day=10), Standing(EPOCH, EPOCH, TODAY, 12), 500, Wait(NOW + 60 * SECOND)),
        (Pace(per_day=10), Standing(EPOCH, EPOCH, TODAY - 1, 10), 500, Go(10, 10)),
    ],
)
def test_how_much_may_go_now(pace: Pace, standing: Standing, most: int, expected: Go | Wait) -> None:
    assert allowance(pace, standing, most=most, now=NOW) == expected


@pytest.mark.parametrize(
    "standing",
    [
        Standing(NOW + 600 * SECOND, EPOCH, 0, 0),
        Standing(NOW + 86_400 * SECOND, EPOCH, 0, 0),
        Standing(EPOCH, NOW + 30 * 86_400 * SECOND, 0, 0),
    ],
)
def test_what_a_clock_that_was_wrong_wrote_does_not_silence_a_route(standing: Standing) -> None:
    assert allowance(Pace(per_second=1), standing, most=500, now=NOW) == Go(1)
    assert book(Pace(per_second=1), standing, units=1, now=NOW).tat == NOW + SECOND


def test_booking_counts_on_the_day_and_starts_afresh_on_the_next() -> None:
    booked = book(Pace(per_day=10), Standing(EPOCH, EPOCH, TODAY, 7), units=2, now=NOW)
    assert (booked.day, booked.used) == (TODAY, 9)
    tomorrow = book(Pace(per_day=10), booked, units=2, now=NOW + 60 * SECOND)
    assert (tomorrow.day, tomorrow.used) == (TODAY + 1, 2)


def test_the_time_until_midnight_is_counted_in_utc_whatever_the_zone_of_the_clock() -> None:
    elsewhere = NOW.astimezone()
    assert allowance(Pace(per_day=1), Standing(EPOCH, EPOCH, TODAY, 1), most=1, now=elsewhere) == Wait(
        NOW + 60 * SECOND
    )


@given(
    per_second=st.floats(0.1, 200),
    asks=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 300)), min_size=1, max_size=40),
)
def test_over_any_stretch_no_more_goes_out_than_the_pace_and_one_burst(
    per_second: float, asks: list[tuple[float, int]]
) -> None:
    pace, standing, now = Pace(per_second), FRESH, NOW
    sent: list[tuple[datetime, int]] = []
    for wait, most in asks:
        now += timedelta(seconds=wait)
        match allowance(pace, standing, most=most, now=now):
            case Go(units, _):
                assert 1 <= units <= most
                standing = book(pace, standing, units=units, now=now)
                sent.append((now, units))
            case Wait(until):
                assert until > now
    for begin, (start, _) in enumerate(sent):
        for end in range(begin, len(sent)):
            seconds = (sent[end][0] - start).total_seconds()
            units = sum(count for _, count in sent[begin : end + 1])
            assert units <= per_second * (seconds + BURST.total_seconds()) + 1.001


@given(per_second=st.floats(0.1, 200), booked=st.integers(1, 1_000))
def test_at_the_moment_it_said_to_wait_until_something_may_go(per_second: float, booked: int) -> None:
    pace = Pace(per_second)
    standing = book(pace, FRESH, units=booked, now=NOW)
    found = allowance(pace, standing, most=10, now=NOW)
    if isinstance(found, Wait):
        assert isinstance(allowance(pace, standing, most=10, now=found.until), Go)


@given(st.integers(1, 50), st.lists(st.integers(1, 30), max_size=20))
def test_a_day_never_takes_more_than_its_limit(per_day: int, asks: list[int]) -> None:
    pace, standing = Pace(per_day=per_day), FRESH
    for most in asks:
        found = allowance(pace, standing, most=most, now=NOW)
        if isinstance(found, Go):
            standing = book(pace, standing, units=found.units, now=NOW)
    assert standing.used <= per_day


def greedy(pace: Pace, minutes: int, *, urgent: bool = False) -> list[tuple[float, int]]:
    """All that goes out when as much as allowed is sent at each moment that it is: (seconds from now, units)."""
    standing, now, sent = FRESH, NOW, []
    while now < NOW + timedelta(minutes=minutes):
        match allowance(pace, standing, most=500, now=now, urgent=urgent):
            case Go(units, _):
                standing = book(pace, standing, units=units, now=now)
                sent.append(((now - NOW).total_seconds(), units))
            case Wait(until):
                now = until
    return sent


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        (Pace(per_second=1, burst=5), Go(5)),
        (Pace(per_second=0.1, burst=3), Go(3)),
        (Pace(per_second=100, burst=1), Go(1)),
        (Pace(per_minute=15), Go(1)),
        (Pace(per_minute=600), Go(60)),
        (Pace(per_minute=600, burst=200), Go(200)),
        (Pace(per_minute=10, burst=500), Go(5)),
        (Pace(per_second=1, per_minute=600), Go(1)),
    ],
)
def test_after_a_rest_so_many_go_at_once(pace: Pace, expected: Go) -> None:
    assert allowance(pace, FRESH, most=500, now=NOW, urgent=True) == expected


@given(st.integers(1, 150), st.integers(0, 50), st.floats(0, 0.9), st.booleans())
def test_no_minute_has_more_than_its_limit_and_little_is_wasted(
    per_minute: int, burst: int, reserved: float, urgent: bool
) -> None:
    pace = Pace(per_minute=per_minute, burst=burst, reserved=reserved)
    sent = greedy(pace, 2, urgent=urgent)
    first = within = 0
    for at, units in sent:
        within += units
        while sent[first][0] <= at - 59.999:
            within -= sent[first][1]
            first += 1
        assert within <= per_minute
    assert sum(units for _, units in sent) >= 2 * (per_minute - pace.at_once)


@given(st.integers(10, 1_000), st.floats(0.01, 0.9))
def test_posts_leave_the_reserved_share_of_a_day_to_answers(per_day: int, reserved: float) -> None:
    pace, standing = Pace(per_day=per_day, reserved=reserved), FRESH
    while isinstance(found := allowance(pace, standing, most=7, now=NOW), Go):
        standing = book(pace, standing, units=found.units, now=NOW)
    assert standing.used == per_day - int(per_day * reserved)
    while isinstance(found := allowance(pace, standing, most=7, now=NOW, urgent=True), Go):
        standing = book(pace, standing, units=found.units, now=NOW)
    assert standing.used == per_day


@given(st.integers(1, 150), st.floats(0, 0.9))
def test_posts_that_fill_every_minute_make_an_answer_wait_one_turn_at_most(per_minute: int, reserved: float) -> None:
    pace, standing, now = Pace(per_minute=per_minute, reserved=reserved), FRESH, NOW
    for _ in range(per_minute + 10):
        match allowance(pace, standing, most=500, now=now):
            case Go(units, _):
                standing = book(pace, standing, units=units, now=now)
            case Wait(until):
                now = until
        match allowance(pace, standing, most=1, now=now, urgent=True):
            case Wait(until):
                assert until <= now + pace.minute_interval


@pytest.mark.parametrize(
    ("pace", "room"),
    [(Pace(), None), (Pace(per_second=10), 5), (Pace(per_second=10, per_day=4), 4), (Pace(per_minute=60), 6)],
)
@pytest.mark.parametrize("most", [1, 500])
def test_what_the_pace_lets_go_does_not_depend_on_what_is_asked_for(pace: Pace, room: int | None, most: int) -> None:
    found = allowance(pace, FRESH, most=most, now=NOW)
    assert isinstance(found, Go)
    assert (found.units, found.room) == (min(most, most if room is None else room), room)


def test_a_text_that_overdraws_a_minute_is_waited_for() -> None:
    pace = Pace(per_minute=10)
    standing = book(pace, FRESH, units=10, now=NOW)
    assert allowance(pace, standing, most=1, now=NOW) == Wait(NOW + 60 * SECOND)
    assert allowance(pace, standing, most=1, now=NOW + 60 * SECOND) == Go(1)


def test_posts_that_wait_for_the_pace_go_ten_times_a_second_and_answers_at_once() -> None:
    pace, busy, interval = Pace(per_second=100), Standing(NOW + BURST, EPOCH, 0, 0), SECOND / 100
    assert allowance(pace, busy, most=500, now=NOW) == Wait(NOW + 10 * interval)
    assert allowance(pace, busy, most=500, now=NOW + 10 * interval) == Go(10)
    assert allowance(pace, busy, most=3, now=NOW + 3 * interval) == Go(3)
    assert allowance(pace, busy, most=500, now=NOW + interval, urgent=True) == Go(1)
    slow = Standing(NOW + SECOND, EPOCH, 0, 0)
    assert allowance(Pace(per_second=1), slow, most=500, now=NOW + SECOND) == Go(1)


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        (Pace(), 1),
        (Pace(per_second=0.1), 1),
        (Pace(per_second=15), 1),
        (Pace(per_second=100), 10),
        (Pace(per_second=100, burst=8), 4),
        (Pace(per_second=100, burst=1), 1),
    ],
)
def test_how_many_posts_go_together(pace: Pace, expected: int) -> None:
    assert pace.batch == expected
