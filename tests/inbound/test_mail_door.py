"""Real SMTP and LMTP conversations with the door."""

import asyncio
import re
import ssl
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbound.mail import MailDoor
from inbound.message import BounceAddress, HelpAddress, PostingAddress
from store import trouble
from tests.inbound.talking import DOMAIN, POST, Pile, connected, opened, ready_for_data, until


def mail(text: str = "hello", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Alice <alice@example.org>"
    message["To"] = "someone"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


async def send(door: MailDoor, message: EmailMessage, *recipients: str, sender: str = "alice@example.org") -> None:
    await aiosmtplib.send(
        message,
        sender=sender,
        recipients=list(recipients or (POST,)),
        hostname="127.0.0.1",
        port=door.port,
        start_tls=False,
    )


async def test_a_mail_to_a_posting_address_reaches_the_intake_with_all_that_is_known(
    door: MailDoor, pile: Pile
) -> None:
    await send(door, mail("Coffee at noon?\n", Subject="Hi", Message_ID="<1@example.org>"))
    (message,) = pile.messages
    assert message.door == PostingAddress(7)
    assert (message.sender, message.to, message.text) == ("alice@example.org", POST, "Coffee at noon?")
    assert (message.source, message.subject, message.message_id) == ("mail", "Hi", "<1@example.org>")
    assert not message.automatic
    assert "Coffee at noon?" in message.raw


@pytest.mark.parametrize(
    ("path", "sender"),
    [
        ("prvs=0327a1b2c3=alice@home.example", "alice@home.example"),
        ("PRVS=0327A1B2C3=alice@home.example", "alice@home.example"),
        ("btv1==0327a1b2c3d==alice@home.example", "alice@home.example"),
        ("prvs=alice@home.example", "prvs=alice@home.example"),
        ("prvs=0327a1b2c3=@home.example", "prvs=0327a1b2c3=@home.example"),
        ("srs0=ab=cd=home.example=alice@relay.example", "srs0=ab=cd=home.example=alice@relay.example"),
    ],
)
async def test_a_return_path_that_is_new_each_day_is_the_same_mailbox_s(
    door: MailDoor, pile: Pile, path: str, sender: str
) -> None:
    await send(door, mail(), sender=path)
    assert pile.messages[0].sender == sender


async def test_250_is_said_only_after_the_intake_has_taken_it(door: MailDoor, pile: Pile) -> None:
    pile.free.clear()
    async with ready_for_data(door) as line:
        await line.say(b"Subject: x\r\n\r\nhello\r\n.\r\n")
        await pile.entered.wait()
        answer = asyncio.create_task(line.hear())
        done, _ = await asyncio.wait([answer], timeout=0.1)
        assert not done
        pile.free.set()
        assert (await answer).startswith("250")


async def test_one_mail_to_two_of_our_addresses_is_two_messages(door: MailDoor, pile: Pile) -> None:
    await send(door, mail(), POST, f"post+bob@{DOMAIN}", f"help@{DOMAIN}")
    assert {m.door for m in pile.messages} == {PostingAddress(7), PostingAddress(8), HelpAddress()}
    assert len({m.remote_id for m in pile.messages}) == 3


async def test_a_mail_that_comes_again_has_the_same_remote_id_whatever_relays_put_on_top(
    door: MailDoor, pile: Pile
) -> None:
    for headers in (b"Message-ID: <same@x>\r\n", b"Date: today\r\n"):
        for trace in (b"", b"Received: from somewhere\r\n"):
            async with ready_for_data(door) as line:
                assert (await line.ask(trace + headers + b"\r\nhello\r\n.\r\n")).startswith("250")
    first, second, third, fourth = [m.remote_id for m in pile.messages]
    assert first == second
    assert third == fourth
    assert first != third


async def test_what_a_script_mails_without_id_or_date_is_new_each_time(door: MailDoor, pile: Pile) -> None:
    """The same words of tomorrow would be taken for those of today, and lost."""
    for _ in range(2):
        async with ready_for_data(door) as line:
            assert (await line.ask(b"Subject: backup\r\n\r\ndone\r\n.\r\n")).startswith("250")
    first, second = [m.remote_id for m in pile.messages]
    assert first != second


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        (f"nobody@{DOMAIN}", "550 5.1.1 No such address here."),
        ("bob@elsewhere.example", "550 5.7.1 Only mail for birds.example is taken here."),
        (f"bob%elsewhere.example@{DOMAIN}", "550 5.1.1"),
        (f'"bob@elsewhere.example"@{DOMAIN}', "550 5.1.1"),
        ("bob", "550 5.7.1"),
        (f"post+broken@{DOMAIN}", "451 4.3.0"),
    ],
)
async def test_nobody_else_s_mail_is_taken(door: MailDoor, pile: Pile, address: str, answer: str) -> None:
    async with connected(door) as line:
        await line.hear()
        await line.ask(b"EHLO me\r\n")
        await line.ask(b"MAIL FROM:<a@example.org>\r\n")
        assert (await line.ask(f"RCPT TO:<{address}>\r\n".encode())).startswith(answer)
        assert (await line.ask(b"DATA\r\n")).startswith("503")
    assert pile.messages == []


