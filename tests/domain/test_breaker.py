"""A provider that fails is left alone for a while that doubles, and tried once in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import breaker
from gateway.domain.breaker import AFTER, FIRST, LONGEST, Breaker


def after_failures(number: int, *, now: float = 0.0) -> Breaker:
    made = Breaker()
    for _ in range(number):
        made = breaker.failed(made, now, as_trial=False)
    return made


def test_a_few_failures_open_nothing() -> None:
    made = after_failures(AFTER - 1)
    assert not made.is_open
    assert breaker.wait(made, 0.0) == 0
    assert breaker.begin(made, 0.0) == made


def test_failures_that_are_not_in_a_row_open_nothing() -> None:
    made = Breaker()
    for _ in range(10 * AFTER):
        made = breaker.failed(breaker.succeeded(), 0.0, as_trial=False)
    assert not made.is_open


def test_failures_in_a_row_open_it_for_a_while_and_then_one_try_is_made() -> None:
    made = after_failures(AFTER, now=100.0)
    assert made.is_open
    assert breaker.begin(made, 100.0) is None
    assert breaker.wait(made, 101.0) == FIRST - 1
    trying = breaker.begin(made, 100.0 + FIRST)
    assert trying is not None
    assert trying.trying
    assert breaker.begin(trying, 100.0 + FIRST) is None  # not a second one
    assert breaker.wait(trying, 100.0 + FIRST) > 0


def test_a_try_that_succeeds_closes_it() -> None:
    assert not breaker.succeeded().is_open


def test_each_try_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    made, now, pauses = after_failures(AFTER), 0.0, []
    for _ in range(8):
        pauses.append(breaker.wait(made, now))
        now += pauses[-1]
        trying = breaker.begin(made, now)
        assert trying is not None
        made = breaker.failed(trying, now, as_trial=True)
    assert pauses == [5, 10, 20, 40, 60, 60, 60, 60]


def test_what_had_begun_before_it_opened_does_not_prolong_it() -> None:
    made = after_failures(AFTER)
    assert breaker.failed(made, 1.0, as_trial=False) == made


def test_a_try_that_told_nothing_lets_another_one_be_made() -> None:
    trying = breaker.begin(after_failures(AFTER), FIRST)
    assert trying is not None
    assert breaker.begin(breaker.given_back(trying), FIRST) == trying


@pytest.mark.parametrize("failures", [1, 1000])
@given(st.lists(st.sampled_from(["try", "fail", "succeed", "tell nothing", "wait"]), max_size=60))
def test_whatever_happens_a_try_is_due_within_the_longest_pause(failures: int, happens: list[str]) -> None:
    made, now = after_failures(failures), 0.0
    for each in happens:
        match each:
            case "try":
                made = breaker.begin(made, now) or made
            case "fail":
                made = breaker.failed(made, now, as_trial=made.trying)
            case "succeed":
                made = breaker.succeeded()
            case "tell nothing":
                made = breaker.given_back(made)
            case _:
                now += 7.0
    assert breaker.wait(breaker.given_back(made), now) <= LONGEST
    assert breaker.begin(breaker.given_back(made), now + LONGEST) is not None
