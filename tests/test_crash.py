"""A kill -9 between each pair of hops of a message's way, and a restart: nothing is lost, nothing is doubled.

The one exception is the documented one: a mail that the relay took and that was not settled is sent again, with the
same Message-ID. A text in the same place is looked up at the provider, so it is not doubled.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiosmtplib
import pytest
from sqlalchemy import func, select

from gateway.daemon import now
from gateway.demo.carrier import Carrier
from gateway.demo.faults import Fault
from gateway.demo.mailbox import Mailbox
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import identity, joining
from gateway.service.joining import Added
from store import follows, routes
from store.schema import deliveries, fanouts, posts
from store.unit import Store
from tests.crashing import NOWHERE, POINTS
from tests.wiring import OUR_NUMBER, free_port, settings

HASTE = """\
timeout = 1
[delivery]
lease = "2s"
look_up_after = "1s"
poll = "0.1s"
[log]
level = "warning"
"""
"""Settings that let what a crash left behind be taken up at once."""

ALICE, BOB, DAVE = "+15550001001", "+15550001002", "+15550001003"
CAROL = "carol@mailbox.example"
KILLED = -signal.SIGKILL

SENT_TWICE = {"mail taken, answer unread", "mail settle not committed"}
"""The documented window: the relay has the mail, and the daemon died before it wrote that down."""

MAIL_UNDER_WAY = {
    "claimed, not sent",
    "request not out",
    "taken, answer unread",
    "settle not committed",
    "settled",
    "receipt not committed",
}
"""A mail may happen to be in that window when the daemon dies of something else."""

ON_BOTH_DATABASES = {
    "committed, not answered",
    "between two pages",
    "taken, answer unread",
    "settle not committed",
    "mail taken, answer unread",
}
ON_THE_WAY = [
    point
    for point, where in POINTS.items()
    if "look" not in point and where.name not in {"stop", "close"}
]  # fmt: skip


@dataclass
class Nursery:
    """The program that daemons are started by, and what it says."""

    process: "subprocess.Popen[str]"

    async def start(self, point: str, config: Path) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{point} {config}\n")
        self.process.stdin.flush()

    async def says(self) -> list[str]:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            return (await asyncio.to_thread(self.process.stdout.readline)).split()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.crashing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)


@dataclass
class Ledger:
    """What was accepted, kept outside the daemon, in the order of acceptance."""

    posts: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@dataclass
class Town:
    """Alice, whom bob and dave follow by phone and carol by mail; their carrier and mailbox survive every crash."""

    nursery: Nursery
    carrier: Carrier
    mailbox: Mailbox
    store: Store
    config: Path
    posting_address: str
    ledger: Ledger = field(default_factory=Ledger)
    pid: int = 0
    mail_port: int = 0
    not_taken: list[tuple[str, str, str]] = field(default_factory=list)

    async def opens(self, point: str = NOWHERE) -> None:
        """Start the daemon, to die at ``point``."""
        await self.nursery.start(point, self.config)
        word, pid, mail_port = await self.nursery.says()
        assert word == "ready"
        self.pid, self.mail_port = int(pid), int(mail_port)

    async def ends(self) -> int:
        """Wait until the daemon is gone; how it went."""
        _, status = await self.nursery.says()
        self.pid = 0
        return int(status)

    async def texts(self, phone: str, words: str, sid: str = "") -> None:
        """A text to our number; one that is not taken comes again later, as the provider does it."""
        result = await self.carrier.text(phone, OUR_NUMBER, words, **({"MessageSid": sid} if sid else {}))
        if result.status == 200:
            (self.ledger.posts if phone == ALICE else self.ledger.asked).append(words)
        else:
            self.not_taken.append((phone, words, result.sid))

    async def mails(self, words: str) -> bool:
        """A mail to alice's posting address; whether it was taken."""
        letter = f"From: a@home.example\r\nMessage-ID: <1@home.example>\r\n\r\n{words}\r\n"
        try:
            await aiosmtplib.send(
                letter.encode(),
                sender="a@home.example",
                recipients=[self.posting_address],
                hostname="127.0.0.1",
                port=self.mail_port,
                start_tls=False,
            )
        except (aiosmtplib.SMTPException, OSError):
            return False
        self.ledger.posts.append(words)
        return True

    async def comes_again(self) -> None:
        """The provider delivers again what nobody took, in order, with the same ids."""
        again, self.not_taken = self.not_taken, []
        for phone, words, sid in again:
            await self.texts(phone, words, sid)
        assert not self.not_taken

    async def falls_quiet(self) -> None:
        """Wait until nothing is left to do: no page to queue, no delivery that is not sent."""
        async with asyncio.timeout(60):
            while await self._open():  # noqa: ASYNC110 - another process does it, and rings no bell here
                await asyncio.sleep(0.05)

    async def _open(self) -> int:
        async with self.store.reading() as reading:
            pages = (await reading.execute(select(func.count()).select_from(fanouts))).scalar_one()
            unsent = select(func.count()).where(deliveries.c.state.not_in(["sent", "delivered"]))
            return pages + (await reading.execute(unsent)).scalar_one()

    def received(self, phone: str) -> list[str]:
        """The texts that the provider took for a phone, in order."""
        return [text.body for text in self.carrier.messages if text.to == phone]

    async def balances(self, *, extra_mails: range = range(1)) -> None:
        """Everything accepted was posted once, reached every phone once in order, and carol's mailbox, where each
        mail has one Message-ID and so many more than one of each came. (A mail that is put off may be overtaken.)"""
        async with self.store.reading() as reading:
            posted = list((await reading.execute(select(posts.c.text).order_by(posts.c.id))).scalars())
        assert posted == self.ledger.posts
        expected = [f"alice: {words}" for words in self.ledger.posts]
        for phone in (BOB, DAVE):
            assert [words for words in self.received(phone) if words.startswith("alice: ")] == expected
        answers = [words for words in self.received(BOB) if not words.startswith("alice: ")]
        assert len(answers) == len(set(answers)) == len(self.ledger.asked)
        assert self.received(ALICE) == []

        mails = [(mail.text.splitlines()[0], mail.message["Message-ID"]) for mail in self.mailbox.mails]
        first_of_each = list(dict.fromkeys(mails))
        assert sorted(words for words, _ in first_of_each) == sorted(self.ledger.posts)
        assert len({message_id for _, message_id in first_of_each}) == len(self.ledger.posts)
        assert len(mails) - len(first_of_each) in extra_mails


