"""Machines that answer machines: two Birdwires wired to each other, and answering machines of all manners, come to rest
after a few mails. They are counted."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway import daemon
from gateway.demo.mailbox import Mail, Mailbox
from store import accounts, follows
from store.unit import Store
from store.version import upgrade
from tests.post_office import Machine, PostOffice, Rude, Vacation
from tests.towns import Town, hand_over, rest, town
from tests.wiring import free_port


async def another_database(folder: Path) -> str:
    """The url of a second one, on SQLite."""
    url = f"sqlite:///{folder / 'other.db'}"
    store = Store(url)
    await upgrade(store)
    await store.close()
    return url


@pytest.fixture
async def towns(tmp_path: Path, store_url: str) -> AsyncIterator[tuple[Town, Town]]:
    """Two of them, each the other's way out: one on either database, the other on SQLite."""
    other_url = await another_database(tmp_path)
    ports = free_port(), free_port()
    async with AsyncExitStack() as both:
        here = await both.enter_async_context(town(tmp_path, store_url, "here.example", port=ports[0], relay=ports[1]))
        there = await both.enter_async_context(
            town(tmp_path, other_url, "there.example", port=ports[1], relay=ports[0])
        )
        yield here, there


async def test_two_gateways_whose_people_are_each_others_posting_addresses_exchange_one_mail(
    towns: tuple[Town, Town],
) -> None:
    here, there = towns
    to_alice = await here.add("alice")
    to_carol = await there.add("carol")
    await here.add("bob", to_carol, reads=("alice",))
    await there.add("dave", to_alice, reads=("carol",))
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
    async with machine.box, town(folder, url, "here.example", port=port, relay=machine.box.port) as here:
        yield here, machine


@pytest.mark.parametrize(
    "answer", [as_rfc_3834, to_who_is_to_be_answered, by_its_subject_alone, as_bulk, to_the_author]
)
async def test_an_answering_machine_is_heard_once_and_not_answered(
    tmp_path: Path, store_url: str, answer: Answer
) -> None:
    async with away(tmp_path, store_url, answer) as (here, machine):
        to_alice = await here.add("alice", "alice@people.example")
        await here.add("bob", "bob@people.example", reads=("alice",))
        await here.hears(to_alice, "lunch?")
        await rest(here, others=lambda: (0, machine.answered))
        assert (len(machine.box.mails), machine.answered) == (1, 1)
        assert await here.wrote() == 1
        await here.hears(to_alice, "INBOX")
        await rest(here, others=lambda: (0, machine.answered))
        assert (len(machine.box.mails), machine.answered) == (2, 2)
        assert await here.wrote() == 1


async def test_machines_that_bear_no_mark_and_remember_nobody_come_to_rest_too(tmp_path: Path, store_url: str) -> None:
    async with away(tmp_path, store_url, without_any_mark) as (here, machine):
        to_alice = await here.add("alice", "alice@people.example")
        await here.add("bob", "bob@people.example", reads=("alice",))
        await here.hears(to_alice, "lunch?")
        await rest(here, others=lambda: (0, machine.answered))
        assert 2 <= machine.answered <= 20
        assert await here.wrote() <= 3


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_mail_programs_that_pass_on_whatever_comes_as_an_attachment_come_to_rest(
    tmp_path: Path, store_url: str
) -> None:
    """Alice and bob read each other, and each has a filter that passes on all mails to their own posting address."""
    doors: dict[str, str] = {}

    def passed_on(mail: Mail) -> tuple[str, str, EmailMessage]:
        own = mail.recipients[0]
        outer = EmailMessage()
        outer["From"], outer["To"], outer["Subject"] = own, doors[own], f"Fwd: {mail.subject}"
        outer["Message-ID"] = f"<{mail.number}.passed.on@people.example>"
        outer.add_attachment(mail.message)
        return own, doors[own], outer

    async with away(tmp_path, store_url, passed_on) as (here, machine):
        for name in ("alice", "bob"):
            doors[f"{name}@people.example"] = await here.add(name, f"{name}@people.example")
        async with here.store.unit() as unit:
            alice, bob = [await accounts.by_name(unit, name) for name in ("alice", "bob")]
            assert alice is not None
            assert bob is not None
            for one, other in ((alice, bob), (bob, alice)):
                await follows.put(unit, one.id, other.id, state="accepted", now=daemon.now())
        await here.hears(doors["alice@people.example"], "lunch?")
        await rest(here, others=lambda: (0, machine.answered))
        assert await here.wrote() == 1
        assert machine.answered <= 12


