"""When another of our numbers takes over what waits for one that stands still.

A number has fallen when it has been paused again and again for a while, or for longer than that at once: its provider
is down, does not let us in, or has had enough for today. Pauses of a few seconds are only its pace. What waits for it,
and was never sent or is known not to have been taken, then goes by the first number that stands, one of another
provider before one of the same. What a provider may have is not among that; it waits, and is looked up first.

A single text goes by another number at once when the provider refuses ours for its phone, whether or not the number
stands (``gateway.domain.delivery``: ``Fault.ROUTE``, ``Retry.elsewhere``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.pace import LONGEST_PAUSE

LONG_PAUSE = timedelta(seconds=8)
"""A pause from which on something is wrong; a shorter one only slows the number down."""

FORGOTTEN_AFTER = timedelta(minutes=1)
"""How long after its last pause a number is sound again; one that is paused before that has failed all along."""


@dataclass(frozen=True, slots=True)
class Way:
    """A number of ours, its provider, and how it stands."""

    route: int
    provider: str
    paused_until: datetime
    failing_since: datetime | None


def has_fallen(way: Way, *, after: timedelta, now: datetime) -> bool:
    """Whether others should take over what waits for it."""
    if way.failing_since is None or not now < way.paused_until <= now + LONGEST_PAUSE:
        return False
    return way.failing_since + after <= now


def is_standing(way: Way, *, now: datetime) -> bool:
    """Whether it may take over what waits for another one."""
    if way.paused_until > now:
        return False
    return way.failing_since is None or way.paused_until + FORGOTTEN_AFTER <= now


def takeovers(ways: Sequence[Way], *, after: timedelta, now: datetime) -> dict[int, int]:
    """For each route that has fallen the one that takes over, where there is one. ``ways`` in the order in which the
    operator names them."""
    standing = [way for way in ways if is_standing(way, now=now)]
    taken: dict[int, int] = {}
    for fallen in (way for way in ways if has_fallen(way, after=after, now=now)):
        others = [way for way in standing if way.provider != fallen.provider] or standing
        if others:
            taken[fallen.route] = others[0].route
    return taken
