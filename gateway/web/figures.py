"""Times, days and numbers on pages, as the language of the moment writes them; what languages call themselves.

Unicode's tables take 4 MB. They are read for the first page that needs them.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal

from gateway.domain.speech import counted, say, spoken

_PLACES = {"en": "en-GB"}
"""Where one is spoken for whose figures are used. English has the day first, as most of its readers write it."""


def ago(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long since, in words up to a day; then the day itself."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return say("just now")
    if passed < timedelta(hours=1):
        return counted("{n} min ago", "{n} min ago", passed // timedelta(minutes=1))
    if passed < timedelta(days=1):
        return counted("{n} hour ago", "{n} hours ago", passed // timedelta(hours=1))
    day, today = moment.astimezone(zone), now.astimezone(zone)
    return format_skeleton("MMMd" if day.year == today.year else "yMMMd", day, tzinfo=zone, locale=_locale())


def at(moment: datetime, zone: ZoneInfo) -> str:
    """The day and the time to the minute, with the zone of the clock."""
    return _at(moment.replace(second=0, microsecond=0), zone, spoken().code)


def number(count: int | float | Decimal) -> str:
    """A number in groups of digits, with each of its decimals."""
    return format_decimal(count, locale=_locale(), decimal_quantization=False)


def money(amount: Decimal, currency: str = "") -> str:
    """An amount; ``currency`` is three letters (ISO 4217), which mean the same everywhere, where it is known."""
    return f"{format_decimal(amount, '#,##0.00', locale=_locale())} {currency}".rstrip()


@cache
def own_name(code: str) -> str:
    """What a language calls itself."""
    try:
        name = Locale.parse(code, sep="-").get_display_name() or code
    except (UnknownLocaleError, ValueError):
        name = code
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=4096)  # the same posts stand on many pages
def _at(moment: datetime, zone: ZoneInfo, _language: str) -> str:
    day = format_date(moment.astimezone(zone).date(), "long", locale=_locale())
    return f"{day}, {format_time(moment, 'HH:mm z', tzinfo=zone, locale=_locale())}"


def _locale() -> Locale:
    return _locale_of(spoken().code)


@cache
def _locale_of(code: str) -> Locale:
    try:
        return Locale.parse(_PLACES.get(code, code), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")
