"""How fast a route may go: the generic cell rate algorithm for seconds and minutes, and a count for the day.

The state of each rate is one moment, the theoretical arrival time (TAT): when the route will have worked off what was
booked on it. Sending is allowed once the TAT is near enough; booking ``n`` units moves it ``n / rate`` seconds on.
Kept in the database, these moments hold the pace of all daemons together.

A limit for a minute is kept over any sixty seconds, not from one stroke of the clock to the next: what may go at once
is taken off what comes after it. A text is never cut, so one of several segments may overdraw the second or the
minute; what was overdrawn is waited for. It never overdraws the day.

A share of the minute and of the day is reserved for answers and direct messages (``urgent``): posts leave it alone, so
that who asks for help late on a busy day is still answered.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BURST = timedelta(seconds=0.5)
"""How much of the pace may be sent at once: half a second's worth, so that fast routes are claimed in batches."""


FARTHEST_AHEAD = timedelta(minutes=5)
"""How far ahead bookings may be; a claim books at most seconds."""

FARTHEST_AHEAD_BY_MINUTES = timedelta(hours=1)
"""The same where few are allowed in a minute."""

LONGEST_PAUSE = timedelta(days=1)
"""A pause that is to last longer was written by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Units (SMS segments, or mails) per second, per UTC day and per minute; 0 is no limit.

    ``burst``     how many may go at once after a rest; 0 is what ``BURST`` says.
    ``reserved``  the share of a day and of what a minute lets go at once that only urgent ones may use.
    """

    per_second: float = 0
    per_day: int = 0
    per_minute: int = 0
    burst: int = 0
    reserved: float = 0

    def day_for(self, *, urgent: bool) -> int:
        """How many units a day has."""
        return self.per_day - (0 if urgent else int(self.per_day * self.reserved))

    @property
    def batch(self) -> int:
        """How many posts should go together where the pace is what they wait for: a tenth of a second's worth, at most
        half of what may go at once."""
        at_once = self.burst or self.per_second * BURST.total_seconds()
        return max(1, int(min(self.per_second / 10, at_once / 2)))

    @property
    def at_once(self) -> int:
        """How many of a minute's may go at once: the burst, or a tenth of them; at most half."""
        return max(1, min(max(self.burst, self.per_minute // 10), self.per_minute // 2))

    @property
    def minute_interval(self) -> timedelta:
        """The time between two, so that together with those that went at once no minute has too many."""
        return timedelta(minutes=1) / (self.per_minute - self.at_once + 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a route's pace stands; ``minute_tat`` is the TAT of the limit for a minute."""

    tat: datetime
    paused_until: datetime
    day: int
    used: int
    minute_tat: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Go:
    """Up to ``units`` may be sent now, and ``left_today`` before the day is over (None: no limit)."""

    units: int
    left_today: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent before ``until``."""

    until: datetime


def allowance(pace: Pace, standing: Standing, *, most: int, now: datetime, urgent: bool = False) -> Go | Wait:
    """How many units may be sent now, at most ``most``; or until when none may. ``urgent`` ones may use what is
    reserved, and do not wait for others to go with."""
    if now < standing.paused_until <= now + LONGEST_PAUSE:
        return Wait(standing.paused_until)
    units, left_today = most, None
    if pace.per_day:
        used = standing.used if standing.day == _day(now) else 0
        left_today = pace.day_for(urgent=urgent) - used
        if left_today <= 0:
            return Wait(midnight_after(now))
        units = min(units, left_today)
    if pace.per_second:
        interval = timedelta(seconds=1 / pace.per_second)
        tolerance = (pace.burst - 1) * interval if pace.burst else max(BURST - interval, timedelta(0))
        together = (0 if urgent else min(pace.batch, most) - 1) * interval
        found = _conforming(_believable(standing.tat, now, FARTHEST_AHEAD), interval, tolerance, now, together)
        if isinstance(found, Wait):
            return found
        units = min(units, found)
    if pace.per_minute:
        at_once = pace.at_once if urgent else max(1, int(pace.at_once * (1 - pace.reserved)))
        tat = _believable(standing.minute_tat, now, FARTHEST_AHEAD_BY_MINUTES)
        found = _conforming(tat, pace.minute_interval, (at_once - 1) * pace.minute_interval, now)
        if isinstance(found, Wait):
            return found
        units = min(units, found)
    return Go(units, left_today)


def _conforming(
    tat: datetime, interval: timedelta, tolerance: timedelta, now: datetime, together: timedelta = timedelta(0)
) -> int | Wait:
    if tat + together > now + tolerance:
        return Wait(tat + together - tolerance)
    return (now + tolerance - max(tat, now)) // interval + 1


def book(pace: Pace, standing: Standing, *, units: int, now: datetime) -> Standing:
    """The standing after ``units`` were sent."""
    used = standing.used if standing.day == _day(now) else 0
    tat = max(_believable(standing.tat, now, FARTHEST_AHEAD), now)
    if pace.per_second:
        tat += timedelta(seconds=units / pace.per_second)
    minute_tat = max(_believable(standing.minute_tat, now, FARTHEST_AHEAD_BY_MINUTES), now)
    if pace.per_minute:
        minute_tat += units * pace.minute_interval
    return Standing(tat, standing.paused_until, _day(now), used + units, minute_tat)


def fits_today(pace: Pace, standing: Standing, *, units: int, booked: int, now: datetime, urgent: bool) -> bool:
    """Whether so many units more have a place in this day, which has a limit, after ``booked`` ones that the standing
    does not know yet. What is too much for any day is not asked to wait for another one."""
    day = pace.day_for(urgent=urgent)
    if units > day:
        return True
    used = standing.used if standing.day == _day(now) else 0
    return used + booked + units <= day


def _believable(tat: datetime, now: datetime, farthest: timedelta) -> datetime:
    """A TAT that is far ahead was written by a clock that was wrong; the pace begins anew."""
    return tat if tat <= now + farthest else now


def _day(now: datetime) -> int:
    return now.astimezone(UTC).toordinal()


def midnight_after(now: datetime) -> datetime:
    """When the next UTC day begins."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
