"""What a feedback report asks for, by its type (RFC 5965 section 7.3; RFC 6430, RFC 6591).

Whoever presses "this is spam" wants no more mails; that this is so whatever exactly they meant is the safe reading, so
a type that nobody knows asks for that, too.
"""

from dataclasses import dataclass
from enum import StrEnum


class Wish(StrEnum):
    """What is done about a report."""

    STOP_ALL = "all mails to the mailbox stop"
    STOP_KIND = "mails of that kind stop, as by the link to unsubscribe"
    NOTHING = "it is counted"


_WISHES = {
    "abuse": Wish.STOP_ALL,
    "fraud": Wish.STOP_ALL,
    "virus": Wish.STOP_ALL,
    "other": Wish.STOP_ALL,
    "opt-out": Wish.STOP_KIND,
    "opt-out-list": Wish.STOP_KIND,
    "not-spam": Wish.NOTHING,
    "auth-failure": Wish.NOTHING,
    "dkim-failure": Wish.NOTHING,
    "dmarc": Wish.NOTHING,
}
KINDS = frozenset(_WISHES)
"""The types that are known; any other is counted as ``other``."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One feedback report.

    ``kind``        its Feedback-Type, one of KINDS.
    ``secrets``     the secret addresses of ours that the returned mail has, as ``bounce+TOKEN``, ``reply+TOKEN`` or
                    ``unsubscribe+TOKEN``, and its Message-ID as ``delivery+TOKEN``: none is believed before its seal
                    was looked at.
    ``recipients``  who the report says that it went to; often left out.
    """

    kind: str
    secrets: tuple[str, ...]
    recipients: tuple[str, ...]


def wish(kind: str) -> Wish:
    """What a report of this type asks for."""
    return _WISHES.get(kind, Wish.STOP_ALL)
