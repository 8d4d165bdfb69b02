"""Machines that answer machines: two Birdwires wired to each other, and answering machines of all manners, come to rest
after a few mails. They are counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from gateway import daemon
from gateway.config import Config, load
from gateway.demo.mailbox import Mail, Mailbox
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.domain.types import Channel
from gateway.service import identity, joining
from gateway.service.site import Site
from store import accounts, follows
from store.schema import deliveries, fanouts, inbox, posts
from store.unit import Store
from store.version import upgrade
from tests.wiring import free_port

ROLES = frozenset({"inbound", "outbound", "schedule"})


@dataclass
class Town:
    """A Birdwire at a mail domain of its own, with a door and a way out, and its database to look into."""

    domain: str
    port: int
    store: Store
    site: Site

    async def add(self, name: str, mailbox: str = "", *, reads: str = "") -> str:
        """Somebody with a mailbox who follows somebody; their posting address."""
        now = daemon.now()
        async with self.store.unit() as unit:
            account_id = await accounts.create(unit, name, now=now)
            assert account_id is not None
            if mailbox:
                await joining.give_address(unit, account_id, Channel.EMAIL, mailbox, how="web", now=now)
            author = await accounts.by_name(unit, reads) if reads else None
            if author is not None:
                await follows.put(unit, author.id, account_id, state="accepted", now=now)
        return f"post+{token.make(self.site.key, Purpose.POST, account_id)}@{self.domain}"

    async def hears(self, to: str, words: str, *, sender: str = "alice@people.example", head: str = "") -> None:
        """A person's mail to one of its addresses."""
        raw = f"From: {sender}\r\nTo: {to}\r\nSubject: hello\r\n{head}\r\n{words}\r\n"
        await hand_over(self.port, raw.encode(), sender, to)

    async def came_in(self) -> int:
        return await self._count(select(func.count()).select_from(inbox))

    async def wrote(self) -> int:
        return await self._count(select(func.count()).select_from(posts))

    async def is_busy(self) -> bool:
        waiting = deliveries.c.state.in_(("queued", "claimed", "unsure"))
        queue = select(func.count()).select_from(deliveries).where(waiting)
        return bool(await self._count(queue) + await self._count(select(func.count()).select_from(fanouts)))

    async def _count(self, statement: object) -> int:
        async with self.store.reading() as reading:
            number: int = (await reading.execute(statement)).scalar_one()  # type: ignore[call-overload]  # a count
            return number


async def hand_over(port: int, raw: bytes, sender: str, to: str) -> None:
    """One SMTP conversation; a refusal is the sender's to live with."""
    try:
        await aiosmtplib.send(raw, sender=sender, recipients=[to], hostname="127.0.0.1", port=port, start_tls=False)
    except aiosmtplib.SMTPException:
        return


async def rest(*towns: Town, also: Callable[[], int] = lambda: 0) -> None:
    """Wait until nobody has anything left to send. A mail is settled after what it led to is committed on the other
    side, so all is quiet when each is, one after the other, and nothing came in meanwhile."""
    async with asyncio.timeout(60):
        while True:
            before = [await each.came_in() for each in towns], also()
            busy = [await each.is_busy() for each in (*towns, *towns)]
            if not any(busy) and before == ([await each.came_in() for each in towns], also()):
                return
            await asyncio.sleep(0.02)  # nothing rings in this process when another's queue is empty


@asynccontextmanager
async def town(folder: Path, url: str, domain: str, port: int, relay: int) -> AsyncIterator[Town]:
    """A running daemon, all of it but the site."""
    file = folder / f"{domain}.toml"
    file.write_text(
        f'[site]\nname = "{domain}"\npublic_url = "https://{domain}"\n[store]\nurl = "{url}"\n'
        f"[web]\nport = {free_port()}\n[ops]\nport = 0\n"
        f'[mail]\ndomain = "{domain}"\n[mail.inbound]\nport = {port}\n[mail.outbound]\nport = {relay}\n'
    )
    config: Config = load(file, {})
    stop = asyncio.Event()
    ready: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(daemon.run(config, ROLES, stop, on_ready=ready.set_result))
    await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    store = Store(url)
    async with store.unit() as unit:
        site = config.site_for_services(await identity.key(unit, ""))
    try:
        yield Town(domain, port, store, site)
    finally:
        await store.close()
        stop.set()
        async with asyncio.timeout(30):
            await running


@pytest.fixture
async def towns(tmp_path: Path, store_url: str) -> AsyncIterator[tuple[Town, Town]]:
    """Two of them, each the other's way out: one on either database, the other on SQLite."""
    other_url = f"sqlite:///{tmp_path / 'other.db'}"
    other = Store(other_url)
    await upgrade(other)
    await other.close()
    ports = free_port(), free_port()
    async with AsyncExitStack() as both:
        here = await both.enter_async_context(town(tmp_path, store_url, "here.example", ports[0], ports[1]))
        there = await both.enter_async_context(town(tmp_path, other_url, "there.example", ports[1], ports[0]))
        yield here, there


async def test_two_gateways_whose_people_are_each_others_posting_addresses_exchange_one_mail(
    towns: tuple[Town, Town],
) -> None:
    here, there = towns
    to_alice = await here.add("alice")
    to_carol = await there.add("carol")
    await here.add("bob", to_carol, reads="alice")
    await there.add("dave", to_alice, reads="carol")
    await here.hears(to_alice, "is anybody there?")
    await rest(here, there)
    assert (await here.came_in(), await there.came_in()) == (1, 1)
    assert (await here.wrote(), await there.wrote()) == (1, 0)


