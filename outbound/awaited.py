"""Texts of unknown outcome at carriers that cannot be asked about them: they wait for their receipt, and no longer.

A carrier without a way to search (Kannel, SMPP) can say nothing of a text whose sending ended without an answer. Its
receipt can: while one may still come, the text waits. When none has come in all that time, although receipts are asked
for, the carrier is taken not to have it, and it is sent again.
"""

from collections import OrderedDict
from collections.abc import Callable

from gateway.domain.delivery import Deferred, Found
from gateway.domain.types import Outgoing

MOST = 10_000
"""Texts that are remembered; of the oldest beyond them the waiting begins anew."""


class Awaited:
    """Since when each text is waited for. ``clock`` gives seconds that only go forward, ``patience`` is in seconds."""

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._since: OrderedDict[tuple[int, int], float] = OrderedDict()

    def look(self, delivery: Outgoing) -> list[Found] | Deferred:
        """``Deferred`` while its receipt may come; nothing found once it should have."""
        this = (delivery.id, delivery.attempt)
        now = self._clock()
        left = self._since.setdefault(this, now) + self._patience - now
        while len(self._since) > MOST:
            self._since.popitem(last=False)
        if left > 0:
            return Deferred("its receipt is waited for", retry_after=left)
        del self._since[this]
        return []
