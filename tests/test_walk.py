"""One text to every channel through the real daemon: signed webhooks, a real SMTP conversation, both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest

from gateway import daemon
from gateway.config import Config, load
from gateway.daemon import Listening
from gateway.demo.carrier import Carrier
from gateway.demo.faults import Fault
from gateway.demo.mailbox import Mailbox
from gateway.demo.texts import Text
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import identity
from store import accounts, addresses
from store.unit import Store
from tests.wiring import OUR_NUMBER, free_port, settings

ALICE, BOB = "+15550001001", "+15550001002"


@dataclass
class World:
    """The daemon under test with a carrier and a mailbox around it."""

    carrier: Carrier
    mailbox: Mailbox
    listening: Listening
    config: Config
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        assert self.listening.web is not None
        return f"http://127.0.0.1:{self.listening.web[1]}"

    async def text(self, phone: str, body: str) -> None:
        """Text our number from a phone; the webhook must be taken."""
        result = await self.carrier.text(phone, OUR_NUMBER, body)
        assert (result.status, result.body) == (200, "<Response/>")

    async def shows(self, phone: str, words: str) -> Text:
        """Wait until a phone shows a text with these words."""
        return await self.carrier.wait_for(
            lambda text: text.to == phone and words in text.body and text.status == "delivered"
        )

    async def mail(self, to: str, text: str, *, message_id: str = "<1@home.example>") -> None:
        """Mail the daemon over SMTP."""
        assert self.listening.mail is not None
        letter = f"From: alice@home.example\r\nTo: {to}\r\nMessage-ID: {message_id}\r\n\r\n{text}\r\n"
        await aiosmtplib.send(
            letter.encode(),
            sender="alice@home.example",
            recipients=[to],
            hostname="127.0.0.1",
            port=self.listening.mail[1],
            start_tls=False,
        )

    async def page(self, path: str) -> tuple[int, str]:
        """A page's status and body."""
        async with self.http.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.text()


def configure(folder: Path, store_url: str, carrier: Carrier, mailbox: Mailbox, port: int) -> Config:
    file = folder / "config.toml"
    file.write_text(settings(store_url, carrier, mailbox, port, patience=2) + "messages_per_second = 0\n")
    return load(file, {})


@asynccontextmanager
async def world(folder: Path, store_url: str) -> AsyncIterator[World]:
    """Everything running; leaving stops the daemon cleanly."""
    port = free_port()
    async with (
        Carrier(
            account_sid="AC" + "0" * 32,
            auth_token="token",
            webhook_url=f"http://127.0.0.1:{port}/hooks/twilio/message",
            numbers=[OUR_NUMBER],
        ) as carrier,
        Mailbox() as mailbox,
        aiohttp.ClientSession() as http,
    ):
        config = configure(folder, store_url, carrier, mailbox, port)
        stop = asyncio.Event()
        ready: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(daemon.run(config, daemon.ROLES, stop, on_ready=ready.set_result))
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        try:
            yield World(carrier, mailbox, ready.result(), config, http)
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await running


@pytest.fixture
async def birdwire(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, store_url) as running:
        yield running


async def give_mailbox(config: Config, name: str, address: str) -> str:
    """Give an account a proven mail address, as an operator would; returns its secret posting address."""
    store = Store(config.store.url)
    try:
        async with store.unit() as unit:
            site = config.site_for_services(await identity.key(unit, ""))
            account = await accounts.by_name(unit, name)
            assert account is not None
            now = daemon.now()
            found = await addresses.find_or_add(unit, "email", address, now=now)
            await addresses.attach(unit, found.id, account.id, proven_at=now)
    finally:
        await store.close()
    return f"post+{token.make(site.key, Purpose.POST, account.id)}@{site.mail_domain}"


async def test_a_text_reaches_the_followers_phone_mailbox_and_feed(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "JOIN bob")
    await birdwire.shows(BOB, "you are bob")
    await birdwire.text(BOB, "FOLLOW alice")
    await birdwire.shows(BOB, "You follow alice")
    posting_address = await give_mailbox(birdwire.config, "alice", "alice@mailbox.example")
    await give_mailbox(birdwire.config, "bob", "bob@mailbox.example")

    await birdwire.text(ALICE, "the 7:40 is late")
    shown = await birdwire.shows(BOB, "the 7:40 is late")
    assert shown.body == "alice: the 7:40 is late"
    letter = await birdwire.mailbox.wait_for(lambda mail: "the 7:40 is late" in mail.text)
    assert letter.recipients == ("bob@mailbox.example",)
    assert letter.sender.startswith("bounce+")

    await birdwire.mail(posting_address, "now from my laptop")
    assert (await birdwire.shows(BOB, "now from my laptop")).body == "alice: now from my laptop"
    await birdwire.mailbox.wait_for(lambda mail: "now from my laptop" in mail.text)

    for form in ("rss", "atom", "json"):
        status, feed = await birdwire.page(f"/@alice.{form}")
        assert status == 200
        assert "the 7:40 is late" in feed
        assert "now from my laptop" in feed
    for post_id, words in ((1, "the 7:40 is late"), (2, "now from my laptop")):
        status, page = await birdwire.page(f"/@alice/{post_id}")
        assert status == 200
        assert words in page