async def test_the_postmaster_is_reachable_even_without_a_domain(door: MailDoor, pile: Pile) -> None:
    async with ready_for_data(door, "Postmaster") as line:
        assert (await line.ask(b"\r\nhello?\r\n.\r\n")).startswith("250")
    assert pile.messages[0].door == HelpAddress()


async def test_the_null_sender_is_welcome_and_automatic(door: MailDoor, pile: Pile) -> None:
    await send(door, mail(), f"bounce+x@{DOMAIN}", sender="")
    (message,) = pile.messages
    assert message.sender == ""
    assert message.automatic
    assert message.door == BounceAddress(40)
    assert message.failure == ""


async def test_our_own_fault_is_temporary_and_the_next_mail_works(door: MailDoor, pile: Pile) -> None:
    pile.fails = lambda message: message.to.startswith("post+bob")
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(door, mail(), POST, f"post+bob@{DOMAIN}")
    assert refused.value.code == 451
    assert refused.value.message.startswith("4.3.0")
    assert "database" not in refused.value.message
    await send(door, mail())
    assert len(pile.messages) == 2


async def test_too_large_is_said_at_mail_already(door: MailDoor) -> None:
    async with connected(door) as line:
        await line.hear()
        assert "SIZE 26214400" in await line.ask(b"EHLO me\r\n")
        assert (await line.ask(b"MAIL FROM:<a@example.org> SIZE=26214401\r\n")).startswith("552")
        assert (await line.ask(b"MAIL FROM:<a@example.org> SIZE=26214400\r\n")).startswith("250")


async def test_too_large_is_said_after_data_when_it_was_not_announced(pile: Pile) -> None:
    async with opened(pile, max_size=2000) as door, ready_for_data(door) as line:
        assert (await line.ask(b"\r\n" + b"x" * 70 + b"\r\n" + b"y\r\n" * 1000 + b".\r\n")).startswith("552")
        await line.ask(b"MAIL FROM:<a@example.org>\r\n")
        await line.ask(b"RCPT TO:<%s>\r\n" % POST.encode())
        await line.ask(b"DATA\r\n")
        assert (await line.ask(b"\r\nshort\r\n.\r\n")).startswith("250")
    assert [m.text for m in pile.messages] == ["short"]


async def test_a_mail_without_end_is_hung_up_on(pile: Pile) -> None:
    async with opened(pile, max_size=2000) as door, ready_for_data(door) as line:
        with pytest.raises(ConnectionError):
            await line.go_on_and_on()


@pytest.mark.parametrize("much", [b"x" * 70 + b"\r\n", b"\r\n"], ids=["long lines", "empty lines"])
async def test_mails_that_come_in_at_once_have_so_much_memory_and_no_more(pile: Pile, much: bytes) -> None:
    half = 30_000 // (len(much) + 100) * much
    async with opened(pile, max_in_hand=50_000) as door:
        async with ready_for_data(door) as line, ready_for_data(door) as other:
            await line.say(b"\r\n" + half)
            await until(lambda: door._in_hand > 25_000)
            assert (await other.ask(b"\r\n" + half)).startswith("421 4.3.2")
            assert (await line.ask(b"first\r\n.\r\n")).startswith("250")
        async with ready_for_data(door) as line:
            assert (await line.ask(b"\r\n" + half + b"second\r\n.\r\n")).startswith("250")
        async with ready_for_data(door) as line:
            await line.say(b"\r\n" + half)
        await until(lambda: door._in_hand == 0)
    assert [m.text.split()[-1] for m in pile.messages] == ["first", "second"]


