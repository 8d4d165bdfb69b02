"""When another number takes over."""

from datetime import UTC, datetime, timedelta

from gateway.domain.failover import FORGOTTEN_AFTER, Way, takeovers

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
AFTER = timedelta(seconds=30)


def sound(route: int, provider: str = "twilio") -> Way:
    return Way(route, provider, LONG_AGO, None)


def down(route: int, provider: str = "twilio", *, since: float = 60, paused_for: float = 10) -> Way:
    ago = timedelta(seconds=since)
    return Way(route, provider, NOW + timedelta(seconds=paused_for), NOW - ago)


def plan(*ways: Way) -> dict[int, int]:
    return takeovers(ways, after=AFTER, now=NOW)


def test_what_stands_needs_nobody():
    assert plan(sound(1), sound(2)) == {}


def test_a_number_that_is_down_for_long_is_taken_over():
    assert plan(down(1), sound(2)) == {1: 2}
    assert plan(sound(1), down(2)) == {2: 1}


def test_a_short_while_is_waited_for():
    assert plan(down(1, since=29), sound(2)) == {}
    assert plan(down(1, since=30), sound(2)) == {1: 2}


def test_between_two_tries_a_failing_number_is_left_its_chance_and_takes_nothing_over():
    trying = down(1, paused_for=-1)
    assert plan(trying, sound(2)) == {}
    assert plan(trying, down(2)) == {}


def test_a_pause_that_only_slows_down_is_no_failure():
    slowed = Way(1, "twilio", NOW + timedelta(seconds=5), None)
    assert plan(slowed, sound(2)) == {}
    assert plan(down(2), slowed) == {}


def test_another_provider_goes_before_another_number_of_the_same():
    assert plan(down(1), sound(2), sound(3, "kannel")) == {1: 3}
    assert plan(down(1), sound(2), down(3, "kannel")) == {1: 2, 3: 2}


def test_where_nothing_stands_all_wait():
    assert plan(down(1), down(2, "kannel")) == {}
    assert plan(down(1)) == {}


def test_a_number_that_has_stood_for_a_minute_is_sound_again():
    again = Way(2, "kannel", NOW - FORGOTTEN_AFTER, NOW - timedelta(hours=1))
    assert plan(down(1), again) == {1: 2}


def test_a_pause_that_no_right_clock_wrote_is_none():
    assert plan(down(1, paused_for=3 * 86_400), sound(2)) == {}