async def test_an_answer_by_mail_reaches_the_phone_of_who_wrote_the_post(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "JOIN bob")
    await birdwire.text(BOB, "FOLLOW alice")
    await birdwire.shows(BOB, "You follow alice")
    await give_mailbox(birdwire.config, "bob", "bob@mailbox.example")
    await birdwire.text(ALICE, "who is in?")
    letter = await birdwire.mailbox.wait_for(lambda mail: "who is in?" in mail.text)
    await birdwire.mail(str(letter.message["Reply-To"]), "me!", message_id="<2@home.example>")
    assert (await birdwire.shows(ALICE, "me!")).body == "bob: @alice me!"


async def test_a_webhook_repeated_five_times_at_once_posts_once(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "FOLLOW alice")
    first = await birdwire.carrier.text(ALICE, OUR_NUMBER, "only once")
    again = await asyncio.gather(
        *(birdwire.carrier.text(ALICE, OUR_NUMBER, "only once", MessageSid=first.sid) for _ in range(5))
    )
    assert {(result.status, result.body) for result in again} == {(200, "<Response/>")}
    await birdwire.shows(BOB, "only once")
    await birdwire.text(ALICE, "and another")
    await birdwire.shows(BOB, "and another")
    assert sum("only once" in text.body for text in birdwire.carrier.phones[BOB]) == 1


async def test_a_mail_sent_again_posts_once(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "FOLLOW alice")
    await birdwire.shows(BOB, "alice")
    posting_address = await give_mailbox(birdwire.config, "alice", "alice@mailbox.example")
    for _ in range(3):
        await birdwire.mail(posting_address, "once by mail", message_id="<same@home.example>")
    await birdwire.mail(posting_address, "then another", message_id="<other@home.example>")
    await birdwire.shows(BOB, "then another")
    assert sum("once by mail" in text.body for text in birdwire.carrier.phones[BOB]) == 1


async def test_a_stop_is_the_last_word(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "FOLLOW alice")
    await birdwire.shows(BOB, "alice")
    await birdwire.text(BOB, "Stop.")
    before = len(birdwire.carrier.phones[BOB])
    await birdwire.text(ALICE, "bob must not get this")
    await birdwire.text("+15550001003", "FOLLOW alice")
    await birdwire.shows("+15550001003", "alice")
    await birdwire.text(ALICE, "second")
    await birdwire.shows("+15550001003", "second")
    said = [text.body for text in birdwire.carrier.phones[BOB][before:] if text.to == BOB]
    assert all("bob must not" not in words and "second" not in words for words in said)
    assert len(said) <= 1


@pytest.mark.parametrize("fault", [Fault.TOO_MANY, Fault.DROP, Fault.WRONG_JSON, Fault.RECEIPTS_DOUBLED])
async def test_a_misbehaving_provider_loses_and_doubles_nothing(birdwire: World, fault: Fault) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "FOLLOW alice")
    await birdwire.shows(BOB, "alice")
    birdwire.carrier.misbehave(fault, times=1, to=BOB, retry_after=1)
    await birdwire.text(ALICE, "hold on")
    async with asyncio.timeout(60):
        await birdwire.carrier.wait_for(lambda text: text.to == BOB and "hold on" in text.body, within=60)
    await birdwire.text(ALICE, "afterwards")
    await birdwire.carrier.wait_for(lambda text: text.to == BOB and "afterwards" in text.body, within=60)
    assert sum("hold on" in text.body for text in birdwire.carrier.messages if text.to == BOB) == 1


async def test_an_unsigned_webhook_is_refused_and_does_nothing(birdwire: World) -> None:
    form = {"MessageSid": "SM1", "From": ALICE, "To": OUR_NUMBER, "Body": "JOIN mallory"}
    for headers in ({}, {"X-Twilio-Signature": "wrong"}):
        async with birdwire.http.post(f"{birdwire.url}/hooks/twilio/message", data=form, headers=headers) as answer:
            assert answer.status == 403
    assert (await birdwire.page("/@mallory"))[0] == 404


@pytest.mark.parametrize("body", ["", " ", "x" * 1600, "\x00\x1b", "🐦" * 200, "'; DROP TABLE posts; --"])
async def test_every_text_from_an_unknown_phone_is_answered(birdwire: World, body: str) -> None:
    await birdwire.text("+15550001004", body)
    await birdwire.shows("+15550001004", "JOIN")


async def test_the_operators_port_tells_health_and_counts(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    host, port = birdwire.listening.ops
    for path, expected in (("healthz", "ok"), ("readyz", "ready"), ("metrics", "birdwire_inbound_messages")):
        async with birdwire.http.get(f"http://{host}:{port}/{path}") as answer:
            assert answer.status == 200
            assert expected in await answer.text()


async def test_joining_twice_from_one_phone_is_one_account(birdwire: World) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(ALICE, "JOIN alice2")
    await birdwire.shows(ALICE, "alice")
    assert (await birdwire.page("/@alice2"))[0] == 404
