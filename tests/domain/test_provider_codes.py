"""What each of the provider's codes leads to, row by row, and that no status or code is without a meaning."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import Bounced, Deferred, Expired, Fault, Halt
from gateway.domain.provider_codes import (
    ACTIONS,
    CODES,
    Arrived,
    Meaning,
    TryAgain,
    Underway,
    needs_attention,
    reason,
    refusal,
    status_outcome,
)

NEVER_AGAIN = {
    Fault.OPTED_OUT: {21610},
    Fault.ADDRESS: {21211, 21614, 21635, 30005, 30006},
    Fault.ROUTE: {21612},
    Fault.MESSAGE: {21602, 21617, 21619, 21658, 30004, 30007, 30019},
    Fault.SENDER: {14107, 21408, 21608, 21609},
}
STOPS = {20003, 20005, 20404, 21212, 21603, 21606, 21659, 21660, 21703, 21705, 30002, 30032, 30034}
NOT_NOW = {
    *STOPS,
    20429,
    20500,
    20503,
    21611,
    30001,
    30003,
    30008,
    30017,
    30022,
    30023,
    30027,
    60728,
    63038,
}


def test_every_code_of_the_table_is_in_this_test() -> None:
    assert set(CODES) == NOT_NOW.union({30036}, *NEVER_AGAIN.values())


@pytest.mark.parametrize(("fault", "code"), [(fault, code) for fault, codes in NEVER_AGAIN.items() for code in codes])
def test_a_final_code_bounces_with_its_fault(fault: Fault, code: int) -> None:
    assert refusal(code) == Bounced(reason(code), fault)
    assert status_outcome("undelivered", str(code)) == Bounced(reason(code), fault)


@pytest.mark.parametrize("code", sorted(NOT_NOW))
def test_a_passing_code_is_tried_again_after_its_wait(code: int) -> None:
    known = CODES[code]
    halt = Halt(code, known.strikes) if code in STOPS else None
    assert refusal(code) == Deferred(reason(code), known.wait.total_seconds(), known.whole_route, halt=halt)
    assert status_outcome("failed", str(code)) == TryAgain(reason(code), known.wait, known.most, halt)
    assert known.wait.total_seconds() > 0


def test_what_was_not_handed_on_in_time_is_nobodys_fault() -> None:
    assert status_outcome("undelivered", "30036") == status_outcome("failed", "30036") == Expired(reason(30036))
    assert refusal(30036) == Bounced(reason(30036), Fault.MESSAGE)


def test_every_fault_of_ours_calls_the_operator() -> None:
    assert all(needs_attention(code) for code in NEVER_AGAIN[Fault.SENDER])
    assert needs_attention(20003)
    assert not needs_attention(21610)


@pytest.mark.parametrize("code", sorted(STOPS))
def test_what_is_held_against_the_sender_stops_it_calls_the_operator_and_costs_no_text(code: int) -> None:
    outcome = refusal(code)
    assert isinstance(outcome, Deferred)
    assert outcome.halt is not None
    assert needs_attention(code)
    assert outcome.route_wide is (outcome.halt.strikes == 1)


def test_one_destination_alone_does_not_stop_a_sender() -> None:
    assert {code for code in STOPS if CODES[code].strikes > 1} == MEANINGS[Meaning.SENDER_OR_ROUTE]


MEANINGS = {
    Meaning.OPT_OUT: {21610},
    Meaning.DEAD_NUMBER: {21211, 21614, 21635, 30005, 30006},
    Meaning.ROUTE: {21612},
    Meaning.MESSAGE: {21602, 21617, 21619, 21658, 30004, 30007, 30019},
    Meaning.TOO_LATE: {30036},
    Meaning.LATER: {20500, 20503, 30001, 30003, 30008, 30017, 30022},
    Meaning.SLOW_DOWN: {20429, 21611, 60728},
    Meaning.NEXT_DAY: {30023, 30027, 63038},
    Meaning.STOP_SENDER: STOPS - {21606, 21659},
    Meaning.SENDER_OR_ROUTE: {21606, 21659},
    Meaning.OUR_FAULT: {14107, 21408, 21608, 21609},
}


@pytest.mark.parametrize("meaning", list(Meaning))
def test_every_meaning_has_its_codes_and_its_action_in_words(meaning: Meaning) -> None:
    assert {code for code, known in CODES.items() if known.meaning is meaning} == MEANINGS[meaning]
    assert ACTIONS[meaning]


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_operators_page_says_what_each_code_means_and_leads_to(code: int) -> None:
    page = Path("docs/operations.md").read_text(encoding="utf-8")
    assert f"| {code} | {CODES[code].words} | {CODES[code].meaning} |" in page
    assert f"| {CODES[code].meaning} | {ACTIONS[CODES[code].meaning]} |" in page


def test_an_account_that_is_locked_out_loses_nothing() -> None:
    for code in (20003, 20005, 20404):
        outcome = refusal(code)
        assert isinstance(outcome, Deferred)
        assert outcome.route_wide


def test_a_daily_limit_waits_for_hours_and_a_phone_that_is_off_is_not_tried_for_ever() -> None:
    assert CODES[30023].wait.total_seconds() >= 6 * 3600
    assert CODES[30003].most == 3
    assert CODES[30008].most == 1


@pytest.mark.parametrize(
    ("status", "report"),
    [
        ("accepted", Underway(left=False)),
        ("queued", Underway(left=False)),
        ("scheduled", Underway(left=False)),
        ("sending", Underway(left=False)),
        ("sent", Underway(left=True)),
        ("partially_delivered", Underway(left=True)),
        ("delivered", Arrived()),
        ("read", Arrived()),
        ("canceled", Bounced("cancelled at the provider")),
        ("something new", Underway(left=False)),
        ("", Underway(left=False)),
    ],
)
def test_a_status_says_how_far_a_message_is(status: str, report: object) -> None:
    assert status_outcome(status, "") == report


@given(status=st.sampled_from(["failed", "undelivered"]), code=st.one_of(st.text(max_size=8), st.integers().map(str)))
def test_a_failure_with_any_code_at_all_has_a_reason(status: str, code: str) -> None:
    outcome = status_outcome(status, code)
    assert isinstance(outcome, Bounced | TryAgain | Expired)
    assert outcome.reason


@given(st.integers())
def test_an_unknown_code_is_temporary(code: int) -> None:
    if code not in CODES:
        assert isinstance(refusal(code), Deferred)
