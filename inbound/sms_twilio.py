"""Twilio's webhooks: is this request really Twilio's, and what does it say?

The signature is Base64(HMAC-SHA1(auth token, URL + every field's name and value in sorted order)), over all fields
that came, since Twilio adds new ones without notice (twilio.com/docs/usage/security). The URL is the configured
public one with the path as it stood on the wire: what a proxy or a client says about hosts is not believed.
"""

import hmac
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import msgspec

from gateway.domain import base64_text
from gateway.domain.types import Channel
from gateway.service.receipts import Receipt
from inbound.fields import Unreadable, is_id, number
from inbound.message import Inbound, Phone

SOURCE = "twilio"
"""What the inbox and the receipts call this provider."""

Fields = Sequence[tuple[str, str]]
"""The form as it came: names and values in order, repeated names kept, blank values kept."""


_PHONE = Phone()

_OPT_OUT_TYPES = frozenset(("STOP", "START", "HELP"))
"""What ``OptOutType`` may say: Twilio took the text for this word, and has done and answered what it means."""


class Door:
    """Checks and reads the webhooks of one Twilio account."""

    def __init__(self, public_url: str, account_sid: str, auth_tokens: Sequence[str]) -> None:
        """``auth_tokens``: the current one, and during a rotation the next one too; empty ones are left out."""
        self._account_sid = account_sid
        keys = [token.encode() for token in auth_tokens if token]
        self._begun = [hmac.new(key, address, "sha1") for address in _with_and_without_port(public_url) for key in keys]

    def admits(self, raw_path: str, fields: Fields, signature: str | None) -> bool:
        """Whether Twilio signed this request for this account. ``raw_path`` holds the query, still encoded.

        Twilio signs with or without the port, depending on where the request was made, so both count. What names no
        account is this one's: nobody else has its token.
        """
        if not signature:
            return False
        form = dict(fields)
        if len(form) == len(fields):
            pairs = [name + form[name] for name in sorted(form)]
        else:
            pairs = [name + value for name, value in sorted(set(fields))]
        signed = (raw_path + "".join(pairs)).encode(errors="replace")
        given = signature.encode(errors="replace")
        for begun in self._begun:
            whole = begun.copy()
            whole.update(signed)
            if hmac.compare_digest(b2a_base64(whole.digest(), newline=False), given):
                return form.get("AccountSid", self._account_sid) == self._account_sid
        return False


def read_message(fields: Fields, *, now: datetime) -> Inbound:
    """An incoming message: ``MessageSid From To Body NumMedia OptOutType``. Raises Unreadable without id or sender.

    A messaging service with Advanced Opt-Out has words of its own for STOP, START and HELP, which an operator may have
    chosen in any language; ``OptOutType`` says which of the three such a text was, and so it is that here too. What the
    person wrote stays in ``raw`` (twilio.com/docs/messaging/tutorials/advanced-opt-out).
    """
    form = dict(fields)
    sid, sender, opt_out = _sid(form), form.get("From", ""), form.get("OptOutType", "")
    if not (is_id(sid) and is_id(sender)):
        raise Unreadable("MessageSid or From is missing")
    return Inbound(
        source=SOURCE,
        remote_id=sid,
        channel=Channel.SMS,
        door=_PHONE,
        sender=sender,
        to=form.get("To", ""),
        text=opt_out if opt_out in _OPT_OUT_TYPES else base64_text.plain(form.get("Body", "")),
        raw=msgspec.json.encode(fields).decode(),
        received_at=now,
        dropped=number(form.get("NumMedia", "")) or 0,
    )


def read_receipt(fields: Fields, query: str, *, now: datetime) -> Receipt:
    """A status callback: ``MessageSid MessageStatus ErrorCode``, and in the query our own ``delivery`` and
    ``attempt``: a callback may arrive before the id it names has been written down. Raises Unreadable."""
    form = dict(fields)
    sid, status = _sid(form), form.get("MessageStatus") or form.get("SmsStatus", "")
    if not (is_id(sid) and is_id(status)):
        raise Unreadable("MessageSid or MessageStatus is missing")
    ours = dict(parse_qsl(query))
    return Receipt(
        source=SOURCE,
        remote_id=sid,
        status=status,
        error_code=form.get("ErrorCode", ""),
        delivery_id=number(ours.get("delivery", "")),
        attempt=number(ours.get("attempt", "")),
        received_at=now,
    )


def _sid(form: Mapping[str, str]) -> str:
    """The message's id, which Twilio writes three times, twice for programs of old."""
    return form.get("MessageSid") or form.get("SmsSid") or form.get("SmsMessageSid", "")


def _with_and_without_port(public_url: str) -> tuple[bytes, bytes]:
    parts = urlsplit(public_url)
    host = parts.netloc.rpartition("@")[2]
    name = host[: -len(f":{parts.port}")] if parts.port else host
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{name}{path}".encode(), f"{parts.scheme}://{name}:{port}{path}".encode()
