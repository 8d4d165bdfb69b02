"""A real daemon between two ways to the phones: a real Kannel, and a carrier over SMPP that is none of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import daemon
from gateway.config import load
from gateway.daemon import Listening
from store.schema import deliveries
from store.unit import Store
from tests import kannel, smsc
from tests.kannel import Kannel, said
from tests.smsc import Carrier
from tests.wiring import free_port

BY_KANNEL, BY_SMPP = "+15550009999", "+15550008888"
ALICE, BOB = "+15550001001", "+15550001002"
SECRET = "a-long_secret-1234"

SETTINGS = """
[site]
name = "Testville"
public_url = "http://127.0.0.1:{port}"
[store]
url = "{store_url}"
[web]
port = {port}
[ops]
port = 0
[mail.inbound]
port = 0
[sms]
provider = "kannel"
failover_after = "1s"
[[sms.senders]]
number = "{by_kannel}"
segments_per_second = 100
[[sms.senders]]
number = "{by_smpp}"
segments_per_second = 100
provider = "smpp"
[sms.kannel]
sendsms_url = "{sendsms_url}"
username = "{username}"
password = "{password}"
hook_secret = "{secret}"
[sms.smpp]
host = "127.0.0.1"
port = {smsc_port}
system_id = "birds"
password = "{smsc_password}"
"""


class World:
    """The daemon with its two ways."""

    def __init__(self, kannel: Kannel, carrier: Carrier, store: Store) -> None:
        self.kannel, self.carrier, self.store = kannel, carrier, store

    async def deliver(self, phone: str, words: bytes, **how: object) -> None:
        """A phone texts the number that is reached over SMPP."""
        before = len(self.carrier.of("answered"))
        number = {"from": phone.removeprefix("+"), "to": BY_SMPP.removeprefix("+")}
        await self.carrier.order("deliver", **number, octets=words.hex(), **how)
        assert (await self.carrier.hears("answered", before + 1))[-1]["status"] == 0

    async def shows(self, phone: str, words: str) -> dict[str, Any]:
        """A phone that is reached over SMPP shows these words."""
        async with asyncio.timeout(30):
            seen = 0
            while True:
                for each in self.carrier.of("submit"):
                    if each["to"] == phone.removeprefix("+") and words in each["text"]:
                        return each
                seen = len(self.carrier.of("submit"))
                await self.carrier.hears("submit", seen + 1)

    async def all_are(self, state: str) -> None:
        """Every delivery has come to this state."""
        async with asyncio.timeout(30):
            while True:
                async with self.store.reading() as reading:
                    states = set((await reading.execute(select(deliveries.c.state))).scalars())
                if states == {state}:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def world(folder: Path, store_url: str) -> AsyncIterator[World]:
    """Everything running; leaving stops the daemon cleanly."""
    port = free_port()
    hooks = f"http://127.0.0.1:{port}/hooks/kannel/{SECRET}"
    async with kannel.running(folder, hooks) as running_kannel, smsc.running() as carrier:
        await running_kannel.carrier()
        file = folder / "config.toml"
        file.write_text(
            SETTINGS.format(
                port=port,
                store_url=store_url,
                by_kannel=BY_KANNEL,
                by_smpp=BY_SMPP,
                sendsms_url=running_kannel.url,
                username=kannel.USERNAME,
                password=kannel.PASSWORD,
                secret=SECRET,
                smsc_port=carrier.port,
                smsc_password=smsc.PASSWORD,
            )
        )
        stop = asyncio.Event()
        ready: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(daemon.run(load(file, {}), daemon.ROLES, stop, on_ready=ready.set_result))
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        await carrier.hears("bound")
        store = Store(store_url)
        try:
            yield World(running_kannel, carrier, store)
        finally:
            await store.close()
            stop.set()
            async with asyncio.timeout(30):
                await running


@pytest.fixture
async def birdwire(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, store_url) as running:
        yield running


async def test_each_is_texted_by_the_way_they_came_and_all_of_it_arrives(birdwire: World) -> None:
    await birdwire.kannel.says(said(ALICE, BY_KANNEL, "JOIN alice"))
    await birdwire.kannel.hears("alice")
    await birdwire.deliver(BOB, b"JOIN bob")
    await birdwire.shows(BOB, "bob")
    await birdwire.deliver(BOB, b"\x05\x00\x03\x07\x02\x02ice", esm=0x40)  # in parts, the last one first
    await birdwire.deliver(BOB, b"\x05\x00\x03\x07\x02\x01FOLLOW al", esm=0x40)
    await birdwire.shows(BOB, "alice")
    await birdwire.kannel.says(said(ALICE, BY_KANNEL, "Привет 🍰", ucs2=True))
    shown = await birdwire.shows(BOB, "alice: Привет 🍰")
    assert (shown["from"], shown["good_for"]) == (BY_SMPP.removeprefix("+"), 4 * 3600)
    await birdwire.all_are("delivered")


async def test_when_kannel_is_gone_the_other_number_takes_over(birdwire: World) -> None:
    await birdwire.deliver(BOB, b"JOIN bob")
    await birdwire.shows(BOB, "bob")
    await birdwire.kannel.says(said(ALICE, BY_KANNEL, "JOIN alice"))
    await birdwire.kannel.hears("alice")
    await birdwire.kannel.says(said(ALICE, BY_KANNEL, "FOLLOW bob"))
    await birdwire.kannel.hears("bob")
    await birdwire.all_are("delivered")
    await birdwire.kannel.stop()
    await birdwire.deliver(BOB, b"D alice are you there?")
    shown = await birdwire.shows(ALICE, "are you there?")
    assert shown["from"] == BY_SMPP.removeprefix("+")
    await birdwire.all_are("delivered")
