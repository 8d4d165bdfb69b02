"""So many times within any so many seconds, counted in this process's memory."""

from collections import deque
from dataclasses import dataclass

_FEW = 1_000
"""Counts that are kept before those are looked for of which nothing is left."""


@dataclass(frozen=True, slots=True)
class Limit:
    """``most`` times within any ``seconds``. ``name`` keeps apart what limits count that are otherwise alike."""

    most: int
    seconds: int
    name: str = ""


class Window:
    """Counts by limit, and by whose they are. Each time is remembered until its seconds are over."""

    def __init__(self) -> None:
        self._times: dict[tuple[Limit, tuple[str, ...]], deque[float]] = {}
        self._enough = _FEW

    def __len__(self) -> int:
        """How many counts are kept."""
        return len(self._times)

    def hit(self, limit: Limit, *whose: str, now: float) -> float | None:
        """Count one more, and None; or count nothing, and the seconds until there is room for it. ``now`` is in seconds
        since whenever."""
        times = self._times.setdefault((limit, whose), deque())
        while times and times[0] + limit.seconds <= now:
            times.popleft()
        if len(times) >= limit.most:
            return (times[0] if times else now) + limit.seconds - now
        times.append(now)
        if len(self._times) > self._enough:
            self._forget(now)
        return None

    def _forget(self, now: float) -> None:
        """Let go what nothing is left of; then as many as are left may come before the next look."""
        kept = {(limit, whose): times for (limit, whose), times in self._times.items() if _is_left(times, limit, now)}
        self._times = kept
        self._enough = max(_FEW, 2 * len(kept))


def _is_left(times: deque[float], limit: Limit, now: float) -> bool:
    return bool(times) and times[-1] + limit.seconds > now
