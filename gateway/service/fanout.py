"""One step of fan-out: the next page of the post that has waited longest."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.fanout import next_page
from store import fanouts
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Step:
    """``queued`` deliveries were made; ``ended`` when this was the post's last page."""

    queued: int
    ended: bool


async def any_waits(reading: Reading) -> bool:
    """Whether a post waits for its next page: a look that holds up nobody, before a step that writes."""
    return await fanouts.any_waits(reading)


async def step(unit: Unit, *, now: datetime) -> Step | None:
    """Queue one page and ring; None when no post waits."""
    fanout = await fanouts.next_in_turn(unit)
    if fanout is None:
        return None
    if fanout.deleted:
        await fanouts.end(unit, fanout.post_id)
        return Step(0, True)
    page = next_page(fanout.done)
    queued, ended = await fanouts.queue_page(unit, fanout, lane=page.lane, size=page.size, now=now)
    if queued:
        unit.ring()
    return Step(queued, ended)