@pytest.mark.parametrize("address", ["help", "abuse"])
async def test_a_mail_in_the_name_of_the_other_gateway_is_answered_once_and_that_not_at_all(
    towns: tuple[Town, Town], address: str
) -> None:
    here, there = towns
    for number in range(3):
        head = f"Message-ID: <{number}@people.example>\r\n"
        await here.hears(f"{address}@here.example", "hello?", sender=f"{address}@there.example", head=head)
    await rest(here, there)
    assert (await here.came_in(), await there.came_in()) == (3, 1)


async def test_a_command_in_the_name_of_a_posting_address_elsewhere_is_answered_once(towns: tuple[Town, Town]) -> None:
    here, there = towns
    to_alice = await here.add("alice")
    to_carol = await there.add("carol")
    await here.hears(to_alice, "FOLLOW nobody_at_all", sender=to_carol)
    await rest(here, there)
    assert (await here.came_in(), await there.came_in()) == (1, 1)
    assert await there.wrote() == 0


Answer = Callable[[Mail], tuple[str, str, EmailMessage]]
"""What an answering machine makes of a mail: who it says it is to SMTP, where it writes to, and what."""


def written(mail: Mail, to: str, subject: str, **headers: str) -> EmailMessage:
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = mail.recipients[0], to, subject
    answer["In-Reply-To"] = str(mail.message["Message-ID"])
    answer["Message-ID"] = f"<{mail.number}.away@people.example>"
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    answer.set_content("I am away until Monday.\n")
    return answer


def as_rfc_3834(mail: Mail) -> tuple[str, str, EmailMessage]:
    """To the return path, with an empty one of its own and the mark."""
    return "", mail.sender, written(mail, mail.sender, f"Auto: {mail.subject}", Auto_Submitted="auto-replied")


def to_who_is_to_be_answered(mail: Mail) -> tuple[str, str, EmailMessage]:
    """With the mark, but where people would write to."""
    to = mail.answers_to.strip("<>")
    return mail.recipients[0], to, written(mail, to, f"Re: {mail.subject}", Auto_Submitted="auto-replied")


def by_its_subject_alone(mail: Mail) -> tuple[str, str, EmailMessage]:
    to = mail.answers_to.strip("<>")
    return mail.recipients[0], to, written(mail, to, f"Abwesenheitsnotiz: {mail.subject}")


def as_bulk(mail: Mail) -> tuple[str, str, EmailMessage]:
    to = mail.answers_to.strip("<>")
    return mail.recipients[0], to, written(mail, to, f"Re: {mail.subject}", Precedence="bulk")


def to_the_author(mail: Mail) -> tuple[str, str, EmailMessage]:
    """To From, with an empty return path and no other mark."""
    return "", "help@here.example", written(mail, "help@here.example", f"Re: {mail.subject}")


def without_any_mark(mail: Mail) -> tuple[str, str, EmailMessage]:
    """As no machine should: nobody could tell it from a person."""
    to = mail.answers_to.strip("<>")
    return mail.recipients[0], to, written(mail, to, f"Re: {mail.subject}")


@dataclass
class Away:
    """Everybody's mail server, which answers each mail before it takes it."""

    answer: Answer
    port: int
    answered: int = 0
    box: Mailbox = field(default_factory=Mailbox)

    def __post_init__(self) -> None:
        take = self.box.handle_DATA

        async def answer_and_take(server: SMTP, session: Session, envelope: Envelope) -> str:
            said = await take(server, session, envelope)
            sender, to, answer = self.answer(self.box.mails[-1])
            self.answered += 1
            await hand_over(self.port, answer.as_bytes(), sender, to)
            return said

        self.box.handle_DATA = answer_and_take  # type: ignore[method-assign]  # it answers, besides


@asynccontextmanager
async def away(folder: Path, url: str, answer: Answer) -> AsyncIterator[tuple[Town, Away]]:
    port = free_port()
    machine = Away(answer, port)
    async with machine.box, town(folder, url, "here.example", port, machine.box.port) as here:
        yield here, machine


@pytest.mark.parametrize(
    "answer", [as_rfc_3834, to_who_is_to_be_answered, by_its_subject_alone, as_bulk, to_the_author]
)
async def test_an_answering_machine_is_heard_once_and_not_answered(
    tmp_path: Path, store_url: str, answer: Answer
) -> None:
    async with away(tmp_path, store_url, answer) as (here, machine):
        to_alice = await here.add("alice", "alice@people.example")
        await here.add("bob", "bob@people.example", reads="alice")
        await here.hears(to_alice, "lunch?")
        await rest(here, also=lambda: machine.answered)
        assert (len(machine.box.mails), machine.answered) == (1, 1)
        assert await here.wrote() == 1
        await here.hears(to_alice, "INBOX")
        await rest(here, also=lambda: machine.answered)
        assert (len(machine.box.mails), machine.answered) == (2, 2)
        assert await here.wrote() == 1


async def test_machines_that_bear_no_mark_and_remember_nobody_come_to_rest_too(tmp_path: Path, store_url: str) -> None:
    async with away(tmp_path, store_url, without_any_mark) as (here, machine):
        to_alice = await here.add("alice", "alice@people.example")
        await here.add("bob", "bob@people.example", reads="alice")
        await here.hears(to_alice, "lunch?")
        await rest(here, also=lambda: machine.answered)
        assert 2 <= machine.answered <= 20
        assert await here.wrote() <= 3
