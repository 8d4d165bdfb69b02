"""Whole Birdwires with people in them, for tests in which mail goes to and fro: each is a daemon at a mail domain of
its own, with a door, a way out, and a database to look into."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosmtplib
from sqlalchemy import func, select

from gateway import daemon
from gateway.config import Config, load
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.domain.types import Channel
from gateway.service import identity, joining
from gateway.service.site import Site
from store import accounts, follows
from store.schema import deliveries, fanouts, inbox, posts
from store.unit import Store

_OPEN = ("queued", "claimed", "unsure")


@dataclass
class Town:
    """``port`` is its mail door's; ``url`` is where its pages are."""

    domain: str
    port: int
    url: str
    store: Store
    site: Site

    async def add(self, name: str, *mailboxes: str, phone: str = "", reads: tuple[str, ...] = ()) -> str:
        """Somebody who follows these, with mailboxes (the last is in use) and a phone; their posting address."""
        async with self.store.unit() as unit:
            account_id = await accounts.create(unit, name, now=daemon.now())
            assert account_id is not None
            ways = [(Channel.EMAIL, each) for each in mailboxes] + [(Channel.SMS, phone)] * bool(phone)
            for channel, address in ways:
                await joining.give_address(unit, account_id, channel, address, how="web", now=daemon.now())
            for each in reads:
                author = await accounts.by_name(unit, each)
                assert author is not None
                await follows.put(unit, author.id, account_id, state="accepted", now=daemon.now())
        return f"post+{token.make(self.site.key, Purpose.POST, account_id)}@{self.domain}"

    async def hears(self, to: str, words: str, *, sender: str = "alice@people.example", head: str = "") -> None:
        """A person's mail to one of its addresses."""
        raw = f"From: {sender}\r\nTo: {to}\r\nSubject: hello\r\n{head}\r\n{words}\r\n"
        await hand_over(self.port, raw.encode(), sender, to)

    async def came_in(self) -> int:
        """How many messages it has taken."""
        return await self._count(select(func.count()).select_from(inbox))

    async def wrote(self) -> int:
        """How many posts there are."""
        return await self._count(select(func.count()).select_from(posts))

    async def is_busy(self) -> bool:
        """Whether anything is under way or waits."""
        queue = select(func.count()).select_from(deliveries).where(deliveries.c.state.in_(_OPEN))
        return bool(await self._count(queue) + await self._count(select(func.count()).select_from(fanouts)))

    async def _count(self, statement: object) -> int:
        async with self.store.reading() as reading:
            number: int = (await reading.execute(statement)).scalar_one()  # type: ignore[call-overload]  # a count
            return number


async def hand_over(port: int, raw: bytes, sender: str, to: str) -> str:
    """One SMTP conversation; the words of a refusal, empty when it was taken."""
    try:
        await aiosmtplib.send(raw, sender=sender, recipients=[to], hostname="127.0.0.1", port=port, start_tls=False)
    except aiosmtplib.SMTPRecipientsRefused as refused:
        return f"{refused.recipients[0].code} {refused.recipients[0].message}"
    except aiosmtplib.SMTPResponseException as refused:
        return f"{refused.code} {refused.message}"
    return ""


async def rest(*towns: Town, others: Callable[[], tuple[int, int]] = lambda: (0, 0), within: float = 60.0) -> None:
    """Wait until nobody has anything left to send. A mail is settled after what it led to is committed on the other
    side, so all is quiet when each is, one after the other, and nothing came in meanwhile. ``others`` says how much
    everybody else has in hand, and how much they ever did. TimeoutError when it does not end ``within`` seconds."""
    async with asyncio.timeout(within):
        while True:
            before = [await each.came_in() for each in towns], others()
            busy = [others()[0] > 0, *[await each.is_busy() for each in (*towns, *towns)]]
            if not any(busy) and before == ([await each.came_in() for each in towns], others()):
                return
            await asyncio.sleep(0.02)  # nothing rings in this process when another's queue is empty


@asynccontextmanager
async def town(
    folder: Path, store_url: str, domain: str, *, port: int, relay: int, url: str = "", door: str = "", more: str = ""
) -> AsyncIterator[Town]:
    """A running daemon, all of it, on a migrated database. ``port`` is its mail door's, ``relay`` that of its way out;
    ``url`` is where its pages are when tests ask for them, which ends in a port; ``door`` is added to the settings of
    its mail door, ``more`` are other sections."""
    web_port = int(url.rpartition(":")[2]) if url else 0
    url = url or f"https://{domain}"
    file = folder / f"{domain}.toml"
    file.write_text(
        f'[site]\nname = "{domain}"\npublic_url = "{url}"\n[store]\nurl = "{store_url}"\n'
        f"[web]\nport = {web_port}\n[ops]\nport = 0\n{more}\n"
        f'[mail]\ndomain = "{domain}"\n[mail.outbound]\nport = {relay}\n[mail.inbound]\nport = {port}\n{door}'
    )
    config: Config = load(file, {})
    stop = asyncio.Event()
    ready: asyncio.Future[daemon.Listening] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(daemon.run(config, daemon.ROLES, stop, on_ready=ready.set_result))
    await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    store = Store(store_url)
    async with store.unit() as unit:
        site = config.site_for_services(await identity.key(unit, ""))
    try:
        yield Town(domain, port, url, store, site)
    finally:
        await store.close()
        stop.set()
        async with asyncio.timeout(30):
            await running
