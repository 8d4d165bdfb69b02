"""Who is followed by how many: the order of the directory, which everybody may ask for.

To know it, every follow there is must be looked at: a fifth of a second for a million of them. So it is kept for a
hundred times as long as it took to find out: a moment on a small site, half a minute on a large one. So it takes a
hundredth of the database's time. One slow count of a busy moment is kept for five minutes and no longer. Who is shown
is asked each time: whoever is protected, suspended or blocked in between is gone at once.

It is counted a few thousand people at a time, so that others have their turn in between, and takes 16 bytes for each. A
page goes on behind a place, which says how many follow the last one that was shown: when all is counted anew meanwhile,
nobody who kept their followers is left out or shown twice.
"""

import asyncio
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from store import people
from store.people import Listed
from store.unit import Reading

_TIMES_AS_LONG = 100
_LONGEST = 300.0
"""Seconds that an order is kept at the most."""

_STRETCHES = 20
"""How many stretches of people nobody of whom is shown are passed over for one page."""

_AT_ONCE = 2_000
"""People who are counted by one statement."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Behind somebody whom so many follow. Among equals, who has been here longest comes first."""

    followers: int
    account_id: int


@dataclass(frozen=True, slots=True)
class _Order:
    """Everybody, those first whom most follow: ids, and followers of each."""

    ids: Sequence[int]
    followers: Sequence[int]

    def behind(self, place: Place | None) -> int:
        """Where it goes on behind a place; at the beginning without one."""
        if place is None:
            return 0
        return bisect_right(range(len(self.ids)), (-place.followers, place.account_id), key=self._key)

    def _key(self, index: int) -> tuple[int, int]:
        return -self.followers[index], self.ids[index]


class Ranking:
    """All public people, by how many follow them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._order = _Order(array("q"), array("q"))
        self._good_until: float | None = None
        self._turn = asyncio.Lock()

    async def page(
        self, reading: Reading, me: int, *, behind: Place | None = None, most: int
    ) -> tuple[list[Listed], Place | None]:
        """A stretch of it as a member sees it (0: everybody), and the place behind it, unless that is the end."""
        order = await self._known(reading)
        start = order.behind(behind)
        for _ in range(_STRETCHES):
            end = start + most
            stretch = dict(zip(order.ids[start:end], order.followers[start:end], strict=True))
            shown = await people.these(reading, me, stretch)
            if shown or end >= len(order.ids):
                break
            start = end
        place = Place(order.followers[end - 1], order.ids[end - 1]) if end < len(order.ids) else None
        return shown, place

    async def _known(self, reading: Reading) -> _Order:
        if self._good_until is not None and (self._turn.locked() or self._clock() < self._good_until):
            return self._order  # whoever comes while it is counted anew gets what was known before
        async with self._turn:
            if self._good_until is None or self._clock() >= self._good_until:
                began = self._clock()
                self._order = await _count(reading)
                ended = self._clock()
                self._good_until = ended + min(_LONGEST, _TIMES_AS_LONG * (ended - began))
            return self._order


async def _count(reading: Reading) -> _Order:
    ids, followers = array("q"), array("q")
    while chunk := await people.counted(reading, after=ids[-1] if ids else 0, most=_AT_ONCE):
        ids.extend(account_id for account_id, _ in chunk)
        followers.extend(count for _, count in chunk)
        if len(chunk) < _AT_ONCE:
            break
    order = sorted(range(len(ids)), key=followers.__getitem__, reverse=True)  # equals stay in the order of their ids
    return _Order(array("q", map(ids.__getitem__, order)), array("q", map(followers.__getitem__, order)))
