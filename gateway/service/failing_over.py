"""Another of our numbers takes over what waits for one that stands still."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.domain import failover as rules
from gateway.domain.failover import Way
from store import failover
from store.unit import Reading, Unit


async def plan(reading: Reading, providers: Mapping[str, str], *, after: timedelta, now: datetime) -> dict[int, int]:
    """For each route that has fallen the one that takes over. ``providers`` has our numbers, in the operator's order,
    each with who carries for it."""
    stands = {each.sender: each for each in await failover.standings(reading)}
    ways = [
        Way(stands[sender].route, provider, stands[sender].paused_until, stands[sender].failing_since)
        for sender, provider in providers.items()
        if sender in stands
    ]
    return rules.takeovers(ways, after=after, now=now)


async def hand_over(unit: Unit, takeovers: Mapping[int, int], *, now: datetime) -> int:
    """Let a bounded number of what waits go by the other routes, and ring; how many."""
    moved = 0
    for fallen, standing in takeovers.items():
        moved += await failover.hand_over(unit, fallen, standing, now=now)
    if moved:
        unit.ring()
    return moved
