"""Asking the provider later about what it took: for the last word when no receipt brought it, and for the price.

A text is asked about once its receipts have had their time, then after twice as long, four times as long and so on,
until it is too old: six times in two days with the usual settings. So a carrier that never sends receipts costs few
requests, and a price that is fixed late is found.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

TELLERS = frozenset({"twilio"})
"""Who can be asked later about what they took, by the names that receipts have for them."""

_MILLION = 1_000_000
_HIGHEST = Decimal(1_000_000)
"""What no text costs, in any currency."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a text cost: ``micros`` millionths of ``currency``, an ISO 4217 code."""

    micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider says of one message: its words as in a receipt, and the price once it is known."""

    status: str
    error_code: str
    price: Price | None


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider does not know the message, or no longer."""


def read_price(amount: object, currency: object) -> Price | None:
    """A price as the provider writes it: ``"-0.00750"`` (what is charged is below zero) and ``"USD"``. None for what
    is no price, or is not fixed yet."""
    if not isinstance(amount, str | int | float) or not isinstance(currency, str):
        return None
    unit = currency.strip().upper()
    if len(unit) != 3 or not (unit.isascii() and unit.isalpha()):
        return None
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > _HIGHEST:
        return None
    return Price(int((-number * _MILLION).to_integral_value()), unit)


def first_look(receipt_after: timedelta, sent_at: datetime) -> datetime | None:
    """When to ask about a text that was sent then; None when nothing is asked."""
    return sent_at + receipt_after if receipt_after else None


def next_look(receipt_after: timedelta, sent_at: datetime, now: datetime, *, until: timedelta) -> datetime | None:
    """When to ask again, after asking now brought nothing; None when it is not worth it any more."""
    if not receipt_after:
        return None
    again = sent_at + 2 * max(now - sent_at, receipt_after)
    return again if again <= sent_at + until else None
