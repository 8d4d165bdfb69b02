"""Sends texts straight to a carrier, over SMPP 3.4.

    not bound                       Deferred   nothing was sent; the whole sender waits
    answered with 0                 Sent
    answered with another status    Deferred or Bounced, as gateway.domain.smpp says; it was not taken (what is wrong
                                           with our number stops the sender and costs no text a try)
    the connection ended first      Unsure: wait for the receipt

A long text goes as parts, and a receipt is asked for with the last one alone: a phone shows the text when it has them
all. A connection that ends is made again, after waits that grow; so is one that the carrier does not let in, after
longer ones, for a wrong password is often answered with a lock.

Each text says for how long it is good (validity_period, 5.2.16): what the carrier could not hand on by then, it gives
up, and the receipt says EXPIRED. That is a courtesy to who reads it, and no reason to lose a text: a carrier that
refuses the parameter (0x62) gets the text again at once without it, and then every other one until the next session.
"""

import asyncio
import random
import ssl
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

import structlog

from gateway.domain import smpp as rules
from gateway.domain import sms_wire
from gateway.domain.delivery import Bounced, Deferred, Fault, Found, Outcome, Sent, Unsure, own_id
from gateway.domain.smpp import Delivered
from gateway.domain.types import Outgoing
from outbound import mishap, smpp
from outbound.awaited import Awaited
from outbound.smpp import Answer, Arrived, BindRefused, LinkLost, Mode, Session, Terms, Text

log = structlog.get_logger(__name__)

UNBOUND_PAUSE = 10.0
"""Seconds for which the sender rests while there is no session."""

REMEMBERED = 20_000
"""Texts whose receipts find them without asking the database."""

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_FIRST_WAIT_AFTER_REFUSAL, _LONGEST_WAIT_AFTER_REFUSAL = 15.0, 600.0
_STEADY = 60.0
_WAITS_BETWEEN_PARTS = (0.2, 0.5, 1.0, 2.0, 4.0)
_OWNER_COMES_WITHIN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppSettings:
    """``[sms.smpp]``.

    ``bind``          one session for both ways (transceiver), or one for each (separate).
    ``enquire_interval``  seconds between two questions whether the carrier is there.
    ``window``        texts that may wait for their answers at once.
    ``source_ton`` and its like  type of number and numbering plan; -1: 1 (international, E.164) for a number with a +,
                      0 (unknown) for others.
    ``alphabet``      what the carrier means by data coding 0.
    ``receipt_ids``   how receipts write ids: as the answers do (same), or in the other way (hex, decimal).
    ``timeout``       seconds for connecting, and for each answer.
    ``receipt_wait``  how long a text of unknown outcome waits for its receipt before it is sent again.
    ``say_validity``  whether the carrier is told how long a text is good, as ``[sms] validity`` says.
    """

    host: str = ""
    port: int = 2775
    system_id: str = ""
    password: str = field(default="", repr=False)
    system_type: str = ""
    bind: Literal["transceiver", "separate"] = "transceiver"
    tls: bool = False
    tls_ca: str = ""
    enquire_interval: float = 30.0
    window: int = 10
    source_ton: int = -1
    source_npi: int = -1
    dest_ton: int = -1
    dest_npi: int = -1
    alphabet: Literal["gsm", "latin1"] = "gsm"
    receipt_ids: Literal["same", "hex", "decimal"] = "same"
    timeout: float = 10.0
    receipt_wait: timedelta = timedelta(minutes=15)
    say_validity: bool = True

    def tls_context(self) -> ssl.SSLContext | None:
        """How the carrier's certificate is checked; None without TLS."""
        return ssl.create_default_context(cafile=self.tls_ca or None) if self.tls else None

    def id_from_answer(self, remote_id: str) -> str:
        """The id in an answer, as ids are compared."""
        if self.receipt_ids == "same":
            return remote_id
        return rules.canonical_id(remote_id, is_hex=self.receipt_ids == "decimal")

    def id_from_receipt(self, remote_id: str) -> str:
        """The id in a receipt, as ids are compared."""
        if self.receipt_ids == "same":
            return remote_id
        return rules.canonical_id(remote_id, is_hex=self.receipt_ids == "hex")


