"""How a post reaches its followers: in pages that grow, each in a lane further back.

The first hundred followers of any post go into the foremost lane for posts, the next nine hundred behind it, and so
on. A post with few followers is therefore queued whole in the foremost lane and overtakes all but the first hundred
deliveries of a celebrity's, however long that one's queue is.
"""

from dataclasses import dataclass

from gateway.domain.types import Lane

PAGE = 10_000
"""Followers per page at the most: larger pages hold the database longer, smaller ones pay more commits."""

_STEPS = ((100, Lane.FIRST), (1_000, Lane.NEAR), (10_000, Lane.FAR))


@dataclass(frozen=True, slots=True)
class Page:
    """The next ``size`` followers go into ``lane``."""

    lane: Lane
    size: int


def next_page(done: int) -> Page:
    """The page that follows after ``done`` followers were looked at."""
    for end, lane in _STEPS:
        if done < end:
            return Page(lane, min(end - done, PAGE))
    return Page(Lane.TAIL, PAGE)
