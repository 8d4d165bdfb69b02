"""Reports about mail of ours: final failures, delays and successes, and complaints."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.complaint import Complaint
from inbound.mime_parts import parse
from inbound.reports import arrived, complaint, failure
from tests.inbound import returns
from tests.inbound.returns import RETURNS, Returned, block, report


def why(raw: str) -> str:
    data = raw.replace("\n", "\r\n").encode()
    return failure(parse(data), data)


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


@pytest.mark.parametrize("returned", RETURNS, ids=lambda each: each.server)
def test_what_servers_send_back_is_read(returned: Returned) -> None:
    reason = why(returned.raw)
    assert bool(reason) == bool(returned.reason), reason
    assert reason.startswith(returned.reason)


@pytest.mark.parametrize("author", ["", "From:\n", "From: \n F\n", "From: (nobody)\n"])
@pytest.mark.parametrize("server", ["qmail", "exim, plain", "qmail, full"])
def test_what_comes_back_without_an_author_is_read(server: str, author: str) -> None:
    (raw,) = (each.raw for each in RETURNS if each.server == server)
    assert why(raw) != ""
    assert why(re.sub(r"(?m)^From: .*\n", author, raw, count=1)) == why(raw)


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        ([block("failed", "5.1.1"), block("failed", "5.2.2")], "5.2.2 "),
        ([block("failed", "5.1.1"), block("failed", "4.4.7")], "4.4.7 "),
        ([block("failed", "5.1.1"), block("delayed", "4.4.7")], "5.1.1 "),
        ([block("failed", "5.1.1"), block("delivered", "2.0.0")], ""),
        ([block("failed", "5.1.1"), block("relayed", "2.0.0")], ""),
        ([block("delayed", "4.4.7"), block("expanded", "2.0.0")], ""),
    ],
)
def test_a_mailbox_that_passes_on_to_several_fails_as_mildly_as_any_of_them(blocks: list[str], reason: str) -> None:
    assert why(report(*blocks)).startswith(reason)
    assert bool(why(report(*blocks))) == bool(reason)


def is_there(raw: str) -> bool:
    return arrived(parse(raw.replace("\n", "\r\n").encode()))


def test_a_report_may_say_that_a_mail_lies_in_its_mailbox() -> None:
    assert is_there(report(block("delivered", "2.0.0")))
    for action in ("relayed", "expanded", "delayed", "failed"):
        assert not is_there(report(block(action, "2.0.0")))
    assert not is_there(report(block("delivered", "2.0.0"), block("failed", "5.1.1")))
    assert not is_there("Subject: hello\n\nAction: delivered\n")


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
    assert isinstance(arrived(mail), bool)
    assert complaint(mail) is None or complaint(mail)


OPENINGS = (
    "A message that you sent could not be delivered",
    "failed addresses follow:",
    "Message not delivered to the following addresses",
    "Sorry, unable to deliver your message to",
    "Invalid final delivery userid:",
)
"""Words after which a detector looks for addresses in each line."""


@pytest.mark.parametrize("piece", ["x", " ", "<", "a@", "\r"])
def test_a_line_without_end_in_a_report_in_free_form_is_read_quickly(piece: str) -> None:
    """One of a megabyte would keep everybody waiting for hours."""
    opened = "From: mailer-daemon@mx.example\n\n" + "\n".join(OPENINGS)
    begun = time.process_time()
    why(f"{opened}\n{piece * 60_000}\n")
    why(f"{opened}\n" + f"{piece * (900 // len(piece))}\n" * 60)
    assert time.process_time() - begun < 2


def test_a_report_of_megabytes_in_free_form_is_read_quickly() -> None:
    for line in (b"a\r\n", b"\r\n", b"Action: failed\r\n", b"<a@b.example>: 550 no such user\r\n"):
        raw = b"From: mailer-daemon@home.example\r\nSubject: failed\r\n\r\n" + line * (4_000_000 // len(line))
        mail = parse(raw)
        begun = time.process_time()
        failure(mail, raw)
        assert time.process_time() - begun < 3


SECRET, REPLY, STOP = "a" * 27, "b" * 27, "cab0" + "d" * 26
MAIL = returns.ORIGINAL.format(bounce=f"bounce+{SECRET}@birds.example", reply=f"reply+{REPLY}@birds.example", stop=STOP)
ALL = (f"bounce+{SECRET}", f"reply+{REPLY}", f"unsubscribe+{STOP}")


def told(raw: str) -> Complaint | None:
    return complaint(parse(raw.replace("\n", "\r\n").encode()))


@pytest.mark.parametrize(
    ("feedback_type", "kind"),
    [("abuse", "abuse"), ("Fraud", "fraud"), ("opt-out", "opt-out"), ("not-spam", "not-spam"), ("new", "other"),
     ("abuse (a comment)", "abuse"), ("", "other")],
)  # fmt: skip
def test_a_complaint_has_its_type_and_what_only_who_has_the_mail_knows(feedback_type: str, kind: str) -> None:
    fields = "Original-Rcpt-To: <bob@mail.example>\nOriginal-Mail-From: <x@y.example>\n"
    found = told(returns.complaint(feedback_type, fields=fields, returned=MAIL))
    assert found == Complaint(kind, ALL, ("bob@mail.example",))


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers"])
def test_a_complaint_may_return_the_headers_alone(kind: str) -> None:
    found = told(returns.complaint(returned=MAIL.replace("\nhello\n", "\n"), kind=kind))
    assert found is not None
    assert found.secrets == ALL


def test_a_complaint_may_name_the_return_path_in_its_fields_alone() -> None:
    fields = f"Original-Mail-From: <bounce+{SECRET.upper()}@birds.example>\n"
    found = told(returns.complaint(fields=fields, returned="Subject: [redacted]\n\n"))
    assert found is not None
    assert found.secrets == (f"bounce+{SECRET}",)


@pytest.mark.parametrize(
    ("message_id", "secrets"),
    [
        (f"<delivery.31.{'s' * 26}@birds.example>", (f"delivery+7{'s' * 26}",)),
        (f"<Delivery.31.{'S' * 26}@BIRDS.EXAMPLE>", (f"delivery+7{'s' * 26}",)),
        ("<delivery.31@birds.example>", ()),
        (f"<delivery.031.{'s' * 26}@birds.example>", ()),
        (f"<delivery.{'9' * 40}.{'s' * 26}@birds.example>", ()),
        (f"<x.delivery.31.{'s' * 26}@birds.example>", ()),
    ],
)
def test_a_complaint_may_leave_nothing_but_the_message_id(message_id: str, secrets: tuple[str, ...]) -> None:
    found = told(returns.complaint(returned=f"Message-ID: {message_id}\nSubject: [redacted]\n\n"))
    assert found is not None
    assert found.secrets == secrets


def test_what_is_no_feedback_report_is_no_complaint() -> None:
    assert told("Subject: spam!\n\nFeedback-Type: abuse\n") is None
    assert told(report(block("failed", "5.1.1"), returned=MAIL)) is None


def test_a_complaint_about_many_mails_is_read_quickly_and_in_part() -> None:
    raw = returns.complaint(returned=MAIL).replace("--b--\n", f"--b\nContent-Type: message/rfc822\n\n{MAIL}\n" * 20)
    begun = time.process_time()
    found = told(raw)
    assert time.process_time() - begun < 3
    assert found is not None
    assert len(found.secrets) <= 10
