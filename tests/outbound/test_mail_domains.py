"""Mail that goes straight to the servers of its recipients: real servers on several addresses, found by a real DNS."""

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from gateway.demo.mailbox import Mailbox
from gateway.domain.delivery import Bounced, Deferred, Fault, Sent
from outbound import mail_domains
from outbound.mail import DOMAINS_AT_ONCE, MailTransport, OutboundMailSettings
from outbound.mail_domains import FIRST_REST, NOWHERE_PAUSE, SURE_AFTER
from tests.dns_server import SILENCE, Names, Records, names
from tests.outbound.relays import SITE, Script, letter, transport
from tests.wiring import free_port

ONE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"


def leads_to(*hosts: str, name: str = "a.example") -> Records:
    """A domain whose servers are these addresses, the first one preferred."""
    records: Records = {name: {"MX": [f"{n}0 mx{n}.{name}." for n, _ in enumerate(hosts, 1)]}}
    return records | {f"mx{n}.{name}": {"A": [host]} for n, host in enumerate(hosts, 1)}


@asynccontextmanager
async def straight(records: Records, port: int, **changes: Any) -> AsyncIterator[tuple[MailTransport, Names]]:
    async with (
        names(records) as (server, resolver),
        transport(port, route="mx", resolver=resolver, **({"timeout": 10.0} | changes)) as wire,
    ):
        yield wire, server


def to(address: str, **changes: Any) -> Any:
    return letter(to=address, **changes)


async def test_a_domain_that_does_not_take_us_as_a_sender_ends_its_own_mails_alone() -> None:
    port = free_port()
    async with (
        Script(ONE, port, MAIL=["550 5.7.1 not from you"]),
        Mailbox(host=OTHER, port=port) as good,
        straight(leads_to(ONE) | leads_to(OTHER, name="b.example"), port) as (wire, _),
    ):
        refused = await wire.send(to("bob@a.example"))
        assert isinstance(await wire.send(to("bob@b.example", id=32)), Sent)
    assert isinstance(refused, Bounced)
    assert refused.fault is Fault.SENDER
    assert len(good.mails) == 1


async def test_a_mail_goes_to_the_server_that_is_preferred() -> None:
    port = free_port()
    async with (
        Mailbox(host=ONE, port=port) as first,
        Mailbox(host=OTHER, port=port) as second,
        straight(leads_to(ONE, OTHER), port) as (wire, _),
    ):
        for number in range(5):
            assert isinstance(await wire.send(to("bob@a.example", id=number)), Sent)
    assert (len(first.mails), len(second.mails)) == (5, 0)


@pytest.mark.parametrize("greeting", [None, "421 4.3.2 closing", "554 5.7.1 no", "CUT"])
async def test_when_that_one_cannot_be_talked_to_the_next_one_gets_it(greeting: str | None) -> None:
    port = free_port()
    async with AsyncExitStack() as servers:
        if greeting:
            await servers.enter_async_context(Script(ONE, port, GREETING=[greeting]))
        second = await servers.enter_async_context(Mailbox(host=OTHER, port=port))
        async with straight(leads_to(ONE, OTHER), port) as (wire, _):
            assert isinstance(await wire.send(to("bob@a.example")), Sent)
    assert len(second.mails) == 1


async def test_servers_that_are_preferred_alike_share_the_work() -> None:
    port = free_port()
    records: Records = {"a.example": {"MX": ["10 mx.a.example."]}, "mx.a.example": {"A": [ONE, OTHER]}}
    async with (
        Mailbox(host=ONE, port=port) as first,
        Mailbox(host=OTHER, port=port) as second,
        straight(records, port, messages_per_connection=1) as (wire, _),
    ):
        for number in range(60):
            assert isinstance(await wire.send(to("bob@a.example", id=number)), Sent)
    assert len(first.mails) + len(second.mails) == 60
    assert min(len(first.mails), len(second.mails)) > 5


async def test_a_server_that_failed_comes_last_for_a_while() -> None:
    port = free_port()
    async with (
        Script(ONE, port, GREETING=["421 4.3.2 closing"]) as first,
        Mailbox(host=OTHER, port=port),
        straight(leads_to(ONE, OTHER), port, messages_per_connection=1) as (wire, _),
    ):
        for number in range(5):
            assert isinstance(await wire.send(to("bob@a.example", id=number)), Sent)
    assert first.connections == 1


