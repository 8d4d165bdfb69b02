"""What was forbidden between queueing and sending is not sent, and what goes out says whose it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.carriage import Carriage, after_quiet, objection, outgoing
from gateway.domain.types import Channel, Lane, PostKind

POST = Carriage(
    id=7,
    attempt=1,
    channel="sms",
    route=1,
    lane=Lane.FIRST,
    queued_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    account_id=2,
    notice=None,
    subject=None,
    in_reply_to=None,
    answers=None,
    notice_kind=None,
    post_id=3,
    kind="post",
    text="hello",
    original_text=None,
    conversation_id=3,
    reply_to_id=None,
    author_id=1,
    author="alice",
    original_author=None,
    withdrawn=False,
    author_gone=False,
    author_protected=False,
    original_protected=None,
    recipient_gone=False,
    language=None,
    texts_on=True,
    email_mode="instant",
    sleeps_at=None,
    wakes_at=None,
    follow_state="accepted",
    follow_texts=True,
    follow_mail=None,
    via=None,
    via_texts=None,
    via_mail=None,
    muted=False,
    blocked=False,
    address_id=5,
    to="+15550001002",
    opted_out_at=None,
    dead=False,
    excused=0,
    reply_version=0,
    answered_mail=None,
)
NOTICE = replace(
    POST,
    lane=Lane.ANSWER,
    post_id=None,
    kind=None,
    text=None,
    author=None,
    notice="You follow alice.",
    answers=False,
    withdrawn=None,
    blocked=None,
    follow_state=None,
)
MENTION = {"lane": Lane.MENTION, "follow_state": None, "follow_texts": None}
DIRECT = {"kind": "direct", "lane": Lane.ANSWER, "follow_state": None, "follow_texts": None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": None}, "no phone any more"),
        ({"to": None, "channel": "email"}, "no mailbox any more"),
        ({"dead": True}, "phone does not exist"),
        ({"dead": True, "channel": "email"}, "mailbox are stopped"),
        ({"opted_out_at": POST.queued_at}, "opted out"),
        ({"muted": True}, "muted"),
        ({"original_protected": True}, "reposted is protected"),
        ({"channel": "email", "follow_mail": False}, "this author's mails off"),
        ({"withdrawn": True}, "deleted"),
        ({"post_id": None}, "carried is gone"),
        ({"author_gone": True}, "author is suspended"),
        ({"recipient_gone": True}, "recipient is suspended"),
        ({"blocked": True}, "blocked"),
        ({"texts_on": False}, "turned texts off"),
        ({"channel": "email", "email_mode": "off"}, "turned mail off"),
        ({"author_protected": True, "follow_state": "requested"}, "no longer shows"),
        ({"author_protected": True, **MENTION}, "no longer shows"),
        ({"follow_state": None}, "no longer follows"),
        ({"follow_state": "requested"}, "no longer follows"),
        ({"follow_texts": False}, "this author's texts off"),
        ({"via": "wifi"}, "no longer asks"),
        ({"via": "wifi", "via_texts": False, "via_mail": True}, "no longer asks"),
        ({"via": "wifi", "channel": "email"}, "no longer asks"),
        ({"via": "wifi", "channel": "email", "via_texts": True, "via_mail": False}, "no longer asks"),
        ({**DIRECT, "blocked": True}, "blocked"),
        ({**DIRECT, "muted": True}, "muted"),
        ({**DIRECT, "muted": True, "channel": "email"}, "muted"),
        ({**DIRECT, "withdrawn": True}, "deleted"),
    ],
)
def test_a_post_that_may_no_longer_go_out_says_why(change: dict[str, Any], words: str) -> None:
    assert words in objection(replace(POST, **change))


@pytest.mark.parametrize(
    "change",
    [
        {},
        MENTION,
        DIRECT,
        {**DIRECT, "author_protected": True},
        {"author_protected": True},
        {"via": "wifi", "via_texts": True, "via_mail": False, "follow_state": None},
        {"via": "wifi", "channel": "email", "via_texts": False, "via_mail": True, "follow_state": None},
        {"via": "wifi", "channel": "email", "via_texts": True, "via_mail": None, "follow_state": None},
        {"channel": "email", "follow_texts": False, "texts_on": False},
        {"email_mode": "off"},
    ],
)
def test_a_post_that_nothing_forbids_goes_out(change: dict[str, Any]) -> None:
    assert objection(replace(POST, **change)) == ""


def test_a_notice_goes_out_whatever_posts_are_forbidden() -> None:
    assert objection(replace(NOTICE, texts_on=False, recipient_gone=True)) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"blocked": True}, "blocked"),
        ({"blocked": True, "channel": "email"}, "blocked"),
        ({"muted": True, "lane": Lane.MENTION}, "muted"),
        ({"notice": None}, "carried is gone"),
    ],
)
def test_words_that_were_somebodys_doing_do_not_go_out_to_who_wants_nothing_of_them(
    change: dict[str, Any], words: str
) -> None:
    assert words in objection(replace(NOTICE, **change))


def test_who_mutes_somebody_still_hears_what_they_must_answer() -> None:
    assert objection(replace(NOTICE, muted=True)) == ""


def test_after_a_stop_only_its_own_answer_goes_out() -> None:
    stopped = replace(NOTICE, opted_out_at=NOTICE.queued_at)
    assert "opted out" in objection(stopped)
    assert objection(replace(stopped, answers=True)) == ""
    before = NOTICE.queued_at - timedelta(seconds=1)
    assert "opted out" in objection(replace(stopped, answers=True, queued_at=before))
    assert "does not exist" in objection(replace(NOTICE, dead=True, answers=True))
    assert objection(replace(NOTICE, dead=True, answers=True, channel="email")) == ""
    assert "stopped" in objection(replace(NOTICE, dead=True, channel="email"))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "alice: hello"),
        ({"kind": "direct"}, "D alice: hello"),
        ({"kind": "repost", "text": "", "original_text": "hi", "original_author": "bob"}, "alice: RT @bob: hi"),
        ({"channel": "email"}, "hello"),
        ({"channel": "email", "kind": "repost", "text": "", "original_text": "hi", "original_author": "bob"}, "hi"),
    ],
)
def test_the_words_that_go_out(change: dict[str, Any], text: str) -> None:
    assert outgoing(replace(POST, **change), "+15550009999").text == text


def test_a_notice_goes_out_in_its_own_words() -> None:
    sent = outgoing(NOTICE, "+15550009999")
    assert (sent.text, sent.author, sent.kind, sent.post_id) == ("You follow alice.", "", None, None)


def test_a_post_is_carried_with_all_that_a_transport_needs() -> None:
    sent = outgoing(replace(POST, lane=Lane.MENTION, attempt=3), "+15550009999")
    assert (sent.id, sent.attempt, sent.to, sent.sender) == (7, 3, "+15550001002", "+15550009999")
    assert (sent.kind, sent.mention, sent.address_id, sent.account_id) == (PostKind.POST, True, 5, 2)


@given(st.text(min_size=1, max_size=140), st.sampled_from(Channel), st.sampled_from(PostKind))
def test_segments_are_counted_on_texts_and_only_on_texts(text: str, channel: Channel, kind: PostKind) -> None:
    sent = outgoing(replace(POST, text=text, kind=kind, channel=channel, original_author="bob"), "")
    assert (sent.segments > 0) == (channel is Channel.SMS)
    assert sent.channel is channel


TEN = datetime(2026, 11, 23, 22, tzinfo=UTC)
"""When quiet began on this evening."""

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("handed_over_at", "now", "sleeps_at", "expected"),
    [
        (TEN - HOUR, TEN - HOUR / 12, TEN, TEN + 9 * HOUR + timedelta(minutes=10)),  # about to begin
        (TEN - HOUR, TEN + HOUR, TEN, TEN + 9 * HOUR + timedelta(minutes=10)),
        (TEN - HOUR, TEN + HOUR, TEN + 24 * HOUR, TEN + HOUR),  # they have woken since
        (TEN - HOUR, TEN + 10 * HOUR, TEN + 24 * HOUR, TEN + 10 * HOUR),
        (TEN - 5 * HOUR, TEN - HOUR, TEN, None),  # by day, of itself
        (TEN + HOUR / 2, TEN + 5 * HOUR, TEN + 24 * HOUR, None),  # begun when they had woken
        (TEN - 11 * HOUR, TEN + HOUR, TEN + 24 * HOUR, None),  # longer ago than any text is good for
        (TEN - HOUR, TEN + HOUR, None, None),
    ],
)
def test_a_text_that_quiet_hours_cut_short_is_due_after_them_or_at_once_when_they_are_over(
    handed_over_at: datetime, now: datetime, sleeps_at: datetime | None, expected: datetime | None
) -> None:
    wakes_at = None if sleeps_at is None else sleeps_at + 9 * HOUR
    text = replace(POST, sleeps_at=sleeps_at, wakes_at=wakes_at)
    assert after_quiet(text, handed_over_at, now) == expected
    assert after_quiet(replace(text, answers=True), handed_over_at, now) is None
