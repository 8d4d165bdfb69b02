"""Posting by mail from one's own mailbox, through the real daemon: signed mails over SMTP, name servers over UDP."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import daemon, metrics
from gateway.config import BadConfig, load
from gateway.daemon import Listening
from gateway.demo.mailbox import Mailbox
from gateway.service import identity, joining, mail_addresses
from gateway.service.joining import Added
from gateway.service.site import Site
from inbound.spool import IN_MEMORY
from store import accounts
from store.schema import posts
from store.unit import Store
from tests.inbound.sending import TROUBLE, NameServer, Sender, written

HOME = Sender("home.example")
POST = "post@birds.example"


@dataclass
class World:
    """A daemon, the name server that it asks, and the mailbox where its answers go."""

    store: Store
    names: NameServer
    mailbox: Mailbox
    listening: Listening
    posting_address: str
    account_id: int

    async def send(self, mail: bytes, to: str, sender: str = "alice@home.example") -> str:
        """Send it as a mail program does; the words of a refusal, empty when it was taken."""
        assert self.listening.mail is not None
        port = self.listening.mail[1]

        def talk() -> str:
            with smtplib.SMTP("127.0.0.1", port) as client:
                try:
                    client.sendmail(sender, [to], mail)
                except smtplib.SMTPRecipientsRefused as refused:
                    return str(refused.recipients[to][1])
                except smtplib.SMTPDataError as refused:
                    return f"{refused.smtp_code} {refused.smtp_error!r}"
                return ""

        return await asyncio.to_thread(talk)

    async def posted(self) -> list[tuple[int, str]]:
        """Who posted what."""
        async with self.store.reading() as reading:
            rows = await reading.execute(select(posts.c.author_id, posts.c.text).order_by(posts.c.id))
            return [(author, text) for author, text in rows]


@asynccontextmanager
async def running(folder: Path, store: Store, store_url: str, more: str = "") -> AsyncIterator[World]:
    async with store.unit() as unit:
        alice = await joining.add_user(unit, "alice", now=daemon.now(), email="alice@home.example")
        assert isinstance(alice, Added)
        key = await identity.key(unit, "")
        account = await accounts.by_id(unit, alice.account_id)
        assert account is not None
    site = Site("Testville", "https://birds.example", "birds.example", key)
    async with NameServer({**HOME.records}) as names, Mailbox() as mailbox:
        config = folder / "config.toml"
        config.write_text(
            f"""
            [store]
            url = "{store_url}"
            [web]
            port = 0
            [ops]
            port = 0
            [mail]
            domain = "birds.example"
            [mail.outbound]
            port = {mailbox.port}
            [mail.inbound]
            port = 0
            dns_servers = ["127.0.0.1:{names.port}"]
            dns_timeout = 2.0
            {more}
            """
        )
        stop = asyncio.Event()
        ready: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(daemon.run(load(config, {}), daemon.ROLES, stop, on_ready=ready.set_result))
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        try:
            address = mail_addresses.posting_address(site, account)
            yield World(store, names, mailbox, ready.result(), address, alice.account_id)
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await task


def counted(verdict: str) -> float:
    return metrics.REGISTRY.get_sample_value("birdwire_mail_senders_total", {"verdict": verdict}) or 0


async def test_a_mail_from_ones_own_mailbox_is_posted_and_a_forged_one_is_not(
    tmp_path: Path, store: Store, store_url: str
) -> None:
    proven, unproven = counted("dkim"), counted("unproven")
    async with running(tmp_path, store, store_url) as world:
        assert await world.send(HOME.sign(written()), POST) == ""
        assert await world.posted() == [(world.account_id, "Tea at four?")]
        assert await world.send(HOME.sign(written()), POST) == ""  # it comes again
        assert "550" in await world.send(written(text="forged"), POST)
        assert "550" in await world.send(HOME.sign(written(text="changed")).replace(b"changed", b"forged!"), POST)
        world.names.zone.records["s1._domainkey.home.example", "TXT"] = TROUBLE
        assert (await world.send(HOME.sign(written(text="later")), POST)).startswith("451 b'4.4.3")
        assert await world.posted() == [(world.account_id, "Tea at four?")]
        assert world.names.zone.asked.count("TXT s1._domainkey.home.example") >= 4
    assert (counted("dkim") - proven, counted("unproven") - unproven) == (2, 2)


async def test_the_signature_of_a_mail_that_waited_in_a_file_is_over_all_of_its_bytes(
    tmp_path: Path, store: Store, store_url: str
) -> None:
    async with running(tmp_path, store, store_url) as world:
        large = written(text="Tea at four?\r\n\r\n" + "> ..quoted before\r\n" * 100_000)
        assert len(large) > IN_MEMORY
        assert "550" in await world.send(HOME.sign(large).replace(b"> ..quoted", b"> ..Quoted", 1), POST)
        assert await world.send(HOME.sign(large), POST) == ""
        assert await world.posted() == [(world.account_id, "Tea at four?")]


async def test_somebody_signs_up_by_mail_and_posts(tmp_path: Path, store: Store, store_url: str) -> None:
    async with running(tmp_path, store, store_url) as world:

        def by_zoe(text: str, number: int) -> bytes:
            mail = written(sender="zoe@home.example", text=text)
            return HOME.sign(mail.replace(b"<1@", b"<zoe.%d@" % number))

        refused = await world.send(by_zoe("hello", 1), POST, sender="zoe@home.example")
        assert "JOIN yourname" in refused
        assert await world.send(by_zoe("JOIN zoe", 2), POST, sender="zoe@home.example") == ""
        answer = await world.mailbox.wait_for(lambda mail: "you are zoe" in mail.text)
        assert answer.recipients == ("zoe@home.example",)
        assert await world.send(by_zoe("hello", 3), POST, sender="zoe@home.example") == ""
        ((author, text),) = await world.posted()
        async with store.reading() as reading:
            zoe = await accounts.by_name(reading, "zoe")
        assert zoe is not None
        assert (author, text) == (zoe.id, "hello")


async def test_a_secret_address_asks_who_sends_once_its_owner_wants_it(
    tmp_path: Path, store: Store, store_url: str
) -> None:
    async with running(tmp_path, store, store_url) as world:
        to = world.posting_address
        assert await world.send(written(to=to, text="from anywhere"), to, sender="x@elsewhere.example") == ""
        assert world.names.zone.asked == []
        async with store.unit() as unit:
            await mail_addresses.check_sender(unit, world.account_id, True)
        mail = written(to=to, text="from home").replace(b"<1@", b"<2@")
        assert "not proven" in await world.send(mail, to, sender="x@elsewhere.example")
        other = HOME.sign(written(to=to, text="stolen", sender="bob@home.example"))
        assert "own mailboxes" in await world.send(other, to, sender="bob@home.example")
        assert await world.send(HOME.sign(mail), to) == ""
        assert [text for _, text in await world.posted()] == ["from anywhere", "from home"]


async def test_an_operators_own_mail_server_says_who_sent_it(tmp_path: Path, store: Store, store_url: str) -> None:
    async with running(tmp_path, store, store_url, 'trusted_authserv_id = "mx.birds.example"') as world:
        said = "Authentication-Results: mx.birds.example; dmarc=pass header.from=home.example"
        ours = "Received: from x (x [203.0.113.5]) by mx.birds.example id 1"
        theirs = "Received: from y by x id 2"
        assert await world.send(written(said, ours, theirs), POST) == ""
        assert "550" in await world.send(written(ours, theirs, said, text="forged"), POST)
        assert "550" in await world.send(HOME.sign(written(text="signed")), POST)
        assert [text for _, text in await world.posted()] == ["Tea at four?"]
        assert world.names.zone.asked == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ('dns_servers = ["localhost"]', 'mail.inbound.dns_servers: "localhost" is not an address'),
        ('dns_servers = ["999.0.0.1"]', 'mail.inbound.dns_servers: "999.0.0.1" is not an address'),
        ("proof_timeout = 1.0", "mail.inbound.proof_timeout is shorter than mail.inbound.dns_timeout"),
        ("dns_timeout = 0", "mail.inbound.dns_timeout = 0.0 is not allowed"),
    ],
)
def test_settings_that_cannot_work_are_said(tmp_path: Path, key: str, words: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[mail.inbound]\n{key}\n")
    with pytest.raises(BadConfig, match=words.replace(".", r"\.").replace("(", r"\(")):
        load(config, {})
