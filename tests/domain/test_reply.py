"""What every answer costs: one segment, with the longest name there is."""

from datetime import UTC, datetime, time

import pytest

from gateway.domain import reply, reply_quiet
from gateway.domain.quiet import Hours
from gateway.domain.sms_text import segments

NAME = "abcdefghijklmno"
SITE = "A community with a name"
URL = "https://birds.example.org"
ASK = "ops@birds.example.org"

ZONE = "America/Argentina/ComodRivadavia"
LATER = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)

ANSWERS = [
    reply_quiet.quiet_daily(Hours(time(22, 30), time(7, 15)), ZONE),
    reply_quiet.quiet_until(LATER, ZONE, today=False),
    reply_quiet.no_hours(),
    reply_quiet.awake(None, today=True),
    reply_quiet.awake(LATER, today=False),
    reply_quiet.slept_through(10_000, URL),
    reply_quiet.texts_used_up(URL),
    reply_quiet.texts_used_up(""),
    reply_quiet.author_used_up(),
    reply.joined(SITE, NAME),
    reply.joined_by_following(SITE, NAME, can_join=True),
    reply.named(NAME),
    reply.stopped(SITE),
    reply.started(SITE, "", known=True),
    reply.started(SITE, "", known=False),
    reply.started(SITE, ASK, known=False),
    reply.help_(SITE, URL, "ops@birds.example.org"),
    reply.help_(SITE, URL, ""),
    reply.join_first(SITE, ""),
    reply.join_first(SITE, ASK),
    reply.name_first(""),
    reply.name_first(ASK),
    reply.only_by_phone(),
    reply.only_from_your_own(),
    reply.already_named(NAME),
    reply.name_taken(NAME),
    reply.not_a_name(),
    reply.registration_closed("invite", ASK),
    reply.registration_closed("domains", ASK),
    reply.registration_closed("closed", ASK),
    reply.no_such_claim(ASK),
    reply.code_over(),
    reply.signed_out(NAME, ASK, elsewhere=False),
    reply.signed_out(NAME, "whoever runs this site", elsewhere=True),
    reply.signed_out_for_good(),
    reply.only_to_your_own(),
    reply.only_the_answer(),
    reply.confirm_rename(NAME, "48214821"),
    reply.confirm_public("48214821"),
    reply.confirm_delete(NAME, "48214821"),
    reply.claimed(SITE, NAME),
    reply.sign_out_first(NAME),
    reply.suspended("ops@birds.example.org"),
    reply.slow_down(30),
    reply.texts_of(NAME, on=False),
    reply.no_phone(ASK),
    reply.no_mail(ASK),
    reply.nobody_offer(NAME, 10),
    reply.following(NAME, texts=True),
    reply.protected_join_first(NAME, ""),
    reply.protected_join_first(NAME, ASK),
    reply.protected_from_you(NAME),
    reply.asks_to_follow(NAME),
    reply.requests([NAME] * 30, more=True),
    reply.follow_list([NAME] * 30, 100_000),
    reply.follower_list([NAME] * 30, 100_000),
    reply.blocked(NAME),
    reply.empty(),
    reply.only_attachments(10),
    reply.posted_cut(f"{URL}/@{NAME}/123456789"),
    reply.duplicate(),
    reply.too_many_posts(100),
    reply.direct_sent(NAME, 3, reached=False),
    reply.direct_too_long(1000),
    reply.direct_twice(NAME),
    reply.too_many_directs(100),
    reply.undone_too_late(NAME, "x" * 140),
    reply.no_longer_muted(NAME),
    reply.direct_refused(NAME),
    reply.direct_to_nobody(NAME),
    reply.direct_to_nobody("josé"),
    reply.direct_to_nobody("a giant word " * 9),
    reply.direct_to_nobody("\U0001f600"),
    reply.direct_without_text(NAME),
    reply.nothing_to_answer(),
    reply.undone("x" * 140),
    reply.post(NAME, "x" * 140),
    reply.whois(NAME, "a long story " * 30, (1, 2), f"{URL}/@{NAME}", protected=True),
    reply.stats(NAME, 100_000, 100_000, 100_000),
    reply.inbox([(NAME, "x" * 100), (NAME, "y" * 100)]),
    reply.not_offered("UNTRACK"),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_costs_one_segment(answer: str) -> None:
    assert segments(answer) == 1, len(answer)


def test_a_list_shows_as_many_names_as_fit_and_says_that_there_are_more() -> None:
    assert reply.listed("You follow 2: ", ["ann", "bob"], more=False) == "You follow 2: ann, bob"
    assert reply.listed("You follow 9: ", ["ann", "bob"], more=True) == "You follow 9: ann, bob, ..."
    full = reply.listed("", [NAME] * 30, more=False)
    assert full.endswith(f"{NAME}, ...")
    assert len(full) <= reply.SEGMENT


def test_the_newest_direct_message_is_whole_and_older_ones_come_while_they_fit() -> None:
    assert reply.inbox([("ann", "see you"), ("bob", "hi")]) == "ann: see you\nbob: hi"
    assert reply.inbox([("ann", "x" * 140), ("bob", "y" * 140)]) == f"ann: {'x' * 140}"


def test_who_somebody_is_begins_with_what_they_say_of_themselves() -> None:
    words = reply.whois("ann", "Teacher.\nBirds.", (1, 0), "https://x.example/@ann", protected=False)
    assert words == "ann: Teacher. Birds. 1 post, 0 followers. https://x.example/@ann"