async def test_a_domain_without_mx_is_its_own_server() -> None:
    port = free_port()
    async with Mailbox(host=ONE, port=port) as box, straight({"a.example": {"A": [ONE]}}, port) as (wire, _):
        assert isinstance(await wire.send(to("bob@A.Example")), Sent)
    assert box.mails[0].recipients == ("bob@A.Example",)


async def test_a_domain_that_takes_no_mail_is_believed_at_once() -> None:
    async with straight({"a.example": {"MX": ["0 ."], "A": [ONE]}}, free_port()) as (wire, _):
        outcome = await wire.send(to("bob@a.example"))
    assert outcome == Bounced("its domain takes no mail", Fault.ADDRESS)


async def test_that_there_is_no_such_domain_is_believed_after_a_while() -> None:
    async with straight({}, free_port()) as (wire, _):
        for attempt in range(1, SURE_AFTER):
            outcome = await wire.send(to("bob@a.example", attempt=attempt + 7, excused=7))
            assert isinstance(outcome, Deferred)
            assert outcome.retry_after == NOWHERE_PAUSE
            assert not outcome.route_wide
            assert not outcome.excused
        outcome = await wire.send(to("bob@a.example", attempt=SURE_AFTER + 7, excused=7))
    assert isinstance(outcome, Bounced)
    assert outcome.fault is Fault.ADDRESS


async def test_mail_to_a_domain_that_leads_to_us_does_not_go_round() -> None:
    records: Records = {"a.example": {"MX": [f"10 {SITE.mail_domain}."]}, SITE.mail_domain: {"A": [ONE]}}
    async with straight(records, free_port()) as (wire, _):
        outcome = await wire.send(to("bob@a.example", attempt=SURE_AFTER))
    assert isinstance(outcome, Bounced)


async def test_a_domain_whose_servers_are_away_rests_and_its_mail_is_not_blamed() -> None:
    async with straight(leads_to(ONE, OTHER), free_port()) as (wire, server):
        first = await wire.send(to("bob@a.example"))
        asked = sum(server.asked.values())
        second = await wire.send(to("carol@a.example"))
        assert sum(server.asked.values()) == asked
    for outcome in (first, second):
        assert isinstance(outcome, Deferred)
        assert outcome.excused
        assert not outcome.route_wide
        assert outcome.retry_after is not None
        assert 0 < outcome.retry_after < FIRST_REST + 1
        assert outcome.reason == "the domain's server cannot be reached: nothing listens there"


async def test_who_waits_for_a_domain_that_fails_does_not_try_it_again() -> None:
    async with straight(leads_to(ONE), free_port()) as (wire, server):
        outcomes = await asyncio.gather(*(wire.send(to(f"p{n}@a.example", id=n)) for n in range(20)))
        assert server.asked["a.example"] == 1
    assert all(isinstance(outcome, Deferred) and outcome.excused for outcome in outcomes)


async def test_a_domain_rests_longer_each_time_and_not_at_all_once_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_domains, "FIRST_REST", 0.1)
    port = free_port()
    async with straight(leads_to(ONE), port) as (wire, _):
        rests = []
        for number in range(3):
            outcome = await wire.send(to("bob@a.example", id=number))
            assert isinstance(outcome, Deferred)
            assert outcome.retry_after is not None
            rests.append(outcome.retry_after)
            await asyncio.sleep(outcome.retry_after + 0.02)  # what it asks for, and the coarseness of timers
        assert rests[0] < rests[1] < rests[2] < 0.5
        async with Mailbox(host=ONE, port=port):
            assert isinstance(await wire.send(to("bob@a.example")), Sent)
        await asyncio.sleep(0)
        outcome = await wire.send(to("bob@a.example"))
        assert isinstance(outcome, Deferred)
        assert outcome.retry_after is None or outcome.retry_after < 0.15


async def test_dns_that_says_nothing_is_asked_again_later() -> None:
    async with straight({"a.example": SILENCE}, free_port(), timeout=1.0) as (wire, _):
        outcome = await wire.send(to("bob@a.example"))
    assert isinstance(outcome, Deferred)
    assert outcome.excused
    assert "is not known" in outcome.reason


