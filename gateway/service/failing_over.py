"""Another of our numbers takes over what waits for one that stands still, and phones that one does not reach."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from gateway.domain import failover as rules
from gateway.domain.failover import Way
from gateway.service import alerts
from store import addresses, failover, routes
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


async def stay(unit: Unit, refused: int, taken_over: Iterable[tuple[int, int]]) -> None:
    """Text these phones, as (address id, route), from the numbers that took over, since the route ``refused`` does not
    reach them: the next text to them would be refused as well. It holds until they write to a number of ours, and comes
    to nothing while that number is stopped, for then the refusals are no phone's."""
    alert = await alerts.of_route(unit, refused)
    if alert is not None and alert.stopped_at is not None:
        return
    found = [(await addresses.by_id(unit, address_id), route) for address_id, route in sorted(taken_over)]
    stays = [(phone.id, route) for phone, route in found if phone is not None and phone.route in (None, refused)]
    await routes.give(unit, stays)
