"""One conversation with a carrier over SMPP 3.4: bind, submit, be handed texts and receipts, keep alive, unbind.

The PDUs' bytes are made and read by the smpp34 package, which is only loaded when a session is opened. The session
itself is here, since what a carrier hands us is answered only after it is committed (decisions/0018).
"""

import asyncio
import hashlib
import ssl
import struct
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import structlog

from gateway.domain.smpp import TRY_AGAIN, Delivered

if TYPE_CHECKING:
    from smpp34 import DeliverSm

log = structlog.get_logger(__name__)

_HEADER = struct.Struct("!IIII")
_LARGEST = 70_000
_NACK, _UNBIND, _SUBMIT, _DELIVER, _ENQUIRE = 0x80000000, 0x06, 0x04, 0x05, 0x15
_RESPONSE = 0x80000000
_INVALID_COMMAND, _INVALID_LENGTH = 0x03, 0x02
_RECEIPTED_ID, _STATE, _PAYLOAD, _SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER = 0x1E, 0x427, 0x424, 0x20C, 0x20E, 0x20F
_GOODBYE = 2.0
_MOST_AT_WORK = 500
"""What the carrier may hand us while earlier things wait for their commit."""

Arrived = Callable[[Delivered], Awaitable[bool]]
"""Takes what the carrier hands us; True once it is committed."""


class Mode(IntEnum):
    """What a session is for; its value is the command that binds it."""

    RECEIVER = 1
    TRANSMITTER = 2
    TRANSCEIVER = 9


class BindRefused(Exception):
    """The carrier answered the bind with this ``status``."""

    def __init__(self, status: int) -> None:
        super().__init__(f"bind refused ({status:#x})")
        self.status = status


class LinkLost(Exception):
    """The connection ended, or an answer did not come in time."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a session is kept: seconds that anything may take, seconds between two questions whether the carrier is
    there, and how many texts may wait for their answers."""

    timeout: float
    enquire_interval: float
    window: int


@dataclass(frozen=True, slots=True)
class Text:
    """One message to submit; addresses are digits (or letters), as they stand on the wire, and so is ``validity``, the
    time after which the carrier gives it up (empty: as it likes)."""

    source: str
    source_ton: int
    source_npi: int
    destination: str
    dest_ton: int
    dest_npi: int
    coding: int
    octets: bytes
    is_part: bool
    wants_receipt: bool
    validity: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier said to a submit: ``status`` 0 and its id of the text, or why not."""

    status: int
    remote_id: str


_JUST_BEFORE = 10.0
"""Seconds before the end of a connection in which our answers may not have come through."""

_COMES_AGAIN_WITHIN = 600.0


class Unheard:
    """What was committed and may come again, since the connection ended about when we answered it.

    A ``deliver_sm`` has no id. One with the very same bytes is taken for the same one, once, when it comes soon after
    a connection that ended; otherwise somebody has sent the same words twice. Moments are the loop's seconds."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def add(self, digest: bytes, now: float) -> None:
        """It was committed, and its answer may be lost."""
        self._until[digest] = now + _COMES_AGAIN_WITHIN
        if len(self._until) > 2 * _MOST_AT_WORK:
            self._until.popitem(last=False)

    def has(self, digest: bytes, now: float) -> bool:
        """Whether it is here, and if so no longer."""
        return now < self._until.pop(digest, 0.0)


