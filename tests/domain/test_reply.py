"""What every answer costs: one segment, with the longest name there is."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from gateway.domain import (
    poll,
    reply,
    reply_form,
    reply_listening,
    reply_mail,
    reply_people,
    reply_posts,
    reply_quiet,
    reply_reading,
    reply_together,
)
from gateway.domain.quiet import Hours
from gateway.domain.sms_text import segments

NAME = "abcdefghijklmno"
SITE = "A community with a name"
URL = "https://birds.example.org"
ASK = "ops@birds.example.org"

ZONE = "America/Argentina/ComodRivadavia"
LATER = datetime(2026, 11, 25, 22, 30, tzinfo=ZoneInfo(ZONE))

ANSWERS = [
    reply_quiet.quiet_daily(Hours(time(22, 30), time(7, 15)), ZONE),
    reply_quiet.quiet_until(LATER, today=False),
    reply_quiet.no_hours(),
    reply_quiet.what_sleep_takes(99),
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
    reply.for_the_last_time(reply.join_first(SITE, "")),
    reply.for_the_last_time(reply.join_first(SITE, ASK)),
    reply.for_the_last_time(reply_together.pin_first()),
    reply.only_by_phone(),
    reply.only_from_your_own(),
    reply.name_taken(NAME),
    reply_posts.only_quotes_a_text(NAME),
    reply_posts.or_post(reply.not_a_name(), 10),
    reply_posts.or_post(reply.what_a_claim_is(), 10),
    reply_posts.or_post(reply.already_named(NAME), 10),
    reply_posts.or_post(reply_listening.not_a_group(), 10),
    reply.registration_closed("invite", ASK, URL),
    reply.registration_closed("domains", ASK, URL),
    reply.registration_closed("closed", ASK, URL),
    reply.no_such_claim(ASK),
    reply.no_such_invitation(ASK),
    reply.no_such_invitation("whoever runs this site"),
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
    reply.mails_again(NAME),
    reply.mail_off_texts_on(),
    reply.no_phone(ASK),
    reply.no_mail(ASK),
    reply_mail.came_back(SITE, "bob@mail.example"),
    reply_mail.came_back(SITE, "b" * 64 + "@mail.example"),
    reply_mail.complained(SITE, "bob@mail.example"),
    reply_mail.complained(SITE, "b" * 64 + "@mail.example"),
    reply_mail.code_mailed("bob@mail.example"),
    reply_mail.code_mailed("b" * 254),
    reply_mail.too_many_codes(),
    reply_mail.mails_go_on(),
    reply_people.nobody_offer(NAME, 10),
    reply_people.following(NAME, texts=True),
    reply_people.protected_join_first(NAME, ""),
    reply_people.protected_join_first(NAME, ASK),
    reply_people.protected_from_you(NAME),
    reply_people.asks_to_follow(NAME),
    reply_form.fitted(reply_people.request_list(), [NAME] * 30, between=", ", more=True, end=", ... MORE")[0],
    reply_form.fitted(reply_people.follow_list(100_000), [NAME] * 30, between=", ", more=True, end=", ... MORE")[0],
    reply_form.fitted(reply_people.follower_list(100_000), [NAME] * 30, between=", ", more=True, end=", ... MORE")[0],
    reply_listening.tracked(NAME),
    reply_listening.too_many_tracks(100),
    reply_listening.not_one_word(),
    reply_listening.tag_followed(NAME),
    reply_listening.group_joined(NAME, 100_000),
    reply_listening.group_founded(NAME),
    reply_listening.join_group_first(NAME),
    reply_listening.no_such_group(NAME, ASK),
    reply_listening.no_group_offer(NAME, 10),
    reply_listening.too_many_groups(100),
    reply_together.poll_posted(),
    reply_together.poll_too_long(100),
    reply_together.poll_is_closed(poll.result("q" * 140, ("pizza", "soup"), {1: 100_000})),
    reply_together.nudged_before(NAME),
    reply_together.nudge_refused(NAME),
    reply_together.nudge(NAME),
    reply_together.invitation(SITE, "+15550009999", URL),
    reply_together.invitation_with_code(SITE, "+15550009999", URL, "k7qm2-xrp4t"),
    reply_together.invitation_with_code(SITE, "", URL, "k7qm2-xrp4t"),
    reply_together.too_many_invited(100),
    reply_together.reported(NAME),
    reply_together.report_closed(NAME),
    reply_together.pin_set(),
    reply_together.no_pin(),
    reply_together.what_a_pin_is(),
    reply_together.login(f"{URL}/login/{'x' * 32}", 10),
    reply_people.blocked(NAME),
    reply_posts.empty(),
    reply_posts.only_attachments(10),
    reply_posts.posted_cut(f"{URL}/@{NAME}/123456789"),
    reply_posts.duplicate(),
    reply_posts.said_before(2),
    reply_posts.too_many_posts(100),
    reply_posts.direct_sent(NAME, 3, reached=False),
    reply_posts.direct_too_long(1000),
    reply_posts.direct_twice(NAME),
    reply_posts.too_many_directs(100),
    reply_posts.undone_too_late(NAME, "x" * 140),
    reply_people.no_longer_muted(NAME),
    reply_posts.direct_refused(NAME),
    reply_posts.direct_to_nobody(NAME),
    reply_posts.direct_to_nobody("josé"),
    reply_posts.direct_to_nobody("a giant word " * 9),
    reply_posts.direct_to_nobody("\U0001f600"),
    reply_posts.direct_without_text(NAME),
    reply_posts.nothing_to_answer(),
    reply_posts.undone("x" * 140),
    reply_reading.post(NAME, "x" * 140),
    reply_reading.whois(NAME, "a long story " * 30, (1, 2), f"{URL}/@{NAME}", protected=True),
    reply_reading.stats(NAME, 100_000, 100_000, 100_000),
    reply.mail_on(flushed=True),
    reply.mail_hourly(flushed=True),
    reply.mail_daily(23, "ComodRivadavia", flushed=False),
    reply.mail_daily(23, "ComodRivadavia", flushed=True),
    reply.what_daily_takes(),
    reply_people.accept_or_deny(NAME),
    reply_posts.which_of_the_digest(),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_costs_one_segment(answer: str) -> None:
    assert segments(answer) == 1, len(answer)


def test_the_first_of_a_list_is_whole_and_others_come_while_they_fit() -> None:
    put = {"between": "\n", "end": "\nMORE"}
    assert reply_form.fitted("", ["ann: hi", "bob: yo"], more=False, **put) == ("ann: hi\nbob: yo", 2)
    assert reply_form.fitted("", ["ann: hi", "bob: yo"], more=True, **put) == ("ann: hi\nbob: yo\nMORE", 2)
    assert reply_form.fitted("", ["x" * 155, "bob: yo"], more=False, **put) == (f"{'x' * 155}\nMORE", 1)
    assert reply_form.fitted("", ["x" * 200], more=False, **put) == ("x" * 200, 1)


def test_who_somebody_is_begins_with_what_they_say_of_themselves() -> None:
    words = reply_reading.whois("ann", "Teacher.\nBirds.", (1, 0), "https://x.example/@ann", protected=False)
    assert words == "ann: Teacher. Birds. 1 post, 0 followers. https://x.example/@ann"


@pytest.mark.parametrize(
    ("people", "keys", "words"),
    [
        (0, 0, "You still get direct messages and mentions by mail."),
        (1, 0, "You still get the posts of 1 person, direct messages and mentions by mail."),
        (
            3,
            1,
            "You still get the posts of 3 people and for 1 word, tag or group, direct messages and mentions by mail.",
        ),
        (0, 2, "You still get the posts for 2 words, tags and groups, direct messages and mentions by mail."),
    ],
)
def test_what_still_comes_by_mail_is_said_in_a_sentence(people: int, keys: int, words: str) -> None:
    assert reply_mail.left(people, keys) == words