async def test_a_dead_domain_delays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first mail waits for it, the others only for a moment; those of another domain not at all."""
    monkeypatch.setattr(mail_domains, "PATIENCE", 0.1)
    port = free_port()
    records = leads_to(ONE, name="dead.example") | leads_to(OTHER, name="well.example")
    async with (
        Script(ONE, port, GREETING=["HANG"]) as dead,
        Mailbox(host=OTHER, port=port) as well,
        straight(records, port, timeout=30.0) as (wire, _),
    ):
        waits = [asyncio.create_task(wire.send(to(f"p{n}@dead.example", id=n))) for n in range(30)]
        for number in range(100, 130):
            assert isinstance(await wire.send(to("bob@well.example", id=number)), Sent)
        for waited in itertools.islice(asyncio.as_completed(waits), 29):
            outcome = await waited
            assert isinstance(outcome, Deferred)
            assert outcome.excused
            assert outcome.retry_after is not None
            assert 10 <= outcome.retry_after <= 20
        (first,) = [each for each in waits if not each.done()]
        first.cancel()
    assert dead.connections == 1
    assert len(well.mails) == 30


async def test_a_domain_gets_one_conversation_first_and_then_no_more_than_allowed() -> None:
    port = free_port()
    async with Script(ONE, port) as server, straight(leads_to(ONE), port, connections=3) as (wire, _):
        outcomes = await asyncio.gather(*(wire.send(to("bob@a.example", id=n)) for n in range(40)))
        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert 1 <= server.connections <= 3


async def test_a_mail_exchange_is_talked_to_under_tls_whoever_vouches_for_it(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    secured: list[bool] = []

    class Taker:
        async def handle_DATA(self, server: SMTP, session: Any, _envelope: Any) -> str:  # noqa: N802 - as aiosmtpd has it
            secured.append(session.ssl is not None)
            return "250 2.0.0 taken"

    loop, port = asyncio.get_running_loop(), free_port()
    server = await loop.create_server(
        lambda: SMTP(Taker(), hostname="mx.example", tls_context=context, require_starttls=True, loop=loop), ONE, port
    )
    async with straight(leads_to(ONE), port) as (wire, _):
        assert await wire.send(to("bob@a.example")) == Sent("250 2.0.0 taken")
    assert secured == [True]
    server.close()


@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "220 go on\r\nnonsense"])
async def test_where_the_tls_that_is_offered_fails_mail_goes_in_the_clear(reply: str) -> None:
    port = free_port()
    offer = ["250-mx\r\n250 STARTTLS"]
    async with Script(ONE, port, EHLO=offer, STARTTLS=[reply]) as server:
        async with straight(leads_to(ONE), port) as (wire, _):
            assert isinstance(await wire.send(to("bob@a.example")), Sent)
        assert server.connections == 2


async def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    port = free_port()
    async with (
        Script(ONE, port, EHLO=["502 what?"], HELO=["250 hello"]) as server,
        straight(leads_to(ONE), port) as (wire, _),
    ):
        assert isinstance(await wire.send(to("bob@a.example")), Sent)
    assert "HELO mail.town.example" in server.said


async def test_we_are_called_what_is_configured() -> None:
    port = free_port()
    async with (
        Script(ONE, port) as server,
        straight(leads_to(ONE), port, hostname="out.town.example", source_address=THIRD) as (wire, _),
    ):
        assert isinstance(await wire.send(to("bob@a.example")), Sent)
    assert server.said[0] == "EHLO out.town.example"
    assert server.came_from == [THIRD]


async def test_domains_at_which_nothing_goes_on_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_domains, "_MOST_REMEMBERED", 5)
    async with straight({}, free_port()) as (wire, _):
        for number in range(30):
            await wire.send(to(f"bob@{number}.example"))
        assert wire._domains is not None
        assert len(wire._domains._domains) <= 5


def test_many_mails_are_under_way_at_once_so_that_slow_domains_hold_up_nobody() -> None:
    assert OutboundMailSettings(route="mx").at_once == DOMAINS_AT_ONCE > OutboundMailSettings().at_once