class Session:
    """A bound connection. Made by :func:`bind`; :meth:`run` must be running for :meth:`submit` to return."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        arrived: Arrived,
        terms: Terms,
        unheard: Unheard,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._arrived = arrived
        self._unheard = unheard
        self._answered: deque[tuple[float, bytes]] = deque(maxlen=_MOST_AT_WORK)
        self._timeout = terms.timeout
        self._enquire_interval = terms.enquire_interval
        self._window = asyncio.Semaphore(terms.window)
        self._at_work = asyncio.Semaphore(_MOST_AT_WORK)
        self._sequence = 0
        self._asked: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._handing: set[asyncio.Task[None]] = set()
        self._over = False

    async def run(self) -> None:
        """Read what the carrier says until the connection ends, which raises LinkLost or OSError."""
        keeping = asyncio.create_task(self._keep_alive())
        try:
            while True:
                command, status, sequence, body = await self._next()
                if command == _UNBIND:
                    self._write(_UNBIND | _RESPONSE, 0, sequence)
                    raise LinkLost("the carrier ended the session")
                await self._hear(command, status, sequence, body)
        except asyncio.IncompleteReadError:
            raise LinkLost("the carrier hung up") from None
        finally:
            self._over = True
            keeping.cancel()
            self._remember_unheard()
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(LinkLost("the connection ended"))
            self._writer.close()

    async def submit(self, text: Text) -> Answer:
        """Submit a message, at most ``window`` at once. Raises LinkLost when no answer came: it may have been taken."""
        from smpp34 import SubmitSm  # here, so that a daemon without SMPP does not carry it

        async with self._window:
            pdu = SubmitSm(
                text.source,
                text.destination,
                text.octets,
                source_addr_ton=text.source_ton,
                source_addr_npi=text.source_npi,
                dest_addr_ton=text.dest_ton,
                dest_addr_npi=text.dest_npi,
                esm_class=0x40 if text.is_part else 0,
                validity_period=text.validity,
                registered_delivery=1 if text.wants_receipt else 0,
                data_coding=text.coding,
            ).encode()
            status, body = await self._ask(_SUBMIT, pdu[_HEADER.size :])
        return Answer(status, body.split(b"\0", 1)[0].decode("latin-1"))

    async def bind(self, mode: Mode, system_id: str, password: str, system_type: str) -> None:
        """Log in, before :meth:`run`. Raises BindRefused, LinkLost, OSError, TimeoutError."""
        names = (system_id, password, system_type)
        body = b"".join(name.encode("latin-1", "replace") + b"\0" for name in names) + b"\x34\0\0\0"
        self._write(mode, 0, self._next_sequence(), body)
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    command, status, _, _ = await self._next()
                    if command in (mode | _RESPONSE, _NACK):
                        break
        except asyncio.IncompleteReadError:
            raise LinkLost("the carrier hung up at the bind") from None
        if status:
            raise BindRefused(status)

    async def close(self) -> None:
        """Say goodbye, and hang up; what waits for an answer gets none."""
        if not self._over:
            with suppress(LinkLost, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._ask(_UNBIND)
        self.hang_up()

    def hang_up(self) -> None:
        """Let go of the connection."""
        self._writer.close()

    # ---- inside

    async def _next(self) -> tuple[int, int, int, bytes]:
        length, command, status, sequence = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
        if not _HEADER.size <= length <= _LARGEST:
            raise LinkLost("what the carrier says makes no sense")
        return command, status, sequence, await self._reader.readexactly(length - _HEADER.size)

    def _write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        if self._writer.is_closing():
            raise LinkLost("the connection ended")
        self._writer.write(_HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body)

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        return self._sequence

    async def _ask(self, command: int, body: bytes = b"") -> tuple[int, bytes]:
        """Ask, and wait for the answer's status and body."""
        if self._over:
            raise LinkLost("the connection ended")
        sequence = self._next_sequence()
        future: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._asked[sequence] = future
        try:
            self._write(command, 0, sequence, body)
            async with asyncio.timeout(self._timeout):
                return await future
        except TimeoutError:
            raise LinkLost("no answer in time") from None
        finally:
            del self._asked[sequence]

    async def _hear(self, command: int, status: int, sequence: int, body: bytes) -> None:
        if command & _RESPONSE:
            future = self._asked.get(sequence)
            if future is not None and not future.done():
                future.set_result((status, body))
        elif command == _ENQUIRE:
            self._write(_ENQUIRE | _RESPONSE, 0, sequence)
        elif command == _DELIVER:
            await self._at_work.acquire()
            task = asyncio.create_task(self._hand_over(sequence, body))
            self._handing.add(task)
            task.add_done_callback(self._handed)
        else:
            self._write(_NACK, _INVALID_COMMAND, sequence)

    def _handed(self, task: asyncio.Task[None]) -> None:
        self._handing.discard(task)
        self._at_work.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what the carrier handed us was not answered", error=type(error).__name__)

    async def _hand_over(self, sequence: int, body: bytes) -> None:
        """Answer a deliver_sm once what it says is committed; when it is not, the carrier comes again."""
        came = _read(sequence, body)
        if came is None:
            log.warning("a deliver_sm that makes no sense")
            self._answer(sequence, _INVALID_LENGTH)
            return
        digest, clock = hashlib.sha256(body).digest(), asyncio.get_running_loop().time
        if not self._unheard.has(digest, clock()) and not await self._arrived(came):
            self._answer(sequence, TRY_AGAIN)
            return
        if self._over:
            self._unheard.add(digest, clock())
            return
        self._answered.append((clock(), digest))
        self._answer(sequence, 0)

    def _remember_unheard(self) -> None:
        now = asyncio.get_running_loop().time()
        for at, digest in self._answered:
            if at > now - _JUST_BEFORE:
                self._unheard.add(digest, now)

    def _answer(self, sequence: int, status: int) -> None:
        with suppress(LinkLost):
            self._write(_DELIVER | _RESPONSE, status, sequence, b"\0")

    async def _keep_alive(self) -> None:
        """Ask now and then whether the carrier is there; hang up when it is not."""
        while True:
            await asyncio.sleep(self._enquire_interval)
            try:
                await self._ask(_ENQUIRE)
            except LinkLost:
                self._writer.transport.abort()
                return


async def connect(
    host: str, port: int, arrived: Arrived, terms: Terms, unheard: Unheard, context: ssl.SSLContext | None
) -> Session:
    """Connect, without a bind yet. Raises OSError, TimeoutError."""
    async with asyncio.timeout(terms.timeout):
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
    return Session(reader, writer, arrived, terms, unheard)


def _read(sequence: int, body: bytes) -> Delivered | None:
    import smpp34  # as above

    try:
        pdu = smpp34.decode(_HEADER.pack(_HEADER.size + len(body), _DELIVER, 0, sequence) + body)
    except smpp34.SmppError:
        return None
    return _delivered(pdu) if isinstance(pdu, smpp34.DeliverSm) else None


def _delivered(pdu: "DeliverSm") -> Delivered:
    extra = {tlv.tag: tlv.value for tlv in pdu.tlvs}
    number = {tag: int.from_bytes(value) for tag, value in extra.items() if tag in _NUMBERS and value}
    return Delivered(
        source=pdu.source_addr,
        source_ton=pdu.source_addr_ton,
        destination=pdu.destination_addr,
        esm_class=pdu.esm_class,
        coding=pdu.data_coding,
        octets=pdu.short_message or extra.get(_PAYLOAD, b""),
        reference=number.get(_SAR_REFERENCE),
        total=number.get(_SAR_TOTAL),
        number=number.get(_SAR_NUMBER),
        receipted_id=extra.get(_RECEIPTED_ID, b"").split(b"\0", 1)[0].decode("latin-1"),
        state=number.get(_STATE),
    )


_NUMBERS = frozenset({_SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER, _STATE})
