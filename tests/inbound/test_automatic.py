"""Telling machines from people, and one machine from another."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.automatic import Kind, kind_of
from inbound.away import LANGUAGES, says_away
from inbound.mime_parts import parse

DOMAIN = "birds.example"


def kind(head: str, sender: str = "bob@example.org", body: str = "hello") -> Kind | None:
    return kind_of(parse(f"{head}\n\n{body}\n".replace("\n", "\r\n").encode()), sender, DOMAIN)


@pytest.mark.parametrize(
    ("head", "machine"),
    [
        ("Content-Type: multipart/report; report-type=feedback-report; boundary=b", Kind.COMPLAINT),
        ('Content-Type: multipart/report; report-type="disposition-notification"; boundary=b', Kind.RECEIPT),
        ("Content-Type: message/disposition-notification", Kind.RECEIPT),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Kind.BOUNCE),
        ("Content-Type: multipart/report; boundary=b", Kind.BOUNCE),
        ("X-Failed-Recipients: x@example.org", Kind.BOUNCE),
        ("X-Loop: Birds.Example\nAuto-Submitted: auto-generated", Kind.OURS),
        ("Subject: hello\nMessage-ID: <delivery.31@birds.example>", Kind.OURS),
        ('From: "alice (Testville)" <help@birds.example>', Kind.OURS),
        ("From: help@Birds.Example", Kind.OURS),
        ("Feedback-ID: alice:post:birdwire\nList-Id: <alice.other.example>", Kind.GATEWAY),
        ("X-Loop: other.example\nAuto-Submitted: auto-replied", Kind.GATEWAY),
        ("From: Bob <bob-confirm-1132.34567.a0b1c2d3@example.org>\nSubject: Please confirm", Kind.CHALLENGE),
        ("Reply-To: bob+confirm+1132.34567.a0b1c2d3@example.org\nX-Delivery-Agent: TMDA/1.1", Kind.CHALLENGE),
        ("From: Bob via Boxbe <notifications@boxbe.com>\nSubject: Re: Coffee? (Action Required)", Kind.CHALLENGE),
        ("From: bob <no-reply@spamarrest.com>\nSubject: Re: Coffee? (verification)", Kind.CHALLENGE),
        ("From: bob@example.org\nSubject: Your email requires verification verify#AbC123-x", Kind.CHALLENGE),
        ("Content-Type: text/calendar; method=REPLY; charset=utf-8", Kind.CALENDAR),
        ("Content-Type: text/calendar; method=cancel", Kind.CALENDAR),
        ("Auto-Submitted: auto-replied", Kind.VACATION),
        ("Auto-Submitted: auto-replied (vacation)", Kind.VACATION),
        ("Precedence: auto_reply", Kind.VACATION),
        ("X-Precedence: auto_reply", Kind.VACATION),
        ("X-Precedence: bulk", Kind.BULK),
        ("X-Autoreply: yes", Kind.VACATION),
        ("X-Autorespond: yes", Kind.VACATION),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nAuto-Submitted: auto-generated", Kind.VACATION),
        ("Delivered-To: Autoresponder", Kind.VACATION),
        ("Precedence: bulk\nSubject: Out of Office: back on Monday", Kind.VACATION),
        ("List-Id: <birds.lists.example>", Kind.LIST),
        ("List-Unsubscribe: <mailto:x@lists.example>", Kind.LIST),
        ("precedence: list", Kind.LIST),
        ("Precedence: bulk", Kind.BULK),
        ("Precedence: Junk", Kind.BULK),
        ("Auto-Submitted: AUTO-GENERATED; owner-email=x", Kind.PROGRAM),
        ("Auto-Submitted: auto-notified", Kind.PROGRAM),
        ("X-Cron-Env: <SHELL=/bin/sh>", Kind.PROGRAM),
        ("Return-Path: <>\nSubject: hello", Kind.NOBODY),
    ],
)  # fmt: skip
def test_what_machines_send_is_known_for_what_it_is(head: str, machine: Kind) -> None:
    assert kind(head) is machine


@pytest.mark.parametrize(
    ("sender", "machine"),
    [
        ("", Kind.NOBODY),
        ("MAILER-DAEMON@example.org", Kind.BOUNCE),
        ("owner-birds@lists.example", Kind.LIST),
        ("birds-request@lists.example", Kind.LIST),
        ("birds-bounces+bob=example.org@lists.example", Kind.LIST),
        ("bounce+abc@birds.example", Kind.OURS),
        ("help@BIRDS.example", Kind.OURS),
        ("srs0=x=bob@mail.boxbe.com", Kind.CHALLENGE),
    ],
)
def test_mail_from_machines_and_from_ourselves_is_automatic(sender: str, machine: Kind) -> None:
    assert kind("Subject: x", sender) is machine


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answering_machine_is_known_by_its_subject(language: str) -> None:
    for phrase in LANGUAGES[language].machine:
        for subject in (phrase, f"{phrase}: Coffee?", f"{phrase.upper()} : Coffee?", f"[{phrase}] Coffee?",
                        f"{phrase} - Coffee?", f"{phrase.title()} (Coffee?)"):  # fmt: skip
            assert says_away(subject), subject
        assert not says_away(f"Re: {phrase}: Coffee?")
        assert not says_away(f"{phrase}X")
    for phrase in LANGUAGES[language].absence:
        assert says_away(f"{phrase}: Coffee?"), phrase
        assert says_away(phrase) == (" " in phrase), phrase
        assert not says_away(f"{phrase} - a poem")


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Coffee?",
        "Out of Office: back on Monday",
        "I'm out of the office.",
        "AUTO: Bob Example is out of the office (returning 11/30/2026)",
        "AUTO: Bob Beispiel ist außer Haus (Rückkehr am 30.11.2026)",
        "=?utf-8?Q?Abwesenheitsnotiz=3A_Kaffee?=",
        "=?utf-8?Q?R=C3=A9ponse_automatique?= : absent",
        "Respuesta automática: Café",
        "Resposta automática: Café",
        "Risposta automatica: Caffè",
        "Automatisch antwoord: Koffie",
        "Autosvar: Kaffe",
        "Automatyczna odpowiedź: Kawa",
        "Автоматический ответ: Кофе",
        "自动答复: 咖啡",
        "自動応答：コーヒー",
    ],
)
def test_a_mail_with_such_a_subject_is_automatic_without_any_other_sign(subject: str) -> None:
    assert kind(f"Subject: {subject}") is Kind.VACATION


def test_a_calendar_s_answer_is_automatic_wherever_it_stands() -> None:
    body = (
        "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nBob accepted.\n--c\n"
        "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n--c--\n--b--"
    )
    assert kind("Content-Type: multipart/mixed; boundary=b\nSubject: Accepted: Lunch", body=body) is Kind.CALENDAR


@pytest.mark.parametrize("inner", ["message/delivery-status", "message/feedback-report"])
def test_a_report_that_a_gateway_has_wrapped_is_still_one(inner: str) -> None:
    body = f"--b\n\nA report.\n--b\nContent-Type: {inner}\n\nAction: failed\n--b--"
    assert kind("Content-Type: multipart/mixed; boundary=b", body=body) in {Kind.BOUNCE, Kind.COMPLAINT}


def test_a_person_may_forward_a_report_as_an_attachment() -> None:
    report = "Content-Type: multipart/report; report-type=delivery-status; boundary=c\n\n--c\n\nSorry.\n--c\n" \
             "Content-Type: message/delivery-status\n\nAction: failed\n--c--"  # fmt: skip
    body = f"--b\n\nlook at this\n--b\nContent-Type: message/rfc822\n\n{report}\n--b--"
    assert kind("Content-Type: multipart/mixed; boundary=b", body=body) is None


@pytest.mark.parametrize(
    "head",
    [
        "Subject: hello",
        "From: Bob <bob@example.org>\nMessage-ID: <1@example.org>",
        "From: bob@notbirds.example",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Auto-Submitted:",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: All",
        "Disposition-Notification-To: bob@example.org",
        "Return-Path: <bob@example.org>",
        "X-Loop: elsewhere.example",
        "X-Delivery-Agent: TMDA/1.1",
        "Feedback-ID: a:b:c:mailer",
        "Subject: Re: Automatic reply: Coffee?",
        "Subject: automatic replying machines are fun",
        "Subject: out of office supplies",
        "Subject: out of office - a poem",
        "Subject: abwesend sein ist schön",
        "Subject: absence",
        "Subject: please confirm your message",
        "Subject: auto: for sale (red)",
        "Subject: a link to https://boxbe.com\nFrom: bob@example.org",
        "From: bob+confirm@example.org",
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "Content-Type: text/calendar; method=PUBLISH",
    ],
)
def test_what_people_send_is_not(head: str) -> None:
    assert kind(head) is None


@given(st.binary(max_size=300), st.sampled_from([b"", b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n",
       b"From: ", b"Subject: ", b"Reply-To: x-confirm-1.2.", b"X-Failed-Recipients: "]))  # fmt: skip
def test_no_bytes_make_the_reader_fail(data: bytes, head: bytes) -> None:
    assert kind_of(parse(head + data), "bob@example.org", DOMAIN) in {None, *Kind}


@pytest.mark.parametrize("name", ["From", "Reply-To", "Subject", "Message-ID", "X-Loop", "Feedback-ID"])
@pytest.mark.parametrize("value", ["@" * 2_000_000, "@a." * 700_000, "-confirm-1." * 200_000, "auto: " * 300_000])
def test_a_header_of_megabytes_is_looked_at_quickly(name: str, value: str) -> None:
    mail = parse(f"{name}: {value}\r\n\r\nhello\r\n".encode())
    begun = time.process_time()
    kind_of(mail, "bob@example.org", DOMAIN)
    assert time.process_time() - begun < 1
