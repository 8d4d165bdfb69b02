"""A mail's bytes become messages: one for each address that it was for."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.domain.types import Channel
from inbound import certified
from inbound.automatic import Kind, kind_of
from inbound.message import BounceAddress, Door, Inbound
from inbound.mime import read
from inbound.mime_parts import Part, parse
from inbound.reports import arrived, complaint, failure
from inbound.thinning import Content, thin

_MOST_RECEIVED = 50
_RAW_KEPT = 256 * 1024
_HEADERS_END = re.compile(rb"\r?\n\r?\n")


def understand(
    content: Content, sender: str, doors: Mapping[str, Door], mail_domain: str, received_at: datetime
) -> list[Inbound]:
    """One message for each address that the mail was for; none if the mail is in a loop of relays."""
    small = thin(content)
    mail = parse(small)
    if len(mail.get_all("received", [])) > _MOST_RECEIVED:
        return []
    written = certified.opened(mail)
    letter = read(written)
    if any(kind_of(each, sender, mail_domain) in (Kind.OURS, Kind.GATEWAY) for each in letter.mails):
        # Whoever had a filter do that would post all that they get, and others' filters what they posted, for ever.
        letter = replace(letter, text="", cut="", dropped=letter.dropped or 1)
    automatic = kind_of(mail, sender, mail_domain)
    if written is not mail:
        automatic = automatic or kind_of(written, sender, mail_domain)
    bounces = any(isinstance(door, BounceAddress) for door in doors.values())
    reason = failure(mail, small) if bounces else ""
    is_there = bounces and automatic is Kind.BOUNCE and arrived(mail)
    complains = complaint(mail) if automatic is Kind.COMPLAINT else None
    identity = letter.message_id or _fingerprint(mail, small, sender, received_at)
    raw = _kept(small)
    return [
        Inbound(
            source="mail",
            remote_id=hashlib.sha256(f"{address}\n{identity}".encode("utf-8", "replace")).hexdigest(),
            channel=Channel.EMAIL,
            door=door,
            sender=sender,
            to=address,
            text=letter.text,
            raw=raw,
            received_at=received_at,
            dropped=letter.dropped,
            cut=letter.cut,
            sealed=letter.sealed,
            certified=written is not mail,
            automatic=automatic,
            subject=letter.subject,
            message_id=letter.message_id,
            failure=reason if isinstance(door, BounceAddress) else "",
            arrived=is_there and isinstance(door, BounceAddress),
            complaint=complains,
        )
        for address, door in doors.items()
    ]


def _fingerprint(mail: Part, content: bytes, sender: str, received_at: datetime) -> str:
    """What stays the same when a mail without a Message-ID is sent again: not the trace that relays put on top. One
    without a Date as well, as scripts write them, is another each time it comes: nothing else tells it from the next
    one with the same words, which would be lost."""
    body = _HEADERS_END.split(content, maxsplit=1)[-1]
    head = "\n".join([sender, mail.get("date") or received_at.isoformat(), mail.get("subject", "")])
    return hashlib.sha256(head.encode("utf-8", "surrogateescape") + b"\n" + body).hexdigest()


def _kept(content: bytes) -> str:
    """The mail as text that any database can hold."""
    return content[:_RAW_KEPT].decode("utf-8", "replace").replace("\0", "\ufffd")
