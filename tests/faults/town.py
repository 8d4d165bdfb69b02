"""A whole town under load: the daemon under its supervisor, the carrier and mailbox, the people, and the ledger."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

import aiohttp
import aiosmtplib
from sqlalchemy import func, select

from gateway.demo.carrier import Carrier
from gateway.demo.mailbox import Mail, Mailbox
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import identity, joining
from gateway.service.joining import Added
from store import follows, routes
from store.schema import deliveries, fanouts, posts
from store.schema import routes as all_routes
from store.trouble import trouble
from store.unit import Store
from tests.faults.clock import Clock
from tests.faults.ledger import Balance, Hearing, Ledger, Reader, Said
from tests.faults.people import Author, Fickle, Steady, Stranger, will
from tests.faults.supervisor import KILLED, Nursery, Supervisor
from tests.wiring import OUR_NUMBER, free_port, settings

MINUTES = float(os.environ.get("BIRDWIRE_SOAK", "0"))
"""How long each fault goes on; 0 is the short form."""

HASTE = """\
timeout = 1
[delivery]
lease = "3s"
look_up_after = "1s"
poll = "0.1s"
[limits]
posts_per_hour = 1000000
follows_per_day = 1000000
direct_per_hour = 1000000
texts_per_minute = 1000000
[log]
level = "warning"
"""
"""Settings that let what a fault left behind be taken up soon."""

AUTHORS = ("alice", "bob", "carl", "cleo", "dan", "deb")
STEADY = ("dora", "emil", "fay")
AT_MAILBOXES = ("fay", "gus", "hal")
FICKLE = ("ida", "jan", "kim", "leo")
STRANGER = "+15550003001"


@dataclass
class Town:
    """Everybody, and everything around the daemon; only the daemon is ever harmed."""

    carrier: Carrier
    mailbox: Mailbox
    store: Store
    clock: Clock
    daemon: Supervisor
    dice: Random
    http: aiohttp.ClientSession
    port: int
    ledger: Ledger = field(default_factory=Ledger)
    readers: list[Reader] = field(default_factory=list)
    people: list[Author | Steady | Fickle | Stranger] = field(default_factory=list)
    waits: bool = False
    began: float = field(default_factory=monotonic)
    balance: Balance | None = None
    _looked_at: int = 0
    _answers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    # ---- what people do (people.Doors)

    def posts(self, who: str, words: str, *, to: str = "") -> Said:
        said = Said(who, words, self.clock.now(), to=to)
        self.ledger.posts.append(said)
        return said

    def asks(self, who: str, words: str, answer: str) -> Said:
        said = Said(who, words, self.clock.now(), answer=answer)
        self.ledger.asked.append(said)
        return said

    async def text(self, said: Said, phone: str, words: str = "") -> None:
        """The provider brings a text again, with its id, until it is taken."""
        sid: dict[str, str] = {}
        while said.taken is None:
            result = await self.carrier.text(phone, OUR_NUMBER, words or said.words, **sid)
            sid = {"MessageSid": result.sid}
            if result.status == 200:
                said.taken = self.clock.now()
            await self._before_again(said)

    async def mail(self, said: Said, to: str) -> None:
        """An MTA brings a mail again until it is taken."""
        letter = f"From: a@home.example\r\nMessage-ID: <{id(said)}@home.example>\r\n\r\n{said.words}\r\n"
        while said.taken is None:
            if await self.hand_in(letter, to) == 250:
                said.taken = self.clock.now()
            await self._before_again(said)

    async def _before_again(self, said: Said) -> None:
        if said.taken is None:
            self.ledger.turned_away += 1
            await asyncio.sleep(0.05)  # as any sender does

    async def hand_in(self, letter: str, to: str) -> int:
        """The last reply's code; 0 for none."""
        try:
            await aiosmtplib.send(
                letter.encode(), sender="a@home.example", recipients=[to],
                hostname="127.0.0.1", port=self.daemon.mail_port, start_tls=False, timeout=5,
            )  # fmt: skip
        except aiosmtplib.SMTPRecipientsRefused as error:
            return error.recipients[0].code
        except aiosmtplib.SMTPResponseException as error:
            return error.code
        except (aiosmtplib.SMTPException, OSError):
            return 0
        return 250

    async def knock(self, words: str) -> None:
        """What must be refused for good: a text that the provider did not sign, a mail to nobody."""
        form = {"MessageSid": f"SM{words}", "From": STRANGER, "To": OUR_NUMBER, "Body": words}
        status = 0
        while status in (0, 503):
            try:
                async with self.http.post(f"http://127.0.0.1:{self.port}/hooks/twilio/message", data=form) as answer:
                    status = answer.status
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.05)
        code = 0
        while code // 100 in (0, 4):
            code = await self.hand_in(f"Subject: x\r\n\r\n{words}\r\n", "post+aaaaaaaaaaaaaaaa@birds.example")
            await asyncio.sleep(0.05 if code != 550 else 0)
        assert (status, code) == (403, 550)
        self.ledger.refused += [words, words]

    async def is_answered(self, said: Said, phone: str) -> None:
        self._asked[phone] += 1
        due = self._asked[phone]
        await self.carrier.wait_until(lambda: self._answered(phone) >= due, within=float("inf"))

    def _answered(self, phone: str) -> int:
        """How many texts to this phone were no posts."""
        for text in self.carrier.messages[self._looked_at :]:
            if text.direction != "inbound" and not text.body.removeprefix("D ").startswith(_BY_AUTHOR):
                self._answers[text.to] += 1
        self._looked_at = len(self.carrier.messages)
        return self._answers[phone]

    # ---- load

    @property
    def authors(self) -> list[Author]:
        return [person for person in self.people if isinstance(person, Author)]

    @asynccontextmanager
    async def no_relay(self) -> AsyncIterator[None]:
        """Nobody listens at the relay's port."""
        await self.mailbox.__aexit__(None, None, None)
        yield
        await self.mailbox.__aenter__()

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Everybody acts while the block runs, and ends what they have begun."""
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            lives = [group.create_task(self._live(person, over)) for person in self.people]
            yield
            over.set()
            await self._until(lambda _: all(life.done() for life in lives))

    async def _live(self, person: Author | Steady | Fickle | Stranger, over: asyncio.Event) -> None:
        while not over.is_set():
            await person.act()
            await asyncio.sleep(self.dice.uniform(0, 0.1))  # people are no machines

    async def takes(self, messages: int) -> None:
        """Until so much more has been taken."""
        until = self.ledger.taken + messages
        await self.sees(lambda: self.ledger.taken >= until)

    async def a_while(self, messages: int = 20) -> None:
        """Until so much more has been taken, and for the minutes of a soak."""
        await asyncio.sleep(60 * MINUTES)
        await self.takes(messages)

    async def turns_away(self, times: int = 10) -> None:
        """Until so often something more was not taken, and for the minutes of a soak."""
        until = self.ledger.turned_away + times
        await asyncio.sleep(60 * MINUTES)
        await self.sees(lambda: self.ledger.turned_away >= until)

    async def sees(self, holds: Callable[[], bool]) -> None:
        """Until this is so, on a machine that may have much else to do."""
        async with asyncio.timeout(180):
            while not holds():  # noqa: ASYNC110 - people ring no bell
                await asyncio.sleep(0.02)

    async def dies(self, number: int) -> None:
        """Send the daemon a signal wherever it stands, and wait until it is gone."""
        with self.crash() if number == signal.SIGKILL else nullcontext():
            await self.daemon.ends(number)

    @contextmanager
    def crash(self) -> Iterator[None]:
        """What is done meanwhile can make the daemon forget what it has not written."""
        begun = self.clock.now()
        yield
        self.ledger.crashes.append((begun, self.clock.now()))

    # ---- the end

    async def falls_quiet(self) -> None:
        """Wait until nothing is left to do."""
        await self._until(lambda undone: undone == 0)

    async def _until(self, holds: Callable[[int | None], bool]) -> None:
        """Wait until it holds of how much is not done (None: the database does not say). What waits for its time need
        not be waited for, unless somebody ``waits``: when all else is done, time goes on for everybody. Patience ends
        when it does not get less: posts that are not fanned out yet, and when there are none of those, deliveries."""
        least, patience = (float("inf"), float("inf")), 0.0
        while True:
            undone, moving, due = await self._look()
            if holds(None if undone is None else sum(undone)):
                return
            if undone is None or undone < least:
                least, patience = undone or least, monotonic() + 40
            assert monotonic() < patience, f"{undone} are not done, moving: {moving}, next due: {due}"
            wait = timedelta(0) if moving or due is None else due - self.clock.shown()
            if wait > timedelta(seconds=0.5) and not self.waits:
                self.clock.let_pass(wait)
            await asyncio.sleep(0.05)

    async def _look(self) -> tuple[tuple[int, int] | None, bool, datetime | None]:
        """How many posts and how many deliveries are not done, whether any of it is on the move, and when the rest is
        due first."""
        try:
            async with self.store.reading() as reading:
                pages = (await reading.execute(select(func.count()).select_from(fanouts))).scalar_one()
                waiting = (await reading.execute(_WAITING)).all()
        except trouble():
            return None, True, None
        moving = pages > 0 or any(state == "claimed" for state, *_ in waiting)
        dues = [look_up if state == "unsure" else max(due, paused) for state, _, due, look_up, paused in waiting]
        return (pages, sum(count for _, count, *_ in waiting)), moving, min(dues, default=None)

    async def came_again(self, mail: Mail) -> bool:
        """Whether a mail came twice. Where it did not, what it carried must be forbidden by now."""
        name = mail.message["Message-ID"]
        if [each.message["Message-ID"] for each in self.mailbox.mails].count(name) == 2:
            return True
        number = int(name.removeprefix("<delivery.").partition(".")[0])
        async with self.store.reading() as reading:
            found = await reading.execute(select(deliveries.c.state).where(deliveries.c.id == number))
            assert found.scalar_one() == "dead", name
        return False

    async def balances(self) -> None:
        """One more post shows that the town is as it was; then all falls quiet, and the ledger must balance."""
        await self.authors[0].post()
        await self.falls_quiet()
        async with self.store.reading() as reading:
            rows = (await reading.execute(select(posts.c.text, posts.c.deleted_at.is_not(None)))).all()
        texts = [text for text in self.carrier.messages if text.direction != "inbound"]
        self.balance = self.ledger.balance(self.readers, texts, self.mailbox.mails, rows)
        assert not self.balance.complaints, "\n".join(self.balance.complaints)

    def line(self) -> dict[str, int]:
        """The ledger in a line, by what its figures are."""
        found = self.balance
        return {
            "taken": self.ledger.taken,
            "posted": found.posted,
            "texts": found.texts,
            "mails": found.mails,
            "answers": found.answered,
            "refused": len(self.ledger.refused),
            "came again": self.ledger.turned_away,
            "killed": self.daemon.statuses.count(KILLED),
            "ended": len(self.daemon.statuses) - self.daemon.statuses.count(KILLED),
            "doubled": found.doubled,
            "lost": len(found.lost),
            "forbidden": len(found.forbidden),
            "wrong": len(found.wrong),
            "seconds": round(monotonic() - self.began),
        }


_WAITING = (
    select(
        deliveries.c.state,
        func.count(),
        func.min(deliveries.c.due_at),
        func.min(deliveries.c.lease_until),
        all_routes.c.paused_until,
    )
    .join(all_routes, all_routes.c.id == deliveries.c.route)
    .where(deliveries.c.state.in_(["queued", "claimed", "unsure"]))
    .group_by(deliveries.c.state, all_routes.c.id, all_routes.c.paused_until)
)
_BY_AUTHOR = tuple(f"{name}: " for name in AUTHORS)


@asynccontextmanager
async def a_town(folder: Path, store_url: str, nursery: Nursery, *, sqlite_patience: float = 30) -> AsyncIterator[Town]:
    """A town on a migrated, empty database. Leaving stops the daemon cleanly."""
    port = free_port()
    clock = Clock(folder / "clock")
    store = Store(store_url)
    async with (
        Carrier(
            account_sid="AC" + "0" * 32,
            auth_token="token",
            webhook_url=f"http://127.0.0.1:{port}/hooks/twilio/message",
            numbers=[OUR_NUMBER],
            webhook_patience=5,
            clock=clock.now,
        ) as carrier,
        Mailbox(port=free_port(), clock=clock.now) as mailbox,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
    ):
        config = folder / "config.toml"
        config.write_text(settings(store_url, carrier, mailbox, port, patience=1, pace=1000) + HASTE)
        daemon = Supervisor(nursery, config, folder / "clock", sqlite_patience)
        town = Town(carrier, mailbox, store, clock, daemon, will("town"), http, port)
        await _settle(town)
        await daemon.start()
        try:
            yield town
        finally:
            await daemon.close()
            await store.close()


async def _settle(town: Town) -> None:
    """Who lives here and who hears whom."""
    now, always = town.clock.now(), frozenset(AUTHORS)
    phones = {name: f"+1555000{1000 + i}" for i, name in enumerate((*AUTHORS, *STEADY, *FICKLE))}
    async with town.store.unit() as unit:
        await routes.ensure(unit, [OUR_NUMBER])
        key = await identity.key(unit, "")
        ids: dict[str, int] = {}
        for name in sorted({*phones, *AT_MAILBOXES}):
            mailbox = f"{name}@mailbox.example" if name in AT_MAILBOXES else ""
            added = await joining.add_user(unit, name, now=now, phone=phones.get(name), email=mailbox or None)
            assert isinstance(added, Added)
            ids[name] = added.account_id
            hears = always if name in {*STEADY, *AT_MAILBOXES} else frozenset[str]()
            town.readers.append(Reader(name, phones.get(name, ""), mailbox, [Hearing(now, now, hears)]))
        for name in {*STEADY, *AT_MAILBOXES}:
            for author in AUTHORS:
                await follows.put(unit, ids[author], ids[name], state="accepted", texts=True, now=now)
    by_name = {reader.name: reader for reader in town.readers}
    steady = [by_name[name] for name in sorted({*STEADY, *AT_MAILBOXES})]
    for name in AUTHORS:
        address = f"post+{token.make(key, Purpose.POST, ids[name])}@birds.example"
        town.people.append(Author(name, phones[name], steady, town, will(name), address))
    town.people += [Steady(by_name[name], len(AUTHORS), town) for name in STEADY]
    town.people += [Fickle(by_name[name], list(AUTHORS), town, will(name)) for name in FICKLE]
    town.people.append(Stranger(STRANGER, town))
    town.readers.append(Reader("stranger", STRANGER, "", [Hearing(now, now, frozenset())]))
