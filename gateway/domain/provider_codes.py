"""What the SMS provider's codes mean for a delivery: one table, read by the transport and by the receipts.

A code comes in one of two places: in the answer to our request (the 2xxxx ones, the message was not created), or later
in a receipt (the 3xxxx ones, the message was created and failed). It means the same in both.

What is done about a code follows from what it means (``Meaning``, ``ACTIONS``); a code that is not in the table is
tried again later.

Source: https://www.twilio.com/docs/api/errors
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.delivery import Bounced, Deferred, Expired, Fault, Halt
from gateway.domain.speech import mark

_SOON = timedelta(seconds=30)
_QUARTER = timedelta(minutes=15)
_DAILY = timedelta(hours=8)  # a daily cap ends at midnight in the carrier's time zone, which nobody tells us


class Meaning(StrEnum):
    """What a code is about, which decides what follows."""

    OPT_OUT = "opt-out"
    DEAD_NUMBER = "dead number"
    MESSAGE = "this message"
    ROUTE = "no way there"
    TOO_LATE = "old news"
    LATER = "retry later"
    SLOW_DOWN = "slow down"
    NEXT_DAY = "next day"
    STOP_SENDER = "stop this sender"
    SENDER_OR_ROUTE = "this sender, or no way there"
    OUR_FAULT = "our fault"


ACTIONS: Mapping[Meaning, str] = MappingProxyType(
    {
        Meaning.OPT_OUT: "the phone is opted out, and what waits for it is dropped",
        Meaning.DEAD_NUMBER: "the phone is no longer used, and its owner is told by mail",
        Meaning.MESSAGE: "this text is given up; nothing else follows",
        Meaning.TOO_LATE: "this text is given up; one that was to arrive before quiet hours goes out after them",
        Meaning.ROUTE: "this text goes by another number of yours; with none left it is given up",
        Meaning.LATER: "tried again after a wait",
        Meaning.SLOW_DOWN: "tried again; this sender alone pauses for as long as the provider asks",
        Meaning.NEXT_DAY: "tried again after hours, for the limit ends at somebody's midnight",
        Meaning.STOP_SENDER: "this sender stops and loses nothing, one text goes out now and then to see; you must act",
        Meaning.SENDER_OR_ROUTE: "this text goes by another number of yours, or is tried again later;"
        " three within an hour, with nothing that got through in between, stop this sender",
        Meaning.OUR_FAULT: "this text is given up; mend the cause, then birdwire queue retry",
    }
)
"""What is done about each, in words for the operator."""

_FAULTS: Mapping[Meaning, Fault] = MappingProxyType(
    {
        Meaning.OPT_OUT: Fault.OPTED_OUT,
        Meaning.DEAD_NUMBER: Fault.ADDRESS,
        Meaning.MESSAGE: Fault.MESSAGE,
        Meaning.TOO_LATE: Fault.MESSAGE,
        Meaning.ROUTE: Fault.ROUTE,
        Meaning.OUR_FAULT: Fault.SENDER,
    }
)


@dataclass(frozen=True, slots=True)
class Code:
    """What one code means.

    ``words``      for the operator.
    ``wait``       how long at least before the next try.
    ``most``       how many more tries are worth their price; None for as many as the delivery has.
    ``alert``      somebody must act, or it stays like this.
    ``whole_route``  it is about our account or number, so it meets every message of it.
    ``strikes``    how many in a row stop the sender, where one alone may be about the recipient.
    """

    words: str
    meaning: Meaning
    wait: timedelta = _SOON
    most: int | None = None
    alert: bool = False
    whole_route: bool = False
    strikes: int = 1

    @property
    def fault(self) -> Fault | None:
        """Whose fault a final refusal is; None when it may be tried again."""
        return _FAULTS.get(self.meaning)

    def halt(self, code: int) -> Halt | None:
        """What it holds against the sender, if it does."""
        held = self.meaning in (Meaning.STOP_SENDER, Meaning.SENDER_OR_ROUTE)
        return Halt(code, self.strikes) if held else None


def _stops(words: str) -> Code:
    return Code(words, Meaning.STOP_SENDER, _QUARTER, alert=True, whole_route=True)


def _may_stop(words: str) -> Code:
    return Code(words, Meaning.SENDER_OR_ROUTE, _QUARTER, alert=True, strikes=3)


def _ours(words: str) -> Code:
    return Code(words, Meaning.OUR_FAULT, alert=True)


CODES: Mapping[int, Code] = MappingProxyType(
    {
        # Our account, our number: nothing of ours gets through, and everything does once it is mended.
        20003: _stops(mark("the account SID or auth token is wrong")),
        20005: _stops(mark("the account is not active")),
        20404: _stops(mark("no such account at the provider's API")),
        21212: _stops(mark("the sender is not a valid number")),
        21603: _stops(mark("no sender was given")),
        # Both are also said of a short code and a phone of another country.
        21606: _may_stop(mark("the sender is not a number of this account that can text to that phone")),
        21659: _may_stop(mark("the sender is not a number of the provider's, or a short code of another country")),
        21660: _stops(mark("the sender is a number of another account")),
        21703: _stops(mark("the messaging service has no number to send from")),
        21705: _stops(mark("no such messaging service")),
        30002: _stops(mark("the account is suspended")),
        30032: _stops(mark("the toll-free number is not verified")),
        30034: _stops(mark("the number is not registered for A2P 10DLC")),
        # Not now.
        20429: Code(mark("too many requests at once"), Meaning.SLOW_DOWN, timedelta(seconds=5), whole_route=True),
        20500: Code(mark("the provider had an internal error"), Meaning.LATER),
        20503: Code(mark("the provider is unavailable"), Meaning.LATER),
        21611: Code(mark("the sender's queue at the provider is full"), Meaning.SLOW_DOWN, _QUARTER, whole_route=True),
        30001: Code(mark("the sender's queue at the provider was full"), Meaning.LATER, _QUARTER),
        30003: Code(mark("the phone is off or out of reach"), Meaning.LATER, _QUARTER, most=3),
        30008: Code(mark("the carrier gave no reason"), Meaning.LATER, _QUARTER, most=1),
        30017: Code(mark("the carrier is congested"), Meaning.LATER, _QUARTER),
        30022: Code(mark("sent faster than the registered campaign may"), Meaning.LATER, timedelta(minutes=1)),
        30023: Code(mark("the carrier's daily limit for this brand is reached"), Meaning.NEXT_DAY, _DAILY),
        30027: Code(mark("the carrier's daily limit for this campaign is reached"), Meaning.NEXT_DAY, _DAILY),
        60728: Code(
            mark("the account's hourly limit is reached"), Meaning.SLOW_DOWN, _QUARTER, alert=True, whole_route=True
        ),
        63038: Code(
            mark("the account's daily limit is reached"), Meaning.NEXT_DAY, _DAILY, alert=True, whole_route=True
        ),
        # The recipient does not want it.
        21610: Code(mark("the recipient has opted out at the provider"), Meaning.OPT_OUT),
        # No text can reach this phone.
        21211: Code(mark("not a valid phone number"), Meaning.DEAD_NUMBER),
        21614: Code(mark("not a mobile number"), Meaning.DEAD_NUMBER),
        21635: Code(mark("a landline number"), Meaning.DEAD_NUMBER),
        30005: Code(mark("the phone number is unknown or no longer in service"), Meaning.DEAD_NUMBER),
        30006: Code(mark("a landline, or a carrier that cannot be reached"), Meaning.DEAD_NUMBER),
        # This phone, from this number of ours.
        21612: Code(mark("this phone cannot be reached from this sender"), Meaning.ROUTE),
        # This message.
        21602: Code(mark("the message has no text"), Meaning.MESSAGE),
        21617: Code(mark("the text is over 1600 characters"), Meaning.MESSAGE),
        21619: Code(mark("the message has no text or media"), Meaning.MESSAGE),
        21658: Code(mark("the text is too long"), Meaning.MESSAGE),
        30004: Code(mark("the phone or its carrier blocks messages from us"), Meaning.MESSAGE, alert=True),
        30007: Code(mark("filtered as unwanted by the provider or a carrier"), Meaning.MESSAGE, alert=True),
        30019: Code(mark("the text is too large for the carrier"), Meaning.MESSAGE),
        30036: Code(mark("it could not be handed on within sms.validity, so it is old news"), Meaning.TOO_LATE),
        # Our contract or settings, for some recipients: the operator must act, then retry what died.
        14107: _ours(mark("too many texts to one phone in a short time")),
        21408: _ours(mark("the account may not text to that country")),
        21608: _ours(mark("a trial account may text only to verified numbers")),
        21609: _ours(mark("the address for receipts (site.public_url) cannot be called by the provider")),
    }
)

UNKNOWN = Code(mark("a code that is not known here"), Meaning.LATER, _QUARTER)

_ARRIVED = frozenset({"delivered", "read"})
_TAKEN = frozenset({"sent", "partially_delivered"})
_FAILED = frozenset({"failed", "undelivered"})


@dataclass(frozen=True, slots=True)
class Underway:
    """The provider has the message and nothing is decided; ``left``: it has been handed to the carrier."""

    left: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """The phone has it."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It failed in a way that may pass: send it again after ``wait``, but not more than ``most`` times (None: any).
    ``halt``: the failure is the sender's, and the attempt is excused."""

    reason: str
    wait: timedelta
    most: int | None
    halt: Halt | None = None