class Owners:
    """Whose each id of the carrier's is: (delivery, attempt), from its answer until it is old. A receipt may come
    before the answer that names its id, so there is waiting for it, too."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._changed = asyncio.Event()

    def add(self, remote_id: str, delivery: Outgoing) -> None:
        """The carrier has just called this delivery so."""
        self._known[remote_id] = (delivery.id, delivery.attempt)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        self._changed.set()

    def get(self, remote_id: str) -> tuple[int, int] | None:
        """Whose it is, if that is known."""
        return self._known.get(remote_id)

    async def wait_for(self, remote_id: str, seconds: float = _OWNER_COMES_WITHIN) -> tuple[int, int] | None:
        """Whose it is, if that is known before so many seconds are over."""
        try:
            async with asyncio.timeout(seconds):
                while remote_id not in self._known:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self._known.get(remote_id)


class SmppTransport:
    """``send`` one text over the sessions that :meth:`run` keeps; ``close`` at the end."""

    def __init__(self, settings: SmppSettings) -> None:
        self.owners = Owners()
        self._settings = settings
        self._awaited = Awaited(settings.receipt_wait.total_seconds(), time.monotonic)
        self._unheard = smpp.Unheard()
        self._sender: Session | None = None
        self._why_not = "not yet bound"
        self._says_validity = settings.say_validity
        self._reference = random.randrange(256)  # noqa: S311 - not a secret

    # ---- sending

    async def send(self, delivery: Outgoing) -> Outcome:
        """Submit the text, in as many parts as it needs, once."""
        if self._sender is None:
            return Deferred(
                f"the carrier is not there: {self._why_not}", UNBOUND_PAUSE, route_wide=True, peer_down=True
            )
        if not (_is_address(delivery.to) and _is_address(delivery.sender)):
            return Bounced(
                "SMPP carries no such number", Fault.ADDRESS if _is_address(delivery.sender) else Fault.SENDER
            )
        self._reference = (self._reference + 1) % 256
        encoded = sms_wire.encode(delivery.text, self._reference, latin_1=self._settings.alphabet == "latin1")
        session, answer, last = self._sender, Answer(rules.SYSTEM_ERROR, ""), len(encoded.parts) - 1
        for n, octets in enumerate(encoded.parts):
            try:
                text = self._text(delivery, encoded.coding, octets, is_part=last > 0, wants_receipt=n == last)
                answer = await self._submit(session, text, patient=n > 0)
            except (LinkLost, OSError) as error:
                return Unsure(f"no answer from the carrier: {error}", peer_down=True)
            if answer.status:
                return rules.refusal(answer.status)
        if not answer.remote_id:
            return Sent(own_id(delivery.id, delivery.attempt))
        remote_id = self._settings.id_from_answer(answer.remote_id)
        self.owners.add(remote_id, delivery)
        return Sent(remote_id)

    async def look_up(self, delivery: Outgoing) -> Sequence[Found] | Deferred:
        """Wait for the receipt of a text whose sending ended without an answer."""
        return self._awaited.look(delivery)

    async def close(self) -> None:
        """Nothing is left open once :meth:`run` has ended."""

    def _text(self, delivery: Outgoing, coding: int, octets: bytes, *, is_part: bool, wants_receipt: bool) -> Text:
        settings = self._settings
        return Text(
            source=delivery.sender.removeprefix("+"),
            source_ton=_type(settings.source_ton, delivery.sender),
            source_npi=_type(settings.source_npi, delivery.sender),
            destination=delivery.to.removeprefix("+"),
            dest_ton=_type(settings.dest_ton, delivery.to),
            dest_npi=_type(settings.dest_npi, delivery.to),
            coding=coding,
            octets=octets,
            is_part=is_part,
            wants_receipt=wants_receipt,
            validity=rules.time_from_now(delivery.valid_for) if self._says_validity else "",
        )

    async def _submit(self, session: Session, text: Text, *, patient: bool) -> Answer:
        """Submit a message, once more without its validity where the carrier wants none: what it refused it has not
        taken. ``patient`` as below."""
        answer = await _submit(session, text, patient=patient)
        if not (text.validity and answer.status == rules.INVALID_VALIDITY):
            return answer
        if self._says_validity:
            self._says_validity = False
            log.warning("the carrier refuses sms.validity: texts go without it (see sms.smpp.say_validity)")
        return await _submit(session, replace(text, validity=""), patient=patient)

    # ---- the sessions

    async def run(self, arrived: Arrived, *, sends: bool, hears: bool) -> None:
        """Keep the sessions that are needed to send and to be handed things, until cancelled."""
        if sends and hears and self._settings.bind == "transceiver":
            await self._keep(Mode.TRANSCEIVER, arrived)
            return
        async with asyncio.TaskGroup() as tasks:
            for mode, wanted in ((Mode.TRANSMITTER, sends), (Mode.RECEIVER, hears)):
                if wanted:
                    tasks.create_task(self._keep(mode, arrived))

    async def _keep(self, mode: Mode, arrived: Arrived) -> None:
        wait = 0.0
        while True:
            began = asyncio.get_running_loop().time()
            refused = False
            try:
                await self._converse(mode, arrived)
            except BindRefused as error:
                refused = error.status in rules.WRONG_LOGIN
                self._failed(mode, str(error))
                if refused:
                    log.error("the carrier does not let us in: see sms.smpp.system_id and password", mode=mode.name)
            except (LinkLost, OSError, TimeoutError) as error:
                self._failed(mode, str(error) if isinstance(error, LinkLost) else mishap.in_words(error))
            if asyncio.get_running_loop().time() - began > _STEADY:
                wait = 0.0
            first, longest = (
                (_FIRST_WAIT_AFTER_REFUSAL, _LONGEST_WAIT_AFTER_REFUSAL) if refused else (_FIRST_WAIT, _LONGEST_WAIT)
            )
            wait = min(max(2 * wait, first), longest)
            await asyncio.sleep(wait * (0.5 + random.random() / 2))  # noqa: S311 - spreads daemons

    def _failed(self, mode: Mode, why: str) -> None:
        self._why_not = why
        log.warning("no session with the carrier", mode=mode.name, why=why)

    async def _converse(self, mode: Mode, arrived: Arrived) -> None:
        """One session, from the connection to its end, which raises."""
        session = await _bound(self._settings, mode, arrived, self._unheard)
        log.info("bound to the carrier", mode=mode.name)
        if mode is not Mode.RECEIVER:
            self._sender = session
            self._says_validity = self._settings.say_validity
        running = asyncio.create_task(session.run())
        try:
            await asyncio.shield(running)
        finally:
            if self._sender is session:
                self._sender = None
            await session.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def try_to_bind(settings: SmppSettings) -> None:
    """Log in to send, and leave. Raises BindRefused, LinkLost, OSError, TimeoutError."""

    async def nothing(_: Delivered) -> bool:
        return False

    (await _bound(settings, Mode.TRANSMITTER, nothing, smpp.Unheard())).hang_up()


async def _bound(settings: SmppSettings, mode: Mode, arrived: Arrived, unheard: smpp.Unheard) -> Session:
    """A session that the carrier has let in."""
    terms = Terms(settings.timeout, settings.enquire_interval, settings.window)
    context = settings.tls_context()
    session = await smpp.connect(settings.host, settings.port, arrived, terms, unheard, context)
    try:
        await session.bind(mode, settings.system_id, settings.password, settings.system_type)
    except BaseException:
        session.hang_up()
        raise
    return session


async def _submit(session: Session, text: Text, *, patient: bool) -> Answer:
    """Submit a message; ``patient``: the first part is taken, so a throttled one is tried again for a moment."""
    answer = await session.submit(text)
    for wait in _WAITS_BETWEEN_PARTS if patient else ():
        if answer.status not in (rules.THROTTLED, rules.QUEUE_FULL):
            break
        await asyncio.sleep(wait)
        answer = await session.submit(text)
    return answer


def _is_address(number: str) -> bool:
    """Whether it has a place in a PDU: 20 characters at most, which no other field may be read from."""
    return 0 < len(number.removeprefix("+")) <= 20 and number.isascii() and number.isprintable()


def _type(configured: int, number: str) -> int:
    return configured if configured >= 0 else 1 if number.startswith("+") else 0
