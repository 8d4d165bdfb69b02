"""What the SMS provider's codes mean for a delivery: one table, read by the transport and by the receipts.

A code comes in one of two places: in the answer to our request (the 2xxxx ones, the message was not created), or later
in a receipt (the 3xxxx ones, the message was created and failed). It means the same in both.

    fault set     refused for good: nothing is sent again, and the fault says what follows for the phone or for us
    fault None    not now: tried again after ``wait``, at most ``most`` times if that is set
    unknown code  not now

Source: https://www.twilio.com/docs/api/errors
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from gateway.domain.delivery import Bounced, Deferred, Fault

_SOON = timedelta(seconds=30)
_QUARTER = timedelta(minutes=15)
_DAILY = timedelta(hours=8)  # a daily cap ends at midnight in the carrier's time zone, which nobody tells us


@dataclass(frozen=True, slots=True)
class Code:
    """What one code means.

    ``words``      for the operator.
    ``fault``      whose fault a final refusal is; None when it may be tried again.
    ``wait``       how long at least before the next try.
    ``most``       how many more tries are worth their price; None for as many as the delivery has.
    ``alert``      somebody must act, or it stays like this.
    ``whole_route``  it is about our account or number, so it meets every message of it.
    """

    words: str
    fault: Fault | None = None
    wait: timedelta = _SOON
    most: int | None = None
    alert: bool = False
    whole_route: bool = False


def _ours(words: str) -> Code:
    return Code(words, Fault.SENDER, alert=True)


CODES: Mapping[int, Code] = MappingProxyType(
    {
        # Our account: nothing of ours gets through, and everything does once it is mended.
        20003: Code("the account SID or auth token is wrong", wait=_QUARTER, alert=True, whole_route=True),
        20005: Code("the account is not active", wait=_QUARTER, alert=True, whole_route=True),
        20404: Code("no such account at the provider's API", wait=_QUARTER, alert=True, whole_route=True),
        # Not now.
        20429: Code("too many requests at once", wait=timedelta(seconds=5), whole_route=True),
        20500: Code("the provider had an internal error"),
        20503: Code("the provider is unavailable"),
        21611: Code("the sender's queue at the provider is full", wait=_QUARTER, whole_route=True),
        30001: Code("the sender's queue at the provider was full", wait=_QUARTER),
        30003: Code("the phone is off or out of reach", wait=_QUARTER, most=3),
        30008: Code("the carrier gave no reason", wait=_QUARTER, most=1),
        30017: Code("the carrier is congested", wait=_QUARTER),
        30022: Code("sent faster than the registered campaign may", wait=timedelta(minutes=1)),
        30023: Code("the carrier's daily limit for this brand is reached", wait=_DAILY),
        30027: Code("the carrier's daily limit for this campaign is reached", wait=_DAILY),
        60728: Code("the account's hourly limit is reached", wait=_QUARTER, alert=True, whole_route=True),
        63038: Code("the account's daily limit is reached", wait=_DAILY, alert=True, whole_route=True),
        # The recipient does not want it.
        21610: Code("the recipient has opted out at the provider", Fault.OPTED_OUT),
        # No text can reach this phone.
        21211: Code("not a valid phone number", Fault.ADDRESS),
        21614: Code("not a mobile number", Fault.ADDRESS),
        21635: Code("a landline number", Fault.ADDRESS),
        30005: Code("the phone number is unknown or no longer in service", Fault.ADDRESS),
        30006: Code("a landline, or a carrier that cannot be reached", Fault.ADDRESS),
        # This message.
        21602: Code("the message has no text", Fault.MESSAGE),
        21612: Code("this phone cannot be reached from this sender", Fault.MESSAGE),
        21617: Code("the text is over 1600 characters", Fault.MESSAGE),
        21619: Code("the message has no text or media", Fault.MESSAGE),
        21658: Code("the text is too long", Fault.MESSAGE),
        30004: Code("the phone or its carrier blocks messages from us", Fault.MESSAGE, alert=True),
        30007: Code("filtered as unwanted by the provider or a carrier", Fault.MESSAGE, alert=True),
        30036: Code("it could not be handed on within sms.validity, so it is old news", Fault.MESSAGE),
        30019: Code("the text is too large for the carrier", Fault.MESSAGE),
        # Our number or our contract: the operator must act, then retry what died.
        14107: _ours("too many texts to one phone in a short time"),
        21212: _ours("the sender is not a valid number"),
        21408: _ours("the account may not text to that country"),
        21603: _ours("no sender was given"),
        21606: _ours("the sender is not a number of this account that can text"),
        21608: _ours("a trial account may text only to verified numbers"),
        21609: _ours("the address for receipts (site.public_url) cannot be called by the provider"),
        21703: _ours("the messaging service has no number to send from"),
        21705: _ours("no such messaging service"),
        30002: _ours("the account is suspended"),
        30032: _ours("the toll-free number is not verified"),
        30034: _ours("the number is not registered for A2P 10DLC"),
    }
)

UNKNOWN = Code("a code that is not known here", wait=_QUARTER)

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
    """It failed in a way that may pass: send it again after ``wait``, but not more than ``most`` times (None: any)."""

    reason: str
    wait: timedelta
    most: int | None


Report = Underway | Arrived | TryAgain | Bounced


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
    return Deferred(reason(code), retry_after=known.wait.total_seconds(), route_wide=known.whole_route)


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
        if known.fault is not None:
            return Bounced(reason(code), known.fault)
        return TryAgain(reason(code), known.wait, known.most)
    return Underway(left=status in _TAKEN)


def needs_attention(code: int) -> bool:
    """Whether the operator must act."""
    return meaning(code).alert
