"""How fast a route may go: the generic cell rate algorithm, with a daily limit beside it.

The whole state is one moment, the theoretical arrival time (TAT): when the route will have worked off what was
booked on it. Sending is allowed once the TAT is near enough; booking ``n`` units moves it ``n / rate`` seconds on.
Kept in the database, that one moment holds the pace of all daemons together.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BURST = timedelta(seconds=0.5)
"""How much of the pace may be sent at once: half a second's worth, so that fast routes are claimed in batches."""


FARTHEST_AHEAD = timedelta(minutes=5)
"""How far ahead bookings may be; a claim books at most seconds."""

LONGEST_PAUSE = timedelta(days=1)
"""A pause that is to last longer was written by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Units (SMS segments, or mails) per second and per UTC day; 0 is no limit."""

    per_second: float = 0
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a route's pace stands."""

    tat: datetime
    paused_until: datetime
    day: int
    used: int


@dataclass(frozen=True, slots=True)
class Go:
    """Up to ``units`` may be sent now, and ``left_today`` before the day is over (None: no limit)."""

    units: int
    left_today: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent before ``until``."""

    until: datetime


def allowance(pace: Pace, standing: Standing, *, most: int, now: datetime) -> Go | Wait:
    """How many units may be sent now, at most ``most``; or until when none may."""
    if now < standing.paused_until <= now + LONGEST_PAUSE:
        return Wait(standing.paused_until)
    units, left_today = most, None
    if pace.per_day:
        used = standing.used if standing.day == _day(now) else 0
        if used >= pace.per_day:
            return Wait(midnight_after(now))
        left_today = pace.per_day - used
        units = min(units, left_today)
    if pace.per_second:
        interval = timedelta(seconds=1 / pace.per_second)
        tolerance = max(BURST - interval, timedelta(0))
        tat = _believable(standing.tat, now)
        room = now + tolerance - max(tat, now)
        if tat > now + tolerance:
            return Wait(tat - tolerance)
        units = min(units, room // interval + 1)
    return Go(units, left_today)


def book(pace: Pace, standing: Standing, *, units: int, now: datetime) -> Standing:
    """The standing after ``units`` were sent."""
    used = standing.used if standing.day == _day(now) else 0
    tat = max(_believable(standing.tat, now), now)
    if pace.per_second:
        tat += timedelta(seconds=units / pace.per_second)
    return Standing(tat, standing.paused_until, _day(now), used + units)


def _believable(tat: datetime, now: datetime) -> datetime:
    """A TAT that is far ahead was written by a clock that was wrong; the pace begins anew."""
    return tat if tat <= now + FARTHEST_AHEAD else now


def _day(now: datetime) -> int:
    return now.astimezone(UTC).toordinal()


def midnight_after(now: datetime) -> datetime:
    """When the next UTC day begins."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
