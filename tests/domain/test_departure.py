"""What becomes of each claimed delivery, as a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.budget import Account, Budget, Of
from gateway.domain.departure import PutBack, Refuse, Send, ShelfLife, Terms, decide
from gateway.domain.pace import Pace, Standing
from gateway.domain.reason import USED_UP
from gateway.domain.types import Lane
from tests.domain.test_carriage import MENTION, NOTICE, POST

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
STANDING = Standing(NEVER, NEVER, NOW.toordinal(), 0)
TERMS = Terms(NOW, "+15550009999", Pace(), STANDING)
FULL_DAY = replace(TERMS, rate=Pace(per_day=10, reserved=0.2), standing=replace(STANDING, used=8))
LONG = {"text": "x" * 200}
ASLEEP = {"sleeps_at": NOW, "wakes_at": NOW + timedelta(hours=8)}
SITE, AUTHOR, RECIPIENT = (Of.SITE, 0), (Of.AUTHOR, 1), (Of.RECIPIENT, 2)


def with_budget(**limits: int) -> Terms:
    return replace(TERMS, budget=Budget(**limits))


@pytest.mark.parametrize(
    ("change", "units"),
    [({}, 1), (LONG, 2), ({"channel": "email", **LONG}, 1), ({"channel": "email", **ASLEEP}, 1), (MENTION, 1)],
)
def test_what_nothing_is_in_the_way_of_goes_out(change: dict[str, Any], units: int) -> None:
    verdict = decide(replace(POST, **change), TERMS, booked=0, spent={})
    assert isinstance(verdict, Send)
    assert (verdict.units, verdict.delivery.id, verdict.delivery.sender) == (units, POST.id, TERMS.sender)


@pytest.mark.parametrize(
    ("change", "terms", "booked", "reason"),
    [
        ({"withdrawn": True}, TERMS, 0, "the post was deleted"),
        ({"withdrawn": True, **ASLEEP}, TERMS, 0, "the post was deleted"),
        ({"to": None}, FULL_DAY, 10, "the recipient has no phone any more"),
    ],
)
def test_what_is_forbidden_is_refused_before_anything_else_is_asked(
    change: dict[str, Any], terms: Terms, booked: int, reason: str
) -> None:
    assert decide(replace(POST, **change), terms, booked=booked, spent={}) == Refuse(reason)


@pytest.mark.parametrize("terms", [TERMS, FULL_DAY, with_budget(site=1)])
def test_a_text_for_who_sleeps_waits_for_the_morning_and_takes_of_nothing(terms: Terms) -> None:
    verdict = decide(replace(POST, **ASLEEP), terms, booked=9, spent={SITE: 9})
    assert isinstance(verdict, PutBack)
    assert (verdict.until > ASLEEP["wakes_at"], verdict.reason, verdict.alone) == (True, "quiet hours", True)


@pytest.mark.parametrize(
    ("change", "valid_for"),
    [
        ({}, 14_400),
        ({"sleeps_at": NOW + timedelta(hours=1)}, 3_600),
        ({"sleeps_at": NOW + timedelta(seconds=1)}, 300),
        ({"sleeps_at": NOW + timedelta(hours=1), "answers": True}, 14_400),
        ({"sleeps_at": NOW + timedelta(hours=1), "channel": "email"}, 0),
    ],
)
def test_a_text_is_good_until_its_recipient_sleeps_unless_they_asked_for_it(
    change: dict[str, Any], valid_for: int
) -> None:
    terms = replace(TERMS, shelf_life=ShelfLife(timedelta(hours=4), timedelta(days=2)))
    verdict = decide(replace(POST, queued_at=NOW, **change), terms, booked=0, spent={})
    assert isinstance(verdict, Send)
    assert verdict.delivery.valid_for == valid_for


@pytest.mark.parametrize(
    ("change", "booked", "goes"),
    [
        ({}, 0, False),  # 8 of the 8 that are for posts are used
        ({"lane": Lane.ANSWER}, 0, True),
        ({"lane": Lane.ANSWER}, 1, True),
        ({"lane": Lane.ANSWER}, 2, False),
        ({"lane": Lane.ANSWER, **LONG}, 1, False),
        ({"lane": Lane.ANSWER, "text": "x" * 1_600}, 2, True),  # no day has room for it
    ],
)
def test_what_does_not_fit_into_the_day_waits_for_the_next_one(change: dict[str, Any], booked: int, goes: bool) -> None:
    verdict = decide(replace(POST, **change), FULL_DAY, booked=booked, spent={})
    if goes:
        assert isinstance(verdict, Send)
    else:
        assert verdict == PutBack(MIDNIGHT, "the day's limit is reached", alone=False)


@pytest.mark.parametrize(
    ("change", "booked", "goes"),
    [
        ({}, 2, True),
        (LONG, 2, True),  # a text is never cut
        ({}, 3, False),
        ({"lane": Lane.ANSWER}, 3, True),
        ({"lane": Lane.ANSWER}, 4, False),
    ],
)
def test_behind_what_took_all_that_the_pace_lets_go_nothing_goes(
    change: dict[str, Any], booked: int, goes: bool
) -> None:
    verdict = decide(replace(POST, **change), replace(TERMS, room=3, urgent_room=4), booked=booked, spent={})
    if goes:
        assert isinstance(verdict, Send)
    else:
        assert verdict == PutBack(POST.queued_at, "others took all that the pace lets go", alone=False)


def test_what_was_used_on_another_day_is_not_counted() -> None:
    yesterday = replace(FULL_DAY, standing=replace(FULL_DAY.standing, day=NOW.toordinal() - 1))
    assert isinstance(decide(POST, yesterday, booked=7, spent={}), Send)
    assert isinstance(decide(POST, yesterday, booked=8, spent={}), PutBack)


@pytest.mark.parametrize(
    ("change", "limits", "spent", "of"),
    [
        ({}, {"site": 3}, {SITE: 2}, None),
        (LONG, {"site": 3}, {SITE: 2}, Of.SITE),
        ({}, {"author": 3}, {SITE: 9, AUTHOR: 3}, Of.AUTHOR),
        ({}, {"recipient": 3}, {AUTHOR: 9, RECIPIENT: 3}, Of.RECIPIENT),
        ({}, {"recipient": 3}, {(Of.RECIPIENT, 3): 9}, None),
        ({}, {"site": 3, "recipient": 3}, {SITE: 3, RECIPIENT: 3}, Of.SITE),
    ],
)
def test_a_post_that_no_budget_has_room_for_is_refused(
    change: dict[str, Any], limits: dict[str, int], spent: dict[Account, int], of: Of | None
) -> None:
    verdict = decide(replace(POST, **change), with_budget(**limits), booked=0, spent=spent)
    assert (verdict.of if isinstance(verdict, Refuse) else None) == of
    assert verdict == Refuse(USED_UP, of) or isinstance(verdict, Send)


def test_an_answer_goes_out_whatever_the_budget_says() -> None:
    assert isinstance(decide(NOTICE, with_budget(site=1), booked=0, spent={SITE: 5}), Send)


@pytest.mark.parametrize(("channel", "seconds"), [("sms", 3_600), ("email", 0)])
def test_a_text_says_how_long_it_is_good_and_a_mail_does_not(channel: str, seconds: int) -> None:
    terms = replace(TERMS, shelf_life=ShelfLife(timedelta(hours=1), timedelta(days=2)))
    verdict = decide(replace(POST, channel=channel), terms, booked=0, spent={})
    assert isinstance(verdict, Send)
    assert verdict.delivery.valid_for == seconds


@given(st.lists(st.integers(1, 4), max_size=30), st.integers(1, 12), st.integers(0, 12))
def test_a_claim_never_oversteps_the_day_however_its_texts_follow_each_other(
    segments: list[int], per_day: int, used: int
) -> None:
    terms = replace(TERMS, rate=Pace(per_day=per_day), standing=replace(STANDING, used=used))
    booked = 0
    for each in segments:
        verdict = decide(replace(POST, text="x" * (each * 150 - 20)), terms, booked=booked, spent={})
        if isinstance(verdict, Send):
            booked += verdict.units
            assert used + booked <= per_day or verdict.units > per_day
