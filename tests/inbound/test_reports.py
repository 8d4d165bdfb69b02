"""Telling machines from people, and final failures from delays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.mime_parts import parse
from inbound.reports import failure, is_automatic

DOMAIN = "birds.example"


def automatic(head: str, sender: str = "bob@example.org", body: str = "hello") -> bool:
    return is_automatic(parse(f"{head}\n\n{body}\n".replace("\n", "\r\n").encode()), sender, DOMAIN)


def why(raw: str) -> str:
    data = raw.replace("\n", "\r\n").encode()
    return failure(parse(data), data)


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: AUTO-GENERATED; owner-email=x",
        "Precedence: bulk",
        "Precedence: Junk",
        "precedence: list",
        "List-Id: <birds.lists.example>",
        "List-Unsubscribe: <mailto:x@lists.example>",
        "X-Autoreply: yes",
        "X-Autorespond: yes",
        "X-Loop: Birds.Example",
        "Delivered-To: Autoresponder",
        "X-Failed-Recipients: x@example.org",
        "Subject: Automatic reply: Coffee?",
        "Subject: Out of Office: back on Monday",
        "Subject: =?utf-8?Q?Abwesenheitsnotiz=3A_Kaffee?=",
        "Subject: =?utf-8?Q?R=C3=A9ponse_automatique?= : absent",
        "Subject: Respuesta automática: Café",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b",
        "Content-Type: text/calendar; method=REPLY; charset=utf-8",
        "Content-Type: text/calendar; method=cancel",
    ],
)
def test_what_machines_send_is_automatic(head: str) -> None:
    assert automatic(head)


@pytest.mark.parametrize(
    "sender",
    ["", "MAILER-DAEMON@example.org", "owner-birds@lists.example", "birds-request@lists.example",
     "birds-bounces+bob=example.org@lists.example", "bounce+abc@birds.example", "help@BIRDS.example"],
)  # fmt: skip
def test_mail_from_machines_and_from_ourselves_is_automatic(sender: str) -> None:
    assert automatic("Subject: x", sender)


def test_a_calendar_s_answer_is_automatic_wherever_it_stands() -> None:
    body = (
        "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nBob accepted.\n--c\n"
        "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n--c--\n--b--"
    )
    assert automatic("Content-Type: multipart/mixed; boundary=b\nSubject: Accepted: Lunch", body=body)


@pytest.mark.parametrize(
    "head",
    [
        "Subject: hello",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Auto-Submitted:",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: All",
        "X-Loop: elsewhere.example",
        "Subject: Re: Automatic reply: Coffee?",
        "Subject: automatic replying machines are fun",
        "Subject: out of office supplies",
        "Subject: abwesend sein ist schön",
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "Content-Type: text/calendar; method=PUBLISH",
    ],
)
def test_what_people_send_is_not(head: str) -> None:
    assert not automatic(head)


def report(*blocks: str) -> str:
    """A delivery report as RFC 3464 has it, one block of fields for each recipient."""
    recipients = "\n\n".join(blocks)
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nI am sorry.\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{recipients}\n\n"
        "--b\nContent-Type: message/rfc822\n\nSubject: alice: hello\n\nhello\n--b--\n"
    )


def test_a_final_failure_has_its_status_and_the_other_side_s_words() -> None:
    raw = report(
        "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>:\n    Recipient address rejected: User unknown"
    )
    assert why(raw) == "5.1.1 550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown"


def test_what_no_database_takes_is_not_in_the_words() -> None:
    raw = report("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\x00 such\x01 user")
    assert why(raw) == "5.1.1 550 no such user"
    data = raw.encode().replace(b"such", b"s\xfcch")
    assert failure(parse(data), data) == "5.1.1 550 no süch user"


def test_a_failure_without_words_still_has_a_reason() -> None:
    assert why(report("Final-Recipient: rfc822; b@x\nAction: failed\nStatus: 5.0.0")) == (
        "5.0.0 the message could not be delivered"
    )
    assert why(report("Final-Recipient: rfc822; b@x\nAction: failed")) == "the message could not be delivered"


def test_giving_up_on_something_temporary_says_so_in_its_status() -> None:
    assert why(report("Action: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; delivery time expired")).startswith(
        "4.4.7 "
    )


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_anything_but_failed_is_no_failure(action: str) -> None:
    assert why(report(f"Final-Recipient: rfc822; b@x\nAction: {action}\nStatus: 4.4.1")) == ""


def test_one_failed_recipient_among_others_is_found() -> None:
    assert why(report("Action: delayed\nStatus: 4.4.1", "Action: Failed\nStatus: 5.2.2")).startswith("5.2.2 ")


def test_a_qmail_bounce_is_final() -> None:
    raw = (
        "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<bob@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n"
        "Giving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nSubject: alice: hello\n\nhello\n"
    )
    assert why(raw) == "5.1.1 550 5.1.1 no such user"


def test_an_exim_bounce_is_final() -> None:
    raw = (
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: bob@example.org\n"
        "Auto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\n"
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        "  bob@example.org\n    Unrouteable address\n"
    )
    assert why(raw) == "returned as undeliverable"


def test_a_warning_that_it_takes_longer_is_no_failure() -> None:
    raw = (
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Warning: could not send message "
        "for past 4 hours\n\n"
        "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n"
        "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n"
        "The original message was received at Sun, 22 Nov 2026\n\n   ----- Transcript of session follows -----\n"
        "<bob@example.org>... Deferred: Connection refused\nWarning: message still undelivered after 4 hours\n"
    )
    assert why(raw) == ""


def test_an_answering_machine_at_the_return_path_is_no_failure() -> None:
    assert (
        why("Auto-Submitted: auto-replied\nSubject: Out of office\n\nI am away until 5.10.2026, room 550 is empty.\n")
        == ""
    )


@given(st.binary(max_size=300), st.sampled_from([b"", b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n",
       b"Content-Type: message/delivery-status\r\n\r\n", b"From: MAILER-DAEMON\r\nX-Failed-Recipients: "]))  # fmt: skip
def test_no_bytes_make_the_reader_of_reports_fail(data: bytes, head: bytes) -> None:
    raw = head + data
    mail = parse(raw)
    assert isinstance(failure(mail, raw), str)
    assert isinstance(is_automatic(mail, "bob@example.org", DOMAIN), bool)


def test_a_report_of_megabytes_in_free_form_is_read_quickly() -> None:
    for line in (b"a\r\n", b"\r\n", b"Action: failed\r\n", b"<a@b.example>: 550 no such user\r\n"):
        raw = b"From: mailer-daemon@home.example\r\nSubject: failed\r\n\r\n" + line * (4_000_000 // len(line))
        mail = parse(raw)
        begun = time.process_time()
        failure(mail, raw)
        assert time.process_time() - begun < 3
