"""What SMPP's numbers mean for a delivery, and what a carrier hands us over it.

Codes and states are those of SMPP 3.4, chapters 5.1.3 and 5.2.28; what a receipt's text looks like, of its appendix B.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.domain.delivery import Bounced, Deferred, Fault, Halt
from gateway.domain.speech import mark

THROTTLED, QUEUE_FULL = 0x58, 0x14
SYSTEM_ERROR, TRY_AGAIN = 0x08, 0x64
INVALID_VALIDITY = 0x62

_MESSAGE, _ADDRESS = Fault.MESSAGE, Fault.ADDRESS

_FINAL: Mapping[int, tuple[str, Fault]] = MappingProxyType(
    {
        0x01: (mark("the message is too long"), _MESSAGE),
        0x02: (mark("the command's length is wrong"), _MESSAGE),
        0x0B: (mark("not a valid phone number"), _ADDRESS),
        0x43: (mark("the carrier takes no texts in parts"), _MESSAGE),
        0x65: (mark("refused for good"), _MESSAGE),
        0x66: (mark("rejected"), _MESSAGE),
        0xC2: (mark("a parameter's length is wrong"), _MESSAGE),
    }
)
_STOPS: Mapping[int, tuple[str, int]] = MappingProxyType(
    {
        0x0A: (mark("the carrier does not take our number as a sender"), 3),
        0x48: (mark("the type of our number is wrong (source_ton)"), 1),
        0x49: (mark("the numbering plan of our number is wrong (source_npi)"), 1),
        0x50: (mark("the type of the phone's number is wrong (dest_ton)"), 3),
        0x51: (mark("the numbering plan of the phone's number is wrong (dest_npi)"), 3),
    }
)
"""What is wrong with our number or our settings and meets every text: words, and how many of these in a row stop the
sender, where one alone may be about the phone that it goes to."""

_STOP_PAUSE = 900.0
_NOT_NOW: Mapping[int, tuple[str, float | None, bool]] = MappingProxyType(
    {
        0x04: (mark("the carrier does not take texts on this bind"), 60.0, True),
        SYSTEM_ERROR: (mark("the carrier had an internal error"), None, False),
        QUEUE_FULL: (mark("the carrier's queue is full"), 5.0, True),
        THROTTLED: (mark("faster than the carrier allows"), 1.0, True),
        0x45: (mark("the carrier could not submit it"), None, False),
        TRY_AGAIN: (mark("not now"), None, False),
    }
)
WRONG_LOGIN = frozenset({0x0D, 0x0E, 0x0F})
"""Answers to a bind that only the operator can mend."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A ``deliver_sm``: a text that a phone sent, or what became of one of ours.

    ``reference``, ``total``, ``number``  where the carrier says with parameters of its own which part it is (sar_*).
    ``receipted_id``, ``state``           of a receipt, where the carrier gives them as parameters, too.
    """

    source: str
    source_ton: int
    destination: str
    esm_class: int
    coding: int
    octets: bytes
    reference: int | None = None
    total: int | None = None
    number: int | None = None
    receipted_id: str = ""
    state: int | None = None

    @property
    def is_receipt(self) -> bool:
        """Whether it tells of a text of ours: the carrier says so, whatever its words look like."""
        return self.esm_class & 0x3C in (0x04, 0x20)

    @property
    def has_header(self) -> bool:
        """Whether its octets begin with a header (UDHI)."""
        return bool(self.esm_class & 0x40)


@dataclass(frozen=True, slots=True)
class Report:
    """What a receipt says: the carrier's id of the text, and status and code in the words of
    ``gateway.domain.provider_codes``."""

    remote_id: str
    status: str
    error_code: str


_STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_WORDS = {
    "DELIVRD": ("delivered", ""),
    "EXPIRED": ("undelivered", "30036"),
    "DELETED": ("canceled", ""),
    "UNDELIV": ("undelivered", "30008"),
    "REJECTD": ("failed", "30007"),
    "ACCEPTD": ("sent", ""),
    "ENROUTE": ("sent", ""),
}
_ID = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
_STATE = re.compile(r"\bstat:\s*([A-Z]+)", re.IGNORECASE)


def refusal(status: int) -> Bounced | Deferred:
    """The outcome of a text that the carrier answered with this status, which is not 0; an unknown one is not now."""
    if status in _FINAL:
        words, fault = _FINAL[status]
        return Bounced(f"{words} ({status:#x})", fault)
    if status in _STOPS:
        words, strikes = _STOPS[status]
        return Deferred(
            f"{words} ({status:#x})",
            _STOP_PAUSE,
            route_wide=strikes == 1,
            excused=True,
            halt=Halt(status, strikes),
        )
    words, wait, whole_route = _NOT_NOW.get(status, (mark("the carrier refused it"), None, False))
    return Deferred(f"{words} ({status:#x})", retry_after=wait, route_wide=whole_route)


def time_from_now(seconds: int) -> str:
    """So many seconds as SMPP writes a time that counts from now, by the carrier's clock and not ours (7.1.1.2:
    ``YYMMDDhhmmsstnnR``); empty for 0, which leaves it to the carrier."""
    if not seconds:
        return ""
    minutes, s = divmod(seconds, 60)
    hours, m = divmod(minutes, 60)
    d, h = divmod(hours, 24)
    return f"0000{d:02}{h:02}{m:02}{s:02}000R"


def report(came: Delivered) -> Report | None:
    """What a receipt says; None when it names no text or no state."""
    words = came.octets.decode("latin-1")
    head = words.partition("ext:")[0]  # what follows are the words of the text itself
    in_words, state_in_words = _ID.search(head), _STATE.search(head)
    remote_id = came.receipted_id or (in_words[1] if in_words else "")
    state = _STATES.get(came.state or 0) or (state_in_words[1].upper() if state_in_words else "")
    if not remote_id or not state:
        return None
    status, code = _WORDS.get(state[:7], ("queued", ""))
    return Report(remote_id, status, code)


def canonical_id(remote_id: str, *, is_hex: bool) -> str:
    """An id as both an answer and a receipt are compared by: as a decimal number where one of them is in hex."""
    try:
        return str(int(remote_id, 16 if is_hex else 10))
    except ValueError:
        return remote_id
