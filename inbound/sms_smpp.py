"""What a carrier hands us over SMPP: texts from phones, and what became of ours.

The carrier gives a text no id, so each gets one here. That it hands one over again when our answer to it did not come
through is seen where the answers are given (``outbound.smpp.Unheard``).
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import msgspec
import structlog

from gateway.domain import smpp, sms_wire
from gateway.domain.place import place_of
from gateway.domain.smpp import Delivered
from gateway.domain.sms_wire import Header
from gateway.domain.types import Channel
from gateway.service.receipts import Receipt, Record
from inbound.message import Inbound, Phone, TakesMessages
from inbound.numbers import Numbers, international

log = structlog.get_logger(__name__)

SOURCE = "smpp"
"""What the inbox and the receipts call it."""

_PHONE = Phone()

Owner = Callable[[str], Awaitable[tuple[int, int | None] | None]]
"""Whose text an id is: (delivery, attempt)."""


class Door:
    """:meth:`arrived` takes all that the carrier hands us."""

    def __init__(
        self,
        ours: Iterable[str],
        intake: TakesMessages,
        record: Record,
        owner: Owner,
        now: Callable[[], datetime],
        *,
        latin_1: bool = False,
        id_from_receipt: Callable[[str], str] = str,
    ) -> None:
        """``id_from_receipt`` makes of a receipt's id what ``owner`` knows it by."""
        self._numbers = Numbers(ours)
        self._intake = intake
        self._record = record
        self._owner = owner
        self._now = now
        self._latin_1 = latin_1
        self._id_from_receipt = id_from_receipt

    async def arrived(self, came: Delivered) -> bool:
        """True when it is committed, or there is nothing to keep of it; False when it should come again."""
        try:
            if came.is_receipt:
                await self._take_receipt(came)
            else:
                await self._intake.take(self._read(came))
        except Exception as error:
            log.error("what the carrier handed us failed", error=type(error).__name__, where=place_of(error))
            return False
        return True

    async def _take_receipt(self, came: Delivered) -> None:
        report = smpp.report(came)
        if report is None:
            log.warning("a receipt that names no text or no state")
            return
        remote_id = self._id_from_receipt(report.remote_id)
        delivery_id, attempt = await self._owner(remote_id) or (None, None)
        receipt = Receipt(
            source=SOURCE,
            remote_id=remote_id,
            status=report.status,
            error_code=report.error_code,
            delivery_id=delivery_id,
            attempt=attempt,
            received_at=self._now(),
        )
        await self._record(receipt)

    def _read(self, came: Delivered) -> Inbound:
        header, octets = sms_wire.split_header(came.octets) if came.has_header else (Header(), came.octets)
        part = header.part
        if part is None and came.reference is not None:
            part = sms_wire.part_of(came.reference, came.total or 0, came.number or 0)
        words = None if header.to_program else sms_wire.decode(octets, came.coding, latin_1=self._latin_1)
        return Inbound(
            source=SOURCE,
            remote_id=uuid4().hex,
            channel=Channel.SMS,
            door=_PHONE,
            sender=international(came.source, came.source_ton),
            to=self._numbers.ours(came.destination),
            text=words or "",
            raw=msgspec.json.encode(came).decode(),
            received_at=self._now(),
            dropped=1 if words is None else 0,
            part=None if part is None else replace(part, words=words or ""),
        )