Report = Underway | Arrived | TryAgain | Expired | Bounced


def meaning(code: int) -> Code:
    """What a code means; one that is not in the table is taken for temporary."""
    return CODES.get(code, UNKNOWN)


def reason(code: int) -> str:
    """The operator's words for a code, with the code itself to look it up by."""
    return f"{meaning(code).words} ({code})"


def refusal(code: int) -> Bounced | Deferred:
    """The outcome of a request that was answered with this code."""
    known = meaning(code)
    if known.fault is not None:
        return Bounced(reason(code), known.fault)
    return Deferred(
        reason(code), retry_after=known.wait.total_seconds(), route_wide=known.whole_route, halt=known.halt(code)
    )


def status_outcome(status: str, error_code: str) -> Report:
    """What a message's status says, from a receipt or a look-up. A status that is not known decides nothing.

    ``error_code`` is the provider's, with digits only or empty; a failure without one is taken for 30008.
    """
    if status in _ARRIVED:
        return Arrived()
    if status == "canceled":
        return Bounced("cancelled at the provider")
    if status in _FAILED:
        code = int(error_code) if error_code.isascii() and error_code.isdecimal() else 30008
        known = meaning(code)
        if known.meaning is Meaning.TOO_LATE:
            return Expired(reason(code))
        if known.fault is not None:
            return Bounced(reason(code), known.fault)
        return TryAgain(reason(code), known.wait, known.most, known.halt(code))
    return Underway(left=status in _TAKEN)


def needs_attention(code: int) -> bool:
    """Whether the operator must act."""
    return meaning(code).alert
