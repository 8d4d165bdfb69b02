"""Texts through a real Kannel: what its smsbox takes, what its carrier hears, and what comes back."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from aiohttp import web

from gateway.domain import sms_text, sms_wire
from gateway.domain.delivery import Bounced, Deferred, Halt, Outcome, Sent, Unsure
from gateway.domain.types import Channel, Outgoing
from gateway.service.receipts import Receipt
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from inbound.message import Accepted, Inbound
from inbound.sms_kannel import Door
from outbound.awaited import Awaited
from outbound.sms_kannel import KannelSettings, KannelTransport
from store.unit import Store
from tests import kannel
from tests.kannel import Kannel, said
from tests.wiring import OUR_NUMBER, free_port

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PHONE = "+15550000001"
SECRET = "a-long_secret-1234"
TEXT = Outgoing(id=7, attempt=2, channel=Channel.SMS, to=PHONE, text="alice: hi", queued_at=NOW, sender=OUR_NUMBER)


class Office:
    """Stands where the intake and the receipts stand, and can be out of order."""

    def __init__(self) -> None:
        self.messages: list[Inbound] = []
        self.receipts: list[Receipt] = []
        self.refuses = 0
        self.moved = asyncio.Event()

    async def take(self, message: Inbound) -> Accepted:
        if self.refuses:
            self.refuses -= 1
            raise OSError("disk full")
        self.messages.append(message)
        self.moved.set()
        return Accepted(new=True, answer="not for this way")

    async def record(self, receipt: Receipt) -> bool:
        self.receipts.append(receipt)
        self.moved.set()
        return True

    async def has(self, *, messages: int = 0, receipts: int = 0) -> None:
        async with asyncio.timeout(30):
            while len(self.messages) < messages or len(self.receipts) < receipts:
                self.moved.clear()
                await self.moved.wait()


class Town:
    """A Kannel, our doors that it calls, and our way out to it."""

    def __init__(self, kannel: Kannel, office: Office, transport: KannelTransport) -> None:
        self.kannel, self.office, self.transport = kannel, office, transport

    async def send(self, text: str, **changes: object) -> Outcome:
        return await self.transport.send(replace(TEXT, text=text, **changes))  # type: ignore[arg-type]  # any field


@asynccontextmanager
async def town(folder: Path, site: Site, *, post: bool = False) -> AsyncIterator[Town]:
    office, store = Office(), Store(f"sqlite:///{folder}/unused.db")
    door = Door(SECRET, ["127.0.0.0/8"], [OUR_NUMBER])
    deps = WebDeps(store, site, office, office.record, lambda: NOW, kannel=door)
    async with listening(build_app(deps), "127.0.0.1", 0) as (host, port):
        hooks = f"http://{host}:{port}/hooks/kannel/{SECRET}"
        async with kannel.running(folder, hooks, post=post) as running:
            await running.carrier()
            settings = KannelSettings(
                sendsms_url=running.url, username=kannel.USERNAME, password=kannel.PASSWORD, timeout=20
            )
            transport = KannelTransport(settings, f"{hooks}/status")
            yield Town(running, office, transport)
            await transport.close()
    await store.close()


@pytest.fixture
async def here(tmp_path: Path, site: Site) -> AsyncIterator[Town]:
    async with town(tmp_path, site) as opened:
        yield opened


async def test_a_text_goes_out_and_its_receipts_find_their_delivery(here: Town) -> None:
    assert await here.send("alice: 5 {€} for Zoé") == Sent("7.2")
    await here.kannel.hears("text alice: 5 {€} for")
    await here.office.has(receipts=2)
    receipts = {(r.status, r.delivery_id, r.attempt, r.remote_id) for r in here.office.receipts}
    assert receipts == {("sent", 7, 2, "7.2"), ("delivered", 7, 2, "7.2")}


async def test_other_scripts_go_out_as_utf_16(here: Town) -> None:
    text = "алиса: Привет 🍰"
    assert isinstance(await here.send(text), Sent)
    [line] = await here.kannel.hears("ucs-2")
    octets = unquote_to_bytes(line.split("ucs-2 ")[1].rstrip(">").replace("+", " "))
    assert octets.decode("utf-16-be") == text


@pytest.mark.parametrize("text", ["a{" * 102, "x" * 161, "x" * 152 + "€" + "y" * 20, "я" * 71, "я" * 66 + "🍰" * 20])
async def test_a_long_text_takes_as_many_parts_as_we_count(here: Town, text: str) -> None:
    assert isinstance(await here.send(text), Sent)
    wanted = sms_text.segments(text)
    assert wanted > 1
    lines = await here.kannel.hears(" udh ", times=wanted)
    assert len(lines) == wanted
    headers = [re.search(r"udh (\S+)", line)[1] for line in lines]  # type: ignore[index]  # it is there
    parts = [sms_wire.read_header(unquote_to_bytes(each)).part for each in headers]
    assert [(part.number, part.total) for part in parts if part] == [(n, wanted) for n in range(1, wanted + 1)]
    await here.office.has(receipts=2)


async def test_a_text_is_kept_by_kannel_while_its_carrier_is_away(here: Town) -> None:
    await here.kannel.no_carrier()
    assert isinstance(await here.send("alice: later"), Sent)
    await here.kannel.carrier()
    await here.kannel.hears("alice: later")


async def test_what_kannel_refuses_is_given_up_or_put_off(here: Town) -> None:
    assert await here.send("hi", to="") == Bounced("Kannel: Empty receiver number not allowed, rejected")
    wrong = KannelTransport(KannelSettings(sendsms_url=here.kannel.url, username="x", password="y"), "http://x/status")
    assert await wrong.send(TEXT) == Deferred(
        "Kannel: Authorization failed for sendsms", 900.0, route_wide=True, halt=Halt(403, 1)
    )
    await wrong.close()
    nowhere = KannelTransport(KannelSettings(sendsms_url=f"{here.kannel.url}x"), "http://x/status")
    assert isinstance(outcome := await nowhere.send(TEXT), Deferred)
    assert outcome.route_wide
    await nowhere.close()


async def test_texts_in_any_script_come_in_as_they_were_written(here: Town) -> None:
    for text in ("hi  there & co = yes+", "R ja"):
        await here.kannel.says(said(PHONE, "15550009999", text))
    await here.kannel.says(said("15550000002", "15550009999", "Привет 🍰", ucs2=True))
    await here.office.has(messages=3)
    assert [(m.sender, m.to, m.text, m.dropped) for m in here.office.messages] == [
        (PHONE, OUR_NUMBER, "hi  there & co = yes+", 0),
        (PHONE, OUR_NUMBER, "R ja", 0),
        ("+15550000002", OUR_NUMBER, "Привет 🍰", 0),
    ]
    assert len({m.remote_id for m in here.office.messages}) == 3


async def test_data_that_is_no_text_is_left_out(here: Town) -> None:
    await here.kannel.says(f"{PHONE} 15550009999 data %01%02%ff")
    await here.office.has(messages=1)
    [message] = here.office.messages
    assert (message.text, message.dropped) == ("", 1)


async def test_kannel_comes_again_when_we_could_not_take_a_text_and_sends_no_words_of_ours(here: Town) -> None:
    here.office.refuses = 1
    await here.kannel.says(said(PHONE, "15550009999", "once more"))
    await here.office.has(messages=1)
    assert here.office.messages[0].text == "once more"
    assert not any("not for this way" in line or "Got message" in line for line in here.kannel.heard)


async def test_texts_come_in_by_post_too(tmp_path: Path, site: Site) -> None:
    async with town(tmp_path, site, post=True) as here:
        await here.kannel.says(said(PHONE, "15550009999", "hi & co +1"))
        await here.kannel.says(said(PHONE, "15550009999", "Привет 🍰", ucs2=True))
        await here.office.has(messages=2)
        assert [m.text for m in here.office.messages] == ["hi & co +1", "Привет 🍰"]


# ---- what the real one does too seldom


async def answering(status: int, words: str) -> Outcome:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=status, text=words)

    app = web.Application()
    app.router.add_post("/", handle)
    async with listening(app, "127.0.0.1", 0) as (host, port):
        wire = KannelTransport(KannelSettings(sendsms_url=f"http://{host}:{port}/"), "http://x/status")
        outcome = await wire.send(TEXT)
        await wire.close()
    return outcome


@pytest.mark.parametrize(
    ("status", "words", "outcome"),
    [
        (202, "3: Queued for later delivery", Sent("7.2")),
        (503, "4: Temporal failure", Deferred("Kannel: 4: Temporal failure", 10, route_wide=True)),
        (502, "Bad gateway", Unsure("Kannel: Bad gateway", peer_down=True)),
        (500, "", Unsure("Kannel: 500", peer_down=True)),
        (302, "", Deferred("Kannel: 302")),
        (403, "no", Deferred("Kannel: no", 900.0, route_wide=True, halt=Halt(403, 1))),
        (404, "", Deferred("Kannel: 404", 900.0, route_wide=True, halt=Halt(404, 1))),
    ],
)  # fmt: skip
async def test_each_answer_means_one_thing(status: int, words: str, outcome: Outcome) -> None:
    assert await answering(status, words) == outcome


async def test_a_kannel_that_is_not_there_has_nothing_and_one_that_hangs_up_may_have_it() -> None:
    wire = KannelTransport(KannelSettings(sendsms_url=f"http://127.0.0.1:{free_port()}/"), "http://x/status")
    outcome = await wire.send(TEXT)
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    await wire.close()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        wire = KannelTransport(KannelSettings(sendsms_url=f"http://127.0.0.1:{port}/"), "http://x/status")
        assert isinstance(await wire.send(TEXT), Unsure)
        await wire.close()


def test_a_text_of_unknown_outcome_waits_for_its_receipt_and_no_longer() -> None:
    clock = 1000.0
    awaited = Awaited(900, lambda: clock)
    assert awaited.look(TEXT) == Deferred("its receipt is waited for", 900)
    clock += 899
    assert awaited.look(TEXT) == Deferred("its receipt is waited for", 1)
    clock += 1
    assert awaited.look(TEXT) == []
    assert awaited.look(replace(TEXT, attempt=3)) == Deferred("its receipt is waited for", 900)


def test_the_settings_show_no_secret() -> None:
    shown = repr(KannelSettings(password="p4ss", hook_secret="s3cret", receipt_wait=timedelta(1)))
    assert "p4ss" not in shown
    assert "s3cret" not in shown
