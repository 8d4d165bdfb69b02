"""What follows an attempt, and how long the waits are."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import (
    Absent,
    Bounced,
    Deferred,
    Done,
    Expired,
    Fault,
    Finding,
    Found,
    GiveUp,
    Halt,
    LookUp,
    Outcome,
    Retry,
    RetryRules,
    Sent,
    Unsure,
    Verdict,
    after_attempt,
    after_look_up,
    backoff,
    pick,
    valid_for,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = RetryRules()
SECOND = timedelta(seconds=1)
FOR_ONE_PHONE = Deferred("not to there", 900, halt=Halt(21606, 3))

attempts = st.integers(1, 100)
dice = st.floats(0, 1, exclude_max=True)
outcomes = st.one_of(
    st.builds(Sent, st.text(min_size=1)),
    st.builds(Unsure, st.text(min_size=1)),
    st.builds(Bounced, st.text(min_size=1), st.sampled_from(Fault)),
    st.builds(Deferred, st.text(min_size=1), st.none() | st.floats(0, 100_000), st.booleans()),
)


def decide(outcome: Outcome, *, attempt: int = 1, age: timedelta = timedelta(0), die: float = 0.0) -> Verdict:
    return after_attempt(outcome, attempt=attempt, queued_at=NOW - age, now=NOW, rules=RULES, dice=die)


@pytest.mark.parametrize(
    ("outcome", "attempt", "verdict"),
    [
        (Sent("SM1"), 1, Done("SM1")),
        (Sent("SM1"), 99, Done("SM1")),
        (Bounced("no such phone", Fault.ADDRESS), 1, GiveUp("no such phone", Fault.ADDRESS)),
        (Unsure("silence"), 1, LookUp(NOW + 30 * SECOND, "silence")),
        (Unsure("silence"), 99, LookUp(NOW + 30 * SECOND, "silence")),
        (Unsure("silence", peer_down=True), 99, LookUp(NOW + 30 * SECOND, "silence", excused=True)),
        (Deferred("down", 1, peer_down=True), 99, Retry(NOW + SECOND, "down", excused=True)),
        (Deferred("busy"), 1, Retry(NOW + 7.5 * SECOND, "busy")),
        (Deferred("busy"), 2, Retry(NOW + 15 * SECOND, "busy")),
        (Deferred("busy", 60), 1, Retry(NOW + 60 * SECOND, "busy")),
        (Deferred("busy", 1), 4, Retry(NOW + 60 * SECOND, "busy")),
        (Deferred("slow down", 1, route_wide=True), 4, Retry(NOW + SECOND, "slow down", excused=True)),
        (Deferred("busy"), 12, GiveUp("given up after 12 attempts: busy")),
        (Deferred("not tried", 1, excused=True), 12, Retry(NOW + SECOND, "not tried", excused=True)),
        (Deferred("not tried", 0.0, excused=True), 12, Retry(NOW, "not tried", excused=True)),
        (Deferred("slow down", 1, route_wide=True), 12, Retry(NOW + SECOND, "slow down", excused=True)),
        (FOR_ONE_PHONE, 1, Retry(NOW + 3615 * SECOND, "not to there", elsewhere=True)),
        (FOR_ONE_PHONE, 12, GiveUp("given up after 12 attempts: not to there", Fault.ROUTE)),
        (Deferred("out", 900, route_wide=True, halt=Halt(30034, 1)), 1, Retry(NOW + 900 * SECOND, "out", excused=True)),
        (Deferred("busy", 200_000), 1, GiveUp("given up at the age limit of 2 days, 0:00:00: busy")),
    ],
)
def test_each_outcome_has_its_consequence(outcome: Outcome, attempt: int, verdict: Verdict) -> None:
    assert decide(outcome, attempt=attempt) == verdict


def test_what_would_be_too_old_at_its_next_try_is_given_up() -> None:
    assert isinstance(decide(Deferred("busy"), age=RULES.max_age - 8 * SECOND), Retry)
    assert isinstance(decide(Deferred("busy"), age=RULES.max_age - 7 * SECOND), GiveUp)


def test_what_was_not_tried_keeps_its_place_until_it_is_too_old() -> None:
    not_tried = Deferred("not tried", 0.0, excused=True)
    assert decide(not_tried, age=RULES.max_age) == Retry(NOW - RULES.max_age, "not tried", excused=True)
    assert isinstance(decide(not_tried, age=RULES.max_age + SECOND), GiveUp)


@given(outcomes, attempts, st.timedeltas(timedelta(0), timedelta(days=5)), dice)
def test_a_verdict_never_lies_in_the_past_and_always_has_a_reason(
    outcome: Outcome, attempt: int, age: timedelta, die: float
) -> None:
    verdict = decide(outcome, attempt=attempt, age=age, die=die)
    match verdict:
        case Done(remote_id):
            assert remote_id
        case Retry(at, reason):
            assert reason
            assert NOW <= at <= NOW - age + RULES.max_age
        case LookUp(at, reason):
            assert reason
            assert at > NOW
        case GiveUp(reason, _):
            assert reason


@given(attempts, dice)
def test_what_was_sent_once_or_perhaps_is_never_sent_again_blindly(attempt: int, die: float) -> None:
    assert not isinstance(decide(Unsure("silence"), attempt=attempt, die=die), Retry)
    assert not isinstance(decide(Sent("SM1"), attempt=attempt, die=die), Retry)


@given(st.floats(1, 10_000), attempts, dice, st.booleans())
def test_no_try_comes_before_the_peer_said(seconds: float, attempt: int, die: float, route_wide: bool) -> None:
    verdict = decide(Deferred("busy", seconds, route_wide), attempt=attempt, die=die)
    if isinstance(verdict, Retry):
        assert verdict.at >= NOW + timedelta(seconds=seconds)


@given(attempts, dice)
def test_a_wait_is_between_half_and_the_whole_of_its_step_and_never_over_the_longest(attempt: int, die: float) -> None:
    whole = min(RULES.first_wait * 2 ** min(attempt - 1, 20), RULES.longest_wait)
    assert whole / 2 <= backoff(attempt, rules=RULES, dice=die) <= whole


def test_an_attempt_that_was_excused_twice_waits_as_a_first_one() -> None:
    assert backoff(0, rules=RULES, dice=0.5) == backoff(-3, rules=RULES, dice=0.5) == backoff(1, rules=RULES, dice=0.5)


@pytest.mark.parametrize(
    ("finding", "attempt", "kind"),
    [
        (Sent("SM1"), 1, Done),
        (Bounced("gone"), 1, GiveUp),
        (Absent(), 1, Retry),
        (Absent(), 2, Retry),
        (Absent(), 12, GiveUp),
        (Deferred("asleep"), 40, LookUp),
    ],
)
def test_what_follows_a_look_up(finding: Finding, attempt: int, kind: type) -> None:
    verdict = after_look_up(finding, attempt=attempt, queued_at=NOW, now=NOW, rules=RULES, dice=0.5)
    assert type(verdict) is kind


def test_what_the_provider_never_had_goes_first_and_at_last_waits_longer_each_time() -> None:
    def due(attempt: int) -> datetime:
        verdict = after_look_up(Absent(), attempt=attempt, queued_at=NOW, now=NOW, rules=RULES, dice=0.0)
        assert isinstance(verdict, Retry)
        return verdict.at

    assert due(1) == due(3) == NOW < due(4) < due(5) < due(6)


@pytest.mark.parametrize(
    ("attempt", "after_quiet", "verdict"),
    [
        (11, NOW, Retry(NOW, "quiet hours")),
        (12, NOW, GiveUp("old news")),
        (1, None, GiveUp("old news")),
    ],
)
def test_what_a_look_up_finds_expired_goes_again_only_if_quiet_hours_had_cut_it_short(
    attempt: int, after_quiet: datetime | None, verdict: Verdict
) -> None:
    decided = after_look_up(
        Expired("old news"), attempt=attempt, queued_at=NOW, now=NOW, rules=RULES, dice=0.5, after_quiet=after_quiet
    )
    assert decided == verdict


@pytest.mark.parametrize("finding", [Absent(), Deferred("asleep")])
def test_no_look_up_goes_on_beyond_the_age_limit(finding: Finding) -> None:
    late = NOW + RULES.max_age + timedelta(seconds=1)
    verdict = after_look_up(finding, attempt=2, queued_at=NOW, now=late, rules=RULES, dice=0.5)
    assert isinstance(verdict, GiveUp)


def test_a_look_up_waits_as_long_as_the_provider_asks() -> None:
    verdict = after_look_up(Deferred("busy", retry_after=600), attempt=1, queued_at=NOW, now=NOW, rules=RULES, dice=0.5)
    assert verdict == LookUp(NOW + timedelta(minutes=10), "busy")


def test_of_texts_that_look_alike_one_on_its_way_is_taken_that_is_nobody_elses() -> None:
    found = [Found("SM3", Bounced("gone")), Found("SM2", Sent("SM2")), Found("SM1", Sent("SM1"))]
    assert pick(found, set()) == Sent("SM2")
    assert pick(found, {"SM2"}) == Sent("SM1")
    assert pick(found, {"SM1", "SM2"}) == Bounced("gone")
    assert pick(found, {"SM1", "SM2", "SM3"}) == Absent()


@pytest.mark.parametrize(
    ("validity", "age", "expected"),
    [
        (timedelta(hours=4), timedelta(0), 14_400),
        (timedelta(hours=4), timedelta(hours=47), 3_600),
        (timedelta(hours=4), timedelta(hours=47, minutes=59, seconds=59.5), 300),
        (timedelta(hours=4), timedelta(hours=50), 300),
        (timedelta(minutes=1), timedelta(hours=50), 60),
        (timedelta(days=1), timedelta(0), 36_000),
        (timedelta(seconds=1), timedelta(0), 1),
    ],
)
def test_a_text_is_good_for_no_longer_than_its_news(validity: timedelta, age: timedelta, expected: int) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    assert valid_for(now - age, validity=validity, max_age=timedelta(days=2), now=now) == expected


@pytest.mark.parametrize(
    ("until_quiet", "expected"),
    [
        (timedelta(hours=9), 14_400),
        (timedelta(hours=4), 14_400),
        (timedelta(minutes=90), 5_400),
        (timedelta(minutes=10, seconds=0.5), 600),
        (timedelta(seconds=20), 300),
        (timedelta(hours=-1), 300),
    ],
)
def test_a_text_does_not_ring_in_quiet_hours_that_begin_soon_but_has_time_to_arrive(
    until_quiet: timedelta, expected: int
) -> None:
    life = {"validity": timedelta(hours=4), "max_age": timedelta(days=2)}
    assert valid_for(NOW, **life, now=NOW, quiet_from=NOW + until_quiet) == expected
