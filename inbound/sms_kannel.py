"""Kannel's calls: who may make them, and what they say.

A text that came in (its sms-service's get-url or post-url) and what became of one that we sent (the dlr-url that went
with it). Kannel signs nothing, so its calls are known by a secret in their path, by where they come from, or by both.

The query is read as octets: a text of another alphabet stands in it as UTF-16, percent-encoded.
https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html, "Parameters" (6.3) and "Delivery reports"
"""

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec

from gateway.domain import base64_text, sms_wire
from gateway.domain.delivery import own_id
from gateway.domain.types import Channel
from gateway.service.receipts import Receipt
from inbound.fields import Unreadable, is_id, number
from inbound.message import Inbound, Phone
from inbound.numbers import Numbers, international

SOURCE = "kannel"
"""What the inbox and the receipts call it."""

_PHONE = Phone()
_CODECS = {"utf-8": "utf-8", "utf-16be": "utf-16-be", "utf-16": "utf-16", "iso-8859-1": "latin-1", "ascii": "ascii",
           "windows-1252": "cp1252", "us-ascii": "ascii", "gsm": "utf-8"}  # fmt: skip

_STATUSES = {
    1: ("delivered", ""),
    2: ("undelivered", "30008"),
    4: ("queued", ""),
    8: ("sent", ""),
    16: ("failed", "30008"),
}
"""What each type of report is in the words of ``gateway.domain.provider_codes``; the carrier's own reason, if it gave
one, has no table of its own."""


class Door:
    """Knows Kannel's calls: by the secret in their path, by the address they come from, or by both."""

    def __init__(self, secret: str, allowed: Sequence[str], ours: Sequence[str] = ()) -> None:
        """``allowed``: addresses and networks, none are any; ``ours``: our numbers. Raises ValueError."""
        self.numbers = Numbers(ours)
        self._secret = secret.encode()
        self._allowed = [ipaddress.ip_network(each, strict=False) for each in allowed]

    def admits(self, secret: str, remote: str | None) -> bool:
        """Whether a call with this secret (empty: it has none) from this address is Kannel's."""
        if not (self._secret or self._allowed):
            return False
        if not hmac.compare_digest(secret.encode(errors="replace"), self._secret):
            return False
        return not self._allowed or self._is_allowed(remote)

    def _is_allowed(self, remote: str | None) -> bool:
        try:
            address = ipaddress.ip_address(remote or "")
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._allowed)


def read_message(query: str, body: bytes | None, numbers: Numbers, *, now: datetime) -> Inbound:
    """A text that came in: ``id from to charset coding udh text`` in the query, as docs/operations.md has Kannel call;
    ``body`` holds the text of a post-url. Raises Unreadable without an id or a sender."""
    fields = _fields(query)
    remote_id, sender = _words(fields, "id"), _words(fields, "from")
    if not (is_id(remote_id) and is_id(sender)):
        raise Unreadable("id or from is missing: see what the sms-service calls")
    header = sms_wire.read_header(fields.get("udh", b""))
    octets = fields.get("text", b"") if body is None else body
    is_words = _words(fields, "coding") != "1" and not header.to_program
    text = base64_text.plain(_decoded(octets, _words(fields, "charset"))) if is_words else ""
    part = header.part
    return Inbound(
        source=SOURCE,
        remote_id=remote_id,
        channel=Channel.SMS,
        door=_PHONE,
        sender=international(sender),
        to=numbers.ours(_words(fields, "to")),
        text=text,
        raw=msgspec.json.encode([query, (body or b"").decode("latin-1")]).decode(),
        received_at=now,
        dropped=0 if is_words else 1,
        part=None if part is None else replace(part, words=text),
    )


def read_receipt(query: str, *, now: datetime) -> Receipt:
    """What became of a text of ours: ``delivery attempt type``. Raises Unreadable."""
    fields = _fields(query)
    delivery, attempt, kind = (number(_words(fields, name)) for name in ("delivery", "attempt", "type"))
    if delivery is None or attempt is None or kind not in _STATUSES:
        raise Unreadable("delivery, attempt or type is missing")
    status, code = _STATUSES[kind]
    return Receipt(
        source=SOURCE,
        remote_id=own_id(delivery, attempt),
        status=status,
        error_code=code,
        delivery_id=delivery,
        attempt=attempt,
        received_at=now,
    )


def _fields(query: str) -> Mapping[str, bytes]:
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=100)
    return {name: value.encode("latin-1", "replace") for name, value in pairs}


def _words(fields: Mapping[str, bytes], name: str) -> str:
    return fields.get(name, b"").decode(errors="replace").strip()


def _decoded(octets: bytes, charset: str) -> str:
    """Half of a surrogate pair stays as it is, since the other half may be in the next part."""
    codec = _CODECS.get(charset.lower(), "utf-8")
    if codec.startswith("utf-16"):
        octets = octets[: len(octets) & ~1]
        return octets.decode(codec, "surrogatepass")
    return octets.decode(codec, "replace")
