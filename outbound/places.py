"""How many conversations one destination may have at once: fewer after it refused, one after the other more again.

It is how TCP finds out what a line bears: half of it after a refusal, and for each round that went well one more. Once
it is known where the end was, more than that is tried seldom.
"""

import asyncio
from collections import deque

_SELDOM = 100
"""Rounds that must go well before one more is tried than was once too much."""


class Places:
    """``most`` at once, of which ``first`` to begin with."""

    def __init__(self, most: int, first: int | None = None) -> None:
        self._most = self._bearable = float(most)
        self._first = float(most if first is None else first)
        self._allowed = self._first
        self._taken = 0
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @property
    def most(self) -> int:
        """How many there are at the most, however well all goes."""
        return int(self._most)

    @property
    def allowed(self) -> int:
        """So many may be taken now."""
        return int(self._allowed)

    @property
    def taken(self) -> int:
        """So many are."""
        return self._taken

    async def take(self, patience: float | None = None) -> bool:
        """Wait for a place, first come, first served; False after ``patience`` seconds (None: as long as it takes), and
        at once where there are none at all."""
        if self._most < 1:
            return False
        if self._taken < int(self._allowed) and not self._waiting:
            self._taken += 1
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(patience):
                return await waiter
        except TimeoutError:
            return self._came_all_the_same(waiter)
        except BaseException:
            if self._came_all_the_same(waiter):
                self.give_back()
            raise

    def limit(self, most: int) -> None:
        """There are so many from now on; none of those that are taken is taken away."""
        was_full = self._allowed >= self._most
        self._most = float(most)
        self._allowed = self._most if was_full else min(self._allowed, self._most)
        self._bearable = self._most if was_full else min(self._bearable, self._most)
        if not most:
            while self._waiting:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_result(False)
        self._let_in()

    def give_back(self) -> None:
        """Let the next one in."""
        self._taken -= 1
        self._let_in()

    def went_well(self) -> None:
        """A little more may be tried."""
        if self._allowed < self._most:
            rounds = 1 if self._allowed < self._bearable else _SELDOM
            self._allowed = min(self._most, self._allowed + 1 / (rounds * self._allowed))
            self._let_in()

    def refused(self, *, no_more_than: int | None = None) -> None:
        """It was too much: half as many, or no more than are open now."""
        allowed = self._allowed / 2 if no_more_than is None else no_more_than
        self._allowed = self._bearable = min(self._most, max(1.0, min(self._allowed, allowed)))

    def start_over(self) -> None:
        """What was known is worth nothing: as at the beginning."""
        self._allowed, self._bearable = min(self._first, self._most), self._most

    def _let_in(self) -> None:
        while self._waiting and self._taken < int(self._allowed):
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._taken += 1
                waiter.set_result(True)

    def _came_all_the_same(self, waiter: asyncio.Future[bool]) -> bool:
        """Whether the place came in the moment when nobody wanted to wait any more."""
        if waiter.done() and not waiter.cancelled():
            return waiter.result()
        waiter.cancel()
        self._waiting = deque(each for each in self._waiting if each is not waiter)
        return False
