"""Texts straight to a carrier, over SMPP: with a carrier of npm's smpp package, and with one of smpp34's own."""

import asyncio
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import smpp34

from gateway.domain import sms_text, sms_wire
from gateway.domain.delivery import Bounced, Deferred, Fault, Halt, Outcome, Sent, Unsure
from gateway.domain.smpp import Delivered
from gateway.domain.sms_wire import Part
from gateway.domain.types import Channel, Outgoing
from gateway.service.receipts import Receipt
from inbound.message import Accepted, Inbound
from inbound.sms_smpp import Door
from outbound import sms_smpp
from outbound.sms_smpp import SmppSettings, SmppTransport
from tests import smsc
from tests.smsc import Carrier
from tests.wiring import OUR_NUMBER, free_port

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PHONE = "+15550000001"
TEXT = Outgoing(id=7, attempt=2, channel=Channel.SMS, to=PHONE, text="alice: hi", queued_at=NOW, sender=OUR_NUMBER)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are made for weeks of running are short here."""
    monkeypatch.setattr(sms_smpp, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(sms_smpp, "_FIRST_WAIT_AFTER_REFUSAL", 0.2)
    monkeypatch.setattr(sms_smpp, "_WAITS_BETWEEN_PARTS", (0.01, 0.02))


class Office:
    """Stands where the intake and the receipts stand: it can be out of order, and it can be slow."""

    def __init__(self) -> None:
        self.messages: list[Inbound] = []
        self.receipts: list[Receipt] = []
        self.refuses = 0
        self.open = asyncio.Event()
        self.open.set()
        self.moved = asyncio.Event()
        self.came = asyncio.Event()

    async def take(self, message: Inbound) -> Accepted:
        self.came.set()
        await self.open.wait()
        if self.refuses:
            self.refuses -= 1
            raise OSError("disk full")
        self.messages.append(message)
        self.moved.set()
        return Accepted(new=True, answer="")

    async def record(self, receipt: Receipt) -> bool:
        self.receipts.append(receipt)
        self.moved.set()
        return True

    async def has(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not enough():
                self.moved.clear()
                await self.moved.wait()


class Line:
    """Our end of the line to a carrier."""

    def __init__(self, transport: SmppTransport, office: Office) -> None:
        self.transport, self.office = transport, office

    async def send(self, text: str = TEXT.text, **changes: object) -> Outcome:
        return await self.transport.send(replace(TEXT, text=text, **changes))  # type: ignore[arg-type]  # any field

    async def is_up(self) -> None:
        async with asyncio.timeout(20):
            while self.transport._sender is None:  # noqa: ASYNC110 - nobody but tests waits for it
                await asyncio.sleep(0.01)


@asynccontextmanager
async def line(port: int, *, hears: bool = True, **changes: object) -> AsyncIterator[Line]:
    given: dict[str, object] = {"host": "127.0.0.1", "port": port, "system_id": "birds", "password": smsc.PASSWORD}
    settings = SmppSettings(**{**given, "timeout": 10.0, **changes})  # type: ignore[arg-type]  # any field
    transport, office = SmppTransport(settings), Office()
    door = Door(
        [OUR_NUMBER],
        office,
        office.record,
        transport.owners.wait_for,
        lambda: NOW,
        latin_1=settings.alphabet == "latin1",
        id_from_receipt=settings.id_from_receipt,
    )
    running = asyncio.create_task(transport.run(door.arrived, sends=True, hears=hears))
    opened = Line(transport, office)
    try:
        yield opened
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with smsc.running() as opened:
        yield opened


async def test_a_text_goes_out_and_its_receipt_finds_its_delivery(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        assert await here.send("alice: 5 {€} for Zoé") == Sent("1000")
        [text] = await carrier.hears("submit")
        assert (text["to"], text["from"], text["dest_ton"], text["coding"]) == ("15550000001", "15550009999", 1, 0)
        assert text["text"] == "alice: 5 {€} for Zoé"
        await here.office.has(lambda: bool(here.office.receipts))
        [receipt] = here.office.receipts
        assert (receipt.status, receipt.delivery_id, receipt.attempt, receipt.remote_id) == ("delivered", 7, 2, "1000")


async def test_a_receipt_that_comes_before_the_answer_waits_for_it(carrier: Carrier) -> None:
    await carrier.order("receiptFirst")
    async with line(carrier.port) as here:
        await here.is_up()
        assert await here.send() == Sent("1000")
        await here.office.has(lambda: bool(here.office.receipts))
        assert here.office.receipts[0].delivery_id == 7


async def test_ids_in_hex_here_and_decimal_there_are_the_same_ones(carrier: Carrier) -> None:
    await carrier.order("hex")
    async with line(carrier.port, receipt_ids="decimal") as here:
        await here.is_up()
        assert await here.send() == Sent("1000")
        await here.office.has(lambda: bool(here.office.receipts))
        assert here.office.receipts[0].delivery_id == 7


@pytest.mark.parametrize("text", ["x" * 152 + "€" + "y" * 20, "я" * 66 + "🍰" * 20], ids=["gsm", "utf-16"])
async def test_a_long_text_goes_in_parts_with_one_receipt_and_is_never_cut_in_a_pair(
    carrier: Carrier, text: str
) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        outcome = await here.send(text)
        parts = await carrier.hears("submit", sms_text.segments(text))
        assert outcome == Sent(str(parts[-1]["id"]))
        assert len(parts) == sms_text.segments(text)
        assert "".join(part["text"] for part in parts) == text
        assert [part["receipt"] for part in parts] == [0] * (len(parts) - 1) + [1]
        headers = [sms_wire.read_header(b"\x05" + bytes.fromhex(part["udh"])).part for part in parts]
        assert all(part["esm"] & 0x40 for part in parts)
        assert [(h.number, h.total) for h in headers if h] == [(n, len(parts)) for n in range(1, len(parts) + 1)]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x58, Deferred("faster than the carrier allows (0x58)", 1.0, route_wide=True)),
        (0x14, Deferred("the carrier's queue is full (0x14)", 5.0, route_wide=True)),
        (0x08, Deferred("the carrier had an internal error (0x8)")),
        (0x0B, Bounced("not a valid phone number (0xb)", Fault.ADDRESS)),
        (
            0x0A,
            Deferred("the carrier does not take our number as a sender (0xa)", 900.0, excused=True, halt=Halt(0x0A, 3)),
        ),
        (
            0x48,
            Deferred(
                "the type of our number is wrong (source_ton) (0x48)",
                900.0,
                route_wide=True,
                excused=True,
                halt=Halt(0x48, 1),
            ),
        ),
        (0x433, Deferred("the carrier refused it (0x433)")),
    ],
)
async def test_each_refusal_means_one_thing(carrier: Carrier, status: int, outcome: Outcome) -> None:
    await carrier.order("answers", statuses=[status])
    async with line(carrier.port) as here:
        await here.is_up()
        assert await here.send() == outcome
        assert isinstance(await here.send(), Sent)


@pytest.mark.parametrize(("seconds", "heard"), [(0, None), (1, 1), (4 * 3600, 4 * 3600), (36_000, 36_000)])
async def test_the_carrier_hears_for_how_long_a_text_is_good(carrier: Carrier, seconds: int, heard: int | None) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        assert isinstance(await here.send(valid_for=seconds), Sent)
        [text] = await carrier.hears("submit")
        assert text["good_for"] == heard


async def test_a_carrier_that_refuses_to_hear_it_gets_the_text_without_it_until_the_next_session(
    carrier: Carrier,
) -> None:
    await carrier.order("answers", statuses=[0x62])
    async with line(carrier.port) as here:
        await here.is_up()
        assert await here.send("x" * 200, valid_for=900) == Sent("1002")
        assert await here.send(valid_for=900) == Sent("1003")
        assert [each["good_for"] for each in carrier.of("submit")] == [900, None, None, None]
        await carrier.order("hangUp")
        await carrier.hears("bound", 2)
        await here.is_up()
        assert isinstance(await here.send(valid_for=900), Sent)
        assert carrier.of("submit")[-1]["good_for"] == 900


async def test_a_text_that_is_refused_without_it_as_well_is_refused(carrier: Carrier) -> None:
    await carrier.order("answers", statuses=[0x62, 0x0B])
    async with line(carrier.port) as here:
        await here.is_up()
        assert await here.send(valid_for=900) == Bounced("not a valid phone number (0xb)", Fault.ADDRESS)


async def test_a_carrier_that_is_not_to_hear_it_does_not(carrier: Carrier) -> None:
    async with line(carrier.port, say_validity=False) as here:
        await here.is_up()
        assert isinstance(await here.send(valid_for=900), Sent)
        assert carrier.of("submit")[0]["good_for"] is None


@pytest.mark.parametrize("phone", ["", "+" + "1" * 21, "1\x002", "ü"])
async def test_a_number_that_has_no_place_in_smpp_is_given_up(carrier: Carrier, phone: str) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        assert await here.send(to=phone) == Bounced("SMPP carries no such number", Fault.ADDRESS)
        assert not carrier.of("submit")


async def test_a_later_part_that_is_throttled_is_tried_again(carrier: Carrier) -> None:
    await carrier.order("answers", statuses=[0, 0x58, 0x58, 0])
    async with line(carrier.port) as here:
        await here.is_up()
        assert isinstance(await here.send("x" * 200), Sent)
        assert len(await carrier.hears("submit", 4)) == 4


async def test_a_line_that_breaks_is_made_again_and_what_was_under_way_is_unsure(carrier: Carrier) -> None:
    await carrier.order("silent", on=True)
    async with line(carrier.port) as here:
        await here.is_up()
        sending = asyncio.create_task(here.send())
        await carrier.hears("submit")
        await carrier.order("hangUp")
        assert isinstance(await sending, Unsure)
        await carrier.order("silent", on=False)
        await carrier.hears("bound", 2)
        await here.is_up()
        assert isinstance(await here.send(), Sent)


async def test_an_answer_that_does_not_come_leaves_the_text_unsure(carrier: Carrier) -> None:
    await carrier.order("silent", on=True)
    async with line(carrier.port, timeout=0.3) as here:
        await here.is_up()
        assert isinstance(await here.send(), Unsure)


async def test_a_wrong_password_is_no_hang_and_is_tried_again(carrier: Carrier) -> None:
    async with line(carrier.port, password="wrong") as here:
        await carrier.hears("refused", 2)
        outcome = await here.send()
        assert outcome == Deferred(
            "the carrier is not there: bind refused (0xd)", 10.0, route_wide=True, peer_down=True
        )


async def test_a_carrier_that_is_not_there_has_nothing() -> None:
    async with line(free_port()) as here:
        outcome = await here.send()
        assert isinstance(outcome, Deferred)
        assert outcome.route_wide


async def test_the_line_is_kept_alive(carrier: Carrier) -> None:
    async with line(carrier.port, enquire_interval=0.05):
        await carrier.hears("enquired", 2)


async def test_one_session_for_each_way_where_the_carrier_wants_that(carrier: Carrier) -> None:
    async with line(carrier.port, bind="separate") as here:
        bound = await carrier.hears("bound", 2)
        assert {each["mode"] for each in bound} == {"bind_transmitter", "bind_receiver"}
        await here.is_up()
        assert isinstance(await here.send(), Sent)


async def test_a_daemon_that_only_sends_binds_to_send_alone(carrier: Carrier) -> None:
    async with line(carrier.port, hears=False):
        [bound] = await carrier.hears("bound")
        assert bound["mode"] == "bind_transmitter"


# ---- coming in


async def deliver(carrier: Carrier, octets: bytes, coding: int = 0, esm: int = 0) -> None:
    await carrier.order(
        "deliver", **{"from": "15550000001", "to": "15550009999"}, octets=octets.hex(), coding=coding, esm=esm
    )


async def test_texts_in_any_script_come_in_as_they_were_written(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        await deliver(carrier, b"5 \x1b\x65 for \x00you")
        await deliver(carrier, "Привет 🍰".encode("utf-16-be"), coding=8)
        await deliver(carrier, b"caf\xe9", coding=3)
        await deliver(carrier, b"\x01\x02\xff", coding=4)
        await carrier.hears("answered", 4)
        assert [(m.sender, m.to, m.text, m.dropped) for m in here.office.messages] == [
            (PHONE, OUR_NUMBER, "5 € for @you", 0),
            (PHONE, OUR_NUMBER, "Привет 🍰", 0),
            (PHONE, OUR_NUMBER, "café", 0),
            (PHONE, OUR_NUMBER, "", 1),
        ]


async def test_a_part_says_which_it_is(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        await deliver(carrier, b"\x05\x00\x03\x2a\x02\x02part two", esm=0x40)
        await carrier.hears("answered")
        assert here.office.messages[0].part == Part(0x2A, 2, 2, "part two")
        assert here.office.messages[0].text == "part two"


async def test_the_carrier_is_answered_only_when_the_text_is_committed(carrier: Carrier) -> None:
    async with line(carrier.port, enquire_interval=0.05) as here:
        await here.is_up()
        here.office.open.clear()
        await deliver(carrier, b"hi")
        await here.office.came.wait()
        before = len(carrier.of("enquired"))
        await carrier.hears("enquired", before + 2)  # the line is alive meanwhile
        assert isinstance(await here.send(), Sent)
        assert not carrier.of("answered")
        here.office.open.set()
        assert (await carrier.hears("answered"))[0]["status"] == 0


async def test_what_we_could_not_take_is_refused_for_now(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        here.office.refuses = 1
        await deliver(carrier, b"hi")
        assert (await carrier.hears("answered"))[0]["status"] == 0x64
        assert not here.office.messages


async def test_a_text_that_comes_again_because_our_answer_was_lost_does_nothing_twice(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        here.office.open.clear()
        await deliver(carrier, b"hi")
        await here.office.came.wait()
        await carrier.order("hangUp")
        await carrier.hears("bound", 2)
        here.office.open.set()
        await here.office.has(lambda: len(here.office.messages) == 1)
        await deliver(carrier, b"hi")  # the same once more
        await carrier.hears("answered")
        assert len(here.office.messages) == 1
        await deliver(carrier, b"hi")  # somebody says it twice
        await here.office.has(lambda: len(here.office.messages) == 2)


async def test_an_answer_that_was_given_just_before_the_end_may_be_lost_too(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        await deliver(carrier, b"hi")
        await carrier.hears("answered")
        await carrier.order("hangUp")
        await carrier.hears("bound", 2)
        for answered, taken in ((2, 1), (3, 2)):
            await deliver(carrier, b"hi")
            await carrier.hears("answered", answered)
            assert len(here.office.messages) == taken


async def test_words_that_look_like_a_receipt_are_a_text(carrier: Carrier) -> None:
    async with line(carrier.port) as here:
        await here.is_up()
        await deliver(carrier, b"id:1000 stat:DELIVRD")
        await here.office.has(lambda: bool(here.office.messages))
        assert not here.office.receipts


# ---- a second carrier, and one that talks nonsense


async def test_smpp34s_own_carrier_takes_a_text_and_its_receipt_is_heard() -> None:
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="other")
    await server.start()
    try:
        async with line(port) as here:
            esme = await server.next()
            assert isinstance(esme, smpp34.Esme)
            await here.is_up()
            sending = asyncio.create_task(here.send())
            event = await server.next()
            assert isinstance(event, smpp34.SubmitSmEvent)
            assert event.short_message == b"alice: hi"
            event.accept("abc-1")
            assert await sending == Sent("abc-1")
            tlvs = [
                smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, b"abc-1\0"),
                smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\x02"),
            ]
            answer = await esme.deliver_sm("15550009999", b"", source_addr="15550000001", esm_class=4, tlvs=tlvs)
            assert answer.is_success
            assert [(r.status, r.delivery_id) for r in here.office.receipts] == [("delivered", 7)]
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack("!IIII", 16, 0x80000009, 0x0E, 1),  # a header alone: wrong password
        struct.pack("!I", 2**31) * 4,
        b"",
    ],
)
async def test_a_peer_that_is_no_carrier_is_left_alone_and_tried_again(nonsense: bytes) -> None:
    calls = asyncio.Semaphore(0)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.release()
        writer.write(nonsense)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, line(port, timeout=0.3) as here, asyncio.timeout(20):
        await calls.acquire()
        await calls.acquire()
        assert isinstance(await here.send(), Deferred)


async def test_a_receipt_without_an_owner_is_kept_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    transport = SmppTransport(SmppSettings())

    async def owner(remote_id: str) -> tuple[int, int] | None:
        return await transport.owners.wait_for(remote_id, 0.01)

    door = Door([OUR_NUMBER], office, office.record, owner, lambda: NOW)
    assert await door.arrived(Delivered("1", 1, "2", 4, 0, b"id:9 stat:EXPIRED err:001 Text:id:1 stat:DELIVRD"))
    assert [(r.remote_id, r.status, r.error_code, r.delivery_id) for r in office.receipts] == [
        ("9", "undelivered", "30036", None)
    ]
    assert await door.arrived(Delivered("1", 1, "2", 4, 0, b"what?"))
    assert len(office.receipts) == 1


def test_a_daemon_without_smpp_does_not_load_its_package() -> None:
    code = "import gateway.daemon, gateway.config, sys; sys.exit('smpp34' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
