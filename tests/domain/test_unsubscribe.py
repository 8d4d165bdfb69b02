"""Links that stop mails: what they say, and that nobody can make one or change one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.types import Channel, Outgoing, PostKind
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail, KeysMail, Stop, digest_of, make, read

KEY = b"k" * 32
IDS = st.integers(0, 2**59)
DIGESTS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8)
STOPS = st.one_of(
    st.builds(AllMail, IDS),
    st.builds(AuthorsMail, IDS, IDS),
    st.builds(KeysMail, IDS, DIGESTS),
    st.builds(DeliverysMail, IDS),
)
POST = Outgoing(
    id=31,
    attempt=1,
    channel=Channel.EMAIL,
    to="bob@example.org",
    text="hello",
    queued_at=datetime(2026, 11, 22, tzinfo=UTC),
    author="alice",
    author_id=7,
    post_id=3,
    kind=PostKind.POST,
    account_id=8,
)


@given(STOPS)
def test_a_link_says_what_it_stops_in_any_case_and_fits_into_an_address(stop: Stop) -> None:
    secret = make(KEY, stop)
    assert read(KEY, secret) == read(KEY, secret.upper()) == stop
    assert len(f"unsubscribe+{secret}") <= 64


@given(STOPS, st.integers(0, 100), st.sampled_from("abz27089-"))
def test_a_link_that_was_changed_anywhere_stops_nothing(stop: Stop, at: int, sign: str) -> None:
    secret = make(KEY, stop)
    at %= len(secret)
    changed = secret[:at] + sign + secret[at + 1 :]
    assert changed == secret or read(KEY, changed) is None


@given(STOPS)
def test_a_link_of_another_key_stops_nothing(stop: Stop) -> None:
    assert read(KEY, make(b"another key", stop)) is None


@given(st.text(max_size=70))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    assert read(KEY, text) is None


@pytest.mark.parametrize("words", ["a", "a0b", "0", "8", "a8", "8a", "ab8c8d", "a1", ""])
def test_what_is_sealed_for_something_else_stops_nothing(words: str) -> None:
    """A seal over words that no link is made of."""
    found = read(KEY, words + token.seal(KEY, Purpose.UNSUBSCRIBE, words))
    assert found is None or make(KEY, found) == words + token.seal(KEY, Purpose.UNSUBSCRIBE, words)


def test_links_of_earlier_releases_are_good() -> None:
    assert read(KEY, token.make(KEY, Purpose.UNSUBSCRIBE, 31)) == DeliverysMail(31)
    assert read(KEY, token.make(KEY, Purpose.BOUNCE, 31)) is None


@pytest.mark.parametrize(
    ("changes", "stop"),
    [
        ({}, AuthorsMail(8, 7)),
        ({"kind": PostKind.REPOST}, AuthorsMail(8, 7)),
        ({"kind": PostKind.DIRECT}, AllMail(8)),
        ({"mention": True}, AllMail(8)),
        ({"via": "#wifi"}, KeysMail(8, digest_of(KEY, "#wifi"))),
        ({"account_id": None}, DeliverysMail(31)),
    ],
)
def test_each_kind_of_mail_stops_its_own_kind(changes: dict[str, object], stop: Stop) -> None:
    assert unsubscribe.what_stops(replace(POST, **changes), KEY) == stop  # type: ignore[arg-type]  # made by name


def test_a_link_does_not_tell_what_somebody_tracks() -> None:
    assert "wifi" not in digest_of(KEY, "wifi")
    assert digest_of(KEY, "wifi") != digest_of(b"another key", "wifi")
    assert digest_of(KEY, "wifi") != digest_of(KEY, "#wifi")