async def test_a_mail_of_several_megabytes_is_taken_and_its_attachment_dropped(door: MailDoor, pile: Pile) -> None:
    message = mail("look at this\n")
    message.add_attachment(bytes(range(256)) * 20_000, maintype="image", subtype="jpeg", filename="a.jpg")
    await send(door, message)
    (taken,) = pile.messages
    assert (taken.text, taken.dropped) == ("look at this", 1)
    assert len(taken.raw) <= 256 * 1024


async def test_too_many_recipients_are_asked_to_come_in_another_mail(pile: Pile) -> None:
    async with opened(pile, max_recipients=1) as door, connected(door) as line:
        await line.hear()
        await line.ask(b"EHLO me\r\n")
        await line.ask(b"MAIL FROM:<>\r\n")
        assert (await line.ask(b"RCPT TO:<%s>\r\n" % POST.encode())).startswith("250")
        assert (await line.ask(b"RCPT TO:<help@birds.example>\r\n")).startswith("452 4.5.3")


async def test_guessing_addresses_ends_the_connection(door: MailDoor) -> None:
    async with connected(door) as line:
        await line.hear()
        await line.ask(b"EHLO me\r\n")
        await line.ask(b"MAIL FROM:<>\r\n")
        answers = []
        while not answers or answers[-1].startswith("550"):
            answers.append(await line.ask(b"RCPT TO:<post+%d@birds.example>\r\n" % len(answers)))
        assert len(answers) == 31
        assert answers[-1].startswith("421")
        assert await line.reader.read() == b""


async def test_commands_and_mails_may_be_sent_in_one_breath(door: MailDoor, pile: Pile) -> None:
    one = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<%s>\r\nDATA\r\n" % POST.encode()
    async with connected(door) as line:
        await line.say(b"EHLO me\r\n" + (one + b"\r\nfirst\r\n.\r\n") + (one + b"\r\nsecond\r\n.\r\n") + b"QUIT\r\n")
        heard = (await line.reader.read()).decode().splitlines()
    assert "250-PIPELINING" in heard
    assert [line[:3] for line in heard if line[3:4] == " "] == [
        "220",
        *["250"] * 3,
        "354",
        *["250"] * 3,
        "354",
        "250",
        "221",
    ]
    assert [m.text for m in pile.messages] == ["first", "second"]


