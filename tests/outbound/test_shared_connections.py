"""Two daemons on one database keep the limit of connections to the relay together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway import daemon as daemon_at_work
from gateway.config import load
from gateway.domain.delivery import Deferred, Sent
from gateway.service import notify
from outbound.mail import MailTransport
from outbound.mail_peer import Dialler, Peer
from outbound.mail_pool import Envelope, Pool
from outbound.places import Places
from store import addresses, routes
from store.shares import Shares
from store.unit import Store
from tests.outbound.relays import Script, letter, transport
from tests.wiring import free_port, meanwhile

BEAT = 0.05


class Counting(Script):
    """Knows how many connections there were at once at the most; one that has said goodbye is none."""

    most = 0

    def __init__(self, **replies: Any) -> None:
        super().__init__(**replies)
        self.here: set[asyncio.StreamWriter] = set()

    @property
    def open(self) -> int:
        return len(self.here)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.here.add(writer)
        self.most = max(self.most, self.open)
        try:
            await super()._serve(reader, writer)
        finally:
            self.here.discard(writer)

    async def _reply(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        if verb == "QUIT":
            self.here.discard(writer)
        return await super()._reply(verb, writer)


@asynccontextmanager
async def daemon(url: str, port: int, **settings: Any) -> AsyncIterator[MailTransport]:
    store = Store(url)
    async with transport(port, **settings) as wire:
        assert wire.relays
        shares = Shares(store, settings["connections"], wire.relays, beat=BEAT)
        async with meanwhile(shares.run()):
            await until(lambda: wire.may_talk)
            yield wire
    await store.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - a relay rings no bell
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_together_they_have_no_more_connections_than_one_may(store_url: str) -> None:
    async with Counting(pause=0.02) as relay, daemon(store_url, relay.port, connections=4) as first:
        before = [asyncio.create_task(first.send(letter(id=number))) for number in range(60)]
        async with daemon(store_url, relay.port, connections=4) as second:
            after = [asyncio.create_task(second.send(letter(id=100 + number))) for number in range(60)]
            outcomes = await asyncio.gather(*before, *after)
            assert all(isinstance(outcome, Sent) for outcome in outcomes)
            assert relay.most == 4
            assert second.relays
            assert second.relays.in_use == 2, "the second had its part"


async def test_what_is_over_a_new_limit_is_closed_when_its_mail_is_done() -> None:
    async with Counting(pause=0.05) as relay, transport(relay.port, connections=4) as wire:
        assert wire.relays
        sending = [asyncio.create_task(wire.send(letter(id=number))) for number in range(4)]
        await until(lambda: relay.open == 4)
        wire.relays.limit(1)
        assert all(isinstance(outcome, Sent) for outcome in await asyncio.gather(*sending)), "none is cut off"
        await until(lambda: relay.open == 1)
        wire.relays.limit(0)
        assert not wire.may_talk
        outcome = await wire.send(letter(id=9))
        assert not isinstance(outcome, Sent)
        assert outcome.excused
        wire.relays.limit(2)
        assert wire.may_talk
        assert isinstance(await wire.send(letter(id=9)), Sent)


async def test_who_has_just_got_a_place_counts_before_the_connection_is_begun() -> None:
    counted: list[int] = []

    class Watched(Places):
        def give_back(self) -> None:
            super().give_back()
            counted.append(pool.in_use)

    async def find() -> list[Peer]:
        return [Peer("127.0.0.1", relay.port)]

    pool = Pool(find, Dialler("town.example", 5.0), Watched(1), reuse=0, shuffle=list.sort)
    async with Counting(END=["CUT", "250 2.0.0 queued"]) as relay:
        both = [pool.hand_over(Envelope("a@town.example", "b@town.example", b"hi\r\n")) for _ in range(2)]
        first, second = await asyncio.gather(*both)
        await pool.close()
    assert isinstance(first, Deferred)
    assert isinstance(second, Sent)
    assert counted == [1, 1], "the second one's, then the one that is kept"


_LOCKS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
    " WHERE locktype = 'advisory' AND datname = current_database()"
)


class Leaving(Counting):
    """Looks, when it is said goodbye to, whether the places are held still."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.held: list[int] = []
        self._store = store

    async def _reply(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        if verb == "QUIT":
            async with self._store.reading() as reading:
                self.held.append((await reading.execute(_LOCKS)).scalar_one())
        return await super()._reply(verb, writer)


CONFIG = """
[store]
url = "{url}"
[web]
port = 0
[ops]
port = {ops}
[mail]
domain = "town.example"
[mail.outbound]
port = {relay}
connections = 3
"""


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_daemon_that_leaves_closes_its_connections_before_others_may_have_them(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    async with Leaving(store) as relay:
        file = tmp_path / "config.toml"
        file.write_text(CONFIG.format(url=store_url, relay=relay.port, ops=free_port()))
        stop = asyncio.Event()
        running = asyncio.create_task(daemon_at_work.run(load(file, {}), frozenset({"outbound"}), stop))
        try:
            async with store.unit() as unit:
                await routes.ensure(unit, [])
                mailbox = await addresses.find_or_add(unit, "email", "bob@mail.example", now=daemon_at_work.now())
                await notify.tell(unit, mailbox.id, "hello", now=daemon_at_work.now())
                unit.ring()
            await until(lambda: running.done() or "DATA" in relay.said)
            assert not running.done()
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await running
    assert relay.held == [4], "three places, and that it is there"
