"""What is counted together is few, and quotes nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import provider_codes
from gateway.domain.reason import LONGEST, kind_of


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("", ""),
        ("the phone is off or out of reach (30003)", "30003"),
        ("given up after 12 attempts: the provider had an internal error (20500)", "20500"),
        ("550 5.1.1 no mailbox bob@example.org here", "550 5.1.1"),
        ("550 no such user, ask for 551 instead", "550"),
        ("552", "552"),
        ("5.2.2 mailbox of bob is full", "5.2.2"),
        ("given up at the age limit of 2 days, 0:00:00: 451 4.7.1 try again", "451 4.7.1"),
        ("given up after 12 attempts: the relay cannot be reached: refused", "given up after 12 attempts"),
        ("one has blocked the other", "one has blocked the other"),
        ("250000 things happened", "250000 things happened"),
    ],
)
def test_a_reason_is_counted_under_its_code_or_our_own_words(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


@pytest.mark.parametrize("code", sorted(provider_codes.CODES))
def test_every_code_of_the_providers_is_a_kind_of_its_own(code: int) -> None:
    assert kind_of(provider_codes.reason(code)) == str(code)


@given(st.text())
def test_a_kind_is_short(reason: str) -> None:
    assert len(kind_of(reason)) <= LONGEST
