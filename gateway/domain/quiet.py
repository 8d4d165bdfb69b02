"""Quiet hours: when they begin and end on the clocks of a place.

A window is two moments. Somebody with a window sleeps from its beginning until it has been moved forward, which is
done after its end by whoever wakes people: so nobody is woken by a text that was merely due.

Where clocks are put forward over a beginning or an end, it is the moment of the jump. Where they are put back over one,
quiet begins the first time that they show it and ends the last time: nobody is woken twice in one night.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

HELD = timedelta(minutes=10)
"""How long after the end of quiet hours a text is due that came in them: until then whoever wakes its recipient has
decided about it. Should a text have slipped by, it is not lost and goes out then."""

_DAY = timedelta(days=1)
_NEAR = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet every day from ``start`` to ``until``, which differ; they may span midnight."""

    start: time
    until: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.until:%H:%M}"


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of quiet: two aware moments in UTC, the first before the second."""

    begins: datetime
    ends: datetime


def read(words: str) -> Hours:
    """The reverse of ``str(hours)``."""
    start, until = words.split("-")
    return Hours(time.fromisoformat(start), time.fromisoformat(until))


def next_window(hours: Hours, zone: tzinfo, now: datetime) -> Window:
    """The window that ``now`` is in, or else the next one."""
    return _first(hours, zone, now, lambda window: window.ends > now)


def window_after(hours: Hours, zone: tzinfo, now: datetime) -> Window:
    """The next window that has not begun yet."""
    return _first(hours, zone, now, lambda window: window.begins > now)


def window_from(hours: Hours | None, zone: tzinfo, now: datetime, length: timedelta) -> Window:
    """Quiet from now on for so long, and on to the end of the daily hours if that time ends within them."""
    ends = now + length
    daily = None if hours is None else next_window(hours, zone, ends)
    return Window(now, daily.ends if daily is not None and daily.begins <= ends else ends)


def held_until(wakes_at: datetime, now: datetime) -> datetime:
    """When a text is due that is not sent because its recipient sleeps."""
    return max(wakes_at, now) + HELD


def _first(hours: Hours, zone: tzinfo, now: datetime, fits: Callable[[Window], bool]) -> Window:
    day = datetime.combine(now.astimezone(zone).date(), time()) - _DAY
    while True:
        overnight = _DAY if hours.until <= hours.start else timedelta(0)
        window = Window(
            moment(datetime.combine(day, hours.start), zone, last=False),
            moment(datetime.combine(day, hours.until) + overnight, zone, last=True),
        )
        if window.begins < window.ends and fits(window):  # a jump of the clocks can swallow one
            return window
        day += _DAY


def moment(shown: datetime, zone: tzinfo, *, last: bool) -> datetime:
    """When clocks show this, for the first time or for the last; the jump, if they never do."""
    found = shown.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == shown:
        return found
    earlier, later = sorted(shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    offset_before = earlier.astimezone(zone).utcoffset()
    while later - earlier > _NEAR:
        middle = earlier + (later - earlier) // 2
        if middle.astimezone(zone).utcoffset() == offset_before:
            earlier = middle
        else:
            later = middle
    return later.replace(microsecond=0)
