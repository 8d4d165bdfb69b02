"""What came back about mail we sent: that it failed, or arrived, or was unwelcome.

A report on a delivery is read as RFC 3464 says where it has that form, in RFC 6533's for addresses in any script, too;
for the many other forms ``flufl.bounce`` knows whether the failure was final. A complaint is a feedback report of RFC
5965. What follows from either is decided by ``gateway.domain.mail_codes`` and ``gateway.domain.complaint``.
"""

import binascii
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.utils import getaddresses

import structlog

from gateway.domain import mail_codes, token
from gateway.domain.complaint import KINDS, Complaint
from gateway.domain.delivery import Fault
from inbound.automatic import first_word, parts_below
from inbound.mime import decode, header, parts_of
from inbound.mime_parts import PLAIN, Part, parse

log = structlog.get_logger(__name__)

_REPLY_LINE = re.compile(
    r"(?:^|[\s:(<])([45]\d\d(?:[ -]|: )(?:#?[45]\.\d{1,3}\.\d{1,3}\s)?[^\r\n]{3,}|#?[45]\.\d{1,3}\.\d{1,3}\b[^\r\n]*)",
    re.MULTILINE,
)
_TELLING = re.compile(
    r"^.{0,200}\b(?:quota|mailbox (?:is )?full|over limit|retry time|timed out|time expired).{0,200}$",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_REASON = 300
_LOOKED_AT = 20_000
_MAX_REPORT = 64 * 1024
"""Bytes of a report in free form that are looked at: its reason stands before the mail that it returns."""

_LONG_LINE, _LONG_BLANK = re.compile(rb"([^\n]{400})[^\n]+"), re.compile(rb"([^\S\n]{40})[^\S\n]+")
"""More than an address and the words around it, and more white space: detectors take the square of a line's length, and
the cube of the white space in it."""

_SOMEBODY = "mailer-daemon@unknown.invalid"
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_PARTS = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_GOT_THROUGH = frozenset({"delivered", "relayed", "expanded"})
_FAILED = frozenset({"failed", "failure", "error"})
"""``error`` is OpenSMTPD's word for it."""

_SECRET = re.compile(r"\b(bounce|reply|unsubscribe)(?:\+|=2b)([a-z0-9]{27,60})@", re.IGNORECASE)
_OUR_ID = re.compile(r"<delivery\.([1-9]\d{0,17})\.([a-z2-7]{26})@", re.IGNORECASE)
_LINK = re.compile(r"/unsubscribe/([a-z0-9]{27,60})(?![a-z0-9])", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>;,\"]{1,64}@[^\s<>;,\"]{1,253}")
_MOST = 10
"""Secrets, or recipients, that one complaint may name: a provider that sends us a thousand in one has gone wrong."""


def failure(mail: Part, raw: bytes) -> str:
    """Why a mail of ours failed for good, or empty if it did not (yet): a delay, a success, or no report at all.

    The reason begins with the status code of RFC 3463 where anything tells one: ``4.`` means that the other side gave
    up on something temporary, ``5.`` that the address or the message is refused. Of several recipients (the mailbox is
    a list, or passes on) the mildest failure counts, and none if any of them was reached: then there is a mailbox.
    """
    blocks = list(_recipients(mail))
    if not blocks:
        return "" if _has_status(mail) else _from_free_form(raw)
    if any(_action(block) in _GOT_THROUGH for block in blocks):
        return ""
    reasons = [_from_block(block) for block in blocks if _action(block) in _FAILED]
    return min(reasons, key=_severity, default="")


def arrived(mail: Part) -> bool:
    """Whether a report says that the mail lies in the mailbox, for every recipient of it."""
    actions = {_action(block) for block in _recipients(mail)}
    return actions == {"delivered"}


def complaint(mail: Part) -> Complaint | None:
    """The feedback report that a mail is; None if it is none."""
    fields: Part | None = None
    returned: list[Part] = []
    for part in parts_below(mail):
        kind = part.get_content_type()
        if kind == "message/feedback-report" and fields is None:
            fields = next(iter(parts_of(part)), None) or parse(_payload(part))
        elif kind in _RETURNED_PARTS:
            returned += parts_of(part) or [parse(_payload(part))]
    if fields is None:
        return None
    kind = first_word(fields.get("feedback-type", ""))
    return Complaint(
        kind=kind if kind in KINDS else "other",
        secrets=tuple(dict.fromkeys(_secrets(fields, returned)))[:_MOST],
        recipients=tuple(
            found for each in fields.get_all("original-rcpt-to", [])[:_MOST] for found in _ADDRESS.findall(each)
        )[:_MOST],
    )


def _secrets(fields: Part, returned: list[Part]) -> Iterator[str]:
    """What only who has the mail knows: the return path first, which names the very delivery, and its Message-ID last,
    which some providers leave where they take all addresses out."""
    values = [*fields.get_all("original-mail-from", [])]
    for name in ("return-path", "reply-to", "list-unsubscribe"):
        for mail in returned[:_MOST]:
            values += mail.get_all(name, [])
    for value in values:
        text = re.sub(r"\r?\n[ \t]*", "", value[:2_000])  # an address may be folded
        for prefix, secret in _SECRET.findall(text):
            yield f"{prefix}+{secret}".lower()
        for secret in _LINK.findall(text):
            yield f"unsubscribe+{secret}".lower()
    for mail in returned[:_MOST]:
        for number, seal in _OUR_ID.findall(mail.get("message-id", "")[:_LONGEST_REASON]):
            yield f"delivery+{token.encode(int(number))}{seal}".lower()


def _has_status(mail: Part) -> bool:
    return any(part.get_content_type() in _STATUS_PARTS for part in parts_below(mail))


def _recipients(mail: Part) -> Iterator[Part]:
    """The fields about each recipient in a delivery report (RFC 3464 2.3)."""
    for part in parts_below(mail):
        if part.get_content_type() in _STATUS_PARTS:
            blocks = parts_of(part) if part.get_content_type() == "message/delivery-status" else _blocks(part)
            yield from (block for block in blocks if "action" in block)
            return


def _blocks(part: Part) -> Iterator[Part]:
    """The blocks of fields of a report that the parser takes for a mail: it reads the first block as its headers."""
    encoding = first_word(part.get("content-transfer-encoding", ""))
    inner = next(iter(parts_of(part)), None)
    if inner is None:
        text = decode(_payload(part), "utf-8")
    elif encoding == "base64":
        text = decode(_payload(inner, encoding), "utf-8")
    else:
        yield inner
        text = decode(_payload(inner, encoding), "utf-8")
    for block in re.split(r"\r?\n(?:[ \t]*\r?\n)+", text.strip("\r\n"))[:_MOST]:
        yield parse(block.encode("utf-8", "surrogateescape") + b"\r\n\r\n")


def _payload(part: Part, encoding: str = "") -> bytes:
    """What a part holds, without its own transfer encoding and the one that is given."""
    inside = part.get_payload(decode=True)
    data = inside if isinstance(inside, bytes) else b""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    try:
        return binascii.a2b_base64(data) if encoding == "base64" else data
    except binascii.Error:
        return b""


def _action(block: Part) -> str:
    return first_word(block.get("action", ""))


def _from_block(block: Part) -> str:
    _, _, diagnostic = header(block, "diagnostic-code").partition(";")
    words = diagnostic.strip() or "the message could not be delivered"
    return _reason(mail_codes.status_of(diagnostic, block.get("status", "")[:100]), words)


def _from_free_form(raw: bytes) -> str:
    from flufl.bounce import all_failures  # only now: few bounces need it

    try:
        looked_at = _LONG_LINE.sub(rb"\1", _LONG_BLANK.sub(rb"\1", raw[:_MAX_REPORT]))
        report = message_from_bytes(looked_at, policy=PLAIN)
        if not getaddresses([report.get("from", "")]):
            del report["from"]  # one of the detectors takes it for granted that there is an address
            report["From"] = _SOMEBODY
        temporary, permanent = all_failures(report)
    except Exception as error:  # detectors written for real bounces may trip over anything else
        log.info("bounce.unreadable", error=type(error).__name__)
        return ""
    if temporary or not permanent:
        return ""
    text = decode(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1][:_LOOKED_AT], "utf-8")
    found = _REPLY_LINE.search(text) or _TELLING.search(text)
    words = found.group(1 if found.re is _REPLY_LINE else 0) if found else "returned as undeliverable"
    return _reason(mail_codes.status_of(words), words)


def _reason(status: str, words: str) -> str:
    words = " ".join(words.split())
    return (words if words.startswith(status) else f"{status} {words}")[:_LONGEST_REASON]


def _severity(reason: str) -> bool:
    return mail_codes.fault_of(reason) is Fault.ADDRESS
