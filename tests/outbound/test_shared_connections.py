"""Two daemons on one database keep the limit of connections to the relay together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.domain.delivery import Sent
from outbound.mail import MailTransport
from store.shares import Shares
from store.unit import Store
from tests.outbound.relays import Script, letter, transport
from tests.wiring import meanwhile

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
            await shares.begun()
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
        outcome = await wire.send(letter(id=9))
        assert not isinstance(outcome, Sent)
        assert outcome.excused
        wire.relays.limit(2)
        assert isinstance(await wire.send(letter(id=9)), Sent)