async def settle_in(store: Store) -> str:
    """The people and who follows whom; returns alice's posting address."""
    async with store.unit() as unit:
        await routes.ensure(unit, [OUR_NUMBER])
        people = {}
        for name, phone, mail in (
            ("alice", ALICE, None),
            ("bob", BOB, None),
            ("dave", DAVE, None),
            ("carol", None, CAROL),
        ):
            added = await joining.add_user(unit, name, now=now(), phone=phone, email=mail)
            assert isinstance(added, Added)
            people[name] = added.account_id
        for name in ("bob", "dave", "carol"):
            await follows.put(unit, people["alice"], people[name], state="accepted", texts=True, now=now())
        key = await identity.key(unit, "")
    return f"post+{token.make(key, Purpose.POST, people['alice'])}@birds.example"


@pytest.fixture
async def town(tmp_path: Path, store_url: str, store: Store, nursery: Nursery) -> AsyncIterator[Town]:
    port = free_port()
    async with (
        Carrier(
            account_sid="AC" + "0" * 32,
            auth_token="token",
            webhook_url=f"http://127.0.0.1:{port}/hooks/twilio/message",
            numbers=[OUR_NUMBER],
        ) as carrier,
        Mailbox() as mailbox,
    ):
        config = tmp_path / "config.toml"
        config.write_text(settings(store_url, carrier, mailbox, port, patience=1) + HASTE)
        found = Town(nursery, carrier, mailbox, store, config, await settle_in(store))
        yield found
        if found.pid:
            os.kill(found.pid, signal.SIGKILL)
            await found.ends()


@asynccontextmanager
async def a_crash(town: Town, point: str) -> AsyncIterator[None]:
    """The daemon runs and dies at ``point`` of what is done inside; then it is started again and goes on."""
    await town.opens(point)
    yield
    assert await town.ends() == KILLED
    await town.opens()
    await town.comes_again()
    await town.texts(ALICE, "afterwards")
    await town.falls_quiet()


@pytest.mark.parametrize(
    ("store_url", "point"),
    [("sqlite", point) for point in ON_THE_WAY]
    + [("postgresql", point) for point in ON_THE_WAY if point in ON_BOTH_DATABASES],
    indirect=["store_url"],
)
async def test_killed_on_the_way_and_nothing_is_lost_or_doubled(town: Town, point: str) -> None:
    async with a_crash(town, point):
        await town.texts(ALICE, "one")
        await town.texts(BOB, "FOLLOWING")
        await town.texts(ALICE, "two")
    await town.balances(extra_mails=range(point in SENT_TWICE, 2 if point in SENT_TWICE | MAIL_UNDER_WAY else 1))


@pytest.mark.parametrize(
    ("store_url", "point", "taken"),
    [
        ("sqlite", "before the look-up", True),
        ("sqlite", "looked up", False),
        ("sqlite", "look-up not committed", True),
        ("postgresql", "look-up not committed", False),
    ],
    indirect=["store_url"],
)
async def test_killed_while_a_text_of_unknown_outcome_is_looked_up(town: Town, point: str, taken: bool) -> None:
    town.carrier.misbehave(Fault.DROP, to=BOB, accepted=taken)
    town.carrier.misbehave(Fault.RECEIPTS_WITHHELD, to=BOB, times=None)
    async with a_crash(town, point):
        await town.texts(ALICE, "one")
        await town.texts(ALICE, "two")
    await town.balances()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("point", ["doors closed", "workers told to stop", "all settled, still open"])
async def test_killed_in_the_middle_of_a_clean_stop(town: Town, point: str) -> None:
    town.carrier.misbehave(Fault.HANG, to=BOB, accepted=True)
    async with a_crash(town, point):
        await town.texts(ALICE, "one")
        await town.carrier.wait_for(lambda text: text.to == BOB)
        os.kill(town.pid, signal.SIGTERM)
        await town.texts(ALICE, "two")
    await town.balances(extra_mails=range(2))


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("point", ["understood, not committed", "committed, not answered"])
async def test_killed_before_a_mail_was_answered_for(town: Town, point: str) -> None:
    await town.opens(point)
    assert not await town.mails("by mail")
    assert await town.ends() == KILLED
    await town.opens()
    assert await town.mails("by mail")
    await town.falls_quiet()
    await town.balances()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("point", ["understood, not committed", "committed, not answered"])
async def test_killed_before_the_provider_heard_that_a_command_was_taken(town: Town, point: str) -> None:
    async with a_crash(town, point):
        await town.texts(BOB, "FOLLOWING")
    await town.balances()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_killed_again_and_again_on_one_way(town: Town) -> None:
    for point in ("no page yet", "claimed, not sent", "taken, answer unread", "mail claimed, not sent"):
        await town.opens(point)
        await town.texts(ALICE, f"the one with {point}")
        assert await town.ends() == KILLED
    await town.opens()
    await town.comes_again()
    await town.falls_quiet()
    await town.balances(extra_mails=range(5))
