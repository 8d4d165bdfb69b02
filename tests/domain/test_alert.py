"""When one of our numbers is stopped, and what lets it go."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.alert import Alert, after_refusal, is_lifted_by
from gateway.domain.delivery import IN_A_ROW, Halt

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SURE, UNSURE = Halt(30034, 1), Halt(21606, 3)


def alert(code: int = 21606, *, strikes: int = 1, stopped: bool = False) -> Alert:
    return Alert(code, "why", strikes, NOW if stopped else None, NOW)


def test_a_refusal_that_is_sure_stops_at_once() -> None:
    assert after_refusal(None, SURE, "why", NOW) == Alert(30034, "why", 1, NOW, NOW)


def test_one_that_may_be_about_a_destination_stops_the_third_time_in_a_row() -> None:
    first = after_refusal(None, UNSURE, "why", NOW)
    second = after_refusal(first, UNSURE, "why", NOW)
    third = after_refusal(second, UNSURE, "why", NOW)
    assert [each.stopped_at for each in (first, second, third)] == [None, None, NOW]


def test_refusals_far_apart_or_of_another_kind_are_not_in_a_row() -> None:
    later = NOW + IN_A_ROW + timedelta(seconds=1)
    assert after_refusal(alert(strikes=2), UNSURE, "why", later).strikes == 1
    assert after_refusal(alert(21212, strikes=2), UNSURE, "why", NOW).strikes == 1


def test_a_number_that_is_stopped_stays_so_since_when_it_was() -> None:
    later = NOW + timedelta(days=1)
    assert after_refusal(alert(stopped=True), UNSURE, "why", later).stopped_at == NOW
    assert after_refusal(alert(stopped=True), SURE, "why", later).stopped_at == NOW


@pytest.mark.parametrize(
    ("code", "taken", "arrived"), [(21606, True, False), (20003, True, False), (30034, False, True)]
)
def test_what_came_in_a_receipt_is_lifted_by_a_receipt_alone(code: int, taken: bool, arrived: bool) -> None:
    assert is_lifted_by(alert(code), arrived=False) is taken
    assert is_lifted_by(alert(code), arrived=True) is arrived
    assert not is_lifted_by(None, arrived=taken)
