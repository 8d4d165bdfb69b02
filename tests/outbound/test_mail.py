"""Mails to a real SMTP server, and to one that says whatever a script tells it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from gateway.demo.mailbox import Mailbox
from gateway.domain.delivery import Bounced, Deferred, Fault, Sent
from outbound import mail_pool
from outbound.mail import LOCKED_OUT_PAUSE, OutboundMailSettings, mailbox
from outbound.mail_replies import SLOWED_PAUSE
from outbound.mail_text import message_id, return_path
from tests.outbound.relays import SITE, Script, letter, transport
from tests.wiring import free_port


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with Mailbox() as box:
        yield box


GREETINGS = ["250 script", "250-script\r\n250 PIPELINING"]


async def test_a_mail_arrives_as_it_was_written_with_its_own_return_path(box: Mailbox) -> None:
    async with transport(box.port) as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Sent)
    assert outcome.remote_id.startswith("250 2.0.0")
    got = box.mails[0]
    assert got.sender == return_path(letter(), SITE)
    assert got.recipients == ("bob@example.org",)
    assert got.text.startswith("Tea at four\n.\n.. and a dot\n")
    assert got.message["Message-ID"] == message_id(31, SITE)


async def test_connections_are_kept_and_never_more_than_allowed() -> None:
    async with Script() as relay:
        async with transport(relay.port, connections=2) as wire:
            outcomes = await asyncio.gather(*(wire.send(letter(id=n)) for n in range(20)))
            assert all(isinstance(outcome, Sent) for outcome in outcomes)
            assert isinstance(await wire.send(letter()), Sent)
        assert relay.connections == 2
        assert relay.said.count("QUIT") == 2


async def test_a_kept_connection_that_died_is_replaced_unnoticed() -> None:
    async with Script(MAIL=["250 ok", "CUT", "250 ok"]) as relay, transport(relay.port) as wire:
        assert isinstance(await wire.send(letter()), Sent)
        assert isinstance(await wire.send(letter(id=32)), Sent)
        assert relay.connections == 2


async def test_a_relay_that_has_had_enough_of_a_connection_gets_a_new_one() -> None:
    async with Script(MAIL=["250 ok", "421 4.7.0 too many mails", "250 ok"]) as relay, transport(relay.port) as wire:
        assert isinstance(await wire.send(letter()), Sent)
        assert isinstance(await wire.send(letter(id=32)), Sent)
        assert relay.connections == 2


async def test_an_idle_connection_is_closed_with_a_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_pool, "IDLE_SECONDS", 0.05)
    async with Script() as relay, transport(relay.port) as wire:
        await wire.send(letter())
        async with asyncio.timeout(30):
            await relay.left.wait()
        assert isinstance(await wire.send(letter(id=32)), Sent)
        assert relay.connections == 2


async def test_a_relay_that_takes_its_leave_between_two_mails_gets_a_new_connection() -> None:
    last_words = ["250 2.0.0 queued\r\n421 4.4.2 idle for too long", "250 2.0.0 queued"]
    async with Script(END=last_words) as relay, transport(relay.port) as wire:
        assert await wire.send(letter()) == Sent("250 2.0.0 queued")
        assert await wire.send(letter(id=32)) == Sent("250 2.0.0 queued")
        assert relay.connections == 2


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("550 5.1.1 <bob@example.org>: no such user", Fault.ADDRESS),
        ("550 5.1.10 null MX", Fault.ADDRESS),
        ("550 5.2.1 mailbox disabled", Fault.ADDRESS),
        ("550 no such user here", Fault.ADDRESS),
        ("553 mailbox name not allowed", Fault.ADDRESS),
        ("550 5.7.1 not wanted here", Fault.MESSAGE),
        ("554 no", Fault.MESSAGE),
        ("552 5.2.2 mailbox full", Fault.NOT_NOW),
        ("550 5.1.8 bad sender", Fault.SENDER),
    ],
)
async def test_a_refused_recipient_is_whose_fault_the_relay_says(box: Mailbox, reply: str, fault: Fault) -> None:
    box.refuse(reply)
    async with transport(box.port) as wire:
        outcome = await wire.send(letter())
        assert isinstance(outcome, Bounced)
        assert outcome.fault is fault
        assert "bob@example.org" not in outcome.reason
        assert isinstance(await wire.send(letter()), Sent)
    assert len(box.mails) == 1


async def test_a_greylisted_mail_is_put_off_and_then_taken(box: Mailbox) -> None:
    box.greylist()
    async with transport(box.port) as wire:
        outcome = await wire.send(letter())
        assert outcome == Deferred("451 4.7.1 Greylisted, come back later")
        assert isinstance(await wire.send(letter(attempt=2)), Sent)


async def test_a_mail_that_came_back_too_soon_to_who_greylists_comes_after_some_minutes(box: Mailbox) -> None:
    box.refuse("451 4.7.1 Greylisted, come back later", times=2)
    async with transport(box.port) as wire:
        assert await wire.send(letter()) == Deferred("451 4.7.1 Greylisted, come back later")
        assert await wire.send(letter(attempt=2)) == Deferred("451 4.7.1 Greylisted, come back later", 300.0)


@pytest.mark.parametrize("kept", [False, True])
async def test_a_connection_lost_in_the_data_puts_the_mail_off(box: Mailbox, kept: bool) -> None:
    box.drop_in_data(kept=kept)
    async with transport(box.port) as wire:
        assert isinstance(await wire.send(letter()), Deferred)
        assert isinstance(await wire.send(letter(attempt=2)), Sent)
    assert len({got.message["Message-ID"] for got in box.mails}) == 1
    assert len(box.mails) == 1 + kept


async def test_a_connection_refused_rests_all_mail() -> None:
    async with transport(free_port()) as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide


@pytest.mark.parametrize("greeting", ["554 5.7.1 go away", "421 4.3.2 closing", "CUT", "HANG", "nonsense", ""])
async def test_a_relay_that_does_not_greet_rests_all_mail(greeting: str) -> None:
    async with Script(GREETING=[greeting]) as relay, transport(relay.port, timeout=0.3) as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    "reply", ["451 4.3.0 later", "421 4.3.2 closing", "CUT", "HANG", "nonsense", "299-" + "x" * 9999]
)
@pytest.mark.parametrize("hello", GREETINGS)
async def test_whatever_is_not_a_final_no_puts_the_mail_off(hello: str, verb: str, reply: str) -> None:
    later, patience = "354 go on" if verb == "DATA" else "250 ok", 0.3 if reply == "HANG" else 30.0
    async with Script(EHLO=[hello], **{verb: [reply, later]}) as relay, transport(relay.port, timeout=patience) as wire:
        outcome = await wire.send(letter())
        assert isinstance(outcome, Deferred)
        assert outcome.reason
        attempt = 2
        while not isinstance(await wire.send(letter(attempt=attempt)), Sent):
            assert reply == "HANG"
            assert attempt < 5, "that long no machine stalls"
            attempt += 1


@pytest.mark.parametrize(
    ("verb", "fault"),
    [("RCPT", Fault.MESSAGE), ("DATA", Fault.MESSAGE), ("END", Fault.MESSAGE)],
)
@pytest.mark.parametrize("hello", GREETINGS)
async def test_a_final_no_bounces_and_leaves_the_connection_good(hello: str, verb: str, fault: Fault) -> None:
    later = "354 go on" if verb == "DATA" else "250 ok"
    script = Script(EHLO=[hello], **{verb: ["554-5.7.1 no\r\n554 5.7.1 to <bob@example.org>", later]})
    async with script as relay, transport(relay.port) as wire:
        outcome = await wire.send(letter())
        assert isinstance(await wire.send(letter(id=32)), Sent)
    assert relay.connections == 1
    assert isinstance(outcome, Bounced)
    assert outcome.fault is fault
    assert "554 5.7.1" in outcome.reason
    assert "bob@" not in outcome.reason


async def test_a_relay_that_wants_a_login_loses_nothing_and_calls_the_operator() -> None:
    with structlog.testing.capture_logs() as logs:
        async with Script(MAIL=["530 5.7.0 log in first"]) as relay, transport(relay.port) as wire:
            outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert [entry["log_level"] for entry in logs] == ["error"]


@pytest.mark.parametrize("hello", GREETINGS)
async def test_a_relay_that_does_not_take_us_as_a_sender_loses_nothing_and_calls_the_operator(hello: str) -> None:
    """It would say so to all that waits: none of it is given up."""
    script = Script(EHLO=[hello], MAIL=["550 5.7.1 sender of <bob@example.org> not verified", "250 ok"])
    with structlog.testing.capture_logs() as logs:
        async with script as relay, transport(relay.port) as wire:
            outcome = await wire.send(letter())
            assert isinstance(await wire.send(letter(attempt=2)), Sent)
    assert isinstance(outcome, Deferred)
    assert (outcome.route_wide, outcome.retry_after) == (True, LOCKED_OUT_PAUSE)
    assert outcome.reason == "the relay does not take us as a sender: 5.7.1 sender of <…> not verified (550)"
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_a_no_to_one_mailbox_in_any_script_is_no_no_to_all_mail() -> None:
    script = Script(EHLO=["250-script\r\n250 SMTPUTF8"], MAIL=["555 5.6.7 no such option", "250 ok"])
    async with script as relay, transport(relay.port) as wire:
        outcome = await wire.send(letter(to="jürgen@example.org"))
        assert isinstance(await wire.send(letter(id=32)), Sent)
    assert isinstance(outcome, Bounced)


@pytest.mark.parametrize("hello", GREETINGS)
@pytest.mark.parametrize(("verb", "reply"), [("MAIL", "452 4.3.1 no room"), ("RCPT", "421 4.3.2 closing"),
                                             ("END", "421 4.3.2 closing")])  # fmt: skip
async def test_what_a_server_has_no_time_for_costs_no_mail_its_tries(hello: str, verb: str, reply: str) -> None:
    async with Script(EHLO=[hello], **{verb: [reply]}) as relay, transport(relay.port) as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert (outcome.excused, outcome.retry_after, outcome.route_wide) == (True, SLOWED_PAUSE, False)


async def test_a_server_that_looks_at_a_mail_for_long_gets_it_once() -> None:
    """Scanners take their time behind the end of the data: who hangs up meanwhile sends it again."""
    async with Script(pause=1.3) as relay, transport(relay.port, timeout=0.8) as wire:
        assert isinstance(await wire.send(letter()), Sent)
    assert relay.said.count("DATA") == 1


async def test_the_time_for_one_mails_end_is_not_the_next_mails() -> None:
    script = Script(pause=1.1, MAIL=["250 ok", "HANG"])
    async with script as relay, transport(relay.port, timeout=0.8) as wire:
        assert isinstance(await wire.send(letter()), Sent)
        begun = asyncio.get_running_loop().time()
        assert isinstance(await wire.send(letter(id=32)), Deferred)
        took = asyncio.get_running_loop().time() - begun
    assert relay.connections == 2, "once over the kept connection, once over a new one"
    assert took < 6 * 0.8 - 1.1, "the end of the first mail had that long"


async def test_a_server_that_never_says_whether_it_has_a_mail_is_left_at_last() -> None:
    async with Script(END=["HANG"]) as relay, transport(relay.port, timeout=0.1) as wire:
        async with asyncio.timeout(30):
            assert isinstance(await wire.send(letter()), Deferred)


@pytest.mark.parametrize(
    "to", ["", "bob", "bob@", "a b@x.example", "a@b@c.example", "x@y.example>\r\nRCPT TO:<z", "ä@\x00"]
)
async def test_what_is_no_address_never_reaches_the_wire(box: Mailbox, to: str) -> None:
    async with transport(box.port) as wire:
        outcome = await wire.send(letter(to=to))
    assert outcome == Bounced("not a mail address", Fault.ADDRESS)
    assert not box.doors


async def test_a_domain_in_any_script_is_written_in_ascii(box: Mailbox) -> None:
    async with transport(box.port) as wire:
        assert isinstance(await wire.send(letter(to="bob@münchen.example")), Sent)
    assert box.mails[0].recipients == ("bob@xn--mnchen-3ya.example",)
    assert box.mails[0].message["To"].addresses[0].domain == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("domain", "ascii_"),
    [
        ("straße.example", "xn--strae-oqa.example"),  # not strasse.example, which may be somebody else's
        ("Bücher.Example", "xn--bcher-kva.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_domain_is_written_as_it_is_registered_today(domain: str, ascii_: str) -> None:
    assert mailbox(f"bob@{domain}") == f"bob@{ascii_}"


@pytest.mark.parametrize("domain", ["a..ü.example", "ü" * 70 + ".example", "-ü.example", "\u2665.example"])
def test_what_can_be_no_domain_is_no_mailbox(domain: str) -> None:
    assert mailbox(f"bob@{domain}") is None


async def test_a_mailbox_in_any_script_needs_a_relay_that_takes_it(box: Mailbox) -> None:
    async with transport(box.port) as wire:
        assert isinstance(await wire.send(letter(to="jürgen@example.org")), Sent)
    assert box.mails[0].recipients == ("jürgen@example.org",)
    async with Script() as relay, transport(relay.port) as wire:
        assert isinstance(await wire.send(letter(to="jürgen@example.org")), Bounced)


class Taker:
    """Takes every mail, from whoever knows the password where there is one."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd finds its handlers by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        return "250 2.0.0 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"birdwire", b"secret"), handled=False)