@asynccontextmanager
async def wired(
    folder: Path, url: str, machine: Callable[[str], Machine]
) -> AsyncIterator[tuple[Town, Town, PostOffice, str]]:
    """Two towns, a post office between them and all the world, and a machine in each person's mailbox; the address at
    which alice posts.

    alice and carol post, each in her own town; bob reads both, from one mailbox. Besides, each of the two reads the
    other by the address where she posts herself, as somebody does who wants to pass it all on."""
    ports = free_port(), free_port()
    people = [f"{name}@people.example" for name in ("alice", "bob", "carol")]
    doors = dict(zip(("here.example", "there.example"), ports, strict=True))
    async with AsyncExitStack() as all_of_it:
        office = await all_of_it.enter_async_context(PostOffice(doors, {each: machine(each) for each in people}))
        other_url = await another_database(folder)
        here, there = [
            await all_of_it.enter_async_context(town(folder, each, domain, port=port, relay=office.port))
            for each, (domain, port) in zip((url, other_url), doors.items(), strict=True)
        ]
        to_alice = await here.add("alice", "alice@people.example")
        to_carol = await there.add("carol", "carol@people.example")
        for each, author, other in ((here, "alice", to_carol), (there, "carol", to_alice)):
            await each.add("bob", "bob@people.example", reads=(author,))
            await each.add("relay", other, reads=(author,))
        yield here, there, office, to_alice


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("says", [True, False], ids=["marked", "without a mark"])
async def test_two_gateways_and_machines_that_keep_rfc_3834_exchange_nothing_but_the_post(
    tmp_path: Path, store_url: str, says: bool
) -> None:
    async with wired(tmp_path, store_url, lambda own: Vacation(own, says=says)) as (here, there, office, to_alice):
        for number in (1, 2):
            await here.hears(to_alice, f"lunch {number}?", head=f"Message-ID: <{number}@people.example>\r\n")
            await rest(here, there, others=office.state)
            assert office.by_domain == {"people.example": number, "there.example": number}
        assert (await here.wrote(), await there.wrote()) == (2, 0)
        assert (await here.came_in(), await there.came_in()) == (2, 2)
        # The machines are awake: a person hears from one, once.
        for number in (1, 2):
            message = EmailMessage()
            message["From"], message["To"] = "dan@people.example", "bob@people.example"
            message["Message-ID"] = f"<dan.{number}@people.example>"
            message.set_content("hello\n")
            await hand_over(office.port, message.as_bytes(), "dan@people.example", "bob@people.example")
        await rest(here, there, others=office.state)
        assert [letter.to for letter in office.carried].count("dan@people.example") == 1


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "words",
    [lambda _: "I am away until Monday.\n", lambda n: f"This is answer no. {n}. I am away until Monday.\n"],
    ids=["always the same", "never the same"],
)
async def test_two_gateways_and_machines_that_answer_everything_come_to_rest(
    tmp_path: Path, store_url: str, words: Callable[[int], str]
) -> None:
    async with wired(tmp_path, store_url, lambda own: Rude(own, words)) as (here, there, office, to_alice):
        await here.hears(to_alice, "lunch?")
        await rest(here, there, others=office.state)
        first = office.by_domain["people.example"]
        assert 2 <= first <= 80
        assert office.by_domain["there.example"] == 1
        await here.hears(to_alice, "and now?", head="Message-ID: <2@people.example>\r\n")
        await rest(here, there, others=office.state)
        assert first < office.by_domain["people.example"] <= first + 80
        assert await there.wrote() == 0
        assert office.refused == []
        # What comes back to a machine is answered, too, and leads nowhere.
        carried = len(office.carried)
        await hand_over(office.port, b"Subject: x\r\n\r\nx\r\n", "bob@people.example", "nobody@here.example")
        await rest(here, there, others=office.state)
        assert [letter.to for letter in office.carried[carried:]] == [
            "nobody@here.example",
            "bob@people.example",
            "MAILER-DAEMON@post.example",
        ]
