"""What the stand-in carrier knows of texts: their record, the provider's JSON shapes, its error codes and its counts.

Shapes and codes follow the provider's pages (Messages resource, REST error bodies, error dictionary, magic numbers).
The segment count is the carrier's own and shares nothing with the gateway's, so that a wrong count there shows.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

API_VERSION = "2010-04-01"
MOST_CHARACTERS = 1600

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED = frozenset("\f^{}\\[~]|€")

_MEANINGS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service Unavailable"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid 'From' Number"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable phone number for this destination."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' and 'From' parameters"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21635: (400, "'To' number cannot be a landline"),
    30003: (400, "Unreachable destination handset"),
    30004: (400, "Message blocked"),
    30005: (400, "Unknown destination handset"),
    30006: (400, "Landline or unreachable carrier"),
    30007: (400, "Message filtered"),
    30008: (400, "Unknown error"),
    11200: (502, "HTTP retrieval failure"),
}

_MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,6}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_CALLBACK = re.compile(r"https?://(?:[^/@\s]+@)?(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?(?:[/?#]\S*)?")


@dataclass(slots=True)
class Text:
    """One text that the carrier took, in either direction.

    ``direction``  ``inbound`` (a phone wrote it), ``outbound-api`` or ``outbound-reply`` (TwiML, or the carrier's own).
    ``status``     the provider's word: queued, accepted, sent, delivered, undelivered, failed, received.
    ``at``         when it was taken; ``sent_at`` when it went out (aware, UTC).
    ``price``      what it costs, a number below zero in dollars, once that is fixed: when it has arrived or failed.
    """

    sid: str
    direction: str
    from_: str
    to: str
    body: str
    status: str
    at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    error_code: int | None = None
    status_callback: str = ""
    messaging_service_sid: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    price: str | None = None

    @property
    def segments(self) -> int:
        return count_segments(self.body)


def new_sid(prefix: str = "SM") -> str:
    """A fresh id in the provider's form: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def count_segments(body: str) -> int:
    """How many texts the body takes on the air: 160/153 septets in GSM 03.38, else 70/67 UTF-16 units."""
    if all(c in _GSM or c in _GSM_ESCAPED for c in body):
        widths, one, many = [2 if c in _GSM_ESCAPED else 1 for c in body], 160, 153
    else:
        widths, one, many = [2 if ord(c) > 0xFFFF else 1 for c in body], 70, 67
    if sum(widths) <= one:
        return 1
    count, room = 1, many
    for width in widths:
        if width > room:
            count, room = count + 1, many
        room -= width
    return count


def problem_with(form: Mapping[str, str], numbers: frozenset[str]) -> int | None:
    """The code the provider refuses this message with, or None. ``numbers`` are the account's own; empty: any."""
    to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    checks = (
        (not to, 21604),
        (not sender and not form.get("MessagingServiceSid"), 21603),
        (not body and not form.get("MediaUrl"), 21602),
        (len(body) > MOST_CHARACTERS, 21617),
        (not _E164.fullmatch(to), 21211),
        (bool(sender) and not _SENDER.fullmatch(sender), 21212),
        (not _callback_is_good(form.get("StatusCallback", "")), 21609),
    )
    for wrong, code in checks:
        if wrong:
            return code
    magic = _MAGIC_FROM.get(sender) or _MAGIC_TO.get(to)
    if magic is None and numbers and sender and sender not in numbers and sender != "+15005550006":
        return 21606
    return magic


def _callback_is_good(url: str) -> bool:
    return not url or _CALLBACK.fullmatch(url) is not None


def error_body(code: int, detail: str = "") -> tuple[int, dict[str, object]]:
    """The HTTP status and JSON that the provider answers this error code with."""
    status, message = _MEANINGS.get(code, (400, "The request was refused"))
    return status, {
        "code": code,
        "message": f"{message}: {detail}" if detail else message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def message_json(account_sid: str, text: Text) -> dict[str, object]:
    """The provider's JSON for one message: times in RFC 2822, counts as strings, the price once there is one."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{text.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": text.body,
        "date_created": format_datetime(text.at),
        "date_sent": format_datetime(text.sent_at) if text.sent_at else None,
        "date_updated": format_datetime(text.updated_at),
        "direction": text.direction,
        "error_code": text.error_code,
        "error_message": _MEANINGS[text.error_code][1] if text.error_code in _MEANINGS else None,
        "from": text.from_ or None,
        "messaging_service_sid": text.messaging_service_sid or None,
        "num_media": text.fields.get("NumMedia", "0"),
        "num_segments": str(text.segments),
        "price": text.price,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


def account_json(account_sid: str, created: datetime) -> dict[str, object]:
    """The provider's JSON for the account itself; clients ask for it to try their credentials."""
    return {
        "auth_token": None,
        "date_created": format_datetime(created),
        "date_updated": format_datetime(created),
        "friendly_name": "Demo",
        "owner_account_sid": account_sid,
        "sid": account_sid,
        "status": "active",
        "subresource_uris": {"messages": f"/{API_VERSION}/Accounts/{account_sid}/Messages.json"},
        "type": "Full",
        "uri": f"/{API_VERSION}/Accounts/{account_sid}.json",
    }