@asynccontextmanager
async def tls_relay(certificate: Path, *, at_once: bool) -> AsyncIterator[int]:
    """A relay with TLS from the first byte, or one that wants STARTTLS and a login; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    taker, loop = Taker(), asyncio.get_running_loop()
    guard: dict[str, Any] = {"tls_context": context, "require_starttls": True, "auth_required": True}
    guard["authenticator"] = taker.authenticate

    def door() -> SMTP:
        return SMTP(taker, hostname="relay.example", loop=loop, **({} if at_once else guard))

    server = await loop.create_server(door, "127.0.0.1", 0, ssl=context if at_once else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_relay_is_logged_in_to_over_starttls(certificate: Path) -> None:
    login = {"username": "birdwire", "password": "secret", "tls_ca": str(certificate / "cert.pem")}
    async with tls_relay(certificate, at_once=False) as port:
        async with transport(port, tls="starttls", **login) as wire:
            assert await wire.send(letter()) == Sent("250 2.0.0 taken")
        async with transport(port, tls="starttls", **(login | {"password": "wrong"})) as wire:
            outcome = await wire.send(letter())
            assert isinstance(outcome, Deferred)
            assert outcome.route_wide
            assert outcome.reason == "the relay refuses our login (535)"


async def test_a_relay_may_speak_tls_from_the_first_byte(certificate: Path) -> None:
    authority = str(certificate / "cert.pem")
    async with tls_relay(certificate, at_once=True) as port, transport(port, tls="tls", tls_ca=authority) as wire:
        assert await wire.send(letter()) == Sent("250 2.0.0 taken")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_relay_whose_certificate_is_not_trusted_gets_nothing(certificate: Path, tls: str) -> None:
    async with tls_relay(certificate, at_once=tls == "tls") as port, transport(port, tls=tls) as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide


async def test_a_relay_without_starttls_gets_nothing_in_the_clear(box: Mailbox) -> None:
    async with transport(box.port, tls="starttls") as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert box.mails == []


def test_settings_do_not_show_their_secrets() -> None:
    assert "secret" not in repr(OutboundMailSettings(password="secret"))
