"""Certified mail of Italy: what somebody wrote is read out of its envelope, and receipts are nobody's words."""

from datetime import UTC, datetime

import pytest

from inbound.automatic import Kind
from inbound.letters import understand
from inbound.message import Inbound, PostingAddress
from tests.inbound.envelopes import ORIGINAL, as_a_file, attached, envelope

WORDS = "La riunione comincia alle nove."


def taken(mail: str) -> Inbound:
    raw = mail.replace("\n", "\r\n").encode()
    doors = {"post+own@birds.example": PostingAddress(7)}
    (message,) = understand(raw, "mario@azienda.example", doors, "birds.example", datetime(2026, 11, 26, tzinfo=UTC))
    return message


@pytest.mark.parametrize(
    "mail",
    [
        envelope(attached()),
        envelope(attached(), signed=False),
        envelope(as_a_file()),
        envelope(attached(), mark="X-Trasporto: errore", title="ANOMALIA MESSAGGIO"),
        envelope("Content-Type: message/rfc822\n\n" + ORIGINAL),
    ],
    ids=["as it is", "without its signature", "as a file", "of ordinary mail", "without a name"],
)
def test_the_words_of_certified_mail_are_those_within_its_envelope(mail: str) -> None:
    message = taken(mail)
    assert message.text == WORDS
    assert (message.subject, message.message_id) == ("Riunione", "<one@azienda.example>")
    assert message.certified
    assert message.dropped == 0
    assert message.automatic is None


def test_what_was_attached_within_is_what_was_left_out() -> None:
    inside = ORIGINAL.replace("text/plain; charset=utf-8", "multipart/mixed; boundary=I").partition("\n\n")[0]
    inside += f"\n\n--I\n\n{WORDS}\n--I\nContent-Type: application/pdf; name=a.pdf\n\nx\n--I--\n"
    message = taken(envelope(attached(inside)))
    assert (message.text, message.dropped) == (WORDS, 1)


@pytest.mark.parametrize(
    "part",
    [
        "",
        attached("no head at all\n"),
        attached("Subject: of nobody\n\nwords\n"),
        "Content-Type: text/plain\n\nwords\n",
    ],
)
def test_of_an_envelope_with_no_mail_in_it_nothing_is_posted(part: str) -> None:
    message = taken(envelope(*filter(None, [part])))
    assert (message.text, message.certified, message.automatic) == ("", True, None)


@pytest.mark.parametrize(
    "kind",
    [
        "accettazione",
        "non-accettazione",
        "presa-in-carico",
        "avvenuta-consegna",
        "errore-consegna",
        "preavviso-errore-consegna",
        "rilevazione-virus",
    ],
)
def test_receipts_are_of_no_person(kind: str) -> None:
    for parts in ([], [attached()]):
        message = taken(envelope(*parts, mark=f"X-Ricevuta: {kind}", title="CONSEGNA"))
        assert message.automatic is Kind.RECEIPT


def test_an_answering_machine_with_certified_mail_is_one_all_the_same() -> None:
    away = ORIGINAL.replace("Subject: Riunione", "Subject: Riunione\nAuto-Submitted: auto-replied")
    assert taken(envelope(attached(away))).automatic is Kind.VACATION


def test_our_own_mail_that_a_certified_mailbox_passes_on_is_ours() -> None:
    ours = ORIGINAL.replace("mario@azienda.example>\nTo", "help@birds.example>\nTo")
    mail = envelope(attached(ours), mark="X-Trasporto: errore", title="ANOMALIA MESSAGGIO")
    assert taken(mail).automatic is Kind.OURS


def test_other_mail_with_a_mail_in_it_is_what_its_sender_wrote_above() -> None:
    message = taken(envelope(attached(), mark="X-Nothing: here"))
    assert message.text.startswith("Messaggio di posta certificata")
    assert not message.certified
