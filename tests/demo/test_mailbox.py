"""The demo's mailbox, tried with a real SMTP client."""

import asyncio
import socket
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from gateway.demo.mailbox import Mailbox


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with Mailbox() as box:
        yield box


def letter(text: str = "Grüße", to: str = "bob@example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alice@example.org", to, "Hi there"
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    return message


async def mail(box: Mailbox, message: EmailMessage, **options: object) -> None:
    await aiosmtplib.send(message, hostname="127.0.0.1", port=box.port, start_tls=False, timeout=30)


async def test_a_mail_is_kept_with_its_envelope_and_its_words(box: Mailbox) -> None:
    await mail(box, letter())
    kept = await box.wait_for(lambda mail: mail.subject == "Hi there")
    assert (kept.sender, kept.recipients) == ("alice@example.org", ("bob@example.org",))
    assert kept.text == "Grüße\n"
    assert kept.raw.startswith(b"From:")


async def test_a_refused_recipient_hears_why_and_the_next_one_is_taken(box: Mailbox) -> None:
    box.refuse(to="bob@example.org")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await mail(box, letter())
    assert refused.value.recipients[0].code == 550
    await mail(box, letter(to="carol@example.org"))
    await mail(box, letter())
    assert [mail.recipients for mail in box.mails] == [("carol@example.org",), ("bob@example.org",)]


async def test_a_box_can_be_away_until_told_to_behave(box: Mailbox) -> None:
    box.refuse("452 4.2.2 Mailbox full", times=None)
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await mail(box, letter())
    box.behave()
    await mail(box, letter())
    assert len(box.mails) == 1


async def test_who_has_gone_before_the_greeting_leaves_nothing_open(box: Mailbox) -> None:
    with socket.create_connection(("127.0.0.1", box.port)) as client:
        client.shutdown(socket.SHUT_WR)  # before the box had a chance to look
        client.setblocking(False)
        async with asyncio.timeout(30):
            while await asyncio.get_running_loop().sock_recv(client, 1000):
                pass
    assert not box.doors


async def test_greylisting_puts_each_pair_off_once(box: Mailbox) -> None:
    box.greylist()
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await mail(box, letter())
    await mail(box, letter())
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await mail(box, letter(to="carol@example.org"))
    assert len(box.mails) == 1


@pytest.mark.parametrize("kept", [True, False])
async def test_a_connection_cut_in_data_hides_whether_the_mail_was_taken(box: Mailbox, kept: bool) -> None:
    box.drop_in_data(kept=kept)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await mail(box, letter())
    assert len(box.mails) == kept
    await mail(box, letter())
    assert len(box.mails) == kept + 1


async def test_closing_does_not_wait_for_a_client_that_stays() -> None:
    async with Mailbox() as box:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=box.port, start_tls=False)
        await client.connect()
        await client.ehlo()
    client.close()
    assert box.mails == []


async def test_a_mail_says_where_its_answer_goes_and_which_posting_address_it_tells() -> None:
    async with Mailbox() as box:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Reply-To"] = "help@b.example", "alice@m.example", "reply+x@b.example"
        letter.set_content("whatever you mail to this address is posted:\n\npost+abc234@b.example\n\nKeep it.")
        await aiosmtplib.send(letter, hostname="127.0.0.1", port=box.port, start_tls=False)
        mail = await box.wait_for(lambda _: True)
    assert mail.answers_to == "reply+x@b.example"
    assert mail.posting_address == "post+abc234@b.example"
