"""In which time zone somebody lives: as their account says, else as their phone number tells, else as the site does."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_A_YEAR = [datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(days=30) * month for month in range(12)]


def zone_of(time_zone: str | None, phone: str | None, site_zone: str) -> ZoneInfo:
    """The zone of a person with this choice and this number, both of which may be missing or tell nothing."""
    return (
        _named(time_zone)
        or (None if phone is None else _named(of_number(phone)))
        or _named(site_zone)
        or ZoneInfo("UTC")  # a site's zone is checked at the start
    )


@lru_cache(maxsize=10_000)
def of_number(phone: str) -> str | None:
    """The time zone of an E.164 number whose country or area has one alone, or several that agree; else None."""
    # Loaded when first needed: the tables are large, and few instances need them at the start.
    from phonenumbers import NumberParseException, parse
    from phonenumbers.timezone import time_zones_for_number

    try:
        names = time_zones_for_number(parse(phone))
    except NumberParseException:
        return None
    zones = [_named(name) for name in names]
    offsets = {zone and tuple(moment.astimezone(zone).utcoffset() for moment in _A_YEAR) for zone in zones}
    return names[0] if len(offsets) == 1 and None not in offsets else None


def _named(name: str | None) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
