"""Who is followed by how many: the order of the directory, which everybody may ask for.

To know it, every follow there is must be looked at: a fifth of a second for a million of them. So it is kept for a
hundred times as long as it took to find out: a moment on a small site, half a minute on a large one. So it takes a
hundredth of the database's time. One slow count of a busy moment is kept for five minutes and no longer. Who is shown
is asked each time: whoever is protected, suspended or blocked in between is gone at once.
"""

import asyncio
import time
from collections.abc import Callable
from itertools import islice

from store import people
from store.people import Listed
from store.unit import Reading

_TIMES_AS_LONG = 100
_LONGEST = 300.0
"""Seconds that an order is kept at the most."""


class Ranking:
    """The first so many public people, by how many follow them."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._order: dict[int, int] = {}
        self._good_until: float | None = None
        self._turn = asyncio.Lock()

    async def page(self, reading: Reading, me: int, *, skip: int, most: int) -> tuple[list[Listed], bool]:
        """A stretch of it as a member sees it (0: everybody), and whether there are more behind it."""
        order = await self._known(reading)
        stretch = dict(islice(order.items(), skip, skip + most))
        return await people.these(reading, me, stretch), len(order) > skip + most

    async def _known(self, reading: Reading) -> dict[int, int]:
        if self._good_until is not None and (self._turn.locked() or self._clock() < self._good_until):
            return self._order  # whoever comes while it is counted anew gets what was known before
        async with self._turn:
            if self._good_until is None or self._clock() >= self._good_until:
                began = self._clock()
                self._order = dict(await people.ranked(reading, most=self._most))
                ended = self._clock()
                self._good_until = ended + min(_LONGEST, _TIMES_AS_LONG * (ended - began))
            return self._order