@pytest.mark.parametrize(
    "end",
    [
        *(b"\n.\n", b"\n.\r\n", b"\n\n.\n\n", b"\n.\r", b"\r.\r", b"\r.\n", b"\r.\r\n", b"\r\r.\r\r"),
        *(b"\r\n.\r", b"\r\n.\n", b"\r\r\n.\r\r\n", b"\r\n.\r\r\n", b"\n\r.\n\r", b"\r\n.\n\r\n"),
        *(b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\0\n.\r\n", b"\r\n.\r\0\n", b"\r\n. \r\n", b"\r\n .\r\n"),
        *(b"\x85.\x85", b"\x0b.\x0b", b"\x0c.\x0c", b"\xe2\x80\xa8.\xe2\x80\xa8", b"\r\n..\r\n", b"\r\n.\x85"),
    ],
)
async def test_no_mail_is_smuggled_behind_a_false_end_of_data(door: MailDoor, pile: Pile, end: bytes) -> None:
    inner = b"MAIL FROM:<ceo@example.org>\r\nRCPT TO:<%s>\r\nDATA\r\n\r\nsmuggled\r\n.\r\n" % POST.encode()
    async with ready_for_data(door) as line:
        await line.say(b"Subject: x\r\n\r\nhello" + end + inner + b"QUIT\r\n")
        assert (await line.hear()).startswith("250")
        await line.reader.read()
    assert len(pile.messages) == 1
    assert pile.messages[0].sender == "a@example.org"


async def test_dots_are_unstuffed_and_odd_line_ends_do_no_harm(door: MailDoor, pile: Pile) -> None:
    async with ready_for_data(door) as line:
        assert (await line.ask(b"Subject: x\r\n\r\n..dot\r\nbare\nline\rends\0\r\n.\r\n")).startswith("250")
    assert pile.messages[0].text == ".dot\nbare\nline\nends"
    assert "\0" not in pile.messages[0].raw


async def test_a_mail_may_be_empty(door: MailDoor, pile: Pile) -> None:
    async with ready_for_data(door) as line:
        assert (await line.ask(b".\r\n")).startswith("250")
    assert pile.messages[0].text == ""


@pytest.mark.parametrize("at", range(1, 6))
async def test_the_end_of_data_may_come_in_pieces(door: MailDoor, pile: Pile, at: int) -> None:
    data = b"\r\nhello\r\n.\r\n"
    async with ready_for_data(door) as line:
        await line.say(data[:-at])
        await until(lambda: door._in_hand > 0)
        assert pile.messages == []
        assert (await line.ask(data[-at:])).startswith("250")
        assert (await line.ask(b"NOOP\r\n")).startswith("250")
    assert [m.text for m in pile.messages] == ["hello"]


async def test_a_mail_of_many_blocks_is_read_whole(door: MailDoor, pile: Pile) -> None:
    lines = [b"%d %s" % (number, b"." * (number % 90)) for number in range(4000)] + [b"", b".", b".x", b"..", b"\n.\n"]
    stuffed = b"\r\n".join(b"." + each if each.startswith(b".") else each for each in lines)
    async with ready_for_data(door) as line:
        assert (await line.ask(b"\r\n" + stuffed + b"\r\n.\r\n")).startswith("250")
    assert pile.messages[0].raw == (b"\r\n" + b"\r\n".join(lines) + b"\r\n").decode()


async def test_a_mail_may_be_exactly_as_large_as_is_said(pile: Pile) -> None:
    async with opened(pile, max_size=1000) as door:
        for size, answer in ((1000, "250"), (1001, "552")):
            async with ready_for_data(door) as line:
                assert (await line.ask(b"\r\n" + b"x" * (size - 4) + b"\r\n.\r\n")).startswith(answer)


async def test_a_line_may_have_64_kilobytes_with_its_end(door: MailDoor) -> None:
    for length, answer in ((64 * 1024, "250"), (64 * 1024 + 1, "500")):
        for before in (b"", b"y\r\n" * 30_000):
            async with ready_for_data(door) as line:
                await line.say(b"\r\n" + before + b"x" * (length - 2) + b"\r\n.\r\n")
                assert (await line.hear()).startswith(answer)


async def test_long_lines_are_read_and_absurd_ones_refused(door: MailDoor, pile: Pile) -> None:
    async with ready_for_data(door) as line:
        assert (await line.ask(b"\r\n" + b"x" * 5000 + b"\r\n.\r\n")).startswith("250")
    async with ready_for_data(door) as line:
        assert (await line.ask(b"\r\n" + b"x" * 500_000 + b"\r\n.\r\n")).startswith("500")
        assert (await line.ask(b"NOOP\r\n")).startswith("250")
    assert len(pile.messages) == 1


async def test_a_command_of_any_length_gets_an_answer(door: MailDoor) -> None:
    async with connected(door) as line:
        await line.hear()
        assert (await line.ask(b"EHLO " + b"x" * 300_000 + b"\r\n")).startswith("500")
        assert (await line.ask(b"EHLO me\r\n")).startswith("250")
        assert (await line.ask(b"MAIL FROM:<%s@example.org>\r\n" % (b"x" * 300))).startswith("553")


async def test_who_hangs_up_while_the_mail_is_taken_does_not_undo_it(door: MailDoor, pile: Pile) -> None:
    pile.free.clear()
    async with ready_for_data(door) as line:
        await line.say(b"\r\nhello\r\n.\r\n")
        await pile.entered.wait()
    pile.free.set()
    await door.close()
    assert len(pile.messages) == 1


async def test_closing_says_goodbye_to_the_idle_and_finishes_the_mail_in_hand(pile: Pile) -> None:
    pile.free.clear()
    async with opened(pile) as door, connected(door) as idle, ready_for_data(door) as busy:
        await idle.hear()
        await busy.say(b"\r\nhello\r\n.\r\n")
        await pile.entered.wait()
        closing = asyncio.create_task(door.close())
        assert (await idle.hear()).startswith("421")
        assert await idle.reader.read() == b""
        pile.free.set()
        assert (await busy.hear()).startswith("250")
        assert (await busy.hear()).startswith("421")
        await closing
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", door.port)
    assert len(pile.messages) == 1


async def test_connections_are_limited_in_all_and_from_one_host(pile: Pile) -> None:
    for limit, code in (("max_connections", "421 4.3.2"), ("max_connections_per_host", "421 4.7.0")):
        async with opened(pile, **{limit: 1}) as door:
            async with connected(door) as first:
                await first.hear()
                async with connected(door) as second:
                    assert (await second.hear()).startswith(code)
                    assert await second.reader.read() == b""
                assert (await first.ask(b"QUIT\r\n")).startswith("221")
                await first.reader.read()
            async with connected(door) as third:
                assert (await third.hear()).startswith("220")


async def test_an_idle_client_is_hung_up_on(pile: Pile) -> None:
    async with opened(pile, timeout=0.1) as door, connected(door) as line:
        await line.hear()
        assert (await line.hear()).startswith("421 4.4.2")
        assert await line.reader.read() == b""


async def test_a_mail_that_comes_slowly_is_waited_for(pile: Pile) -> None:
    async with opened(pile, timeout=1.5, min_rate=20.0) as door, ready_for_data(door) as line:
        await line.trickle(20)  # for two seconds
        assert (await line.ask(b".\r\n")).startswith("250")
    assert len(pile.messages) == 1


async def test_a_mail_that_only_trickles_in_is_not_waited_for(pile: Pile) -> None:
    async with opened(pile, timeout=0.4, min_rate=400.0) as door, ready_for_data(door) as line:
        trickling = asyncio.create_task(line.trickle())
        assert (await line.hear()).startswith("421 4.4.2")
        trickling.cancel()
        await until(lambda: door._in_hand == 0 and not door._sessions)
    assert pile.messages == []


async def test_addresses_and_mails_may_be_in_any_script(door: MailDoor, pile: Pile) -> None:
    async with connected(door) as line:
        await line.hear()
        assert "SMTPUTF8" in await line.ask(b"EHLO me\r\n")
        assert (await line.ask("MAIL FROM:<用户@例子.公司> BODY=8BITMIME SMTPUTF8\r\n".encode())).startswith("250")
        assert (await line.ask(b"RCPT TO:<%s>\r\n" % POST.upper().encode())).startswith("250")
        await line.ask(b"DATA\r\n")
        assert (await line.ask("Subject: ключ\r\n\r\nпривет\r\n.\r\n".encode())).startswith("250")
        assert (await line.ask(b"MAIL FROM:<\xff\xfe@x.example>\r\n"))[:3] in {"250", "451", "553"}
    (message,) = pile.messages
    assert (message.sender, message.subject, message.text) == ("用户@例子.公司", "ключ", "привет")


async def test_lmtp_answers_for_each_recipient(pile: Pile) -> None:
    pile.fails = lambda message: message.to.startswith("post+bob")
    async with opened(pile, protocol="lmtp") as door:
        async with ready_for_data(door, POST, f"post+bob@{DOMAIN}", greeting=b"LHLO me\r\n") as line:
            assert (await line.ask(b"\r\nhello\r\n.\r\n")).startswith("250")
            assert (await line.hear()).startswith("451")
            assert (await line.ask(b"NOOP\r\n")).startswith("250")
        async with connected(door) as line:
            await line.hear()
            assert (await line.ask(b"EHLO me\r\n")).startswith("500")


async def test_lmtp_says_too_large_once_for_each_recipient(pile: Pile) -> None:
    async with (
        opened(pile, protocol="lmtp", max_size=1000) as door,
        ready_for_data(door, POST, f"post+bob@{DOMAIN}", greeting=b"LHLO me\r\n") as line,
    ):
        assert (await line.ask(b"\r\n" + b"x\r\n" * 1000 + b".\r\n")).startswith("552")
        assert (await line.hear()).startswith("552")
        assert (await line.ask(b"RSET\r\n")).startswith("250")


async def test_lmtp_refuses_a_mail_once_for_each_recipient(pile: Pile) -> None:
    async with (
        opened(pile, protocol="lmtp") as door,
        ready_for_data(door, POST, POST, greeting=b"LHLO me\r\n") as line,
    ):
        assert (await line.ask(b"Received: x\r\n" * 60 + b"\r\nhello\r\n.\r\n")).startswith("554")
        assert (await line.hear()).startswith("554")
        assert (await line.ask(b"NOOP\r\n")).startswith("250")


async def test_nonsense_and_idling_end_the_conversation(door: MailDoor) -> None:
    for command, patience, farewell in ((b"HELO?\r\n", 4, "502"), (b"NOOP\r\n", 100, "421")):
        async with connected(door) as line:
            await line.hear()
            for _ in range(patience):
                assert (await line.ask(command))[:3] in {"250", "500"}
            assert (await line.ask(command)).startswith(farewell)
            assert await line.reader.read() == b""


async def test_a_mail_that_goes_round_in_circles_is_refused(door: MailDoor, pile: Pile) -> None:
    async with ready_for_data(door) as line:
        answer = await line.ask(b"Received: from x by y\r\n" * 60 + b"\r\nhello\r\n.\r\n")
    assert answer.startswith("554 5.4.6")
    assert pile.messages == []


async def test_login_is_never_offered(door: MailDoor) -> None:
    async with connected(door) as line:
        await line.hear()
        assert "AUTH" not in await line.ask(b"EHLO me\r\n")
        assert (await line.ask(b"AUTH PLAIN AGEAYg==\r\n"))[0] == "5"


async def test_a_configured_certificate_offers_starttls(pile: Pile, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    context = ssl.create_default_context(cafile=str(cert))
    context.check_hostname = False
    async with opened(pile, tls_cert=str(cert), tls_key=str(key)) as door:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=door.port, start_tls=True, tls_context=context)
        await client.connect()
        assert not client.supports_extension("auth")
        await client.send_message(mail("over tls\n"), recipients=[POST])
        await client.quit()
    assert pile.messages[0].text == "over tls"


async def test_commands_injected_before_starttls_are_thrown_away(pile: Pile, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key)) as door, connected(door) as line:
        await line.hear()
        await line.ask(b"EHLO me\r\n")
        assert (await line.ask(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")).startswith("220")
        context = ssl.create_default_context(cafile=str(cert))
        context.check_hostname = False
        await line.writer.start_tls(context)
        assert (await line.ask(b"EHLO me\r\n")).startswith("250")
        assert (await line.ask(b"MAIL FROM:<a@example.org>\r\n")).startswith("250")
        assert (await line.ask(b"STARTTLS\r\n")).startswith("503")
        assert (await line.ask(b"NOOP\r\n")).startswith("250")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    data=st.lists(
        st.binary(max_size=200)
        | st.sampled_from(
            [
                b"\r\n",
                b"\n",
                b"--x",
                b"Content-Type: multipart/mixed; boundary=x\r\n",
                b"Content-Transfer-Encoding: base64\r\n\r\n",
                b"=?utf-8?b?",
                b"<",
            ]
        ),
        max_size=20,
    )
)
def test_any_bytes_get_a_proper_answer_and_the_next_mail_works(data: list[bytes]) -> None:
    async def converse() -> None:
        pile = Pile()
        stuffed = b"".join(data).replace(b"\r\n.", b"\r\n..")
        stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
        async with opened(pile) as door, ready_for_data(door) as line:
            answer = await line.ask(stuffed + b"\r\n.\r\n")
            assert answer.startswith("250")
            await line.ask(b"MAIL FROM:<a@example.org>\r\n")
            await line.ask(b"RCPT TO:<%s>\r\n" % POST.encode())
            await line.ask(b"DATA\r\n")
            assert (await line.ask(b"Subject: s\r\n\r\nnext\r\n.\r\n")).startswith("250")
        assert pile.messages[-1].text == "next"

    asyncio.run(converse())


@settings(max_examples=60)
@given(
    command=st.binary(max_size=100).filter(lambda b: b"\n" not in b and not b.upper().startswith((b"QUIT", b"DATA")))
)
def test_any_command_gets_an_answer(command: bytes) -> None:
    async def converse() -> None:
        async with opened(Pile()) as door, connected(door) as line:
            await line.hear()
            await line.ask(b"EHLO me\r\n")
            for prefix in (b"", b"MAIL FROM:", b"RCPT TO:", b"MAIL FROM:<", b"VRFY "):
                answer = await line.ask(prefix + command.rstrip(b"\r") + b"\r\n")
                assert answer[:1] in "245"
                assert answer[:3].isdigit()

    asyncio.run(converse())


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"host": "unix:/no/such/folder/lmtp"}, "mail.inbound.host = unix:/no/such/folder/lmtp: No such file"),
        ({"tls_cert": "/no/such.pem", "tls_key": "/no/such.key"}, "mail.inbound.tls_cert = /no/such.pem: No such file"),
        ({"tls_cert": __file__, "tls_key": __file__}, f"mail.inbound.tls_cert = {__file__}: "),
    ],
    ids=["socket", "certificate", "not a certificate"],
)
async def test_what_keeps_the_door_shut_is_named(pile: Pile, rules: dict[str, str], words: str) -> None:
    with pytest.raises(OSError, match=re.escape(words)) as refused:
        async with opened(pile, **rules):
            pass
    assert trouble.reason(refused.value).startswith(words)
